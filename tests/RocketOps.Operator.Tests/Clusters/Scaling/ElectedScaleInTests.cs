using RocketOps.Client;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters;
using RocketOps.Operator.Clusters.Context;
using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Clusters.Leadership;
using RocketOps.Operator.Clusters.Scaling;
using RocketOps.Operator.Entities;

namespace RocketOps.Operator.Tests.Clusters.Scaling;

/// <summary>A member leaves a group that elects its master.</summary>
public sealed class ElectedScaleInTests
{
    private static readonly string[] All = ["a-0-0", "a-0-1", "a-0-2"];

    [Fact]
    public void Next_OthersAreInSync_TheLastOneGoes() => Next(Group(0, All)).Should().BeEquivalentTo(new { Pod = "a-0-2", Phase = OperationPhase.Removing, Successor = (ObservedMember?)null, TakesAway = true });

    [Fact]
    public void Next_TheLastOneLeads_HandsOverFirst()
    {
        ScaleInPlan plan = Next(Group(2, All));

        plan.Should().BeEquivalentTo(new { Pod = "a-0-2", Phase = OperationPhase.Waiting, WaitsFor = "a-0-0 to lead instead of it", TakesAway = false });
        plan.HandOver!.HandOverTo!.Pod.Should().Be("a-0-0");
    }

    /// <summary>Somebody may want to be rid of it for that very reason, and it may be what keeps the others from restarting.</summary>
    [Fact]
    public void Next_TheLastOneDoesNotServe_GoesAlthoughOthersAreOutdated() =>
        Next(Change(Change(Group(0, ["a-0-0", "a-0-1"]), 2, static member => member with { Live = member.Live with { Ready = false }, Says = member.Says with { LogEnd = null }, Registered = false }), 1, static member => member with { Live = member.Live with { Outdated = true } }))
            .Phase.Should().Be(OperationPhase.Removing);

    /// <summary>It leaves too.</summary>
    [Fact]
    public void Next_TheOneBeforeTheLastDoesNotServe_IsNotWaitedFor() =>
        Next(Change(Group(0, ["a-0-0", "a-0-1", "a-0-3"], members: 4), 2, static member => member with { Live = member.Live with { Ready = false }, Says = member.Says with { LogEnd = null }, Registered = false }))
            .Should().BeEquivalentTo(new { Pod = "a-0-3", Phase = OperationPhase.Removing });

    public static TheoryData<string, string> Blockers() => new()
    {
        { "nobody leads", "a member of a-0 to lead" },
        { "one is behind", "a-0-1 to be in sync" },
        { "one has left before", "the Lease not to name a-0-3 any more, which has left" },
        { "one stops", "a-0-1 to serve: it may hold less than a-0-2" },
        { "one is not known", "a-0-1 to register with every name server" },
        { "one is silent", "a-0-0 to tell how long its log is" },
        { "one is outdated", "a-0-1 to run with the current configuration" },
    };

    [Theory]
    [MemberData(nameof(Blockers))]
    public void Next_WhatStaysMightNotDo_Waits(string what, string waitsFor)
    {
        ObservedGroup group = what switch
        {
            "nobody leads" => Group(null, All),
            "one is behind" => Group(0, ["a-0-0", "a-0-2"]),
            "one has left before" => Group(0, [.. All, "a-0-3"]),
            "one stops" => Change(Group(0, All), 1, static member => member with { Live = member.Live with { Terminating = true } }),
            "one is not known" => Change(Group(0, All), 1, static member => member with { Registered = false }),
            "one is silent" => Change(Group(0, All), 0, static member => member with { Says = member.Says with { LogEnd = null } }),
            _ => Change(Group(0, All), 1, static member => member with { Live = member.Live with { Outdated = true } }),
        };

        Next(group).Should().BeEquivalentTo(new { Pod = "a-0-2", Phase = OperationPhase.Waiting, WaitsFor = waitsFor, HandOver = (object?)null });
    }

    private static ScaleInPlan Next(ObservedGroup group) => ScaleInPlanner.Next(2, [group], new ClusterObservation(null, [], [], []), new BrokerRegistrations([new ClusterInfo()], []));

    private static ObservedGroup Change(ObservedGroup group, int ordinal, Func<ObservedMember, ObservedMember> change) =>
        group with { Members = [.. group.Members.Select(member => member.Ordinal == ordinal ? change(member) : member)] };

    private static ObservedGroup Group(int? master, string[] inSync, int members = 3)
    {
        GroupLease lease = new(master is { } ordinal ? $"a-0-{ordinal}" : null, 3, inSync, null, null);
        LeaseRoles roles = new(new Dictionary<string, GroupLease>(StringComparer.Ordinal) { ["a-0"] = lease });
        return new ObservedGroup(
            "a-0",
            new StatefulSet { Metadata = new ObjectMeta { Name = "a-0", Uid = "a-0" } },
            [.. Enumerable.Range(0, members).Select(member => new ObservedMember("a-0", $"a-0-{member}", member, roles.RankOf("a-0", member), new MemberPod($"uid-{member}", Ready: true, Outdated: false, Terminating: false), new MemberFigures(LogEnd: 4096), Registered: true))],
            lease);
    }
}
