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

    private Task AskAsync(string image) => World.ChangeAsync<BrokerCluster>("a", cluster => cluster.Spec.Brokers.Image = image);
}
