using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Pods;

namespace RocketOps.Operator.Tests.Clusters.Pods;

public sealed class PodTroubleTests
{
    [Fact]
    public void Describe_CrashedOrWaitingForTheNextStart_SameTextWithTheProgramsLastWords()
    {
        ContainerStateTerminated end = new()
        {
            ExitCode = 2,
            Reason = "Error",
            Message = "some log line\n/etc/rocketops/a-0-0.conf:5: flushDiskType: \"X\" is not allowed\n   at Somewhere.In(Code)\n",
        };

        string crashed = PodTrouble.Describe(Pod(new ContainerState { Terminated = end }));
        string waiting = PodTrouble.Describe(Pod(new ContainerState { Waiting = new ContainerStateWaiting { Reason = "CrashLoopBackOff" } }, new ContainerState { Terminated = end }));

        crashed.Should().Be("ended with exit code 2 (/etc/rocketops/a-0-0.conf:5: flushDiskType: \"X\" is not allowed)");
        waiting.Should().Be(crashed);
    }

    [Fact]
    public void Describe_EvictedFromALostNode_SaysWhatItWaitsFor()
    {
        Pod pod = new()
        {
            Metadata = new ObjectMeta { DeletionTimestamp = DateTimeOffset.UnixEpoch },
            Status = new PodStatus { Conditions = [new PodCondition { Type = "DisruptionTarget", Status = "True", Reason = "DeletionByTaintManager" }] },
        };

        PodTrouble.Describe(pod).Should().Be("stopping (its node does not answer)");
    }

    [Fact]
    public void Describe_KilledForMemory_SaysSo()
    {
        PodTrouble.Describe(Pod(new ContainerState { Terminated = new ContainerStateTerminated { ExitCode = 137, Reason = "OOMKilled" } })).Should().Be("OOMKilled");
    }

    [Theory]
    [InlineData("ErrImagePull", "ImagePullBackOff (rocketops/broker:none)")]
    [InlineData("ImagePullBackOff", "ImagePullBackOff (rocketops/broker:none)")]
    [InlineData("InvalidImageName", "InvalidImageName (rocketops/broker:none)")]
    [InlineData("CreateContainerConfigError", "CreateContainerConfigError (what the kubelet says)")]
    [InlineData("ContainerCreating", "ContainerCreating")]
    [InlineData("CrashLoopBackOff", "CrashLoopBackOff")]
    public void Describe_Waiting_ReasonAndWhatHelps(string reason, string expected)
    {
        PodTrouble.Describe(Waiting(reason)).Should().Be(expected);
    }

    [Fact]
    public void Describe_SidecarServesBrokerDoesNot_SpeaksOfTheBroker()
    {
        Pod pod = Pod(new ContainerState { Waiting = new ContainerStateWaiting { Reason = "ImagePullBackOff" } });
        pod.Status!.ContainerStatuses!.Insert(0, new ContainerStatus { Name = "sidecar", Ready = true, State = new ContainerState { Running = new ContainerStateRunning() } });

        PodTrouble.Describe(pod).Should().StartWith("ImagePullBackOff");
    }

    [Theory]
    [InlineData("ContainerCreating", false)]
    [InlineData("PodInitializing", false)]
    [InlineData("ImagePullBackOff", true)]
    [InlineData("CrashLoopBackOff", true)]
    public void IsFailing_Waiting_OnlyWhatTimeDoesNotHeal(string reason, bool expected)
    {
        PodTrouble.IsFailing(Waiting(reason)).Should().Be(expected);
    }

    [Fact]
    public void Describe_StoppedAnswering_NamesTheProbeAndWhereItsWordsAre()
    {
        Pod pod = Pod(new ContainerState { Running = new ContainerStateRunning() });
        pod.Metadata = new ObjectMeta { Name = "a-0-0", Namespace = "default" };
        PodTrouble.Describe(pod).Should().Be("running, not ready yet");

        pod.Status!.ContainerStatuses![0].Started = true;

        PodTrouble.Describe(pod).Should().Be("running, but does not pass its readiness probe (why: kubectl describe pod a-0-0 -n default)");
    }

    [Fact]
    public void IsFailing_NoNodeTakesIt_True()
    {
        Pod pod = new()
        {
            Status = new PodStatus { Conditions = [new PodCondition { Type = "PodScheduled", Status = "False", Reason = "Unschedulable", Message = "0/1 nodes are available" }] },
        };

        PodTrouble.IsFailing(pod).Should().BeTrue();
        PodTrouble.Describe(pod).Should().Be("Unschedulable (0/1 nodes are available)");
    }

    /// <summary>A loop of crashes is told alike while the kubelet waits, while the program runs once more and in between.</summary>
    [Fact]
    public void IsStuck_LoopOfCrashes_ThroughoutAndWithOneText()
    {
        ContainerStateTerminated end = new() { ExitCode = 1, Reason = "Error", Message = "flushDiskType: \"NONSENSE\" is not allowed" };
        Pod waiting = Pod(new ContainerState { Waiting = new ContainerStateWaiting { Reason = "CrashLoopBackOff" } }, new ContainerState { Terminated = end });
        Pod again = Pod(new ContainerState { Running = new ContainerStateRunning() }, new ContainerState { Terminated = end });
        again.Status!.ContainerStatuses![0].RestartCount = 2;
        Pod up = Pod(new ContainerState { Running = new ContainerStateRunning() }, new ContainerState { Terminated = end });
        up.Status!.ContainerStatuses![0].RestartCount = 2;
        up.Status.ContainerStatuses[0].Started = true;

        PodTrouble.IsStuck(waiting).Should().BeTrue();
        PodTrouble.IsStuck(again).Should().BeTrue();
        PodTrouble.Describe(again).Should().Be(PodTrouble.Describe(waiting));
        PodTrouble.IsStuck(up).Should().BeFalse();
    }

    /// <summary>The last line of a log that was cut off by SIGKILL tells nothing of it; what the kubelet knows does.</summary>
    [Theory]
    [InlineData("Error", "killed (exit code 137)")]
    [InlineData("OOMKilled", "OOMKilled")]
    public void Describe_Killed_DoesNotBlameTheLastLineOfTheLog(string reason, string expected)
    {
        Pod pod = Pod(new ContainerState { Terminated = new ContainerStateTerminated { ExitCode = 137, Reason = reason, Message = "Registered with name server" } });

        PodTrouble.Describe(pod).Should().Be(expected);
    }

    [Theory]
    [InlineData("ContainerCreating", false)]
    [InlineData("ImagePullBackOff", true)]
    [InlineData("CreateContainerConfigError", true)]
    public void IsStuck_Waiting_OnlyWhatAPersonChanges(string reason, bool expected)
    {
        PodTrouble.IsStuck(Waiting(reason)).Should().Be(expected);
    }

    /// <summary>The kubelet calls an image that is not to be had by both names in turn; the first try alone may be a hiccup.</summary>
    [Theory]
    [InlineData("ErrImagePull", false, true)]
    [InlineData("ImagePullBackOff", true, true)]
    [InlineData("ContainerCreating", false, false)]
    public void IsStuck_NamesInTurn_ThroughoutOnceKnown(string reason, bool first, bool known)
    {
        PodTrouble.IsStuck(Waiting(reason)).Should().Be(first);
        PodTrouble.IsStuck(Waiting(reason), known: true).Should().Be(known);
    }

    [Fact]
    public void IsStuck_NoNodeTakesIt_NotEvenWhenKnown()
    {
        Pod pod = new()
        {
            Status = new PodStatus { Conditions = [new PodCondition { Type = "PodScheduled", Status = "False", Reason = "Unschedulable" }] },
        };

        PodTrouble.IsStuck(pod, known: true).Should().BeFalse();
    }

    /// <summary>A pod that has lived for months has some restarts behind it.</summary>
    [Theory]
    [InlineData(599, true)]
    [InlineData(600, false)]
    public void IsStuck_StartsOnceMore_OnlyAfterAShortRun(int seconds, bool expected)
    {
        ContainerStateTerminated end = new() { ExitCode = 137, Reason = "OOMKilled", StartedAt = DateTimeOffset.UnixEpoch, FinishedAt = DateTimeOffset.UnixEpoch.AddSeconds(seconds) };
        Pod ended = Pod(new ContainerState { Terminated = end });
        Pod again = Pod(new ContainerState { Running = new ContainerStateRunning() }, new ContainerState { Terminated = end });
        ended.Status!.ContainerStatuses![0].RestartCount = 3;
        again.Status!.ContainerStatuses![0].RestartCount = 4;

        PodTrouble.IsStuck(ended).Should().Be(expected);
        PodTrouble.IsStuck(again).Should().Be(expected);
    }

    /// <summary>Two ends are no loop when the program served in between: as after a stop of the machine, and a kill a minute after that.</summary>
    [Theory]
    [InlineData(-5, true)]
    [InlineData(0, true)]
    [InlineData(60, false)]
    public void IsStuck_StartsOnceMore_OnlyWhenItHasNotBeenReadySinceItBeganLast(int ceasedToBeReady, bool expected)
    {
        ContainerStateTerminated end = new() { ExitCode = 137, Reason = "Error", StartedAt = DateTimeOffset.UnixEpoch, FinishedAt = DateTimeOffset.UnixEpoch.AddSeconds(60) };
        Pod again = Pod(new ContainerState { Running = new ContainerStateRunning() }, new ContainerState { Terminated = end });
        again.Status!.ContainerStatuses![0].RestartCount = 2;
        again.Status.Conditions = [new PodCondition { Type = "Ready", Status = "False", LastTransitionTime = DateTimeOffset.UnixEpoch.AddSeconds(ceasedToBeReady) }];

        (PodTrouble.IsStuck(again), PodTrouble.IsFailing(again)).Should().Be((expected, expected));
        PodTrouble.Describe(again).Should().Be(expected ? "killed (exit code 137)" : "running, not ready yet");
    }

    /// <summary>A machine that was off counts as a restart of everything on it, and remembers no ends.</summary>
    [Fact]
    public void IsStuck_StartsAgainWithItsMachine_False()
    {
        Pod again = Pod(new ContainerState { Running = new ContainerStateRunning() }, new ContainerState());
        again.Status!.ContainerStatuses![0].RestartCount = 5;

        PodTrouble.IsStuck(again).Should().BeFalse();
        PodTrouble.IsFailing(again).Should().BeFalse();
    }

    [Fact]
    public void IsFailing_ComingUpOrGoing_False()
    {
        PodTrouble.IsFailing(null).Should().BeFalse();
        PodTrouble.IsFailing(Pod(new ContainerState { Running = new ContainerStateRunning() })).Should().BeFalse();
        Pod going = Waiting("CrashLoopBackOff");
        going.Metadata.DeletionTimestamp = DateTimeOffset.UnixEpoch;
        PodTrouble.IsFailing(going).Should().BeFalse();
    }

    private static Pod Waiting(string reason) => Pod(new ContainerState { Waiting = new ContainerStateWaiting { Reason = reason, Message = "what the kubelet says" } });

    private static Pod Pod(ContainerState state, ContainerState? last = null) => new()
    {
        Status = new PodStatus { ContainerStatuses = [new ContainerStatus { Name = "broker", Image = "rocketops/broker:none", State = state, LastState = last }] },
    };
}
