using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Context;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Reporting;
using RocketOps.Operator.Tests.Support;
using RocketOps.Testing;

namespace RocketOps.Operator.Tests.Controllers;

/// <summary>Somebody, or an autoscaler, scales a group's StatefulSet past the cluster's object.</summary>
public sealed class ScaledByHandTests : ElectedGroupFixture
{
    /// <summary>One more than its members know: it has no configuration to start with.</summary>
    [Fact]
    public async Task Elected_OneMore_IsPutBackAndNobodyRestarts()
    {
        await CreateAsync();
        await World.ClusterAsync("a", "Ready", "True");
        string configuration = await World.ConfigurationAsync("a-0-0");
        World.Workloads.Healthy = static pod => pod.Name() != "a-0-3";
        World.Workloads.Started.Clear();

        await ScaleAsync("a-0", 4);

        await PutBackAsync("a-0", 3);

        // The set may have been put back while its controller was about to make the pod.
        await World.Workloads.LookedAsync();
        await World.GoneAsync<Pod>("a-0-3");
        await World.ClusterAsync("a", "Ready", "True");
        World.Workloads.Started.Should().BeSubsetOf(["a-0-3"], "nobody learns of a member that is none");
        (await World.ConfigurationAsync("a-0-0")).Should().Be(configuration);
        await Eventually.TrueAsync(async () => await ListsAsync() is [3, 3, 3], "every pod starts with a list of three");
        Undisturbed();
    }

    [Fact]
    public async Task Elected_OneFewer_ComesBack()
    {
        await CreateAsync();
        await World.ClusterAsync("a", "Ready", "True");
        string configuration = await World.ConfigurationAsync("a-0-0");

        await ScaleAsync("a-0", 2);

        await PutBackAsync("a-0", 3);

        // The set may have been put back while its controller was about to let the pod go, and before the operator saw that it goes.
        await World.Workloads.LookedAsync();
        await World.AwaitAsync<Pod>("a-0-2", static pod => !pod.IsDeleting() && ClusterObservation.IsReady(pod), "the member is there");
        await World.AwaitAsync<BrokerCluster>("a", static cluster => cluster.Status?.Brokers == "3/3" && Conditions.IsTrue(cluster.Status.Conditions, "Ready"), "all serve again");
        (await World.ConfigurationAsync("a-0-2")).Should().Be(configuration);
        World.Workloads.MostAway.Should().BeLessThanOrEqualTo(1);
    }

    /// <summary>What the other group has is no measure while what is asked for cannot be honoured.</summary>
    [Fact]
    public async Task FixedRoles_WhileAConfigurationIsRefused_ThatGroupIsPutBackAndOthersStay()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        await world.CreateClusterAsync("b", OperatorWorld.TwoByTwo);
        await world.ClusterAsync("b", "Ready", "True");
        await world.ChangeAsync<BrokerCluster>("b", static cluster => cluster.Spec.Brokers.Config = new() { ["brokerName"] = "x" });
        await world.ClusterAsync("b", "Stalled", "True", Reasons.InvalidConfig);

        await world.ChangeAsync<StatefulSet>("b-0", static set => set.Spec!.Replicas = 3);

        await world.AwaitAsync<StatefulSet>("b-0", static set => set.Spec!.Replicas == 2 && set.Metadata.Generation > 2, "is put back");
        await world.PassesAsync(3);
        (await world.Client.GetAsync<StatefulSet>("b-0", OperatorWorld.Ns))!.Spec!.Replicas.Should().Be(2);
        (await world.Client.GetAsync<StatefulSet>("b-1", OperatorWorld.Ns))!.Metadata.Generation.Should().Be(1, "nobody has touched it");
    }

    /// <summary>A set that an operator of before has made says nothing but its replicas.</summary>
    [Fact]
    public async Task Elected_SetWithoutTheNote_IsTakenAtItsWord()
    {
        await CreateAsync();
        await World.ClusterAsync("a", "Ready", "True");
        await World.StopOperatorAsync();
        await World.ChangeAsync<StatefulSet>("a-0", static set => set.Metadata.Annotations!.Remove("rocketops.io/members"));
        World.Workloads.Started.Clear();

        await World.StartOperatorAsync();

        await World.AwaitAsync<StatefulSet>("a-0", static set => set.Annotation("rocketops.io/members") == "3", "is noted");
        await World.ClusterAsync("a", "Ready", "True");
        World.Workloads.Started.Should().BeEmpty("a note restarts nobody");
    }

    private Task ScaleAsync(string set, int replicas) => World.ChangeAsync<StatefulSet>(set, found => found.Spec!.Replicas = replicas);

    private async Task PutBackAsync(string set, int replicas)
    {
        await Eventually.TrueAsync(
            async () => (await World.Client.ListAsync<Event>()).Items.Any(happened => happened.Reason == "MembersPutBack" && happened.Note?.StartsWith($"StatefulSet {set} was scaled to ", StringComparison.Ordinal) == true
                && happened.Note.Contains($"is put back to {replicas}:", StringComparison.Ordinal)),
            "an event tells it");
        await World.AwaitAsync<StatefulSet>(set, found => found.Spec!.Replicas == replicas && found.Annotation("rocketops.io/members") == $"{replicas}", "is put back");
    }
}
