using FsCheck;
using FsCheck.Fluent;
using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Clusters.Leadership;
using RocketOps.Operator.Clusters.Rolling;
using RocketOps.Operator.Entities;

namespace RocketOps.Operator.Tests.Clusters.Rolling;

public sealed class RollPlannerTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(35);

    [Fact]
    public void Next_NothingOutdated_NothingToDo()
    {
        RollPlan plan = Next([Member("a-0", 0), Member("a-0", 1)]);

        plan.Groups.Should().Equal(new GroupAction("a-0", GroupStep.None, 0, null));
        plan.InProgress.Should().BeFalse();
    }

    [Fact]
    public void Next_AllOutdated_SlaveBeforeMaster()
    {
        Next([Member("a-0", 0, outdated: true), Member("a-0", 1, outdated: true)]).Restart!.Pod.Should().Be("a-0-1");
    }

    [Fact]
    public void Next_SlavesOfAllGroupsDone_MasterOfFirstGroup()
    {
        RollPlan plan = Next([Member("a-1", 0, outdated: true), Member("a-1", 1), Member("a-0", 0, outdated: true), Member("a-0", 1)]);

        plan.Restart!.Pod.Should().Be("a-0-0");
    }

    [Fact]
    public void Next_BrokenOutdatedMaster_GoesFirst()
    {
        Next([Member("a-0", 0, ready: false, outdated: true), Member("a-0", 1, outdated: true)]).Restart!.Pod.Should().Be("a-0-0");
    }

    /// <summary>A bad template is found by its first pod; a master that ends meanwhile is better off with what it had.</summary>
    [Fact]
    public void Next_UpdatedPodFails_NotEvenBrokenPodsAreMovedToItsTemplate()
    {
        ObservedMember failing = Member("a-0", 1, ready: false);

        RollPlan plan = Next([Member("a-0", 0, outdated: true), failing, Member("a-1", 0, ready: false, outdated: true), Member("a-1", 1, outdated: true)]);

        plan.Restart.Should().BeNull();
        plan.WaitsFor.Should().Be(failing);
    }

    /// <summary>Set back, the failing pod is the outdated one, and everything it would be moved to serves.</summary>
    [Fact]
    public void Next_TemplateSetBack_FailingPodGoes()
    {
        Next([Member("a-0", 0), Member("a-0", 1, ready: false, outdated: true), Member("a-1", 0)]).Restart!.Pod.Should().Be("a-0-1");
    }

    [Fact]
    public void Next_RestartedPodNotReadyYet_Waits()
    {
        RollPlan plan = Next([Member("a-0", 0, outdated: true), Member("a-0", 1, ready: false)]);

        plan.Restart.Should().BeNull();
        (plan.WaitsFor!.Pod, plan.Why).Should().Be(("a-0-1", RollWait.Serving));
        plan.InProgress.Should().BeTrue();
    }

    [Fact]
    public void Next_RestartedMasterNotReadyYet_IsOnItsWayBack() =>
        Next([Member("a-0", 0, ready: false), Member("a-1", 0, outdated: true)]).Should().BeEquivalentTo(new { Restart = (ObservedMember?)null, Why = RollWait.Returning, WaitsFor = new { Pod = "a-0-0" } });

    [Fact]
    public void Next_PodMissing_Waits()
    {
        ObservedMember missing = new("a-0", "a-0-1", 1, Rank(1), MemberPod.None, MemberFigures.Unknown, Registered: null);

        Next([Member("a-0", 0, outdated: true), missing]).Should().BeEquivalentTo(new { Restart = (ObservedMember?)null, WaitsFor = missing, Why = RollWait.Absent });
    }

    [Fact]
    public void Next_PodTerminating_WaitsEvenForBrokenOnes()
    {
        RollPlan plan = Next([Member("a-0", 0, ready: false, outdated: true), Member("a-0", 1, terminating: true)]);

        plan.Restart.Should().BeNull();
        (plan.WaitsFor!.Pod, plan.Why).Should().Be(("a-0-1", RollWait.Leaving));
    }

    /// <summary>
    /// Whatever the state: a healthy pod goes only when every other member serves, and a master only when no slave is outdated. No pod, broken or not, goes while one of the
    /// current template does not serve, and no healthy one while a name server is silent or does not know another pod.
    /// </summary>
    [Fact]
    public void Next_AnyState_NeverTakesASecondHealthyPodAway()
    {
        Gen<(int role, bool ready, bool outdated, bool terminating, bool missing, bool? registered)> member =
            from role in Gen.Elements(0, 1)
            from ready in Gen.Elements(true, false)
            from outdated in Gen.Elements(true, false)
            from terminating in Gen.Frequency((5, Gen.Constant(false)), (1, Gen.Constant(true)))
            from missing in Gen.Frequency((5, Gen.Constant(false)), (1, Gen.Constant(true)))
            from registered in Gen.Frequency((5, Gen.Constant<bool?>(true)), (1, Gen.Constant<bool?>(false)), (1, Gen.Constant<bool?>(null)))
            select (role, ready, outdated, terminating, missing, registered);
        Gen<NameServerState> states = Gen.Frequency((4, Gen.Constant(NameServerState.Answering)), (1, Gen.Constant(NameServerState.Silent)), (1, Gen.Constant(NameServerState.Replaced)));

        Prop.ForAll(Gen.NonEmptyListOf(member).ToArbitrary(), states.ToArbitrary(), (generated, nameServers) =>
        {
            ObservedMember[] members = generated.Select(static (m, i) => m.missing
                ? new ObservedMember($"g-{i}", $"g-{i}-{m.role}", m.role, Rank(m.role), MemberPod.None, MemberFigures.Unknown, Registered: null)
                : Member($"g-{i}", m.role, m.ready, m.outdated, m.terminating) with { Registered = m.registered }).ToArray();

            RollPlan plan = Next(members, nameServers);

            if (plan.Restart is not { } chosen)
            {
                return plan.InProgress == (plan.Why != RollWait.None) && (!plan.InProgress || plan.WaitsFor is not null || nameServers != NameServerState.Answering);
            }

            ObservedMember[] others = members.Where(other => other != chosen).ToArray();
            return chosen.Live.Outdated && !chosen.Live.Terminating && !others.Any(static other => other.Live.Terminating)
                && (!chosen.Live.Ready || others.All(static other => other.Settled))
                && others.All(static other => other.Settled || other.Live.Outdated)
                && (!chosen.Live.Ready || (nameServers == NameServerState.Answering && others.All(static other => other.Registered != false)))
                && (!chosen.Live.Ready || chosen.Registered == false || chosen.Role == BrokerMemberRole.Slave || !others.Any(static other => other is { Live.Outdated: true, Role: BrokerMemberRole.Slave }));
        }).QuickCheckThrowOnFailure();
    }

    [Theory]
    [InlineData(34, null)]
    [InlineData(35, "a-1-0")]
    public void Next_MasterOfAnotherGroupJustRestarted_WaitsUntilClientsFoundIt(int servesForSeconds, string? expected)
    {
        ObservedMember restarted = Since(Member("a-0", 0), Now.AddSeconds(-servesForSeconds));

        RollPlan plan = Next([restarted, Member("a-1", 0, outdated: true)]);

        plan.Restart?.Pod.Should().Be(expected);
        plan.WaitsFor.Should().Be(expected is null ? restarted : null);
        plan.Why.Should().Be(expected is null ? RollWait.MasterPause : RollWait.None);
    }

    [Fact]
    public void Next_MasterJustRestarted_SlavesAndBrokenPodsDoNotWait()
    {
        ObservedMember restarted = Since(Member("a-0", 0), Now);

        Next([restarted, Member("a-1", 0, outdated: true), Member("a-1", 1, outdated: true)]).Restart!.Pod.Should().Be("a-1-1");
        Next([restarted, Member("a-1", 0, ready: false, outdated: true)]).Restart!.Pod.Should().Be("a-1-0");
    }

    [Fact]
    public void Next_OnlyMasterJustBecameReady_RestartsAtOnce()
    {
        Next([Since(Member("a-0", 0, outdated: true), Now)]).Restart!.Pod.Should().Be("a-0-0");
    }

    [Fact]
    public void Next_RestartedPodNotRegisteredYet_Waits()
    {
        ObservedMember unknown = Member("a-0", 0) with { Registered = false };

        Next([unknown, Member("a-1", 0, outdated: true)]).Should().BeEquivalentTo(new { Restart = (ObservedMember?)null, WaitsFor = unknown });
    }

    [Fact]
    public void Next_OutdatedPodNotRegistered_MayBeRepairedByItsRestart()
    {
        Next([Member("a-0", 0, outdated: true) with { Registered = false }, Member("a-1", 0)]).Restart!.Pod.Should().Be("a-0-0");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Next_NameServersSilentOrReplaced_NothingHealthyGoesAndBrokenPodsDo(int state)
    {
        NameServerState nameServers = (NameServerState)state;

        RollPlan healthy = Next([Member("a-0", 0, outdated: true) with { Registered = null }], nameServers);
        healthy.Restart.Should().BeNull();
        healthy.InProgress.Should().BeTrue();
        healthy.Why.Should().Be(nameServers == NameServerState.Silent ? RollWait.SilentNameServer : RollWait.ReplacedNameServers);

        Next([Member("a-0", 0, ready: false, outdated: true), Member("a-1", 0, outdated: true)], nameServers).Restart!.Pod.Should().Be("a-0-0");
    }

    /// <summary>Name servers that have just started know nobody: that is no reason to restart anybody.</summary>
    [Fact]
    public void Next_SeveralNotRegistered_Waits()
    {
        ObservedMember first = Member("a-0", 0, outdated: true) with { Registered = false };

        RollPlan plan = Next([first, Member("a-1", 0, outdated: true) with { Registered = false }, Member("a-2", 0)]);

        plan.Restart.Should().BeNull();
        plan.WaitsFor.Should().Be(first);
    }

    [Fact]
    public void Next_SeveralGroups_OneActionEach()
    {
        RollPlan plan = Next([Member("a-0", 0, outdated: true), Member("a-1", 0, outdated: true), Member("a-1", 1, outdated: true), Member("a-2", 0)]);

        plan.Groups.Select(static action => (action.Group, action.Step, action.Outdated, action.Member?.Pod)).Should().Equal(
            ("a-0", GroupStep.Wait, 1, "a-1-1"),
            ("a-1", GroupStep.Evict, 2, "a-1-1"),
            ("a-2", GroupStep.None, 0, null));
    }

    /// <summary>A slave that has just come back is no copy before it has its master's log: with another one gone, the master would refuse messages.</summary>
    [Theory]
    [InlineData(8 * 1024 * 1024, null, "a-0-1")]
    [InlineData(0, false, "a-0-1")]
    [InlineData(null, true, "a-0-1")]
    [InlineData(1024, true, null)]
    [InlineData(0, null, null)]
    public void Next_FixedRolesSlaveBehind_Waits(int? lag, bool? follows, string? waitsFor)
    {
        ObservedMember back = Copy(1, lag, follows: follows);

        RollPlan plan = Next([Copy(0, 0), back, Copy(2, 0, outdated: true)], copies: 2);

        plan.Restart?.Pod.Should().Be(waitsFor is null ? "a-0-2" : null);
        (plan.Restart is null, plan.WaitsFor?.Pod, plan.Why).Should().Be((waitsFor is not null, waitsFor, waitsFor is null ? RollWait.None : RollWait.Sync));
    }

    [Fact]
    public void Next_FixedRolesAsManyCopiesStayAsAMessageNeeds_NobodyIsWaitedFor()
    {
        ObservedMember behind = Copy(1, 8 * 1024 * 1024);

        Next([Copy(0, 0), behind, Copy(2, 0, outdated: true)], copies: 1).Restart!.Pod.Should().Be("a-0-2", "the master is enough");
        Next([Copy(0, 0), behind, Copy(2, 0), Copy(3, 0, outdated: true)], copies: 2).Restart!.Pod.Should().Be("a-0-3", "another slave has all");
        Next([Copy(0, 0), Copy(1, 0, outdated: true)], copies: 2).Restart!.Pod.Should().Be("a-0-1", "waiting brings no third member");
        Next([Copy(0, 0, outdated: true), behind, Copy(2, 0)], copies: 3).Restart!.Pod.Should().Be("a-0-0", "without its master a group takes nothing, whoever follows");
    }

    /// <summary>Otherwise one that its configuration keeps from following would be waited for until somebody restarted it by hand.</summary>
    [Fact]
    public void Next_FixedRolesOutdatedSlaveDoesNotFollow_GoesFirst()
    {
        ObservedMember astray = Copy(2, 0, outdated: true, follows: false);

        Next([Copy(0, 0), Copy(1, 0, outdated: true), astray], copies: 2).Restart!.Pod.Should().Be("a-0-2");
        Next([Copy(0, 0), Copy(1, 0, outdated: true, follows: false), astray], copies: 2).Restart!.Pod.Should().Be("a-0-1", "neither is a copy that would be missed");
    }

    private static RollPlan Next(IReadOnlyCollection<ObservedMember> members, NameServerState nameServers = NameServerState.Answering, int copies = 1) =>
        RollPlanner.Next([.. members.GroupBy(static member => member.Group).Select(static group => new ObservedGroup(group.Key, Set: null, [.. group]))], nameServers, Now, Pause, copies);

    /// <summary>A member of a-0 whose log lacks so many bytes of its master's; null when it does not say.</summary>
    private static ObservedMember Copy(int ordinal, int? lag, bool outdated = false, bool? follows = null) =>
        Member("a-0", ordinal, outdated: outdated) with { Says = new MemberFigures(LogEnd: (1L << 30) - lag, Follows: follows) };

    private static ObservedMember Since(ObservedMember member, DateTimeOffset since) => member with { Live = member.Live with { ReadySince = since } };

    private static MemberRank Rank(int ordinal) => new OrdinalRoles().RankOf("", ordinal);

    private static ObservedMember Member(string group, int ordinal, bool ready = true, bool outdated = false, bool terminating = false) =>
        new(group, $"{group}-{ordinal}", ordinal, Rank(ordinal), new MemberPod($"uid-{group}-{ordinal}", ready, outdated, terminating), MemberFigures.Unknown, Registered: null);
}
