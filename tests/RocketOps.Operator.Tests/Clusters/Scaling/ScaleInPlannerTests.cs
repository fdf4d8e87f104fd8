using RocketOps.Client;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters;
using RocketOps.Operator.Clusters.Context;
using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Clusters.Leadership;
using RocketOps.Operator.Clusters.Scaling;
using RocketOps.Operator.Entities;

namespace RocketOps.Operator.Tests.Clusters.Scaling;

public sealed class ScaleInPlannerTests
{
    private static readonly BrokerRegistrations Answering = new([new ClusterInfo()], []);

    [Fact]
    public void Next_AsManyAsWanted_Nothing() => Next(3, Group("a-0", 3)).Should().Be(ScaleInPlan.Nothing);

    [Fact]
    public void Next_TooMany_LastMemberOfTheFirstGroupGoes() =>
        Next(1, Group("a-0", 1), Group("a-1", 3), Group("a-2", 3)).Should().BeEquivalentTo(new { Group = "a-1", Pod = "a-1-2", Claim = "data-a-1-2", Phase = OperationPhase.Removing, WaitsFor = (string?)null });

    /// <summary>A group whose objects are refused waits for whoever can change that; the others do not.</summary>
    [Fact]
    public void Next_ObjectsOfTheFirstGroupRefused_TheNextOneShrinks()
    {
        ObservedGroup troubled = Group("a-0", 2) with { IsTroubled = true };

        Next(1, troubled, Group("a-1", 2)).Should().BeEquivalentTo(new { Group = "a-1", Phase = OperationPhase.Removing });
        Next(1, troubled, Group("a-1", 1)).Should().BeEquivalentTo(new { Group = "a-0", Phase = OperationPhase.Waiting, WaitsFor = "what keeps the objects of a-0 from being applied to be removed" });
    }

    /// <summary>Somebody may want to be rid of it for that very reason.</summary>
    [Fact]
    public void Next_LeavingMemberDoesNotServe_GoesAllTheSame() =>
        Next(1, Change(Group("a-0", 2), 1, static member => member with { Live = member.Live with { Ready = false }, Says = member.Says with { LogEnd = null }, Registered = false })).Phase.Should().Be(OperationPhase.Removing);

    public static TheoryData<string, string> Blockers() => new()
    {
        { "master ends", "a-0-0 to serve: it may hold less than a-0-2" },
        { "slave stops", "a-0-1 to serve: it may hold less than a-0-2" },
        { "slave unknown", "a-0-1 to register with every name server" },
        { "master silent", "a-0-0 to tell how long its log is" },
        { "slave behind", "a-0-1 to have its master's log" },
        { "master shorter", "a-0-0 to have what a-0-2 has: its log is shorter. Look at both before one of them goes" },
        { "master leaves", "another member of a-0 to be its master" },
    };

    [Theory]
    [MemberData(nameof(Blockers))]
    public void Next_WhatStaysMightHoldLess_Waits(string what, string waitsFor)
    {
        ObservedGroup group = Group("a-0", 3);
        ObservedGroup broken = what switch
        {
            "master ends" => Change(group, 0, static member => member with { Live = member.Live with { Ready = false } }),
            "slave stops" => Change(group, 1, static member => member with { Live = member.Live with { Terminating = true } }),
            "slave unknown" => Change(group, 1, static member => member with { Registered = false }),
            "master silent" => Change(group, 0, static member => member with { Says = member.Says with { LogEnd = null } }),
            "slave behind" => Change(group, 0, static member => member with { Says = member.Says with { LogEnd = member.Says.LogEnd + (1024 * 1024) + 1 } }),
            "master shorter" => Change(group, 2, static member => member with { Says = member.Says with { LogEnd = member.Says.LogEnd + 1 } }),
            _ => Change(Change(group, 0, static member => member with { Rank = new(BrokerMemberRole.Slave, 1) }), 2, static member => member with { Rank = new(BrokerMemberRole.Master, 0) }),
        };

        Next(2, broken).Should().BeEquivalentTo(new { Pod = "a-0-2", Phase = OperationPhase.Waiting, WaitsFor = waitsFor });
    }

    /// <summary>In the first look what is under way to a slave is no lack; in the one that decides it has to be there, or the last copy of it would go with the member that has it.</summary>
    [Fact]
    public void Next_StayingSlaveLacksALittle_Waits()
    {
        ObservedGroup group = Change(Group("a-0", 3), 1, static member => member with { Says = member.Says with { LogEnd = member.Says.LogEnd - 1 } });

        Next(2, group).Phase.Should().Be(OperationPhase.Removing);
        Confirm(group).Should().BeEquivalentTo(new { Pod = "a-0-2", Phase = OperationPhase.Waiting, WaitsFor = "a-0-1 to have its master's log" });
        Confirm(Group("a-0", 3)).Phase.Should().Be(OperationPhase.Removing);

        // What has come since to the master and to whoever leaves is not waited for: there would be no end of it.
        Confirm(Change(Change(Group("a-0", 3), 0, static member => member with { Says = member.Says with { LogEnd = member.Says.LogEnd + 5 } }), 2, static member => member with { Says = member.Says with { LogEnd = member.Says.LogEnd + 5 } })).Phase.Should().Be(OperationPhase.Removing);

        static ScaleInPlan Confirm(ObservedGroup now) => ScaleInPlanner.Next(2, [now], new ClusterObservation(null, [], [], []), Answering, ScaleInPlanner.EndOf(Group("a-0", 3)));
    }

    [Fact]
    public void Next_NameServerSilent_Waits() =>
        Next(1, new BrokerRegistrations([new ClusterInfo()], ["10.0.0.1:9876"]), [], Group("a-0", 2)).WaitsFor.Should().Be("every name server to answer the operator");

    /// <summary>A set that has let a pod go counts one member fewer at once; its pod may write to its disk for a minute more.</summary>
    [Fact]
    public void Next_PodOfAMemberThatLeftStillThere_WaitsForIt()
    {
        Pod leftover = new() { Metadata = new ObjectMeta { Name = "a-0-1", OwnerReferences = [new OwnerReference { Kind = "StatefulSet", Name = "a-0", Uid = "a-0", Controller = true }] } };

        Next(1, Answering, [leftover], Group("a-0", 1), Group("a-1", 2)).Should().BeEquivalentTo(new { Group = "a-0", Pod = "a-0-1", Phase = OperationPhase.Stopping, Leaving = (ObservedMember?)null });
    }

    private static ScaleInPlan Next(int wanted, params ObservedGroup[] groups) => Next(wanted, Answering, [], groups);

    private static ScaleInPlan Next(int wanted, BrokerRegistrations registrations, Pod[] pods, params ObservedGroup[] groups) =>
        ScaleInPlanner.Next(wanted, groups, new ClusterObservation(null, [], pods, []), registrations);

    private static ObservedGroup Change(ObservedGroup group, int ordinal, Func<ObservedMember, ObservedMember> change) =>
        group with { Members = [.. group.Members.Select(member => member.Ordinal == ordinal ? change(member) : member)] };

    private static ObservedGroup Group(string name, int members) => new(
        name,
        new StatefulSet { Metadata = new ObjectMeta { Name = name, Uid = name } },
        [
            .. Enumerable.Range(0, members).Select(ordinal => new ObservedMember(
                name,
                $"{name}-{ordinal}",
                ordinal,
                new MemberRank(ordinal == 0 ? BrokerMemberRole.Master : BrokerMemberRole.Slave, ordinal),
                new MemberPod($"uid-{ordinal}", Ready: true, Outdated: false, Terminating: false), new MemberFigures(LogEnd: 4096), Registered: true)),
        ]);
}
