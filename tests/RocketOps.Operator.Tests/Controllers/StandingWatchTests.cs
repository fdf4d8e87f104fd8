using System.Text.Json.Nodes;
using RocketOps.Embedded;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Context;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Tests.Support;
using RocketOps.Testing;

namespace RocketOps.Operator.Tests.Controllers;

/// <summary>The watch of one kind tells nothing while those of the others do: what cannot be taken back is decided on what the API server has.</summary>
public sealed class StandingWatchTests
{
    private const string RestartedAt = "kubectl.kubernetes.io/restartedAt";

    [Fact]
    public async Task Pods_AMemberThatStaysServesNoMore_NobodyLeavesItsGroup()
    {
        await using OperatorWorld world = await StartAsync(static spec => spec.Brokers.Replicas = 3);
        world.Workloads.Registers = static pod => pod.Status?.PodIP is not null;
        world.StandStill("pods");
        world.Workloads.Healthy = static pod => pod.Name() != "a-0-1";
        await world.AwaitAsync<Pod>("a-0-1", static pod => !ClusterObservation.IsReady(pod), "serves no more");

        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Replicas = 2);

        await world.AwaitAsync<BrokerCluster>(
            "a", static cluster => cluster.Status?.Operations?.Exists(static operation => operation.Message!.EndsWith("waits for a-0-1 to serve: it may hold less than a-0-2.", StringComparison.Ordinal)) == true, "it waits");
        await world.PassesAsync(3);
        world.Workloads.Left.Should().BeEmpty();
        world.GoOn("pods");
        world.Workloads.Healthy = static _ => true;
        await world.ClusterAsync("a", "Ready", "True");
        await Eventually.TrueAsync(() => !world.Workloads.Left.IsEmpty, "a pod leaves");
        world.Workloads.Left.Should().Equal("a-0-2");
    }

    /// <summary>Made from what is asked for, the set would lack what only the one before had, and its pods would restart for it.</summary>
    [Fact]
    public async Task ConfigMaps_ASetIsMadeAgain_AsItWasSaved()
    {
        await using OperatorWorld world = await StartAsync(static spec => spec.Brokers.Replicas = 2);
        JsonObject restart = new() { ["spec"] = new JsonObject { ["template"] = new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [RestartedAt] = "2026-01-01T00:00:00Z" } } } } };
        await world.Client.PatchAsync<StatefulSet>("a-0", OperatorWorld.Ns, KubernetesPatch.Merge(restart));
        await world.AwaitAsync<Pod>("a-0-0", static pod => pod.Annotation(RestartedAt) is not null, "the master has restarted last");
        await world.ClusterAsync("a", "Ready", "True");
        await world.QuietAsync();
        world.Workloads.Started.Clear();
        world.StandStill("configmaps");

        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Storage.Size = Quantity.Parse("30Gi"));

        StatefulSet again = await world.AwaitAsync<StatefulSet>("a-0", static set => set.Spec!.VolumeClaimTemplates![0].Spec!.Resources!.Requests!["storage"] == Quantity.Parse("30Gi"), "is made again");
        again.Spec!.Template!.Metadata!.Annotations.Should().ContainKey(RestartedAt);
        await world.PassesAsync(3);
        world.GoOn("configmaps");
        await world.GoneAsync<ConfigMap>("a-0-saved-set");
        await world.ClusterAsync("a", "Ready", "True");
        world.Workloads.Started.Should().BeEmpty("brokers run on");
    }

    /// <summary>A pass that may make nothing does not know what is made of what: the sets may name already what no set that it sees does.</summary>
    [Fact]
    public async Task Sets_ClaimsCannotBeListed_NoConfigurationIsTakenAway()
    {
        await using OperatorWorld world = await StartAsync(static _ => { });
        string before = await world.ConfigurationAsync("a-0-0");
        world.StandStill("statefulsets");
        await world.ChangeAsync<BrokerCluster>("a", static cluster => (cluster.Spec.Brokers.Groups, cluster.Spec.Brokers.Config) = (2, new() { ["flushDiskType"] = "SYNC_FLUSH" }));
        await Eventually.TrueAsync(async () => (await world.ConfigurationMapsAsync("a-0")).Single() != before, "the set has the new configuration");
        string named = (await world.ConfigurationMapsAsync("a-0")).Single();
        int failed = 0;

        world.OperatorFault = call => call is { Verb: "list", Resource: "persistentvolumeclaims" } && Interlocked.Increment(ref failed) > 0 ? ApiFault.Fail(500, "InternalError") : null;

        await Eventually.TrueAsync(() => Volatile.Read(ref failed) > 0, "it asks for the claims");
        await world.PassesAsync(4);
        (await world.Client.GetAsync<ConfigMap>(named, OperatorWorld.Ns)).Should().NotBeNull("the next pod of its set starts with it");
        world.Writes.Should().NotContain(static write => write.StartsWith("delete configmaps", StringComparison.Ordinal));
        world.OperatorFault = null;
        world.GoOn("statefulsets");
        await world.ClusterAsync("a", "Ready", "True");
        (await world.ConfigurationAsync("a-0-0")).Should().Be(named);
    }

    private static async Task<OperatorWorld> StartAsync(Action<BrokerClusterSpec> configure)
    {
        OperatorWorld world = await OperatorWorld.StartAsync();
        await world.CreateClusterAsync("a", configure);
        await world.ClusterAsync("a", "Ready", "True");
        await world.QuietAsync();
        return world;
    }
}
