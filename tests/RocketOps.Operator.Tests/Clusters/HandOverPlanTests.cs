using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Clusters.Leadership;
using RocketOps.Operator.Clusters.Rolling;

namespace RocketOps.Operator.Tests.Clusters;

/// <summary>Restarts of groups that elect their master.</summary>
public sealed class HandOverPlanTests
{
    private static readonly string[] All = ["a-0-0", "a-0-1", "a-0-2"];

    [Fact]
    public void Next_TheMasterIsNotTheFirst_SlavesGoBeforeIt()
    {
        RollPlan plan = Next(Group("a-0-0", All, outdated: [0, 1]));

        plan.Restart!.Pod.Should().Be("a-0-1");
        Next(Group("a-0-1", All, outdated: [0, 1])).Restart!.Pod.Should().Be("a-0-0");
    }

    [Fact]
    public void Next_OnlyTheMasterIsLeft_HandsOverFirst()
    {
        RollPlan plan = Next(Group("a-0-1", All, outdated: [1]));

        plan.Restart.Should().BeNull("a master is not taken away");
        plan.HandOver!.HandOverTo!.Pod.Should().Be("a-0-0");
        (plan.Why, plan.WaitsFor!.Pod).Should().Be((RollWait.HandOver, "a-0-1"));
        plan.InProgress.Should().BeTrue();
        Next(Group("a-0-0", All, outdated: [1])).Restart!.Pod.Should().Be("a-0-1", "as the slave it has become");
    }

    [Fact]
    public void Next_SomebodyLacksWhatWasAcknowledged_NobodyHealthyGoes()
    {
        RollPlan plan = Next(Group("a-0-0", ["a-0-0", "a-0-1"], outdated: [1]));

        plan.Restart.Should().BeNull();
        (plan.Why, plan.WaitsFor!.Pod).Should().Be((RollWait.Sync, "a-0-2"));
        Next(Group("a-0-0", ["a-0-0", "a-0-1"], outdated: [2])).Restart!.Pod.Should().Be("a-0-2", "who has nothing is nobody's copy");
        Next(Group("a-0-0", ["a-0-0", "a-0-1"], outdated: [0])).HandOver.Should().BeNull("the group would go on with one copy");
    }

    [Fact]
    public void Next_NobodyLeads_MembersRestart()
    {
        Next(Group(null, All, outdated: [0, 1, 2])).Restart!.Pod.Should().Be("a-0-0", "there is nobody to hand over, and the new configuration may be the repair");
    }

    [Fact]
    public void Next_TheMasterDoesNotServe_GoesWithoutHandOver()
    {
        ObservedGroup group = Group("a-0-0", All, outdated: [0]);
        group = group with { Members = [group.Members[0] with { Live = group.Members[0].Live with { Ready = false } }, group.Members[1], group.Members[2]] };

        Next(group).Restart!.Pod.Should().Be("a-0-0", "it cannot hand over");
    }

    /// <summary>Its node was silent for a moment, or a probe came too late: it leads on, and goes as others that serve do.</summary>
    [Fact]
    public void Next_TheMasterServesAndItsPodIsNotReady_HandsOverFirst()
    {
        ObservedGroup group = Group("a-0-0", All, outdated: [0]);
        group = group with { Members = [group.Members[0] with { Live = group.Members[0].Live with { Ready = false }, Says = group.Members[0].Says with { Answers = true, Leads = true } }, group.Members[1], group.Members[2]] };

        RollPlan plan = Next(group);

        plan.Restart.Should().BeNull();
        plan.HandOver!.HandOverTo!.Pod.Should().Be("a-0-1");
        Next(group with { Members = [group.Members[0] with { Says = group.Members[0].Says with { SendsRefused = "its disk" } }, group.Members[1], group.Members[2]] }).Restart!.Pod.Should().Be("a-0-0", "it takes nothing");
    }

    /// <summary>Its probes come too late, as where it has too little processor time: slaves wait for it, so it goes before them, or what would help it never reaches it.</summary>
    [Fact]
    public void Next_AllOutdatedAndTheMastersPodStaysUnready_TheMasterHandsOverFirst()
    {
        ObservedGroup group = Group("a-0-0", All, outdated: [0, 1, 2]);
        group = group with { Members = [group.Members[0] with { Live = group.Members[0].Live with { Ready = false }, Says = group.Members[0].Says with { Answers = true, Leads = true } }, group.Members[1], group.Members[2]] };

        RollPlan plan = Next(group);

        (plan.Why, plan.WaitsFor!.Pod).Should().Be((RollWait.HandOver, "a-0-0"));
        plan.HandOver!.HandOverTo!.Pod.Should().Be("a-0-1");
    }

    /// <summary>What it reads again after a crash is all that there is, and a restart would begin that anew.</summary>
    [Fact]
    public void Next_TheOnlyCopyInSyncDoesNotServe_IsNotDeleted()
    {
        ObservedGroup group = Broken(Group("a-0-0", ["a-0-0"], outdated: [0, 1]), 0, recovering: true);

        RollPlan plan = Next(group);

        (plan.Restart, plan.HandOver).Should().Be((null, null));
        (plan.Why, plan.WaitsFor!.Pod).Should().Be((RollWait.LastCopy, "a-0-0"));
        Next(Broken(Broken(Group(null, ["a-0-0", "a-0-1"], outdated: [0, 1]), 0, recovering: true), 1, recovering: true)).Why.Should().Be(RollWait.LastCopy, "neither of those that have everything serves");
    }

    /// <summary>A group that is broken altogether is mended through its spec: whoever crashes, or has had its time, is replaced.</summary>
    [Fact]
    public void Next_TheOnlyCopyInSyncDoesNotComeByItself_Restarts()
    {
        Next(Broken(Group("a-0-0", ["a-0-0"], outdated: [0]), 0, recovering: false)).Restart!.Pod.Should().Be("a-0-0");
    }

    [Fact]
    public void Next_AnotherHasEverything_BrokenOnesRestartAtOnce()
    {
        Next(Broken(Group("a-0-1", All, outdated: [0]), 0, recovering: true)).Restart!.Pod.Should().Be("a-0-0");
        Next(Broken(Broken(Group("a-0-0", ["a-0-0"], outdated: [0, 2]), 0, recovering: true), 2, recovering: true)).Restart!.Pod.Should().Be("a-0-2", "nobody's copy is lost with it");
    }

    /// <summary>Nobody takes up a wish, and whoever is taken away now may be the one that is about to lead.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Next_LeaseExpired_NoWishAndNobodyGoes(int outdated)
    {
        ObservedGroup group = Group("a-0-0", All, outdated: [outdated]);

        RollPlan plan = Next(group with { Lease = group.Lease! with { Expired = true } });

        (plan.Restart, plan.HandOver).Should().Be((null, null));
        (plan.Why, plan.WaitsFor!.Pod).Should().Be((RollWait.Master, "a-0-0"));
    }

    /// <summary>An operator comes when the master's node is lost: until somebody renews the Lease nobody knows who leads.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Next_LeaseHadEndedBefore_AndItsHolderDoesNotAnswer_NoWishAndNobodyGoes(int outdated)
    {
        ObservedGroup group = Group("a-0-0", All, outdated: [outdated]);

        RollPlan plan = Next(group with { Lease = group.Lease! with { Doubtful = true } });

        (plan.Restart, plan.HandOver, plan.Why).Should().Be((null, null, RollWait.Master));
    }

    private static RollPlan Next(ObservedGroup group) => RollPlanner.Next([group], NameServerState.Answering, DateTimeOffset.UnixEpoch, TimeSpan.Zero);

    private static ObservedGroup Broken(ObservedGroup group, int ordinal, bool recovering) =>
        group with { Members = [.. group.Members.Select(member => member.Ordinal == ordinal ? member with { Live = member.Live with { Ready = false, Recovering = recovering } } : member)] };

    private static ObservedGroup Group(string? master, string[] inSync, int[] outdated)
    {
        LeaseRoles roles = new(new Dictionary<string, GroupLease>(StringComparer.Ordinal) { ["a-0"] = new(master, 3, inSync, null, null) });
        return new ObservedGroup(
            "a-0",
            Set: null,
            [.. Enumerable.Range(0, 3).Select(ordinal => new ObservedMember("a-0", $"a-0-{ordinal}", ordinal, roles.RankOf("a-0", ordinal), new MemberPod($"uid-{ordinal}", Ready: true, Outdated: outdated.Contains(ordinal), Terminating: false), MemberFigures.Unknown, Registered: null))],
            new GroupLease(master, 3, inSync, null, null));
    }
}
