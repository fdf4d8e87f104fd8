using System.Text.Json.Nodes;
using RocketOps.Embedded;
using RocketOps.Kubernetes;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Reporting;
using RocketOps.Operator.Tests.Support;
using RocketOps.Testing;

namespace RocketOps.Operator.Tests.Controllers;

public sealed class BrokerClusterControllerTests
{
    [Fact]
    public async Task Reconcile_NewCluster_BecomesReady()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();

        await world.CreateClusterAsync("a", TwoByTwo);

        BrokerCluster cluster = await world.ClusterAsync("a", "Ready", "True");
        cluster.Status.Should().BeEquivalentTo(new { NameServers = "a-nameserver.default.svc:9876", ReadyGroups = 2, Brokers = "4/4", ReadyNameServers = 2 });
        cluster.Status!.Groups!.Select(static group => (group.Name, group.Master, group.Ready)).Should().Equal(("a-0", "a-0-0", true), ("a-1", "a-1-0", true));
        Conditions.IsTrue(cluster.Status.Conditions, "Available").Should().BeTrue();
        Conditions.IsTrue(cluster.Status.Conditions, "Stalled").Should().BeFalse();
        Conditions.Find(cluster.Status.Conditions, "Replicated")!.Reason.Should().Be(Reasons.SlavesInSync);
        await world.AwaitAsync<Pod>("a-0-0", static pod => pod.Label("rocketops.io/role") == "master", "labelled master");
        await world.AwaitAsync<Pod>("a-1-1", static pod => pod.Label("rocketops.io/role") == "slave", "labelled slave");
    }

    [Fact]
    public async Task Reconcile_Converged_WritesNothing()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        await world.CreateClusterAsync("a", TwoByTwo);
        await world.CreateTopicAsync("t", "a");
        await world.ClusterAsync("a", "Ready", "True");
        await world.TopicAsync("t", "Ready", "True");
        await world.PassesAsync(4);
        world.Writes.Clear();
        world.Admin.Writes.Clear();

        await world.PassesAsync(10);

        world.Writes.Should().BeEmpty();
        world.Admin.Writes.Should().BeEmpty();
    }

    [Fact]
    public async Task Reconcile_OperatorRestarted_WritesNothing()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        await world.CreateClusterAsync("a", TwoByTwo);
        await world.ClusterAsync("a", "Ready", "True");
        await world.PassesAsync(4);
        await world.StopOperatorAsync();
        world.Writes.Clear();

        await world.StartOperatorAsync();
        await world.PassesAsync(4);

        world.Writes.Should().BeEmpty();
        world.Workloads.Started.Should().HaveCount(4);
    }

    [Fact]
    public async Task Reconcile_ChildrenDeletedOrChanged_PutBack()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        await world.CreateClusterAsync("a");
        await world.ClusterAsync("a", "Ready", "True");

        await world.Client.DeleteAsync<Service>("a-0-master", OperatorWorld.Ns);
        string configuration = await world.ConfigurationAsync("a-0-0");
        await world.Client.DeleteAsync<ConfigMap>(configuration, OperatorWorld.Ns);

        await world.AwaitAsync<Service>("a-0-master", static _ => true, "made again");
        await world.AwaitAsync<ConfigMap>(configuration, static map => map.Data!["a-0-0.conf"].Contains("brokerId=0", StringComparison.Ordinal), "made again");
    }

    [Fact]
    public async Task Reconcile_ConfigChanged_RestartsSlavesThenMastersOneAtATime()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        await world.CreateClusterAsync("a", TwoByTwo);
        await world.ClusterAsync("a", "Ready", "True");
        world.Workloads.Started.Clear();

        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Config = new() { ["flushDiskType"] = "SYNC_FLUSH" });

        await world.ClusterAsync("a", "Ready", "True");
        world.Workloads.Started.Should().Equal("a-0-1", "a-1-1", "a-0-0", "a-1-0");
        world.Workloads.MostAway.Should().Be(1);
    }

    [Fact]
    public async Task Reconcile_BadConfig_StopsAtTheFirstPodAndRecoversWhenRepaired()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        await world.CreateClusterAsync("a", TwoByTwo);
        BrokerCluster good = await world.ClusterAsync("a", "Ready", "True");
        string[] proven = [await world.ConfigurationAsync("a-0-0"), await world.ConfigurationAsync("a-1-0")];
        world.Workloads.Healthy = pod => proven.Contains(OperatorWorld.Configuration(pod));
        world.Workloads.Started.Clear();

        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Config = new() { ["fileReservedTime"] = "4711" });
        BrokerCluster stuck = await world.ClusterAsync("a", "Stalled", "True", Reasons.RolloutFailing);
        Conditions.Find(stuck.Status!.Conditions, "Ready")!.Message.Should().Contain("a-0-1: CrashLoopBackOff").And.Contain("set it back");
        await world.PassesAsync(5);
        world.Workloads.Started.Should().Equal("a-0-1");
        stuck.Status!.ReadyGroups.Should().Be(2, "the masters still serve");

        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Config = null);
        await world.ClusterAsync("a", "Ready", "True");
        world.Workloads.Started.Should().Equal(["a-0-1", "a-0-1"], "only the broken pod differs from the template again");
        good.Status!.Groups.Should().HaveCount(2);
    }

    /// <summary>Whatever ends while a bad template waits: nobody is given it, the program that starts again in its pod reads what it had, and setting it back needs no hand.</summary>
    [Fact]
    public async Task Reconcile_MasterEndsWhileABadConfigWaits_KeepsWhatItHadAndRevertHeals()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        await world.CreateClusterAsync("a", TwoByTwo);
        await world.ClusterAsync("a", "Ready", "True");
        string[] proven = [await world.ConfigurationAsync("a-0-0"), await world.ConfigurationAsync("a-1-0")];
        bool ended = false;
        world.Workloads.Healthy = pod => proven.Contains(OperatorWorld.Configuration(pod)) && !(Volatile.Read(ref ended) && pod.Name() == "a-1-0");
        world.Workloads.Started.Clear();
        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Config = new() { ["fileReservedTime"] = "4711" });
        await world.AwaitAsync<BrokerCluster>(
            "a", static cluster => Conditions.Find(cluster.Status!.Conditions, "Ready")!.Message.Contains("a-0-1: CrashLoopBackOff", StringComparison.Ordinal), "stops at the first pod");

        Volatile.Write(ref ended, true);
        await world.AwaitAsync<BrokerCluster>("a", static cluster => cluster.Status!.Brokers == "2/4", "the master has ended");
        await world.PassesAsync(5);

        world.Workloads.Started.Should().Equal("a-0-1");
        ConfigMap started = (await world.Client.GetAsync<ConfigMap>(proven[1], OperatorWorld.Ns))!;
        started.Immutable.Should().BeTrue();
        started.Data!["a-1-0.conf"].Should().NotContain("4711");

        Volatile.Write(ref ended, false);
        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Config = null);
        await world.ClusterAsync("a", "Ready", "True");
        world.Workloads.Started.Should().Equal("a-0-1", "a-0-1");
    }

    /// <summary>Clients could not learn where a restarted broker has gone.</summary>
    [Fact]
    public async Task Reconcile_ConfigChangedWhileNameServersAreAway_NothingHealthyGoes()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        await world.CreateClusterAsync("a", TwoByTwo);
        await world.ClusterAsync("a", "Ready", "True");
        world.Workloads.Started.Clear();
        world.Workloads.NameServerServes = static _ => false;
        await world.ClusterAsync("a", "Available", "Unknown", Reasons.NameServersUnreachable);

        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Config = new() { ["fileReservedTime"] = "24" });

        BrokerCluster waiting = await world.ClusterAsync("a", "Reconciling", "True", Reasons.RollingUpdate);
        Conditions.Find(waiting.Status!.Conditions, "Ready")!.Message.Should().Contain("none goes while a name server does not answer");
        world.Workloads.Started.Should().BeEmpty();

        // One of two is not enough: the clients of the other would be lost.
        string[] addresses = [await world.NameServerAsync("a-nameserver-0"), await world.NameServerAsync("a-nameserver-1")];
        world.Admin.Differing[addresses[0]] = null;
        world.Admin.Differing[addresses[1]] = null;
        world.Workloads.NameServerServes = static _ => true;
        await world.AwaitAsync<BrokerCluster>("a", static cluster => cluster.Status!.ReadyNameServers == 2, "both name servers are ready");
        world.Admin.Differing.TryRemove(addresses[0], out _);
        await world.ClusterAsync("a", "Available", "True");
        await world.PassesAsync(5);
        world.Workloads.Started.Should().BeEmpty();

        world.Admin.Differing.Clear();
        await world.ClusterAsync("a", "Ready", "True");
        world.Workloads.Started.Should().HaveCount(4);
    }

    /// <summary>A webhook that does not answer is a server error: the status says so instead of keeping what it last was, and the other parts go on.</summary>
    [Fact]
    public async Task Reconcile_ApiFailsForOneGroup_SaysSoAndChangesTheOthers()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        await world.CreateClusterAsync("a", TwoByTwo);
        await world.ClusterAsync("a", "Ready", "True");
        world.Fault = static call => call is { Verb: "patch", Resource: "statefulsets", Name: "a-0" } ? ApiFault.Fail(500, "InternalError") : null;

        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.TerminationGracePeriodSeconds = 61);

        BrokerCluster waiting = await world.ClusterAsync("a", "Ready", "False", Reasons.ApiUnavailable);
        Conditions.Find(waiting.Status!.Conditions, "Ready")!.Message.Should().Contain("a-0 failed, and is tried again");
        await world.AwaitAsync<StatefulSet>("a-1", static set => set.Spec!.Template!.Spec!.TerminationGracePeriodSeconds == 61, "the other group is changed");
        world.Fault = null;
        await world.ClusterAsync("a", "Ready", "True");
    }

    /// <summary>Policies and tools rewrite the labels that everybody uses.</summary>
    [Fact]
    public async Task Reconcile_PodsManagedByLabelRewritten_StillSeen()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        await world.CreateClusterAsync("a");
        await world.ClusterAsync("a", "Ready", "True");

        JsonObject label = new() { ["metadata"] = new JsonObject { ["labels"] = new JsonObject { ["app.kubernetes.io/managed-by"] = "somebody" } } };
        await world.Client.PatchAsync<Pod>("a-0-0", OperatorWorld.Ns, KubernetesPatch.Merge(label));
        await world.PassesAsync(5);
        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.TerminationGracePeriodSeconds = 61);

        await world.ClusterAsync("a", "Ready", "True");
        world.Workloads.Started.Should().Equal(["a-0-0", "a-0-0"], "the pod that somebody relabelled was seen, and restarted in its turn");
    }

    /// <summary>kstatus calls an object without conditions current; one that nobody has looked at says so by its generation.</summary>
    [Fact]
    public async Task Create_NoOperatorHasSeenIt_ObservedGenerationBehind()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        await world.StopOperatorAsync();

        await world.CreateClusterAsync("a");
        await world.CreateTopicAsync("t", "a");

        (await world.Client.GetAsync<BrokerCluster>("a", OperatorWorld.Ns))!.Status!.ObservedGeneration.Should().Be(-1);
        (await world.Client.GetAsync<Topic>("t", OperatorWorld.Ns))!.Status!.ObservedGeneration.Should().Be(-1);
        await world.StartOperatorAsync();
        await world.ClusterAsync("a", "Ready", "True");
        await world.TopicAsync("t", "Ready", "True");
    }

    /// <summary>A client has one name server and asks no other.</summary>
    [Fact]
    public async Task Reconcile_OneNameServerDoesNotKnowABroker_NotReady()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        await world.CreateClusterAsync("a");
        await world.ClusterAsync("a", "Ready", "True");
        string address = await world.NameServerAsync("a-nameserver-1");

        world.Admin.Differing[address] = [];

        BrokerCluster waiting = await world.ClusterAsync("a", "Ready", "False", Reasons.WaitingForRegistration);
        Conditions.Find(waiting.Status!.Conditions, "Ready")!.Message.Should().Be("Waiting for a-0-0 to register with every name server.");
        world.Admin.Differing[address] = null;
        BrokerCluster silent = await world.ClusterAsync("a", "Ready", "False", Reasons.NameServersUnreachable);
        Conditions.Find(silent.Status!.Conditions, "Ready")!.Message.Should().Contain(address);
        world.Admin.Differing.Clear();
        await world.ClusterAsync("a", "Ready", "True");
    }

    [Fact]
    public async Task Reconcile_ConfigChanged_OldConfigurationsGoWithTheirLastPods()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        await world.CreateClusterAsync("a", static spec => spec.Brokers.Replicas = 2);
        await world.ClusterAsync("a", "Ready", "True");
        string before = await world.ConfigurationAsync("a-0-0");
        world.Workloads.Healthy = pod => pod.Name() != "a-0-1" || OperatorWorld.Configuration(pod) == before;

        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Config = new() { ["fileReservedTime"] = "24" });
        await world.AwaitAsync<Pod>("a-0-1", pod => OperatorWorld.Configuration(pod) != before, "the slave has the new configuration");
        await world.PassesAsync(5);
        (await world.Client.GetAsync<ConfigMap>(before, OperatorWorld.Ns)).Should().NotBeNull("the master starts with it");

        world.Workloads.Healthy = static _ => true;
        await world.GoneAsync<ConfigMap>(before);
        await world.ClusterAsync("a", "Ready", "True");
        string[] left = (await world.Client.ListAsync<ConfigMap>(new ListOptions { Namespace = OperatorWorld.Ns, LabelSelector = "rocketops.io/cluster=a" })).Items.Select(static map => map.Name()).ToArray();
        left.Should().HaveCount(2).And.Contain(await world.ConfigurationAsync("a-0-0"));
    }

    [Fact]
    public async Task Reconcile_MasterWithoutRoom_ClusterAndTopicSaySoAndRecoverByThemselves()
    {
        const string Why = "the disk is full: no room for the next part of the log";
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        await world.CreateClusterAsync("a", TwoByTwo);
        await world.CreateTopicAsync("t", "a");
        await world.ClusterAsync("a", "Ready", "True");
        await world.TopicAsync("t", "Ready", "True");

        world.Admin.Refusals[world.Admin.Registered!["a-1"][0]] = Why;

        BrokerCluster one = await world.ClusterAsync("a", "Degraded", "True", Reasons.DiskFull);
        Conditions.Find(one.Status!.Conditions, "Degraded")!.Message.Should().StartWith($"a-1-0 takes no messages: {Why}. Make room");
        Conditions.Find(one.Status.Conditions, "Ready").Should().BeEquivalentTo(new { Status = "False", Reason = Reasons.DiskFull });
        Conditions.IsTrue(one.Status.Conditions, "Available").Should().BeTrue("the other master takes messages");
        one.Status.Groups!.SelectMany(static group => group.Members!).Where(static member => member.SendsRefused is not null).Select(static member => member.Name).Should().Equal("a-1-0");
        Topic topic = await world.TopicAsync("t", "Ready", "False", Reasons.DiskFull);
        Conditions.Find(topic.Status!.Conditions, "Ready")!.Message.Should().StartWith($"a-1 takes no messages: {Why}.");

        world.Admin.Refusals[world.Admin.Registered!["a-0"][0]] = Why;
        await world.ClusterAsync("a", "Available", "False", Reasons.DiskFull);

        world.Admin.Refusals.Clear();
        BrokerCluster well = await world.ClusterAsync("a", "Ready", "True");
        Conditions.Find(well.Status!.Conditions, "Degraded").Should().BeEquivalentTo(new { Status = "False", Reason = Reasons.AsExpected });
        Conditions.IsTrue(well.Status.Conditions, "Available").Should().BeTrue();
        await world.TopicAsync("t", "Ready", "True");
    }

    [Fact]
    public async Task Reconcile_GroupsShrunk_StalledAndNothingRemoved()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        await world.CreateClusterAsync("a", TwoByTwo);
        await world.ClusterAsync("a", "Ready", "True");

        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Groups = 1);

        BrokerCluster stalled = await world.ClusterAsync("a", "Stalled", "True", Reasons.NotSupported);
        Conditions.Find(stalled.Status!.Conditions, "Ready")!.Message.Should().Contain("a-1").And.Contain("Set it back to 2");
        (await world.Client.GetAsync<StatefulSet>("a-1", OperatorWorld.Ns)).Should().NotBeNull();

        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Groups = 2);
        await world.ClusterAsync("a", "Ready", "True");
    }

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
        Conditions.Find(stalled.Status!.Conditions, "Stalled")!.Message.Should().Contain(message);
        (await world.Client.GetAsync<StatefulSet>("a-0", OperatorWorld.Ns)).Should().BeNull();
    }

    [Fact]
    public async Task Reconcile_SyncAndItsKeysInTheConfig_SaysWhichGoes()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();

        await world.CreateClusterAsync("a", static spec =>
        {
            TwoByTwo(spec);
            spec.Replication.Mode = ReplicationMode.Sync;
            spec.Brokers.Config = new(StringComparer.Ordinal) { ["inSyncReplicas"] = "1" };
        });

        BrokerCluster stalled = await world.ClusterAsync("a", "Stalled", "True", Reasons.InvalidConfig);
        Conditions.Find(stalled.Status!.Conditions, "Stalled")!.Message.Should().Contain("inSyncReplicas").And.Contain("minInSync");
    }

    [Fact]
    public async Task Reconcile_SlavesBehind_StatusTellsHowFarInSteps()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        await world.CreateClusterAsync("a", TwoByTwo);
        await world.ClusterAsync("a", "Replicated", "True", Reasons.SlavesInSync);
        Dictionary<long, string> group = world.Admin.Registered!["a-1"];

        world.Admin.LogEnds[group[0]] = 1_000_000_000;
        world.Admin.LogEnds[group[1]] = 600_000_000;

        BrokerCluster behind = await world.ClusterAsync("a", "Replicated", "False", Reasons.SlavesBehind);
        Conditions.Find(behind.Status!.Conditions, "Replicated")!.Message.Should().Contain("a-1-1 by more than 256 MiB").And.NotContain("a-0-1");
        behind.Status.Groups!.SelectMany(static group => group.Members!).Select(static member => (member.Name, member.LagBytes)).Should().Equal(
            ("a-0-0", null), ("a-0-1", 0), ("a-1-0", null), ("a-1-1", 512L * 1024 * 1024));

        world.Admin.LogEnds[group[1]] = 999_999_000;

        BrokerCluster again = await world.ClusterAsync("a", "Replicated", "True", Reasons.SlavesInSync);
        again.Status!.Groups![1].Members![1].LagBytes.Should().Be(0);
    }

    [Fact]
    public async Task Reconcile_StorageChanged_StalledWithWhatToDo()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        await world.CreateClusterAsync("a", static spec => spec.Brokers.Storage.Size = Quantity.Parse("2Gi"));
        await world.ClusterAsync("a", "Ready", "True");

        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Storage.Size = Quantity.Parse("1Gi"));

        BrokerCluster stalled = await world.ClusterAsync("a", "Stalled", "True", Reasons.Immutable);
        Conditions.Find(stalled.Status!.Conditions, "Stalled")!.Message.Should().Contain("cannot shrink").And.Contain("2Gi");
    }

    /// <summary>The schema's rule says it first; the controller says it too, for objects that are older than the rule.</summary>
    [Fact]
    public async Task Reconcile_StorageWithoutUnit_StalledWithWhatToDo()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();

        await world.CreateClusterAsync("a", static spec => spec.Brokers.Storage.Size = Quantity.Parse("20"));

        BrokerCluster stalled = await world.ClusterAsync("a", "Stalled", "True", Reasons.InvalidSpec);
        Conditions.Find(stalled.Status!.Conditions, "Stalled")!.Message.Should().Contain("unit").And.Contain("20");
    }

    [Fact]
    public async Task Reconcile_NameTakenBySomebodyElse_StalledAndLeftAlone()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        await world.Client.CreateAsync(new ServiceAccount { Metadata = new ObjectMeta { Name = "a-broker", Namespace = OperatorWorld.Ns, Labels = new() { ["mine"] = "1" } } });

        await world.CreateClusterAsync("a");

        BrokerCluster stalled = await world.ClusterAsync("a", "Stalled", "True", Reasons.ResourceConflict);
        Conditions.Find(stalled.Status!.Conditions, "Stalled")!.Message.Should().Contain("ServiceAccount a-broker");
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
        Conditions.Find(waiting.Status!.Conditions, "Ready")!.Message.Should().Contain("ServiceAccount a-broker of a deleted cluster");
        await world.Client.PatchAsync<ServiceAccount>("a-broker", OperatorWorld.Ns, KubernetesPatch.Merge(new JsonObject { ["metadata"] = new JsonObject { ["finalizers"] = null } }));
        await world.ClusterAsync("a", "Ready", "True");
    }

    /// <summary>A port is the key of its list item: apply adds the right one beside the wrong one, and a real server refuses two of one name.</summary>
    [Fact]
    public async Task Reconcile_PortOfServiceChanged_PutBackAlthoughApplyIsRefused()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        await world.CreateClusterAsync("a");
        await world.ClusterAsync("a", "Ready", "True");
        int patches = 0;
        world.Fault = call => call is { Verb: "patch", Resource: "services", Name: "a-nameserver" } && Interlocked.Increment(ref patches) == 2 ? ApiFault.Fail(422, "Invalid") : null;

        // The first patch is this one; the second the operator's apply.
        JsonObject port = new() { ["op"] = "replace", ["path"] = "/spec/ports/0/port", ["value"] = 1234 };
        await world.Client.PatchAsync<Service>("a-nameserver", OperatorWorld.Ns, KubernetesPatch.Json([port]), new WriteOptions { FieldManager = "kubectl" });

        Service service = await world.AwaitAsync<Service>("a-nameserver", static service => service.Spec!.Ports!.Exists(static port => port.Port == 9876), "the port is back");
        service.Spec!.Ports.Should().ContainSingle();
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

    [Fact]
    public async Task Reconcile_BadConfigInRolling_Degraded()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        await world.CreateClusterAsync("a");
        await world.ClusterAsync("a", "Ready", "True");
        string proven = await world.ConfigurationAsync("a-0-0");
        world.Workloads.Healthy = pod => OperatorWorld.Configuration(pod) == proven;

        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Config = new() { ["fileReservedTime"] = "4711" });

        await world.AwaitAsync<BrokerCluster>(
            "a",
            static cluster => Conditions.Find(cluster.Status!.Conditions, "Degraded") is { Status: "True", Message: "a-0-0: CrashLoopBackOff." },
            "degraded by the pod that was restarted and does not come back");
        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Config = null);
        await world.ClusterAsync("a", "Degraded", "False", Reasons.AsExpected);
    }

    [Fact]
    public async Task Reconcile_MoreMembers_NotDegradedByThoseThatComeUp()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        await world.CreateClusterAsync("a");
        await world.ClusterAsync("a", "Ready", "True");
        world.Workloads.Healthy = static pod => pod.Name() != "a-0-1";

        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Replicas = 2);

        BrokerCluster growing = await world.AwaitAsync<BrokerCluster>("a", static cluster => cluster.Status!.Brokers == "1/2", "the new member is counted");
        Conditions.IsTrue(growing.Status!.Conditions, "Degraded").Should().BeFalse();
        await world.ClusterAsync("a", "Degraded", "False", Reasons.PodsStarting);
        world.Workloads.Healthy = static _ => true;
        await world.ClusterAsync("a", "Ready", "True");
        world.Workloads.Started.Should().Equal(["a-0-0", "a-0-1"], "a new member is no reason to restart the master");
    }

    [Fact]
    public async Task Reconcile_MasterLost_DegradedAndUnavailable()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        await world.CreateClusterAsync("a", TwoByTwo);
        await world.ClusterAsync("a", "Ready", "True");

        world.Workloads.Healthy = static pod => pod.Name() != "a-1-0";

        await world.ClusterAsync("a", "Available", "False", Reasons.MasterMissing);
        await world.ClusterAsync("a", "Degraded", "True", Reasons.PodsNotReady);
        BrokerCluster lost = await world.ClusterAsync("a", "Ready", "False", Reasons.MasterMissing);
        Conditions.Find(lost.Status!.Conditions, "Ready")!.Message.Should().Be("a-1 takes no messages. a-1-0: CrashLoopBackOff.");
        world.Workloads.Healthy = static _ => true;
        await world.ClusterAsync("a", "Ready", "True");
        await world.ClusterAsync("a", "Degraded", "False");
    }

    [Fact]
    public async Task Reconcile_SlaveLost_NotReadyInsteadOfStarting()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        await world.CreateClusterAsync("a", TwoByTwo);
        await world.ClusterAsync("a", "Ready", "True");

        world.Workloads.Healthy = static pod => pod.Name() != "a-1-1";

        BrokerCluster lost = await world.ClusterAsync("a", "Ready", "False", Reasons.PodsNotReady);
        Conditions.Find(lost.Status!.Conditions, "Ready")!.Message.Should().Be("a-1-1: CrashLoopBackOff.");
    }

    [Fact]
    public async Task Reconcile_NameServersReplaced_SaysThatItWaitsOnPurpose()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        await world.CreateClusterAsync("a");
        await world.ClusterAsync("a", "Ready", "True");
        world.Workloads.OldNameServers = 1;

        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.NameServer.Config = new() { ["orderMessageEnable"] = "true" });

        BrokerCluster rolling = await world.ClusterAsync("a", "Ready", "False", Reasons.RollingUpdate);
        Conditions.Find(rolling.Status!.Conditions, "Ready")!.Message.Should().Be(
            "Name servers are replaced one at a time, and brokers get 35 s to register with each new one before the next old one goes.");
        world.Workloads.OldNameServers = 0;
        await world.ClusterAsync("a", "Ready", "True");
    }

    [Fact]
    public async Task Reconcile_NameServersSilent_AvailableUnknown()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        world.Admin.Registered = null;

        await world.CreateClusterAsync("a");

        await world.ClusterAsync("a", "Available", "Unknown", Reasons.NameServersUnreachable);
        await world.ClusterAsync("a", "Reconciling", "True", Reasons.NameServersUnreachable);
    }

    [Fact]
    public async Task Delete_Cluster_ChildrenGo()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        await world.CreateClusterAsync("a", TwoByTwo);
        await world.ClusterAsync("a", "Ready", "True");

        await world.Client.DeleteAsync<BrokerCluster>("a", OperatorWorld.Ns);

        await world.GoneAsync<BrokerCluster>("a");
        await world.GoneAsync<StatefulSet>("a-1");
        await world.GoneAsync<Pod>("a-1-0");
        await world.GoneAsync<Deployment>("a-nameserver");
        await Eventually.TrueAsync(async () => (await world.Client.ListAsync<Service>(new ListOptions { Namespace = OperatorWorld.Ns, LabelSelector = "rocketops.io/cluster=a" })).Items.Count == 0, "Services are gone");
    }

    /// <summary>Whatever single write of the first half minute of a cluster's life fails, or takes effect without an answer, the end is the same.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Reconcile_EveryThirdWriteFails_SameEnd(bool answerLost)
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        int writes = 0;
        world.Fault = call => call.Verb is "create" or "patch" or "delete" && call.Resource != "events" && Interlocked.Increment(ref writes) % 3 == 0
            ? (answerLost ? ApiFault.LoseAnswer : ApiFault.Fail(500, "InternalError"))
            : null;

        await world.CreateWithFaultsAsync("a");

        await world.ClusterAsync("a", "Ready", "True");
        world.Fault = null;
        foreach (string? service in new[] { "a-nameserver", "a-nameserver-headless", "a-0-headless", "a-0-master", "a-0-slave" })
        {
            (await world.Client.GetAsync<Service>(service, OperatorWorld.Ns)).Should().NotBeNull();
        }
    }

    private static void TwoByTwo(BrokerClusterSpec spec)
    {
        spec.Brokers.Groups = 2;
        spec.Brokers.Replicas = 2;
    }
}
