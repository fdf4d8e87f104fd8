using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Reporting;
using RocketOps.Operator.Tests.Support;
using RocketOps.Testing;

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
        World.Workloads.Healthy = static pod => pod.Spec!.Containers![0].Image != Bad;

        await AskAsync(Bad);

        await World.ClusterAsync("a", "Stalled", "True", Reasons.RolloutFailing);
        await Eventually.TrueAsync(async () => await ServingAsync("test/broker:1") == 3, "every member has what ran");
        await World.ClusterAsync("a", "Available", "True");
        Undisturbed();

        // Whoever loses a pod now gets one of what ran.
        await World.Client.DeleteAsync<Pod>("a-0-2", OperatorWorld.Ns);
        await Eventually.TrueAsync(async () => await ServingAsync("test/broker:1") == 3, "it comes back with what ran");
        await World.ClusterAsync("a", "Stalled", "True", Reasons.RolloutFailing);

        await AskAsync("test/broker:2");
        await World.ClusterAsync("a", "Ready", "True");
        (await ServingAsync("test/broker:2")).Should().Be(3);
    }

    private Task AskAsync(string image) => World.ChangeAsync<BrokerCluster>("a", cluster => cluster.Spec.Brokers.Image = image);

    private async Task<int> ServingAsync(string image) =>
        (await World.Client.ListAsync<Pod>(new ListOptions { Namespace = OperatorWorld.Ns, LabelSelector = "rocketops.io/group=a-0" })).Items.Count(pod => pod.Spec!.Containers![0].Image == image && ClusterObservation.IsReady(pod));
}
