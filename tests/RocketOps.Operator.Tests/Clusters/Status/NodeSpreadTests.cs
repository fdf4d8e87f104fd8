using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters;
using RocketOps.Operator.Clusters.Context;
using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Clusters.Leadership;
using RocketOps.Operator.Clusters.Status;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Reporting;

namespace RocketOps.Operator.Tests.Clusters.Status;

/// <summary>Whether members of one group are on one node, by where their pods are.</summary>
public sealed class NodeSpreadTests
{
    [Fact]
    public void Add_EachMemberOnANodeOfItsOwn_True() => Condition(null, ("a-0", "n1"), ("a-0", "n2"), ("a-1", "n1")).Should().BeEquivalentTo(new { Status = "True", Reason = Reasons.NodesApart });

    [Fact]
    public void Add_TwoOfAGroupOnOneNode_FalseAndNamed()
    {
        Condition condition = Condition(null, ("a-0", "n1"), ("a-0", "n1"), ("a-1", "n1"), ("a-1", "n2"))!;

        condition.Should().BeEquivalentTo(new { Status = "False", Reason = Reasons.NodesShared });
        condition.Message.Should().StartWith("Members of one group are on one node: a-0-0 and a-0-1 on n1. With that node");
    }

    /// <summary>One of them restarts, and comes back to where it was.</summary>
    [Theory]
    [InlineData("False", Reasons.NodesShared)]
    [InlineData("True", Reasons.NodesApart)]
    public void Add_APodHasNoNode_WhatWasSaidHolds(string status, string reason) =>
        Condition(new Condition { Type = "Spread", Status = status, Reason = reason, Message = "as before" }, ("a-0", "n1"), ("a-0", null)).Should().BeEquivalentTo(new { Status = status, Reason = reason, Message = "as before" });

    [Fact]
    public void Add_APodHasNoNodeAndNothingWasSaid_SaysNothing() => Condition(null, ("a-0", "n1"), ("a-0", null)).Should().BeNull();

    private static Condition? Condition(Condition? last, params (string Group, string? Node)[] members)
    {
        List<Pod> pods = [];
        List<ObservedGroup> groups = [];
        foreach (IGrouping<string, (string Group, string? Node)> group in members.GroupBy(static member => member.Group))
        {
            List<ObservedMember> states = [];
            foreach ((string name, string? node) in group)
            {
                ObservedMember state = new(name, $"{name}-{states.Count}", states.Count, new MemberRank(BrokerMemberRole.Slave, states.Count), new MemberPod("x", Ready: true, Outdated: false, Terminating: false), MemberFigures.Unknown, Registered: null);
                states.Add(state);
                pods.Add(new Pod { Metadata = new ObjectMeta { Name = state.Pod }, Spec = new PodSpec { NodeName = node } });
            }

            groups.Add(new ObservedGroup(group.Key, null, states));
        }

        ClusterFindings findings = new(new ClusterObservation(null, [], pods, []), groups, new BrokerRegistrations([], []), ClusterOperations.None, null, null, false, null);
        ConditionList conditions = new(last is null ? [] : [last], 1, DateTimeOffset.UnixEpoch);
        NodeSpread.Add(conditions, last, findings);
        return conditions.ToList().SingleOrDefault();
    }
}
