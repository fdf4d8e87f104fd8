using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Reporting;
using RocketOps.Operator.Tests.Support;
using RocketOps.Testing;

namespace RocketOps.Operator.Tests.Controllers;

/// <summary>What the status of a cluster says while something is missing, behind or away.</summary>
public sealed class ClusterStatusTests
{
    /// <summary>The scheduler prefers other nodes, and says nothing where there are none.</summary>
    [Fact]
    public async Task Reconcile_MembersOnOneNode_AreToldAndNothingElseSuffers()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        world.Workloads.Node = static pod => pod.Name().StartsWith("a-0-", StringComparison.Ordinal) ? "n1" : "n" + pod.Name();
        await world.CreateClusterAsync("a", OperatorWorld.TwoByTwo);

        BrokerCluster ready = await world.ClusterAsync("a", "Ready", "True");

        Condition spread = Conditions.Find(ready.Status!.Conditions, "Spread")!;
        (spread.Status, spread.Reason).Should().Be(("False", Reasons.NodesShared));
        spread.Message.Should().StartWith("Members of one group are on one node: a-0-0 and a-0-1 on n1. ");

        world.Workloads.Node = static pod => "n" + pod.Name();
        await world.Client.DeleteAsync<Pod>("a-0-1", OperatorWorld.Ns);
        await world.ClusterAsync("a", "Spread", "True", Reasons.NodesApart);
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
        await world.SaysAsync(waiting, "Ready", said => said.Should().Be("Waiting for a-0-0 to register with every name server."));
        world.Admin.Differing[address] = null;
        BrokerCluster silent = await world.ClusterAsync("a", "Ready", "False", Reasons.NameServersUnreachable);
        await world.SaysAsync(silent, "Ready", said => said.Should().Contain(address));
        world.Admin.Differing.Clear();
        await world.ClusterAsync("a", "Ready", "True");
    }

    [Fact]
    public async Task Reconcile_MasterWithoutRoom_ClusterAndTopicSaySoAndRecoverByThemselves()
    {
        const string Why = "the disk is full: no room for the next part of the log";
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        await world.CreateClusterAsync("a", OperatorWorld.TwoByTwo);
        await world.CreateTopicAsync("t", "a");
        await world.ClusterAsync("a", "Ready", "True");
        await world.TopicAsync("t", "Ready", "True");

        world.Admin.Refusals[world.Master("a-1")] = Why;

        BrokerCluster one = await world.ClusterAsync("a", "Degraded", "True", Reasons.DiskFull);
        await world.SaysAsync(one, "Degraded", said => said.Should().StartWith($"a-1-0 takes no messages: {Why}. Make room"));
        Conditions.Find(one.Status!.Conditions, "Ready").Should().BeEquivalentTo(new { Status = "False", Reason = Reasons.DiskFull });
        Conditions.Find(one.Status.Conditions, "Available").Should().BeEquivalentTo(new { Status = "False", Reason = Reasons.DiskFull }, "whose messages go there wait");
        (one.Status.ReadyGroups, one.Status.Groups!.Single(static group => group.Ready).Name).Should().Be((1, "a-0"));
        one.Status.Groups!.SelectMany(static group => group.Members!).Where(static member => member.SendsRefused is not null).Select(static member => member.Name).Should().Equal("a-1-0");
        Topic topic = await world.TopicAsync("t", "Ready", "False", Reasons.DiskFull);
        await world.SaysAsync(topic, "Ready", said => said.Should().StartWith($"a-1 takes no messages: {Why}."));

        world.Admin.Refusals[world.Master("a-0")] = Why;
        await world.AwaitAsync<BrokerCluster>("a", static cluster => cluster.Status!.ReadyGroups == 0, "no group takes messages");

        world.Admin.Refusals.Clear();
        BrokerCluster well = await world.ClusterAsync("a", "Ready", "True");
        Conditions.Find(well.Status!.Conditions, "Degraded").Should().BeEquivalentTo(new { Status = "False", Reason = Reasons.AsExpected });
        Conditions.IsTrue(well.Status.Conditions, "Available").Should().BeTrue();
        await world.TopicAsync("t", "Ready", "True");
    }

    [Fact]
    public async Task Reconcile_SlavesBehind_StatusTellsHowFarInSteps()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        await world.CreateClusterAsync("a", OperatorWorld.TwoByTwo);
        await world.ClusterAsync("a", "Replicated", "True", Reasons.SlavesInSync);
        Dictionary<long, string> group = world.Admin.Registered!["a-1"];

        world.Admin.LogEnds[group[0]] = 1_000_000_000;
        world.Admin.LogEnds[group[1]] = 600_000_000;

        BrokerCluster behind = await world.ClusterAsync("a", "Replicated", "False", Reasons.SlavesBehind);
        await world.SaysAsync(behind, "Replicated", said => said.Should().Contain("a-1-1 lacks what its master has had for a while").And.Contain("Async").And.NotContain("a-0-1"));

        // A look may have come between the two ends.
        behind = await world.AwaitAsync<BrokerCluster>(
            "a",
            static cluster => Conditions.Find(cluster.Status!.Conditions, "Replicated")!.Reason == Reasons.SlavesBehind && cluster.Status.Groups![1].Members![1].LagBytes == 512L * 1024 * 1024,
            "it tells how far behind it is");
        behind.Status!.Groups!.SelectMany(static group => group.Members!).Select(static member => (member.Name, member.LagBytes)).Should().Equal(
            ("a-0-0", null), ("a-0-1", 0), ("a-1-0", null), ("a-1-1", 512L * 1024 * 1024));

        // Little is not nothing, and how much it is makes no other condition of it.
        Condition before = Conditions.Find(behind.Status.Conditions, "Replicated")!;
        world.Admin.LogEnds[group[1]] = 999_999_000;
        BrokerCluster nearer = await world.AwaitAsync<BrokerCluster>("a", static cluster => cluster.Status!.Groups![1].Members![1].LagBytes == 0, "it has come nearer");
        await world.PassesAsync(4);
        Conditions.Find((await world.Client.GetAsync<BrokerCluster>("a", OperatorWorld.Ns))!.Status!.Conditions, "Replicated").Should().BeEquivalentTo(before);
        world.Writes.Clear();
        await world.PassesAsync(4);
        world.Writes.Should().BeEmpty("nothing is written anew from look to look");

        // Whoever comes anew has seen too little to take it back.
        await world.StopOperatorAsync();
        await world.StartOperatorAsync();
        await world.PassesAsync(4);
        Conditions.Find((await world.Client.GetAsync<BrokerCluster>("a", OperatorWorld.Ns))!.Status!.Conditions, "Replicated").Should().BeEquivalentTo(before);

        world.Admin.LogEnds[group[1]] = 1_000_000_000;
        await world.ClusterAsync("a", "Replicated", "True", Reasons.SlavesInSync);
        nearer.Status!.Groups![0].Members![1].LagBytes.Should().Be(0);
    }

    /// <summary>What is under way to a slave in one look has come to it in the next, however much it is.</summary>
    [Fact]
    public async Task Reconcile_SlavesOfABusyMaster_AreInSync()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync(static options => options with { FaultGrace = TimeSpan.FromMinutes(10) });
        await world.CreateClusterAsync("a", static spec => spec.Brokers.Replicas = 2);
        await world.ClusterAsync("a", "Replicated", "True", Reasons.SlavesInSync);

        world.Admin.LogEnds[world.Admin.Registered!["a-0"][0]] = 1_000_000_000;
        await world.AwaitAsync<BrokerCluster>("a", static cluster => cluster.Status!.Groups![0].Members![1].LagBytes > 0, "much is under way");
        await world.PassesAsync(4);

        Conditions.Find((await world.Client.GetAsync<BrokerCluster>("a", OperatorWorld.Ns))!.Status!.Conditions, "Replicated").Should().BeEquivalentTo(new { Status = "True", Reason = Reasons.SlavesInSync });
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

    /// <summary>A change of master takes a moment, and a pod that is lost is none: nobody reads another reason first, nor the same trouble twice among the events.</summary>
    [Fact]
    public async Task Reconcile_CopiesAreTooFewWithoutASlave_DegradedSaysWhatReadyDoesFromTheFirstLookOn()
    {
        await using OperatorWorld world = await OperatorWorld.StartTwoByTwoAsync(
            static options => options with { FaultGrace = TimeSpan.FromHours(1) });
        string master = world.Master("a-1");
        world.Workloads.Sick = KubeletWords.Starting;
        world.Admin.RefusedBy[master] = "COPIES";
        world.Admin.Refusals[master] = "too few copies";

        world.Workloads.Healthy = static pod => pod.Name() != "a-1-1";

        BrokerClusterStatus status = (await world.ClusterAsync("a", "Degraded", "True", Reasons.InSyncShort)).Status!;
        foreach (string type in (string[])["Ready", "Available"])
        {
            Conditions.Find(status.Conditions, type).Should().BeEquivalentTo(new { Status = "False", Reason = Reasons.InSyncShort });
        }

        string message = Conditions.Find(status.Conditions, "Degraded")!.Message;
        Conditions.Find(status.Conditions, "Ready")!.Message.Should().Be(message);
        message.Should().StartWith("a-1-0 takes no messages: too few copies. Bring the group's other members back").And.EndWith(" a-1-1: running, not ready yet.");
        await world.PassesAsync(3);
        string?[] warnings = [];
        await Eventually.TrueAsync(
            async () => (warnings = [.. (await world.Client.ListAsync<Event>()).Items.Where(static happened => happened.Type == "Warning").Select(static happened => happened.Reason)]).Length > 0, "it is told");
        warnings.Should().Equal(Reasons.InSyncShort);
    }

    [Fact]
    public async Task Reconcile_MasterLost_DegradedAndUnavailable()
    {
        await using OperatorWorld world = await OperatorWorld.StartTwoByTwoAsync();

        world.Workloads.Healthy = static pod => pod.Name() != "a-1-0";

        await world.ClusterAsync("a", "Available", "False", Reasons.MasterMissing);
        await world.ClusterAsync("a", "Degraded", "True", Reasons.MasterMissing);
        BrokerCluster lost = await world.ClusterAsync("a", "Ready", "False", Reasons.PodsFailing);
        await world.SaysAsync(lost, "Ready", said => said.Should().StartWith("a-1 takes no messages. a-1-0: CrashLoopBackOff. Waiting does not help: "));
        world.Workloads.Healthy = static _ => true;
        await world.ClusterAsync("a", "Ready", "True");
        await world.ClusterAsync("a", "Degraded", "False");
    }

    /// <summary>A node that was silent for a moment, or an API server that was away, leaves pods behind that are not ready, of brokers that never stopped.</summary>
    [Fact]
    public async Task Reconcile_MasterServesAndItsPodIsNotReady_AvailableByItsOwnWords()
    {
        await using OperatorWorld world = await OperatorWorld.StartTwoByTwoAsync();
        string master = world.Master("a-1");
        world.Workloads.Sick = KubeletWords.Starting;
        world.Workloads.Registers = static pod => pod.Status?.PodIP is not null;

        world.Workloads.Healthy = static pod => pod.Name() != "a-1-0";

        await world.ClusterAsync("a", "Ready", "False", Reasons.PodsNotReady);
        await world.PassesAsync(4);
        BrokerClusterStatus status = (await world.Client.GetAsync<BrokerCluster>("a", OperatorWorld.Ns))!.Status!;
        Conditions.Find(status.Conditions, "Ready").Should().BeEquivalentTo(new { Status = "False", Reason = Reasons.PodsNotReady, Message = "a-1-0: running, not ready yet." });
        Conditions.Find(status.Conditions, "Available").Should().BeEquivalentTo(new { Status = "True", Reason = Reasons.MastersRegistered });
        status.Groups!.Should().OnlyContain(static group => group.Ready);
        status.Groups![1].Members!.Should().Contain(static member => member.Name == "a-1-0" && !member.Ready);

        world.Admin.RefusedBy[master] = "DISK";
        world.Admin.Refusals[master] = "no room";
        await world.ClusterAsync("a", "Available", "False", Reasons.DiskFull);
        world.Admin.Refusals.Clear();
        world.Admin.RefusedBy.Clear();
        await world.ClusterAsync("a", "Available", "True");
        world.Admin.Silent[master] = true;
        await world.ClusterAsync("a", "Available", "False", Reasons.MasterMissing);
        world.Admin.Silent.Clear();
        world.Workloads.Healthy = static _ => true;
        await world.ClusterAsync("a", "Ready", "True");
    }

    [Fact]
    public async Task Reconcile_MembersLost_NotReadyInsteadOfStarting()
    {
        await using OperatorWorld world = await OperatorWorld.StartTwoByTwoAsync();

        world.Workloads.Sick = KubeletWords.Starting;
        world.Workloads.Healthy = static pod => pod.Name() is not ("a-1-0" or "a-1-1");

        await world.AwaitAsync<BrokerCluster>(
            "a",
            static cluster => Conditions.Find(cluster.Status!.Conditions, "Ready") is { Reason: Reasons.MasterMissing, Message: "a-1 takes no messages. a-1-0: running, not ready yet; a-1-1: running, not ready yet." },
            "both are away, one after the other");
        world.Workloads.Healthy = static pod => pod.Name() != "a-1-1";
        BrokerCluster lost = await world.ClusterAsync("a", "Ready", "False", Reasons.PodsNotReady);
        await world.SaysAsync(lost, "Ready", said => said.Should().Be("a-1-1: running, not ready yet."));
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
        await world.SaysAsync(rolling, "Ready", said => said.Should().Be(
            "Name servers are replaced one at a time, and brokers get 35 s to register with each new one before the next old one goes."));
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
        await world.PassesAsync(3);
        BrokerCluster comesUp = (await world.Client.GetAsync<BrokerCluster>("a", OperatorWorld.Ns))!;
        Conditions.Find(comesUp.Status!.Conditions, "Degraded").Should().BeEquivalentTo(new { Status = "False", Reason = Reasons.PodsStarting }, "nothing has run that does not");
        (await world.Client.ListAsync<Event>()).Items.Should().NotContain(static happened => happened.Type == "Warning");
    }

    /// <summary>Whatever a master refuses for, whoever looks at a topic sees the same word.</summary>
    [Fact]
    public async Task Reconcile_MasterLacksCopies_TopicSaysSo()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        await world.CreateClusterAsync("a");
        await world.CreateTopicAsync("t", "a");
        await world.TopicAsync("t", "Ready", "True");
        world.Admin.RefusedBy[world.Master("a-0")] = "COPIES";
        world.Admin.Refusals[world.Master("a-0")] = "too few copies";

        Topic topic = await world.TopicAsync("t", "Ready", "False", Reasons.InSyncShort);

        await world.SaysAsync(topic, "Ready", said => said.Should().Be("a-0 takes no messages: too few copies. BrokerCluster a says what to do."));
        BrokerMemberStatus member = (await world.ClusterAsync("a", "Ready", "False", Reasons.InSyncShort)).Status!.Groups!.Single().Members!.Single();
        (member.SendsRefused, member.RefusedBy).Should().Be(("too few copies", "COPIES"));
    }
}
