using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Context;
using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Clusters.Leadership;
using RocketOps.Operator.Settings;
using RocketOps.Testing.Time;

namespace RocketOps.Operator.Tests.Clusters.Groups;

/// <summary>For how long a member that does not serve may be coming up by itself.</summary>
public sealed class RecoveryTimesTests
{
    private static readonly ObjectKey Cluster = new("default", "a");

    private readonly FakeTimeProvider _time = new();
    private readonly OperatorOptions _options = new();
    private readonly RecoveryTimes _recovery;

    public RecoveryTimesTests() => _recovery = new RecoveryTimes(_options, _time);

    [Fact]
    public void Measure_ProgramRuns_IsRecoveringUntilItHasHadItsTime()
    {
        ContainerState running = new() { Running = new ContainerStateRunning() };

        IsRecovering(running).Should().BeTrue();
        _time.Advance(_options.RecoveryGrace - TimeSpan.FromSeconds(1));
        IsRecovering(running).Should().BeTrue();
        _time.Advance(TimeSpan.FromSeconds(1));
        IsRecovering(running).Should().BeFalse();
        IsRecovering(running, uid: "next").Should().BeTrue("another pod has time of its own");
    }

    [Fact]
    public void Measure_ProgramDoesNotRun_ComesByNothing()
    {
        IsRecovering(new ContainerState { Waiting = new ContainerStateWaiting { Reason = "ImagePullBackOff" } }).Should().BeFalse();
        IsRecovering(new ContainerState { Terminated = new ContainerStateTerminated { ExitCode = 1 } }).Should().BeFalse();
        IsRecovering(new ContainerState { Running = new ContainerStateRunning() }, restarts: 3).Should().BeFalse("it crashes again and again, and tries once more");
        IsRecovering(null).Should().BeFalse();
    }

    private bool IsRecovering(ContainerState? state, string uid = "uid", int restarts = 0)
    {
        Pod pod = new()
        {
            Metadata = new ObjectMeta { Name = "a-0-0", Uid = uid },
            Status = new PodStatus
            {
                ContainerStatuses = state is null ? null : [new ContainerStatus { Name = "broker", State = state, RestartCount = restarts, LastState = restarts == 0 ? null : new ContainerState { Terminated = new ContainerStateTerminated { ExitCode = 1 } } }],
            },
        };
        ObservedMember member = new("a-0", "a-0-0", 0, new OrdinalRoles().RankOf("a-0", 0), new MemberPod(uid, Ready: false, Outdated: true, Terminating: false), MemberFigures.Unknown, Registered: null);
        return _recovery.Measure(Cluster, new ClusterObservation(null, [], [pod], []), [new ObservedGroup("a-0", null, [member])])[0].Members[0].Live.Recovering;
    }
}
