using RocketOps.Embedded;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Reporting;
using RocketOps.Operator.Tests.Support;
using RocketOps.Testing;

namespace RocketOps.Operator.Tests.Controllers;

/// <summary>How a cluster takes a changed configuration: which pod restarts when, what stops it, and what the status tells of it.</summary>
public sealed class ClusterRestartTests
{
    [Fact]
    public async Task Reconcile_ConfigChanged_RestartsSlavesThenMastersOneAtATime()
    {
        await using OperatorWorld world = await OperatorWorld.StartTwoByTwoAsync();
        world.Workloads.Started.Clear();

        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Config = new() { ["flushDiskType"] = "SYNC_FLUSH" });

        await world.ClusterAsync("a", "Ready", "True");
        world.Workloads.Started.Should().Equal("a-0-1", "a-1-1", "a-0-0", "a-1-0");
        world.Workloads.MostAway.Should().Be(1);
    }

    /// <summary>Clients ask for routes every 30 s: with all masters elsewhere at once they would reach none until then. Masters that have just come up for the first time count too.</summary>
    [Fact]
    public async Task Reconcile_ConfigChangedWithAPauseBetweenMasters_TheNextMasterWaits()
    {
        await using OperatorWorld world = await OperatorWorld.StartTwoByTwoAsync(
            static options => options with { MasterRestartPause = TimeSpan.FromHours(1) });
        world.Workloads.Started.Clear();

        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Config = new() { ["flushDiskType"] = "SYNC_FLUSH" });
        await PausesForAsync("a-1-0");
        world.Workloads.Started.Should().Equal("a-0-1", "a-1-1");

        world.Time.Set(TimeSpan.FromHours(2));
        await PausesForAsync("a-0-0");
        world.Workloads.Started.Should().Equal("a-0-1", "a-1-1", "a-0-0");
        OperationStatus waits = await OperationAsync();
        waits.Should().BeEquivalentTo(new { Type = OperationType.Roll, Group = "a-1", Phase = OperationPhase.Waiting });
        waits.Since.Should().NotBeNull();

        // Whoever comes anew goes by when the pod says that it began to serve.
        await world.StopOperatorAsync();
        await world.StartOperatorAsync();
        await world.PassesAsync(5);
        await PausesForAsync("a-0-0");
        world.Workloads.Started.Should().Equal("a-0-1", "a-1-1", "a-0-0");
        (await OperationAsync()).Since.Should().Be(waits.Since, "it is the same wait");

        world.Time.Set(TimeSpan.FromHours(2));
        (await world.ClusterAsync("a", "Ready", "True")).Status!.Operations.Should().BeNull();
        world.Workloads.Started.Should().Equal("a-0-1", "a-1-1", "a-0-0", "a-1-0");
        world.Workloads.MostAway.Should().Be(1);

        async Task<OperationStatus> OperationAsync() => (await world.Client.GetAsync<BrokerCluster>("a", OperatorWorld.Ns))!.Status!.Operations.Should().ContainSingle().Subject;

        async Task PausesForAsync(string master)
        {
            await world.AwaitAsync<BrokerCluster>(
                "a",
                cluster => cluster.Status!.Brokers == "4/4" && Conditions.Find(cluster.Status.Conditions, "Ready")!.Message.Contains($"clients get time to find {master} again", StringComparison.Ordinal),
                $"the next master waits for clients of {master}");
            await world.PassesAsync(5);
        }
    }

    [Fact]
    public async Task Reconcile_BadConfig_StopsAtTheFirstPodAndRecoversWhenRepaired()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        await world.CreateClusterAsync("a", OperatorWorld.TwoByTwo);
        BrokerCluster good = await world.ClusterAsync("a", "Ready", "True");
        string[] proven = [await world.ConfigurationAsync("a-0-0"), await world.ConfigurationAsync("a-1-0")];
        world.Workloads.Healthy = pod => proven.Contains(OperatorWorld.Configuration(pod));
        world.Workloads.Started.Clear();

        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Config = new() { ["serverChannelMaxIdleTimeSeconds"] = "4711" });
        BrokerCluster stuck = await world.ClusterAsync("a", "Stalled", "True", Reasons.RolloutFailing);
        await world.SaysAsync(stuck, "Ready", said => said.Should().Contain("a-0-1: CrashLoopBackOff").And.Contain("set it back"));
        stuck.Status!.ReadyGroups.Should().Be(2, "the masters still serve");
        await world.AwaitAsync<BrokerCluster>("a", static cluster => cluster.Status!.Brokers == "4/4", "the first pod has what ran again");
        await world.PassesAsync(5);
        world.Workloads.Started.Should().Equal("a-0-1", "a-0-1");

        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Config = null);
        await world.ClusterAsync("a", "Ready", "True");
        world.Workloads.Started.Should().Equal(["a-0-1", "a-0-1"], "no pod differs from what is asked for");
        good.Status!.Groups.Should().HaveCount(2);
    }

    /// <summary>Whatever ends while a bad template waits: nobody is given it, the program that starts again in its pod reads what it had, and setting it back needs no hand.</summary>
    [Fact]
    public async Task Reconcile_MasterEndsWhileABadConfigWaits_KeepsWhatItHadAndRevertHeals()
    {
        await using OperatorWorld world = await OperatorWorld.StartTwoByTwoAsync();
        string[] proven = [await world.ConfigurationAsync("a-0-0"), await world.ConfigurationAsync("a-1-0")];
        bool ended = false;
        world.Workloads.Healthy = pod => proven.Contains(OperatorWorld.Configuration(pod)) && !(Volatile.Read(ref ended) && pod.Name() == "a-1-0");
        world.Workloads.Started.Clear();
        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Config = new() { ["serverChannelMaxIdleTimeSeconds"] = "4711" });
        await world.AwaitAsync<BrokerCluster>(
            "a",
            static cluster => cluster.Status!.Brokers == "4/4" && Conditions.Find(cluster.Status.Conditions, "Ready")!.Message.Contains("a-0-1: CrashLoopBackOff", StringComparison.Ordinal),
            "stops at the first pod, which has what ran again");

        Volatile.Write(ref ended, true);
        await world.AwaitAsync<BrokerCluster>("a", static cluster => cluster.Status!.Brokers == "3/4", "the master has ended");
        await world.PassesAsync(5);

        world.Workloads.Started.Should().Equal("a-0-1", "a-0-1");
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
        await using OperatorWorld world = await OperatorWorld.StartTwoByTwoAsync();
        world.Workloads.Started.Clear();
        world.Workloads.Sick = KubeletWords.Starting;
        world.Workloads.NameServerServes = static _ => false;
        await world.ClusterAsync("a", "Available", "Unknown", Reasons.NameServersUnreachable);

        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Config = new() { ["serverChannelMaxIdleTimeSeconds"] = "24" });

        await world.AwaitAsync<BrokerCluster>(
            "a",
            static cluster => Conditions.Find(cluster.Status!.Conditions, "Reconciling") is { Status: "True", Reason: Reasons.RollingUpdate }
                && Conditions.Find(cluster.Status.Conditions, "Ready")!.Message.Contains("none goes while a name server does not answer", StringComparison.Ordinal),
            "the status tells what it waits for");
        await world.AwaitAsync<BrokerCluster>(
            "a", static cluster => cluster.Status!.Groups![0].Members!.All(static member => member is { Outdated: true, OutdatedBy: "configuration" }), "the status tells why");
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
        BrokerCluster ready = await world.ClusterAsync("a", "Ready", "True");
        world.Workloads.Started.Should().HaveCount(4);
        ready.Status!.Groups!.SelectMany(static group => group.Members!).Should().OnlyContain(static member => member.OutdatedBy == null);
        await Eventually.TrueAsync(
            async () => (await world.Client.ListAsync<Event>()).Items.Any(static happened => happened is { Reason: "PodRestarted", Note: "Pod a-1-1 restarts. Changed since it was made: configuration." }), "an event tells why");
    }

    [Fact]
    public async Task Reconcile_PodsRestart_StatusListsEachOnceWithWhy()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        await world.CreateClusterAsync("a", OperatorWorld.TwoByTwo);
        (await world.ClusterAsync("a", "Ready", "True")).Status!.Restarts.Should().BeNull("pods that start for the first time do not restart");

        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Image = "mine/broker:2");

        RestartStatus[] rolled = [.. (await world.ClusterAsync("a", "Ready", "True")).Status!.Restarts!];
        rolled.Select(static restart => restart.Pod).Should().BeEquivalentTo("a-0-0", "a-0-1", "a-1-0", "a-1-1");
        rolled.Should().OnlyContain(static restart => restart.Reason == RestartReason.Outdated && restart.Changed == "image (test/broker:1 to mine/broker:2)" && restart.Time != null);
        rolled.TakeLast(2).Select(static restart => restart.Pod).Should().BeEquivalentTo(["a-0-1", "a-1-1"], "slaves went first");

        // While nobody looks.
        await world.PassesAsync(2);
        await world.StopOperatorAsync();
        await world.Client.DeleteAsync<Pod>("a-1-0", OperatorWorld.Ns);
        await Eventually.TrueAsync(() => world.Workloads.Started.Count == 9, "the pod is made again");
        await world.StartOperatorAsync();
        BrokerCluster listed = await world.AwaitAsync<BrokerCluster>("a", static cluster => cluster.Status!.Restarts!.Count == 5, "the restart is listed");
        listed.Status!.Restarts![0].Should().BeEquivalentTo(new { Pod = "a-1-0", Reason = RestartReason.Replaced, Changed = (string?)null });
        await world.ClusterAsync("a", "Ready", "True");

        await world.QuietAsync();
        await world.PassesAsync(4);
        world.Writes.Should().BeEmpty("nothing has restarted since");
    }

    [Fact]
    public async Task Reconcile_ConfigChanged_OldConfigurationsGoWithTheirLastPods()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        await world.CreateClusterAsync("a", static spec => spec.Brokers.Replicas = 2);
        await world.ClusterAsync("a", "Ready", "True");
        string before = await world.ConfigurationAsync("a-0-0");

        // It takes its time, and is not stuck.
        world.Workloads.Sick = KubeletWords.Starting;
        world.Workloads.Healthy = pod => pod.Name() != "a-0-1" || OperatorWorld.Configuration(pod) == before;

        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Config = new() { ["serverChannelMaxIdleTimeSeconds"] = "24" });
        await world.AwaitAsync<Pod>("a-0-1", pod => OperatorWorld.Configuration(pod) != before, "the slave has the new configuration");
        await world.PassesAsync(5);
        (await world.Client.GetAsync<ConfigMap>(before, OperatorWorld.Ns)).Should().NotBeNull("the master starts with it");

        world.Workloads.Healthy = static _ => true;
        await world.GoneAsync<ConfigMap>(before);
        await world.ClusterAsync("a", "Ready", "True");
        string[] left = (await world.Client.ListAsync<ConfigMap>(new ListOptions { Namespace = OperatorWorld.Ns, LabelSelector = "rocketops.io/cluster=a" })).Items.Select(static map => map.Name()).ToArray();
        left.Should().HaveCount(3).And.Contain([await world.ConfigurationAsync("a-0-0"), "a-brokers-live"]);
    }

    [Fact]
    public async Task Reconcile_BadConfigInRolling_Degraded()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        await world.CreateClusterAsync("a");
        await world.ClusterAsync("a", "Ready", "True");
        string proven = await world.ConfigurationAsync("a-0-0");

        // As long as it is not replaced with what ran.
        world.OperatorFault = static call => call is { Verb: "delete", Resource: "pods" } ? ApiFault.Fail(500, "InternalError") : null;
        world.Workloads.Healthy = pod => OperatorWorld.Configuration(pod) == proven;

        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Config = new() { ["serverChannelMaxIdleTimeSeconds"] = "4711" });

        await world.AwaitAsync<BrokerCluster>(
            "a",
            static cluster => Conditions.Find(cluster.Status!.Conditions, "Degraded") is { Status: "True", Message: "a-0 takes no messages. a-0-0: CrashLoopBackOff." },
            "degraded by the pod that was restarted and does not come back");
        world.OperatorFault = null;
        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Config = null);
        await world.ClusterAsync("a", "Degraded", "False", Reasons.AsExpected);
    }
}
