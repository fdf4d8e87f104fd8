using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Reporting;
using RocketOps.Operator.Tests.Support;

namespace RocketOps.Operator.Tests.Clusters.Status;

/// <summary>Pods that do not start, whatever time they get, stall a cluster where nothing restarts too, for as long as it takes, and keep it from nothing else.</summary>
public sealed class StuckPodsTests
{
    private const string Typo = "test/borker:1";

    [Fact]
    public async Task Reconcile_NewClusterWithATypoInItsImage_StalledUntilItIsRight()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        world.Workloads.Sick = static status => KubeletWords.Waiting(status, "ImagePullBackOff");
        world.Workloads.Healthy = static pod => pod.Spec!.Containers![0].Image != Typo;

        await world.CreateClusterAsync("a", static spec => spec.Brokers.Image = Typo);

        await world.ClusterAsync("a", "Stalled", "True", Reasons.PodsFailing);

        // Name servers and the claim may still be on their way when the pod is known to be stuck.
        BrokerCluster stuck = await world.AwaitAsync<BrokerCluster>(
            "a",
            static cluster => Conditions.Find(cluster.Status!.Conditions, "Stalled") is { Status: "True", Reason: Reasons.PodsFailing }
                && Conditions.Find(cluster.Status.Conditions, "Ready") is { Status: "False", Reason: Reasons.PodsFailing } ready
                && ready.Message == "a-0-0: ImagePullBackOff (test). Waiting does not help: change the configuration, image or resources that were asked for, or see to what else keeps it from starting.",
            "it says what is stuck, and what helps");
        Conditions.Find(stuck.Status!.Conditions, "Reconciling")!.Status.Should().Be("False");
        Conditions.Find(stuck.Status.Conditions, "Degraded").Should().BeEquivalentTo(new { Status = "False", Reason = Reasons.PodsStarting }, "nothing has run that does not");

        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Image = null);
        await world.ClusterAsync("a", "Ready", "True");
    }

    [Fact]
    public async Task Reconcile_OnlyPodGetsABadConfig_StalledUntilItIsSetBack()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        await world.CreateClusterAsync("a");
        await world.ClusterAsync("a", "Ready", "True");
        string proven = await world.ConfigurationAsync("a-0-0");
        world.Workloads.Healthy = pod => OperatorWorld.Configuration(pod) == proven;

        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Config = new() { ["serverChannelMaxIdleTimeSeconds"] = "4711" });

        BrokerCluster stuck = await world.ClusterAsync("a", "Stalled", "True", Reasons.RolloutFailing);
        await world.SaysAsync(stuck, "Ready", said => said.Should().StartWith("The current configuration, image or resources do not start a broker: a-0-0: CrashLoopBackOff. "));
        await world.PassesAsync(2);
        Stalled((await world.Client.GetAsync<BrokerCluster>("a", OperatorWorld.Ns))!).Should().Be("True RolloutFailing");

        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Config = null);
        await world.ClusterAsync("a", "Ready", "True");
    }

    [Fact]
    public async Task Reconcile_NameServersOfANewClusterWithABadImage_StalledAndThoseOfBeforeDoNotCount()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        world.Workloads.Sick = static status => KubeletWords.Waiting(status, "ImagePullBackOff");
        world.Workloads.NameServerServes = static _ => false;

        await world.CreateClusterAsync("a", static spec => spec.NameServer.Image = Typo);

        // They fail one after the other.
        BrokerCluster stuck = await world.AwaitAsync<BrokerCluster>(
            "a", static cluster => Conditions.Find(cluster.Status?.Conditions, "Stalled") is { Status: "True", Reason: Reasons.PodsFailing } stalled && stalled.Message.Contains("a-nameserver-1", StringComparison.Ordinal), "both are stuck");
        await world.SaysAsync(stuck, "Ready", said => said.Should().StartWith("a-nameserver-0: ImagePullBackOff (test); a-nameserver-1: ImagePullBackOff (test). Waiting does not help: ").And.EndWith(" keeps them from starting."));

        // Their Deployment is about to replace them.
        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.NameServer.Image = null);
        await world.ClusterAsync("a", "Stalled", "False");
        await world.EndedPassesAsync(2);
        Stalled((await world.Client.GetAsync<BrokerCluster>("a", OperatorWorld.Ns))!).Should().Be("False AsExpected");
        world.Workloads.NameServerServes = static _ => true;
        await world.ClusterAsync("a", "Ready", "True");
    }

    [Fact]
    public async Task Reconcile_NameServersReplacedByABadImage_StalledAndTheOthersServeOn()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        await world.CreateClusterAsync("a");
        await world.ClusterAsync("a", "Ready", "True");
        world.Workloads.Sick = static status => KubeletWords.Waiting(status, "ImagePullBackOff");
        world.Workloads.OldNameServers = 1;
        world.Workloads.NameServerServes = static number => number != 1;

        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.NameServer.Image = Typo);
        await world.AwaitAsync<Deployment>("a-nameserver", static deployment => deployment.Spec!.Template!.Spec!.Containers![0].Image == Typo, "the operator asks for it");
        await world.Client.DeleteAsync<Pod>("a-nameserver-1", OperatorWorld.Ns);

        BrokerCluster stuck = await world.ClusterAsync("a", "Stalled", "True", Reasons.RolloutFailing);
        await world.SaysAsync(stuck, "Ready", said => said.Should().Be(
            "The current configuration, image or resources do not start a name server: a-nameserver-1: ImagePullBackOff (test). The other pods keep what they have; change what was asked for, or set it back."));

        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.NameServer.Image = null);
        await world.ClusterAsync("a", "Stalled", "False");
        world.Workloads.OldNameServers = 0;
        world.Workloads.NameServerServes = static _ => true;
        await world.ClusterAsync("a", "Ready", "True");
    }

    /// <summary>Whoever waits for the cluster must not see it change its mind with the kubelet's words, and another operator goes on with what this one said.</summary>
    [Fact]
    public async Task Reconcile_ImageNotToBeHadByTwoNamesInTurn_StalledThroughout()
    {
        await using OperatorWorld world = await OperatorWorld.StartTwoByTwoAsync();
        world.Workloads.Sick = static status => KubeletWords.Waiting(status, "ImagePullBackOff");
        world.Workloads.Healthy = static pod => pod.Name() != "a-1-1";
        await world.ClusterAsync("a", "Stalled", "True", Reasons.PodsFailing);
        await world.QuietAsync();

        await world.SaysAsync("a-1-1", "ErrImagePull");
        await world.PassesAsync(3);
        await world.StopOperatorAsync();
        await world.StartOperatorAsync();
        await world.PassesAsync(3);

        world.Writes.Should().NotContain(static write => write.Contains("brokerclusters/status", StringComparison.Ordinal), "nothing has changed");
        Stalled((await world.Client.GetAsync<BrokerCluster>("a", OperatorWorld.Ns))!).Should().Be("True PodsFailing");

        // Another pod has its own first try.
        world.Workloads.Sick = static status => KubeletWords.Waiting(status, "ErrImagePull");
        await world.Client.DeleteAsync<Pod>("a-1-1", OperatorWorld.Ns);
        await world.ClusterAsync("a", "Ready", "False", Reasons.PodsNotReady);
        await world.PassesAsync(2);
        Stalled((await world.Client.GetAsync<BrokerCluster>("a", OperatorWorld.Ns))!).Should().Be("False AsExpected");
        world.Workloads.Healthy = static _ => true;
        await world.ClusterAsync("a", "Ready", "True");
    }

    /// <summary>What comes without an event beside a stuck pod is seen as soon as beside any other wait.</summary>
    [Fact]
    public async Task Reconcile_Stuck_IsLookedAtAsOftenAsAnyClusterThatWaits()
    {
        await using OperatorWorld world = await OperatorWorld.StartTwoByTwoAsync(
            static options => options with { ResyncInterval = TimeSpan.FromHours(1), RouteRefreshGrace = TimeSpan.FromHours(1) });
        world.Workloads.Healthy = static pod => pod.Name() != "a-1-1";
        await world.ClusterAsync("a", "Stalled", "True", Reasons.PodsFailing);
        await world.PassesAsync(5);

        world.Admin.RefusedBy[world.Master("a-0")] = "DISK";
        world.Admin.Refusals[world.Master("a-0")] = "the disk is full";

        await world.ClusterAsync("a", "Available", "False", Reasons.DiskFull);
    }

    /// <summary>The repair may be what waits.</summary>
    [Fact]
    public async Task Reconcile_StuckAndPausedWithARepair_SaysThatItWaits()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        await world.CreateClusterAsync("a");
        await world.ClusterAsync("a", "Ready", "True");
        world.Workloads.Healthy = static pod => pod.Name() != "a-0-0";
        await world.ClusterAsync("a", "Stalled", "True", Reasons.PodsFailing);
        await PauseAsync(world, "true");
        await world.ClusterAsync("a", "Paused", "True");
        Stalled((await world.Client.GetAsync<BrokerCluster>("a", OperatorWorld.Ns))!).Should().Be("True PodsFailing");

        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Image = "test/broker:2");

        await world.AwaitAsync<BrokerCluster>("a", static cluster => Conditions.Find(cluster.Status!.Conditions, "Reconciling") is { Status: "True", Reason: Reasons.Paused }, "it waits for the end of the pause");
        world.Workloads.Healthy = static pod => pod.Spec!.Containers![0].Image == "test/broker:2" || pod.Name() != "a-0-0";
        await PauseAsync(world, null);
        await world.ClusterAsync("a", "Ready", "True");
    }

    /// <summary>What does not start is what ran: it is not what was asked for since.</summary>
    [Fact]
    public async Task Reconcile_StuckAndRestartsPausedWithARepair_SaysThatItWaits()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        await world.CreateClusterAsync("a");
        await world.ClusterAsync("a", "Ready", "True");
        await PauseAsync(world, "restarts");
        world.Workloads.Healthy = static pod => pod.Spec!.Containers![0].Image == "test/broker:2";
        await world.ClusterAsync("a", "Stalled", "True", Reasons.PodsFailing);

        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Image = "test/broker:2");

        BrokerCluster waiting = await world.ClusterAsync("a", "Ready", "False", Reasons.Paused);
        Stalled(waiting).Should().StartWith("False ");
        Conditions.Find(waiting.Status!.Conditions, "Degraded")!.Status.Should().Be("True");
        await PauseAsync(world, null);
        await world.ClusterAsync("a", "Ready", "True");
    }

    private static string Stalled(BrokerCluster cluster) => Conditions.Find(cluster.Status!.Conditions, "Stalled") is { } stalled ? $"{stalled.Status} {stalled.Reason}" : "";

    private static Task PauseAsync(OperatorWorld world, string? what) => world.ChangeAsync<BrokerCluster>("a", cluster =>
    {
        cluster.Metadata.Annotations ??= [];
        cluster.Metadata.Annotations.Remove("rocketops.io/paused");
        if (what is not null)
        {
            cluster.Metadata.Annotations["rocketops.io/paused"] = what;
        }
    });
}
