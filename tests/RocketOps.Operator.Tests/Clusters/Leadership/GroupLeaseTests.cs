using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Leadership;
using RocketOps.Operator.Entities;

namespace RocketOps.Operator.Tests.Clusters.Leadership;

public sealed class GroupLeaseTests
{
    [Fact]
    public void Of_WhatMembersWrite_IsRead()
    {
        GroupLease lease = GroupLease.Of(Lease("a-0-1", 7, ("rocketops.io/in-sync", "a-0-1/x,a-0-0/y"), ("rocketops.io/hand-over-to", "a-0-0"), ("rocketops.io/history", "said")));

        lease.Should().BeEquivalentTo(new GroupLease("a-0-1", 7, ["a-0-1", "a-0-0"], "a-0-0", "said"));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(",,/,/x,")]
    public void Of_WhatSomebodyMadeUp_HasNobodyInSync(string? inSync)
    {
        GroupLease lease = GroupLease.Of(new Lease { Metadata = new ObjectMeta { Annotations = inSync is null ? null : new Dictionary<string, string> { ["rocketops.io/in-sync"] = inSync } } });

        lease.Should().BeEquivalentTo(new GroupLease(null, 0, [], null, null));
    }

    [Fact]
    public void Of_AListWithoutEnd_IsCutOff() => GroupLease.Of(Lease("a", 1, ("rocketops.io/in-sync", string.Join(',', Enumerable.Range(0, 9_999).Select(static i => $"m{i}/x"))))).InSync.Should().HaveCount(BrokersSpec.MaxReplicas);

    [Fact]
    public void Rank_OfTheHolder_IsMaster_OthersKeepTheirIds()
    {
        LeaseRoles roles = new(new Dictionary<string, GroupLease> { ["a-0"] = new("a-0-1", 1, [], null, null) });

        Enumerable.Range(0, 3).Select(ordinal => roles.RankOf("a-0", ordinal)).Should().Equal(new MemberRank(BrokerMemberRole.Slave, 1), new MemberRank(BrokerMemberRole.Master, 0), new MemberRank(BrokerMemberRole.Slave, 3));
        roles.RankOf("a-1", 0).Role.Should().Be(BrokerMemberRole.Slave, "nobody leads a group without a Lease");
    }

    private static Lease Lease(string holder, int epoch, params (string Key, string Value)[] annotations) => new()
    {
        Metadata = new ObjectMeta { Annotations = annotations.ToDictionary(static pair => pair.Key, static pair => pair.Value, StringComparer.Ordinal) },
        Spec = new LeaseSpec { HolderIdentity = holder, LeaseTransitions = epoch },
    };
}
