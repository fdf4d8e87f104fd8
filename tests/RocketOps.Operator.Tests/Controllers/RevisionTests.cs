using RocketOps.Embedded;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters;
using RocketOps.Operator.Clusters.Revisions;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Reporting;
using RocketOps.Operator.Settings;
using RocketOps.Operator.Tests.Support;
using RocketOps.Testing;

namespace RocketOps.Operator.Tests.Controllers;

/// <summary>A new template goes to one group first; one that fails goes back, and whoever takes a pod away meanwhile gets one of what ran.</summary>
public sealed class RevisionTests
{
    private const string Bad = "test/borker:1";
    private const string Good = "test/broker:2";
    private const string Ran = "test/broker:1";

    [Fact]
    public async Task BadImage_PodsRecreatedMeanwhile_ComeWithWhatRan()
    {
        await using OperatorWorld world = await OperatorWorld.StartTwoByTwoAsync();
        world.Workloads.Healthy = static pod => BrokerPods.Image(pod) != Bad;
        world.Workloads.Sick = static status => KubeletWords.Waiting(status, "ErrImagePull");
        await AskAsync(world, Bad);

        // Not known to be stuck yet: the first pod waits for its image.
        await world.AwaitAsync<Pod>("a-0-1", static pod => BrokerPods.Image(pod) == Bad && pod.Status?.PodIP is not null, "the first pod is made anew");
        string[] others = ["a-0-0", "a-1-0", "a-1-1"];
        await world.RecreateAsync("a-1-0");
        await world.RecreateAsync("a-1-1");
        (await world.ImageAsync("a-1-0")).Should().Be(Ran);
        (await world.ImageAsync("a-1-1")).Should().Be(Ran);

        world.Workloads.Sick = static status => KubeletWords.Waiting(status, "ImagePullBackOff");
        await world.SaysAsync("a-0-1", "ImagePullBackOff");
        await FailedAsync(world);

        foreach (string pod in others)
        {
            await world.RecreateAsync(pod);
        }

        await AllRunAsync(world, Ran);
        await world.AwaitAsync<BrokerCluster>(
            "a",
            static cluster => Conditions.IsTrue(cluster.Status?.Conditions, "Available") && Conditions.Find(cluster.Status?.Conditions, "Ready")!.Message
                == "The current configuration, image or resources do not start a broker: a-0-1: ImagePullBackOff (test). The other pods keep what they have; change what was asked for, or set it back.",
            "it says what failed, and that the others serve");
    }

    [Fact]
    public async Task BadImage_OperatorRestarted_NothingChanges()
    {
        await using OperatorWorld world = await OperatorWorld.StartTwoByTwoAsync();
        await FailAsync(world);
        await world.QuietAsync();
        Condition before = await StalledAsync(world);
        await world.StopOperatorAsync();
        await world.StartOperatorAsync();
        await world.PassesAsync(3);

        world.Writes.Should().NotContain(static write => write.Contains("statefulsets a", StringComparison.Ordinal) || write.Contains("delete pods", StringComparison.Ordinal), "nothing has changed");
        (await StalledAsync(world)).Should().BeEquivalentTo(before, "it was so all the time").And.Match<Condition>(static stalled => stalled.Status == "True" && stalled.Reason == Reasons.RolloutFailing);
        await AllRunAsync(world, Ran);
    }

    [Fact]
    public async Task BadImage_SetBack_ReadyAndNothingElseRestarts()
    {
        await using OperatorWorld world = await OperatorWorld.StartTwoByTwoAsync();
        await FailAsync(world);
        world.Workloads.Started.Clear();

        await AskAsync(world, null);

        await world.ClusterAsync("a", "Ready", "True");
        world.Workloads.Started.Should().BeEmpty("all of them run what is asked for");
        await world.AwaitAsync<StatefulSet>("a-0", static set => set.Annotation(GroupRevision.FailedAnnotation) is null, "nothing is said to have failed");
        await world.ClusterAsync("a", "Stalled", "False");
    }

    [Fact]
    public async Task BadImage_SetRight_RollsOn()
    {
        await using OperatorWorld world = await OperatorWorld.StartTwoByTwoAsync();
        await FailAsync(world);

        await AskAsync(world, Good);

        await world.ClusterAsync("a", "Ready", "True");
        await AllRunAsync(world, Good);
        world.Workloads.MostAway.Should().Be(1);
    }

    /// <summary>The registry was away: nobody has to change the spec.</summary>
    [Fact]
    public async Task BadImage_ThatCanBeHadNow_TriedAgainWhenAsked()
    {
        await using OperatorWorld world = await OperatorWorld.StartTwoByTwoAsync();
        await FailAsync(world);
        world.Workloads.Healthy = static _ => true;
        await world.PassesAsync(2);
        await AllRunAsync(world, Ran);

        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Metadata.Annotations = new(StringComparer.Ordinal) { [ClusterAnnotations.RestartAt] = "now" });

        await world.AllServeAsync(Bad);
        await world.ClusterAsync("a", "Ready", "True");
    }

    [Fact]
    public async Task GoodImage_OneGroupGoesFirst_AndEveryPodGetsIt()
    {
        await using OperatorWorld world = await OperatorWorld.StartTwoByTwoAsync();
        world.Workloads.Makes = static pod => pod != "a-0-1";
        await AskAsync(world, Good);
        await world.AwaitAsync<StatefulSet>("a-0", static set => Image(set) == Good, "the first group has it");
        await Eventually.TrueAsync(async () => await world.Client.GetAsync<Pod>("a-0-1", OperatorWorld.Ns) is null, "its first pod goes");
        await world.PassesAsync(2);
        Image((await world.Client.GetAsync<StatefulSet>("a-1", OperatorWorld.Ns))!).Should().Be(Ran, "no pod of it has served yet");
        Conditions.Find((await world.ClusterAsync("a", "Ready", "False", Reasons.RollingUpdate)).Status!.Conditions, "Stalled")!.Status.Should().Be("False");

        world.Workloads.Makes = static _ => true;

        await world.ClusterAsync("a", "Ready", "True");
        await AllRunAsync(world, Good);
        world.Workloads.MostAway.Should().Be(1);
    }

    [Fact]
    public async Task OnlyPodOfACluster_GetsWhatRanBack()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        await world.CreateClusterAsync("a");
        await world.ClusterAsync("a", "Ready", "True");
        world.Workloads.Healthy = static pod => BrokerPods.Image(pod) != Bad;
        await AskAsync(world, Bad);

        await FailedAsync(world);
        await world.ClusterAsync("a", "Available", "True");
        (await world.ImageAsync("a-0-0")).Should().Be(Ran);

        await AskAsync(world, Good);
        await world.ClusterAsync("a", "Ready", "True");
        (await world.ImageAsync("a-0-0")).Should().Be(Good);
    }

    /// <summary>The set's controller writes its status just when the operator wants to note that what runs has served: whoever changes the image of a cluster that is ready has a way back.</summary>
    [Fact]
    public async Task ProofCannotBeNoted_IsNotReadyBeforeItIs()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        int refused = 0;
        world.OperatorFault = call =>
        {
            if (call is not { Verb: "patch", Resource: "statefulsets" } || world.Workloads.Started.IsEmpty)
            {
                return null;
            }

            Interlocked.Increment(ref refused);
            return ApiFault.Fail(409, "Conflict");
        };
        await world.CreateClusterAsync("a");
        await world.ClusterAsync("a", "Available", "True");
        await Eventually.TrueAsync(() => Volatile.Read(ref refused) > 3, "it is tried again");
        BrokerCluster waiting = await world.ClusterAsync("a", "Ready", "False", Reasons.Updating);
        await world.SaysAsync(waiting, "Ready", static said => said.Should().Be("What is known of the templates of a-0 is still to be noted on their StatefulSets, which have changed since they were looked at."));
        await world.ClusterAsync("a", "Ready", "False", Reasons.Updating);

        world.OperatorFault = null;

        await world.ClusterAsync("a", "Ready", "True");
        (await world.Client.GetAsync<StatefulSet>("a-0", OperatorWorld.Ns))!.Annotation(GroupRevision.ProvenAnnotation).Should().Be("true");
    }

    /// <summary>What every pod crashes with is repaired in all of them, although none is proven.</summary>
    [Fact]
    public async Task EveryPodCrashes_TheRepairReachesAll()
    {
        await using OperatorWorld world = await OperatorWorld.StartTwoByTwoAsync();
        world.Workloads.Healthy = static pod => BrokerPods.Image(pod) == Good;
        await world.ClusterAsync("a", "Stalled", "True", Reasons.PodsFailing);
        world.Admin.Register([]);

        await AskAsync(world, Good);

        await world.ClusterAsync("a", "Ready", "True");
        await AllRunAsync(world, Good);
    }

    /// <summary>A group breaks while the first pod of another one is still to go: the repair goes there first.</summary>
    [Fact]
    public async Task GroupBreaksBeforeTheFirstPodWent_TheRepairReachesIt()
    {
        await using OperatorWorld world = await OperatorWorld.StartTwoByTwoAsync();
        world.OperatorFault = static call => call.Subresource == "eviction" ? ApiFault.Fail(500) : null;
        await AskAsync(world, Good);
        await world.AwaitAsync<StatefulSet>("a-0", static set => Image(set) == Good, "the first group has it");
        world.Workloads.Makes = static pod => pod != "a-1-0";
        await world.Client.DeleteAsync<Pod>("a-1-0", OperatorWorld.Ns);

        await world.AwaitAsync<StatefulSet>("a-1", static set => Image(set) == Good, "what is missing may be what the change repairs");
        world.Workloads.Makes = static _ => true;
        world.OperatorFault = null;
        await world.ClusterAsync("a", "Ready", "True");
        await AllRunAsync(world, Good);
    }

    [Fact]
    public async Task FirstTemplateIsBad_ThereIsNothingToGoBackTo_AndTheRepairGoesThrough()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        world.Workloads.Healthy = static pod => BrokerPods.Image(pod) is not (Bad or "test/borker:2");
        await world.CreateClusterAsync("a", static spec =>
        {
            OperatorWorld.TwoByTwo(spec);
            spec.Brokers.Image = Bad;
        });
        await world.ClusterAsync("a", "Stalled", "True", Reasons.PodsFailing);

        // Another bad one, which nothing can be taken back for.
        await AskAsync(world, "test/borker:2");
        await world.ClusterAsync("a", "Stalled", "True");
        (await world.Client.GetAsync<StatefulSet>("a-0", OperatorWorld.Ns))!.Annotation(GroupRevision.FailedAnnotation).Should().BeNull();

        await AskAsync(world, Good);
        await world.ClusterAsync("a", "Ready", "True");
        await AllRunAsync(world, Good);
    }

    /// <summary>A volume or a registry is at fault: what ran does not start either, and what was asked for is tried again once it does.</summary>
    [Fact]
    public async Task WhatRanDoesNotStartEither_TriedAgainOnceItDoes()
    {
        await using OperatorWorld world = await OperatorWorld.StartTwoByTwoAsync();
        world.Workloads.Healthy = static pod => pod.Name() != "a-0-1";
        await AskAsync(world, Good);
        await world.AwaitAsync<StatefulSet>("a-0", static set => set.Annotation(GroupRevision.FailedAnnotation) is not null && set.Annotation(GroupRevision.DoubtedAnnotation) is not null, "what ran does not start either");
        await world.AwaitAsync<Pod>("a-0-1", static pod => BrokerPods.Image(pod) == Ran && pod.Status?.PodIP is not null, "it is made with what ran");
        BrokerCluster stuck = await world.ClusterAsync("a", "Stalled", "True", Reasons.RolloutFailing);
        await world.SaysAsync(stuck, "Ready", said => said.Should().StartWith("The current configuration, image or resources do not start a broker: a-0-1: CrashLoopBackOff. "));
        (await world.ImageAsync("a-0-1")).Should().Be(Ran);
        (await world.ServingImagesAsync()).Should().Equal(Ran, null, Ran, Ran);

        world.Workloads.Healthy = static _ => true;

        await world.ClusterAsync("a", "Ready", "True");
        await AllRunAsync(world, Good);
    }

    /// <summary>A node is away, with the pod's volume, when something is asked for, and back when what ran is there again: the pod never told anything of the change.</summary>
    [Fact]
    public async Task PodDidNotStartWithWhatRanBefore_TriedAgainOnceItDoes()
    {
        await using OperatorWorld world = await OperatorWorld.StartTwoByTwoAsync();
        world.Workloads.Sick = KubeletWords.Unscheduled;
        world.Workloads.Healthy = static pod => pod.Name() != "a-0-1";
        await world.ClusterAsync("a", "Ready", "False");
        await AskAsync(world, Good);
        await world.AwaitAsync<Pod>("a-0-1", static pod => BrokerPods.Image(pod) == Good && pod.Status?.PodIP is not null, "it is made anew");
        await world.PassesAsync(3);
        world.Time.Pass(new OperatorOptions().RecoveryGrace);
        await world.AwaitAsync<StatefulSet>("a-0", static set => set.Annotation(GroupRevision.FailedAnnotation) is not null, "it goes back");
        await world.AwaitAsync<Pod>("a-0-1", static pod => BrokerPods.Image(pod) == Ran && pod.Status?.PodIP is not null, "it is made with what ran");

        world.Workloads.Healthy = static _ => true;

        await world.ClusterAsync("a", "Ready", "True");
        await AllRunAsync(world, Good);
        await world.AwaitAsync<StatefulSet>("a-0", static set => set.Annotation(GroupRevision.DoubtedAnnotation) is null, "what ran is in doubt no more");
    }

    /// <summary>The file of a template that may come back is kept.</summary>
    [Fact]
    public async Task BadConfig_GoesBackToTheFileThatRan()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        await world.CreateClusterAsync("a");
        await world.ClusterAsync("a", "Ready", "True");
        string ran = await world.ConfigurationAsync("a-0-0");
        world.Workloads.Makes = static _ => false;
        world.Workloads.Healthy = pod => OperatorWorld.Configuration(pod) == ran;
        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Config = new() { ["serverChannelMaxIdleTimeSeconds"] = "4711" });
        await Eventually.TrueAsync(async () => await world.Client.GetAsync<Pod>("a-0-0", OperatorWorld.Ns) is null, "the pod goes");

        // No pod names it now.
        await world.PassesAsync(3);
        (await world.Client.GetAsync<ConfigMap>(ran, OperatorWorld.Ns)).Should().NotBeNull();
        world.Workloads.Makes = static _ => true;

        await FailedAsync(world);
        await world.ClusterAsync("a", "Available", "True");
        (await world.ConfigurationAsync("a-0-0")).Should().Be(ran);
    }

    /// <summary>Slaves start with it, and masters, which go last, do not.</summary>
    [Fact]
    public async Task OnlyMastersDoNotStart_EveryPodGetsWhatRanBack()
    {
        await using OperatorWorld world = await OperatorWorld.StartTwoByTwoAsync();
        world.Workloads.Healthy = static pod => BrokerPods.Image(pod) != Bad || pod.Name() is "a-0-1" or "a-1-1";

        await AskAsync(world, Bad);

        await FailedAsync(world);
        await world.SaysAsync(await world.ClusterAsync("a", "Available", "True"), "Ready", said => said.Should().StartWith("The current configuration, image or resources do not start a broker: a-0-0: CrashLoopBackOff. "));
        await world.RecreateAsync("a-1-0");
        (await world.ImageAsync("a-1-0")).Should().Be(Ran);
        world.Workloads.MostAway.Should().BeLessThanOrEqualTo(2, "one that restarts, and the one that was taken away here");

        await AskAsync(world, Good);
        await world.ClusterAsync("a", "Ready", "True");
        await AllRunAsync(world, Good);
        await world.AwaitAsync<StatefulSet>("a-0", static set => set.Annotation(GroupRevision.LastGoodAnnotation) is null, "all pods serve with the new one: there is none to go back to");
    }

    /// <summary>An autoscaler may bring a node, and a program may take its time; not for ever, as whoever loses a pod meanwhile gets one like it.</summary>
    [Theory]
    [InlineData("Unschedulable (no room)")]
    [InlineData("running, but does not pass its readiness probe (why: kubectl describe pod a-0-1 -n default)")]
    public async Task PodWaitsForLong_GetsWhatRanBack(string words)
    {
        await using OperatorWorld world = await OperatorWorld.StartTwoByTwoAsync();
        world.Workloads.Healthy = static pod => BrokerPods.Image(pod) != Bad;
        world.Workloads.Sick = words.StartsWith("Uns", StringComparison.Ordinal) ? KubeletWords.Unscheduled : KubeletWords.NotReady;
        await AskAsync(world, Bad);
        await world.AwaitAsync<Pod>("a-0-1", static pod => BrokerPods.Image(pod) == Bad && pod.Status?.PodIP is not null, "the first pod waits");
        await world.PassesAsync(3);
        Conditions.Find((await world.ClusterAsync("a", "Ready", "False", Reasons.RollingUpdate)).Status!.Conditions, "Stalled")!.Status.Should().Be("False", "it may come by itself");

        world.Time.Pass(new OperatorOptions().RecoveryGrace);

        await FailedAsync(world);
        await world.SaysAsync(await world.ClusterAsync("a", "Available", "True"), "Ready", said => said.Should().StartWith($"The current configuration, image or resources do not start a broker: a-0-1: {words}, for 10 minutes. "));
    }

    /// <summary>A pause of restarts comes when the first group has the template and no pod of it yet: that group makes pods of what ran again.</summary>
    [Fact]
    public async Task RestartsPausedBeforeTheFirstPodWent_TheSetHasWhatRanAgain()
    {
        await using OperatorWorld world = await OperatorWorld.StartTwoByTwoAsync();
        world.OperatorFault = static call => call.Subresource == "eviction" ? ApiFault.Fail(500) : null;
        await AskAsync(world, Good);
        await world.AwaitAsync<StatefulSet>("a-0", static set => Image(set) == Good, "the first group has it");

        await PauseAsync(world, "restarts");

        await world.AwaitAsync<StatefulSet>("a-0", static set => Image(set) == Ran, "no pod is made from it while none restarts");
        world.OperatorFault = null;
        BrokerCluster waiting = await world.ClusterAsync("a", "Ready", "False", Reasons.Paused);
        await world.SaysAsync(waiting, "Ready", said => said.Should().Be("Brokers are outdated, and none restarts while there is the annotation rocketops.io/paused."));
        await world.RecreateAsync("a-0-1");
        (await world.ImageAsync("a-0-1")).Should().Be(Ran);

        await PauseAsync(world, null);
        await world.ClusterAsync("a", "Ready", "True");
        await AllRunAsync(world, Good);
    }

    /// <summary>A pause of restarts comes when the first pod has gone: what has begun stays, and no other group begins.</summary>
    [Fact]
    public async Task RestartsPausedInTheMiddle_NoOtherGroupGetsIt()
    {
        await using OperatorWorld world = await OperatorWorld.StartTwoByTwoAsync();
        world.Workloads.Makes = static pod => pod != "a-0-1";
        await AskAsync(world, Good);
        await Eventually.TrueAsync(async () => await world.Client.GetAsync<Pod>("a-0-1", OperatorWorld.Ns) is null, "the first pod goes");
        await PauseAsync(world, "restarts");
        await world.ClusterAsync("a", "Paused", "True");
        world.Workloads.Makes = static _ => true;

        await world.AwaitAsync<StatefulSet>("a-0", static set => set.Annotation(GroupRevision.ProvenAnnotation) == "true" && Image(set) == Good, "its first pod serves");
        await world.ClusterAsync("a", "Ready", "False", Reasons.Paused);
        await world.PassesAsync(3);
        Image((await world.Client.GetAsync<StatefulSet>("a-1", OperatorWorld.Ns))!).Should().Be(Ran);
        (await world.ServingImagesAsync()).Should().Equal(Ran, Good, Ran, Ran);

        await PauseAsync(world, null);
        await world.ClusterAsync("a", "Ready", "True");
        await AllRunAsync(world, Good);
    }

    private static Task PauseAsync(OperatorWorld world, string? what) =>
        world.ChangeAsync<BrokerCluster>("a", cluster => cluster.Metadata.Annotations = what is null ? null : new(StringComparer.Ordinal) { [ClusterAnnotations.Paused] = what });

    /// <summary>A bad image was asked for, and every pod runs what ran.</summary>
    private static async Task FailAsync(OperatorWorld world)
    {
        world.Workloads.Healthy = static pod => BrokerPods.Image(pod) != Bad;
        await AskAsync(world, Bad);
        await FailedAsync(world);
    }

    /// <summary>The operator says so, and every pod serves with what ran: none is being made anew any more.</summary>
    private static async Task FailedAsync(OperatorWorld world)
    {
        await world.ClusterAsync("a", "Stalled", "True", Reasons.RolloutFailing);
        await world.AllServeAsync(Ran);
        await world.ClusterAsync("a", "Stalled", "True", Reasons.RolloutFailing);
    }

    private static Task AskAsync(OperatorWorld world, string? image) => world.ChangeAsync<BrokerCluster>("a", cluster => cluster.Spec.Brokers.Image = image);

    private static async Task AllRunAsync(OperatorWorld world, string image) => (await world.ServingImagesAsync()).Should().HaveCountGreaterThan(0).And.OnlyContain(found => found == image);

    private static string? Image(StatefulSet set) => set.Spec!.Template!.Spec!.Containers![0].Image;

    private static async Task<Condition> StalledAsync(OperatorWorld world) => Conditions.Find((await world.Client.GetAsync<BrokerCluster>("a", OperatorWorld.Ns))!.Status!.Conditions, "Stalled")!;
}
