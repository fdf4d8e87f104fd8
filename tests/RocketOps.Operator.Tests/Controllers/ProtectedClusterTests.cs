using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Reporting;
using RocketOps.Operator.Tests.Support;
using RocketOps.Testing;

namespace RocketOps.Operator.Tests.Controllers;

/// <summary>A cluster that is to be protected says whether it is.</summary>
public sealed class ProtectedClusterTests
{
    [Fact]
    public async Task Reconcile_NobodyEnforcesIt_SaysSoAndAnEventTellsItOnce()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        await world.CreateClusterAsync("a");
        BrokerCluster ready = await world.ClusterAsync("a", "Ready", "True");
        Conditions.Find(ready.Status!.Conditions, "Protected").Should().BeNull("nobody asked for it");

        await ProtectAsync(world, "true");

        BrokerCluster open = await world.ClusterAsync("a", "Protected", "False", Reasons.ProtectionMissing);
        await world.SaysAsync(open, "Protected", said => said.Should().StartWith("The annotation rocketops.io/deletion-protection keeps the operator from taking anything away, and nobody from deleting the cluster: "));
        // It serves all the same.
        await world.ClusterAsync("a", "Ready", "True");
        await Eventually.TrueAsync(async () => (await WarningsAsync(world)).Length == 1, "an event warns");
        await world.PassesAsync(2);
        (await WarningsAsync(world)).Should().ContainSingle();

        await ProtectAsync(world, "False");
        await world.AwaitAsync<BrokerCluster>("a", static cluster => Conditions.Find(cluster.Status!.Conditions, "Protected") is null, "it is not asked for any more");
    }

    /// <summary>As the admission policies of the chart read it: somebody wanted something to be kept.</summary>
    [Theory]
    [InlineData("True", null)]
    [InlineData("yes", " The annotation rocketops.io/deletion-protection is \"yes\", neither true nor false, and counts as true.")]
    [InlineData("false ", " The annotation rocketops.io/deletion-protection is \"false \", neither true nor false, and counts as true.")]
    public async Task Reconcile_AnotherSpelling_ProtectsAndSaysWhenItIsNone(string value, string? mistake)
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        await world.CreateClusterAsync("a", static spec => spec.Brokers.Replicas = 2);
        await world.ClusterAsync("a", "Ready", "True");
        await ProtectAsync(world, value);

        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Replicas = 1);

        BrokerCluster kept = await world.ClusterAsync("a", "Stalled", "True", Reasons.DeletionProtected);
        Condition condition = Conditions.Find(kept.Status!.Conditions, "Protected")!;
        condition.Reason.Should().Be(Reasons.ProtectionMissing, "nobody enforces it here");
        (condition.Message!.Contains(" counts as true.", StringComparison.Ordinal), condition.Message.EndsWith(mistake ?? ".", StringComparison.Ordinal)).Should().Be((mistake is not null, true), condition.Message);
    }

    private static Task ProtectAsync(OperatorWorld world, string value) =>
        world.ChangeAsync<BrokerCluster>("a", cluster => cluster.Metadata.Annotations = new(StringComparer.Ordinal) { [ClusterAnnotations.DeletionProtection] = value });

    private static async Task<Event[]> WarningsAsync(OperatorWorld world) =>
        [.. (await world.Client.ListAsync<Event>()).Items.Where(static happened => happened is { Type: "Warning", Reason: Reasons.ProtectionMissing })];
}
