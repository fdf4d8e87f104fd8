using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Clusters.Leadership;
using RocketOps.Operator.Clusters.Rolling;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Reporting;

namespace RocketOps.Operator.Tests.Clusters.Rolling;

/// <summary>Whatever pod would be next stays, and the plan says why.</summary>
public sealed class RollHoldTests
{
    private static readonly ObservedMember Outdated = Member("a-0", outdated: true);
    private static readonly Problem Theirs = new(Reasons.ResourceConflict, "Service a is theirs.");

    [Fact]
    public void Held_APodWouldGo_StaysAndThePlanSaysWhy()
    {
        RollPlan held = Taking(GroupStep.Evict).Held(RollHold.ForRemoval);

        held.Should().BeEquivalentTo(new { Restart = (ObservedMember?)null, Why = RollWait.Removal, WaitsFor = (ObservedMember?)null, Hold = (Problem?)null, InProgress = true });
        held.Groups.Should().Equal(new GroupAction("a-0", GroupStep.Wait, 1, Member: null));
    }

    [Fact]
    public void Held_AMasterWouldHandOver_DoesNot() =>
        (Taking(GroupStep.HandOver) with { Why = RollWait.HandOver, WaitsFor = Outdated }).Held(RollHold.ForNow).Should().BeEquivalentTo(new { HandOver = (GroupAction?)null, Why = RollWait.None, WaitsFor = (ObservedMember?)null });

    /// <summary>What it waits for by itself says more, unless nobody looks after it.</summary>
    [Fact]
    public void Held_NothingWouldGo_TheReasonStaysUnlessSomethingIsToBeSetRight()
    {
        RollPlan waits = Taking(GroupStep.Wait) with { Why = RollWait.Registration, WaitsFor = Outdated };

        waits.Held(RollHold.ForRemoval).Should().Be(waits);
        waits.Held(RollHold.For(Theirs)).Should().BeEquivalentTo(new { Why = RollWait.Held, WaitsFor = (ObservedMember?)null, Hold = Theirs });
        waits.Held(null).Should().Be(waits);
    }

    [Fact]
    public void OfUnobserved_NamesAMemberOfTheGroupWhoseSetNobodyHasTakenUp()
    {
        ObservedGroup seen = Group("a-0", generation: 2, observed: 2);
        ObservedGroup unmade = new("a-1", null, [Member("a-1")]);

        RollHold.OfUnobserved([seen, unmade]).Should().BeNull();
        RollHold.OfUnobserved([seen, unmade, Group("a-2", generation: 3, observed: 2)]).Should().BeEquivalentTo(new { Why = RollWait.Unobserved, WaitsFor = new { Group = "a-2" } });
    }

    private static RollPlan Taking(GroupStep step) => new([new GroupAction("a-0", step, 1, Outdated, step == GroupStep.HandOver ? Outdated : null)], RollWait.None, null);

    private static ObservedGroup Group(string name, long generation, long observed) =>
        new(name, new StatefulSet { Metadata = new ObjectMeta { Name = name, Generation = generation }, Status = new StatefulSetStatus { ObservedGeneration = observed } }, [Member(name)]);

    private static ObservedMember Member(string group, bool outdated = false) =>
        new(group, $"{group}-0", 0, new MemberRank(BrokerMemberRole.Master, 0), new MemberPod("uid", Ready: true, Outdated: outdated, Terminating: false), MemberFigures.Unknown, Registered: null);
}
