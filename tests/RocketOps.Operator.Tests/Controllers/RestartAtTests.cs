using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Tests.Support;

namespace RocketOps.Operator.Tests.Controllers;

/// <summary>Clusters whose brokers somebody wants to restart, by an annotation.</summary>
public sealed class RestartAtTests
{
    [Fact]
    public async Task AnotherValue_EveryBrokerRestartsOnceAndTheSameOrNoneDoesNothing()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        await world.CreateClusterAsync("a", static spec =>
        {
            OperatorWorld.TwoByTwo(spec);
            spec.Brokers.Pod = new PodOptions { Annotations = new() { ["team"] = "a" } };
        });
        await world.ClusterAsync("a", "Ready", "True");
        world.Workloads.Started.Clear();

        await AskAsync(world, "2026-11-22T11:00:00Z");

        BrokerCluster done = await world.AwaitAsync<BrokerCluster>("a", static cluster => cluster.Status?.Restarts?.Count == 4 && Conditions.IsTrue(cluster.Status.Conditions, "Ready"), "all have restarted");
        done.Status!.Restarts!.Should().OnlyContain(static restart => restart.Reason == RestartReason.Outdated && restart.Changed == "restart-at");
        world.Workloads.Started.ToArray()[..2].Should().BeEquivalentTo(["a-0-1", "a-1-1"], "slaves go before masters");
        world.Workloads.Started.Should().HaveCount(4);
        world.Workloads.MostAway.Should().Be(1);
        Pod pod = (await world.Client.GetAsync<Pod>("a-0-0", OperatorWorld.Ns))!;
        pod.Annotation("rocketops.io/restarted-at").Should().Be("2026-11-22T11:00:00Z");
        pod.Annotation("team").Should().Be("a");

        // The same again by whoever comes anew, and none at all.
        await world.StopOperatorAsync();
        await world.StartOperatorAsync();
        await world.PassesAsync(4);
        await AskAsync(world, null);
        await world.PassesAsync(4);
        await AskAsync(world, "2026-11-22T11:00:00Z");
        await world.PassesAsync(4);
        world.Workloads.Started.Should().HaveCount(4);
    }

    private static Task AskAsync(OperatorWorld world, string? value) =>
        world.ChangeAsync<BrokerCluster>("a", cluster => cluster.Metadata.Annotations = value is null ? null : new() { [ClusterAnnotations.RestartAt] = value });
}
