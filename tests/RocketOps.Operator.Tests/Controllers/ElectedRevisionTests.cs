using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Context;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Reporting;
using RocketOps.Operator.Tests.Support;

namespace RocketOps.Operator.Tests.Controllers;

/// <summary>A template that fails in a group that elects its master: a slave tries it, and the group leads on with what ran.</summary>
public sealed class ElectedRevisionTests : ElectedGroupFixture
{
    private const string Bad = "test/borker:1";

    [Fact]
    public async Task BadImage_ASlaveTriesIt_AndEveryMemberHasWhatRanAgain()
    {
        await CreateAsync();
        await World.ClusterAsync("a", "Ready", "True");
        World.Workloads.Healthy = static pod => BrokerPods.Image(pod) != Bad;

        await AskAsync(Bad);

        await World.ClusterAsync("a", "Stalled", "True", Reasons.RolloutFailing);
        await World.AllServeAsync("test/broker:1");
        await World.ClusterAsync("a", "Available", "True");
        Undisturbed();

        // Whoever loses a pod now gets one of what ran.
        await World.RecreateAsync("a-0-2");
        await World.AllServeAsync("test/broker:1");
        await World.ClusterAsync("a", "Stalled", "True", Reasons.RolloutFailing);

        await AskAsync("test/broker:2");
        await World.ClusterAsync("a", "Ready", "True");
        (await World.ServingImagesAsync()).Should().Equal("test/broker:2", "test/broker:2", "test/broker:2");
    }

    /// <summary>What served before names two members, and its configuration has no file for the third: nobody goes back to it, also where a name server does not know yet that one serves with what names three.</summary>
    [Fact]
    public async Task NewMemberDoesNotStart_TheTemplateThatNamesItStays()
    {
        await CreateAsync(2);
        await World.ClusterAsync("a", "Ready", "True");
        string before = await World.ConfigurationAsync("a-0-0");
        World.Workloads.Registers = pod => ClusterObservation.IsReady(pod) && (pod.Name() != "a-0-0" || OperatorWorld.Configuration(pod) == before);
        World.Workloads.Healthy = static pod => pod.Name() != "a-0-2";

        await ResizeAsync(3);

        await World.ClusterAsync("a", "Stalled", "True");
        await World.PassesAsync(3);
        (await OfAsync<ConfigMap>((await World.ConfigurationMapsAsync("a-0")).Single())).Data.Should().HaveCount(3);

        World.Workloads.Registers = ClusterObservation.IsReady;
        World.Workloads.Healthy = static _ => true;
        await World.ClusterAsync("a", "Ready", "True");
        (await ListsAsync()).Should().Equal(3, 3, 3);
        Undisturbed();
    }

    private Task AskAsync(string image) => World.ChangeAsync<BrokerCluster>("a", cluster => cluster.Spec.Brokers.Image = image);
}
