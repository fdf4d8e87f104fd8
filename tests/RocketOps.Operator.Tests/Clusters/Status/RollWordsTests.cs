using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters;
using RocketOps.Operator.Clusters.Context;
using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Clusters.Leadership;
using RocketOps.Operator.Clusters.Rolling;
using RocketOps.Operator.Clusters.Scaling;
using RocketOps.Operator.Clusters.Status;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Reporting;

namespace RocketOps.Operator.Tests.Clusters.Status;

/// <summary>What a status says of a restart that goes on or waits.</summary>
public sealed class RollWordsTests
{
    private static readonly ObservedMember Member = new("a-0", "a-0-1", 1, new MemberRank(BrokerMemberRole.Slave, 1), new MemberPod("uid", Ready: true, Outdated: true, Terminating: false), MemberFigures.Unknown, Registered: null);

    private static readonly GroupAction Other = new("a-1", GroupStep.Wait, 1, null);

    [Theory]
    [InlineData((int)RollWait.None, Reasons.RollingUpdate, "Brokers restart one at a time: slaves first, masters last.")]
    [InlineData((int)RollWait.Leaving, Reasons.RollingUpdate, "Brokers restart one at a time; a-0-1: starting, and the next one goes when another pod serves in its place.")]
    [InlineData((int)RollWait.Absent, Reasons.RollingUpdate, "Brokers restart one at a time; waiting for a-0-1, which StatefulSet a-0 has yet to make, or which was made a moment ago.")]
    [InlineData((int)RollWait.Returning, Reasons.RollingUpdate, "Brokers restart one at a time; waiting for a-0-1 to come back as the master of a-0: starting.")]
    [InlineData((int)RollWait.Serving, Reasons.RollingUpdate, "Brokers restart one at a time; waiting for a-0-1: starting.")]
    [InlineData((int)RollWait.Registration, Reasons.RollingUpdate, "Brokers restart one at a time; waiting for a-0-1 to register with every name server.")]
    [InlineData((int)RollWait.Sync, Reasons.WaitingForSync, "Brokers restart one at a time; the next one of a-0 goes when a-0-1 has everything that was acknowledged. It does not copy its master's log: another record.")]
    [InlineData((int)RollWait.LastCopy, Reasons.LastCopy, "Brokers restart one at a time, and no member of a-0 that serves has everything that was acknowledged. a-0-1 has it, and gets time to come by itself before it restarts with what is asked for now (a-0-1: starting).")]
    [InlineData((int)RollWait.Master, Reasons.MasterMissing, "Brokers restart one at a time, and none of a-0 goes before somebody leads it: a-0-1 does not renew its Lease.")]
    [InlineData((int)RollWait.MasterPause, Reasons.RollingUpdate, "Brokers restart one at a time; clients get time to find a-0-1 again before the next master goes.")]
    [InlineData((int)RollWait.HandOver, Reasons.HandingOver, "Brokers restart one at a time: a-0-1 hands a-0 over before it restarts.")]
    [InlineData((int)RollWait.Budget, Reasons.BudgetBlocks, "Brokers restart one at a time, and the disruption budget theirs does not let a-0-1 go: other pods that it counts are away, or it lets none go. Bring those back, or change or delete a budget that is not the operator's.")]
    [InlineData((int)RollWait.SeveralBudgets, Reasons.BudgetBlocks, "Brokers restart one at a time, and a-0-1 cannot be evicted: a disruption budget counts it beside the operator's own, a-0, and Kubernetes evicts no pod that several count, when its node is drained neither. Delete or narrow the other one.")]
    [InlineData((int)RollWait.SilentNameServer, Reasons.RollingUpdate, "Brokers restart one at a time, and none goes while a name server does not answer the operator: clients could not learn where it has gone.")]
    [InlineData((int)RollWait.ReplacedNameServers, Reasons.RollingUpdate, "Brokers restart one at a time, once the name servers have been replaced.")]
    [InlineData((int)RollWait.Unobserved, Reasons.RollingUpdate, "Brokers restart one at a time; waiting for StatefulSet a-0 to be taken up: which of its pods are outdated is known then.")]
    [InlineData((int)RollWait.Removal, Reasons.RollingUpdate, "Brokers restart one at a time, and none does while a-0-2 leaves a-0.")]
    [InlineData((int)RollWait.Held, Reasons.ResourceConflict, "Brokers are outdated, and none restarts for now: Service a is theirs.")]
    public void Describe_EachWait_HasItsReasonAndWords(int why, string reason, string words)
    {
        RollWords.Describe(Findings((RollWait)why)).Should().Be(new Problem(reason, words));
    }

    [Fact]
    public void Describe_SlaveOfFixedRolesIsBehind_SaysWhatWouldBeLeft()
    {
        RollWords.Describe(Findings(RollWait.Sync, isElected: false)).Should().Be(new Problem(
            Reasons.WaitingForSync,
            "Brokers restart one at a time; the next one of a-0 goes when a-0-1 has everything that its master has: fewer copies than replication.minInSync would be left. It does not copy its master's log: another record."));
    }

    [Fact]
    public void Describe_HandOverFails_SaysSo()
    {
        RollWords.Describe(With(Findings(RollWait.HandOver), static found => found with { HandOverFails = true })).Reason.Should().Be(Reasons.HandOverFailing);
    }

    [Fact]
    public void Describe_EveryWait_IsTested()
    {
        Enum.GetValues<RollWait>().Should().HaveCount(18, "each has a row above");
    }

    /// <summary>Of two groups, one of which is waited for.</summary>
    [Theory]
    [InlineData((int)RollWait.Serving, OperationPhase.Restarting, "Brokers restart one at a time; waiting for a-0-1: starting.", "Pods of a-1 are outdated; they restart in their turn.")]
    [InlineData((int)RollWait.Sync, OperationPhase.Waiting, "Brokers restart one at a time; the next one of a-0 goes when a-0-1 has everything that was acknowledged. It does not copy its master's log: another record.", "Pods of a-1 are outdated; they restart in their turn.")]
    [InlineData((int)RollWait.MasterPause, OperationPhase.Waiting, "Brokers restart one at a time; clients get time to find a-0-1 again before the next master goes.", "Brokers restart one at a time; clients get time to find a-0-1 again before the next master goes.")]
    [InlineData((int)RollWait.Leaving, OperationPhase.Restarting, "Brokers restart one at a time; a-0-1: starting, and the next one goes when another pod serves in its place.", "Pods of a-1 are outdated; they restart in their turn.")]
    [InlineData((int)RollWait.Absent, OperationPhase.Restarting, "Brokers restart one at a time; waiting for a-0-1, which StatefulSet a-0 has yet to make, or which was made a moment ago.", "Pods of a-1 are outdated; they restart in their turn.")]
    [InlineData((int)RollWait.Returning, OperationPhase.Restarting, "Brokers restart one at a time; waiting for a-0-1 to come back as the master of a-0: starting.", "Pods of a-1 are outdated; they restart in their turn.")]
    [InlineData((int)RollWait.Unobserved, OperationPhase.Waiting, "Brokers restart one at a time; waiting for StatefulSet a-0 to be taken up: which of its pods are outdated is known then.", "Brokers restart one at a time; waiting for StatefulSet a-0 to be taken up: which of its pods are outdated is known then.")]
    [InlineData((int)RollWait.Removal, OperationPhase.Waiting, "Brokers restart one at a time, and none does while a-0-2 leaves a-0.", "Brokers restart one at a time, and none does while a-0-2 leaves a-0.")]
    [InlineData((int)RollWait.Held, OperationPhase.Waiting, "Brokers are outdated, and none restarts for now: Service a is theirs.", "Brokers are outdated, and none restarts for now: Service a is theirs.")]
    [InlineData((int)RollWait.None, OperationPhase.Waiting, "Pods of a-0 are outdated; they restart in their turn.", "Pods of a-1 are outdated; they restart in their turn.")]
    public void Step_OneGroupIsWaitedFor_EachSaysWhatItDoes(int why, OperationPhase phase, string words, string othersWords)
    {
        ClusterFindings findings = Findings((RollWait)why);
        RollWords.Step(findings.Operations.Roll.Groups[0], findings).Should().Be((phase, words));
        RollWords.Step(Other, findings).Should().Be((OperationPhase.Waiting, othersWords));
    }

    /// <summary>Nobody is left on a lost node to say that the pod has ended.</summary>
    [Fact]
    public void Describe_PodStopsOnALostNode_SaysThat()
    {
        Pod stopping = Pod();
        stopping.Metadata.DeletionTimestamp = DateTimeOffset.UnixEpoch;
        stopping.Status = new PodStatus { Conditions = [new PodCondition { Type = "DisruptionTarget", Status = "True", Reason = "DeletionByTaintManager" }] };

        RollWords.Describe(Findings(RollWait.Leaving, pod: stopping)).Message.Should().Be("Brokers restart one at a time; a-0-1: stopping (its node does not answer), and the next one goes when another pod serves in its place.");
    }

    [Fact]
    public void Describe_ThePodThatIsNotThereIsRefused_SaysThat()
    {
        RefusedPods refused = new(new Dictionary<string, RefusedPod>(StringComparer.Ordinal) { ["a-0-1"] = new("StatefulSet a-0 cannot make a-0-1", "quota") }, null);

        RollWords.Describe(Findings(RollWait.Absent) with { Refused = refused }).Message.Should().Be("Brokers restart one at a time; waiting for a-0-1: the API server refuses it.");
    }

    /// <summary>It has what is asked for now, so it was made again, and what it lacks is what came meanwhile.</summary>
    [Fact]
    public void Describe_MemberThatWasRestartedIsBehind_SaysThatItComesBack()
    {
        ClusterFindings findings = Findings(RollWait.Sync, follows: true);
        ObservedMember back = Member with { Live = Member.Live with { Outdated = false } };

        RollWords.Describe(With(findings, found => found with { Roll = found.Roll with { WaitsFor = back } })).Message.Should().EndWith(" has everything that was acknowledged. It has been made again and catches up by itself, or its log says why not.");
        RollWords.Describe(findings).Message.Should().EndWith(" has everything that was acknowledged. It comes by itself, or its log says why not.");
    }

    [Fact]
    public void Step_ObjectsOfTheGroupAreRefused_SaysSo()
    {
        RollWords.Step(new GroupAction("a-0", GroupStep.Wait, 1, null), Findings(RollWait.None, troubled: true)).Should().Be((OperationPhase.Waiting, "Pods of a-0 are outdated; they restart when what Ready says of the group is set right."));
    }

    [Fact]
    public void Step_RestartsArePaused_SaysSo()
    {
        ClusterFindings findings = Findings(RollWait.None) with { Pause = new ClusterPause(Cluster: false, Restarts: true, Topics: false) };
        RollWords.Step(new GroupAction("a-0", GroupStep.Evict, 1, Member), findings).Should().Be((OperationPhase.Waiting, "Pods of a-0 are outdated; they restart when restarts are not paused any more."));
    }

    [Fact]
    public void Step_PodGoes_IsRestarting()
    {
        RollWords.Step(new GroupAction("a-0", GroupStep.Evict, 1, Member), Findings(RollWait.None)).Should().Be((OperationPhase.Restarting, "a-0-1 restarts."));
    }

    /// <summary>The last pod of a group is up to date and comes back, while others are still outdated.</summary>
    [Theory]
    [InlineData((int)RollWait.Leaving, true)]
    [InlineData((int)RollWait.Absent, true)]
    [InlineData((int)RollWait.Returning, true)]
    [InlineData((int)RollWait.Serving, true)]
    [InlineData((int)RollWait.MasterPause, false)]
    public void IsUnderWay_NothingIsOutdatedAnyMore_AsLongAsAPodComesBack(int why, bool underWay)
    {
        RollPlan roll = Findings((RollWait)why).Operations.Roll;
        RollWords.IsUnderWay(new GroupAction("a-0", GroupStep.None, 0, null), roll with { Groups = [Other] }).Should().Be(underWay);
        RollWords.IsUnderWay(Other, roll with { Groups = [Other] }).Should().BeTrue();
        RollWords.IsUnderWay(new GroupAction("a-0", GroupStep.None, 0, null), RollPlan.Nothing).Should().BeFalse();
    }

    private static Pod Pod() => new() { Metadata = new ObjectMeta { Name = "a-0-1", Namespace = "default" } };

    private static ClusterFindings With(ClusterFindings findings, Func<ClusterOperations, ClusterOperations> change) => findings with { Operations = change(findings.Operations) };

    private static ClusterFindings Findings(RollWait why, bool isElected = true, Pod? pod = null, bool follows = false, bool troubled = false)
    {
        ObservedMember member = Member;
        RollPlan plan = new([new GroupAction("a-0", GroupStep.Wait, 1, member)], why, why is RollWait.None or RollWait.SilentNameServer or RollWait.ReplacedNameServers or RollWait.Removal or RollWait.Held ? null : member)
        {
            Budgets = "theirs",
            Hold = why == RollWait.Held ? new Problem(Reasons.ResourceConflict, "Service a is theirs.") : null,
        };
        return new ClusterFindings(
            new ClusterObservation(null, [], [pod ?? Pod()], []),
            [new ObservedGroup("a-0", null, [member with { Says = member.Says with { NotFollowing = follows ? null : "another record" } }]) { IsElected = isElected, IsTroubled = troubled }],
            BrokerRegistrations.Unknown,
            ClusterOperations.None with
            {
                Roll = plan,
                ScaleIn = why == RollWait.Removal ? new ScaleInPlan("a-0", "a-0-2", OperationPhase.Removing, null, null) : ScaleInPlan.Nothing,
            },
            null,
            null,
            false,
            null);
    }
}
