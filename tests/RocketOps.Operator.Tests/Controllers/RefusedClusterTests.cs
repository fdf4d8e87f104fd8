using System.Text.Json.Nodes;
using RocketOps.Embedded;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Reporting;
using RocketOps.Operator.Tests.Support;

namespace RocketOps.Operator.Tests.Controllers;

/// <summary>Specs and surroundings that a cluster cannot be made of: it says what is wrong, and the rest is made.</summary>
public sealed class RefusedClusterTests
{
    [Theory]
    [InlineData("Async", "Automatic", 1, 1, Reasons.InvalidSpec, "nobody could take over")]
    [InlineData("Async", "None", 2, 2, Reasons.InvalidSpec, "needs replication.mode Sync")]
    [InlineData("Sync", "None", 1, 1, Reasons.InvalidSpec, "a group of one has no slave")]
    [InlineData("Sync", "None", 2, 3, Reasons.InvalidSpec, "no message could ever be taken")]
    public async Task Reconcile_ReplicationThatCannotBe_StalledInsteadOfPromised(string mode, string failover, int replicas, int minInSync, string reason, string message)
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();

        await world.CreateClusterAsync("a", spec =>
        {
            spec.Brokers.Replicas = replicas;
            spec.Replication = new() { Mode = Enum.Parse<ReplicationMode>(mode), Failover = Enum.Parse<FailoverMode>(failover), MinInSync = minInSync };
        });

        BrokerCluster stalled = await world.ClusterAsync("a", "Stalled", "True", reason);
        await world.SaysAsync(stalled, "Stalled", said => said.Should().Contain(message));
        (await world.Client.GetAsync<StatefulSet>("a-0", OperatorWorld.Ns)).Should().BeNull();
    }

    [Fact]
    public async Task Reconcile_SyncAndItsKeysInTheConfig_SaysWhichGoes()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();

        await world.CreateClusterAsync("a", static spec =>
        {
            OperatorWorld.TwoByTwo(spec);
            spec.Replication.Mode = ReplicationMode.Sync;
            spec.Brokers.Config = new(StringComparer.Ordinal) { ["inSyncReplicas"] = "1" };
        });

        BrokerCluster stalled = await world.ClusterAsync("a", "Stalled", "True", Reasons.InvalidConfig);
        await world.SaysAsync(stalled, "Stalled", said => said.Should().Contain("inSyncReplicas").And.Contain("minInSync"));
    }

    [Fact]
    public async Task Reconcile_StorageChanged_StalledWithWhatToDo()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        await world.CreateClusterAsync("a", static spec => spec.Brokers.Storage.Size = Quantity.Parse("2Gi"));
        await world.ClusterAsync("a", "Ready", "True");

        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Storage.Size = Quantity.Parse("1Gi"));

        BrokerCluster stalled = await world.ClusterAsync("a", "Stalled", "True", Reasons.Immutable);
        await world.SaysAsync(stalled, "Stalled", said => said.Should().Contain("cannot shrink").And.Contain("2Gi"));
    }

    /// <summary>The schema's rule says it first; the controller says it too, for objects that are older than the rule.</summary>
    [Fact]
    public async Task Reconcile_StorageWithoutUnit_StalledWithWhatToDo()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();

        await world.CreateClusterAsync("a", static spec => spec.Brokers.Storage.Size = Quantity.Parse("20"));

        BrokerCluster stalled = await world.ClusterAsync("a", "Stalled", "True", Reasons.InvalidSpec);
        await world.SaysAsync(stalled, "Stalled", said => said.Should().Contain("unit").And.Contain("20"));
    }

    [Fact]
    public async Task Reconcile_NameTakenBySomebodyElse_StalledAndLeftAlone()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        await world.Client.CreateAsync(new ServiceAccount { Metadata = new ObjectMeta { Name = "a-broker", Namespace = OperatorWorld.Ns, Labels = new() { ["mine"] = "1" } } });

        await world.CreateClusterAsync("a");

        BrokerCluster stalled = await world.ClusterAsync("a", "Stalled", "True", Reasons.ResourceConflict);
        await world.SaysAsync(stalled, "Stalled", said => said.Should().Contain("ServiceAccount a-broker"));
        (await world.Client.GetAsync<ServiceAccount>("a-broker", OperatorWorld.Ns))!.Metadata.Labels.Should().Equal(new Dictionary<string, string> { ["mine"] = "1" });
    }

    /// <summary>A cluster deleted and made again at once: the collector may still be at work.</summary>
    [Fact]
    public async Task Reconcile_LeftoverOfADeletedClusterOfThisName_WaitsInsteadOfStalling()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        await world.Client.CreateAsync(new ServiceAccount
        {
            Metadata = new ObjectMeta
            {
                Name = "a-broker",
                Namespace = OperatorWorld.Ns,
                Finalizers = ["test/stays"],
                OwnerReferences = [new OwnerReference { ApiVersion = "rocketops.io/v1beta1", Kind = BrokerCluster.KindName, Name = "a", Uid = "gone", Controller = true }],
            },
        });

        await world.CreateClusterAsync("a");

        BrokerCluster waiting = await world.ClusterAsync("a", "Reconciling", "True", Reasons.Updating);
        await world.SaysAsync(waiting, "Ready", said => said.Should().Contain("ServiceAccount a-broker of a deleted cluster"));
        await world.Client.PatchAsync<ServiceAccount>("a-broker", OperatorWorld.Ns, KubernetesPatch.Merge(new JsonObject { ["metadata"] = new JsonObject { ["finalizers"] = null } }));
        await world.ClusterAsync("a", "Ready", "True");
    }

    [Fact]
    public async Task Reconcile_QuotaRefusesAChild_StalledWithTheServersWordsAndTheOthersMade()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        bool exceeded = true;
        world.Fault = call => Volatile.Read(ref exceeded) && call is { Verb: "create" or "patch", Resource: "configmaps" } && call.Name.StartsWith("a-0-config-", StringComparison.Ordinal) ? ApiFault.Fail(403, "Forbidden") : null;

        await world.CreateClusterAsync("a", static spec => spec.Brokers.Groups = 2);

        await world.ClusterAsync("a", "Stalled", "True", Reasons.Refused);
        await world.AwaitAsync<StatefulSet>("a-1", static _ => true, "the other group is made");
        Volatile.Write(ref exceeded, false);
        await world.ClusterAsync("a", "Ready", "True");
    }

    /// <summary>The group whose turn would come first is not waited for, neither with what is asked for nor with its pods.</summary>
    [Fact]
    public async Task Reconcile_ForeignServiceOfOneGroup_OthersRoll()
    {
        await using OperatorWorld world = await OperatorWorld.StartTwoByTwoAsync();
        await DisownAsync(world, "a-0-master");
        await world.ClusterAsync("a", "Stalled", "True", Reasons.ResourceConflict);
        world.Workloads.Started.Clear();

        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Config = new(StringComparer.Ordinal) { ["serverChannelMaxIdleTimeSeconds"] = "24" });

        BrokerCluster rolled = await world.AwaitAsync<BrokerCluster>(
            "a", static cluster => cluster.Status!.Brokers == "4/4" && cluster.Status.Restarts?.Count(static restart => restart.Pod!.StartsWith("a-1-", StringComparison.Ordinal)) == 2, "the other group has restarted");
        await world.PassesAsync(5);
        world.Workloads.Started.Should().Equal("a-1-1", "a-1-0");
        Condition stalled = Conditions.Find(rolled.Status!.Conditions, "Stalled")!;
        (stalled.Status, stalled.Reason).Should().Be(("True", Reasons.ResourceConflict), "somebody still has to do something");
        stalled.Message.Should().Contain("Service a-0-master");

        await world.Client.DeleteAsync<Service>("a-0-master", OperatorWorld.Ns);
        await world.ClusterAsync("a", "Ready", "True");
        world.Workloads.Started.Should().Equal("a-1-1", "a-1-0", "a-0-1", "a-0-0");
        world.Workloads.MostAway.Should().Be(1);
    }

    /// <summary>A group that could never be made has no pods that anybody could wait for.</summary>
    [Fact]
    public async Task Reconcile_NameOfANewGroupTaken_OthersRoll()
    {
        await using OperatorWorld world = await OperatorWorld.StartWithTwoGroupsAsync();
        await world.Client.CreateAsync(new Service { Metadata = new ObjectMeta { Name = "a-2-headless", Namespace = OperatorWorld.Ns }, Spec = new ServiceSpec { Ports = [new ServicePort { Port = 80 }] } });
        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Groups = 3);
        await world.ClusterAsync("a", "Stalled", "True", Reasons.ResourceConflict);
        world.Workloads.Started.Clear();

        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Config = new(StringComparer.Ordinal) { ["serverChannelMaxIdleTimeSeconds"] = "24" });

        await world.AwaitAsync<BrokerCluster>("a", static cluster => cluster.Status!.Brokers == "2/3" && cluster.Status.Restarts?.Count == 2, "the groups that are there have restarted");
        await world.PassesAsync(5);
        world.Workloads.Started.Should().Equal("a-0-0", "a-1-0");
    }

    /// <summary>What all groups need holds all of them up.</summary>
    [Fact]
    public async Task Reconcile_ForeignServiceOfTheNameServers_NobodyRolls()
    {
        await using OperatorWorld world = await OperatorWorld.StartWithTwoGroupsAsync();
        await DisownAsync(world, "a-nameserver");
        await world.ClusterAsync("a", "Stalled", "True", Reasons.ResourceConflict);
        world.Workloads.Started.Clear();

        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Config = new(StringComparer.Ordinal) { ["serverChannelMaxIdleTimeSeconds"] = "24" });

        await world.ClusterAsync("a", "Stalled", "True", Reasons.ResourceConflict);
        await world.AwaitAsync<BrokerCluster>("a", static cluster => cluster.Status!.Groups![0].Members![0].Outdated == true, "what is asked for has come to the first group");
        await world.PassesAsync(5);
        world.Workloads.Started.Should().BeEmpty();
    }

    /// <summary>What is asked for is refused itself: it is not carried to the next group, and the status does not change its mind about which one it was.</summary>
    [Fact]
    public async Task Reconcile_TemplateRefused_StaysWithTheFirstGroup()
    {
        await using OperatorWorld world = await OperatorWorld.StartWithTwoGroupsAsync();
        string[] before = await world.ConfigurationMapsAsync("a-1");
        bool refuses = true;
        world.OperatorFault = call => Volatile.Read(ref refuses) && call is { Verb: "patch", Resource: "statefulsets", Name: "a-0", Subresource: "" } ? ApiFault.Fail(403, "Forbidden") : null;
        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Config = new(StringComparer.Ordinal) { ["serverChannelMaxIdleTimeSeconds"] = "24" });

        BrokerCluster stalled = await world.ClusterAsync("a", "Stalled", "True", Reasons.Refused);
        await world.PassesAsync(5);

        (await world.ConfigurationMapsAsync("a-1")).Should().Equal(before);
        (await world.Client.GetAsync<BrokerCluster>("a", OperatorWorld.Ns))!.Metadata.ResourceVersion.Should().Be(stalled.Metadata.ResourceVersion, "nothing is written while nothing changes");
        Volatile.Write(ref refuses, false);
        await world.ClusterAsync("a", "Ready", "True");
    }

    /// <summary>An object that the operator made becomes somebody else's.</summary>
    private static async Task DisownAsync(OperatorWorld world, string service) =>
        await world.Client.PatchAsync<Service>(service, OperatorWorld.Ns, KubernetesPatch.Merge(new JsonObject { ["metadata"] = new JsonObject { ["ownerReferences"] = null } }));
}
