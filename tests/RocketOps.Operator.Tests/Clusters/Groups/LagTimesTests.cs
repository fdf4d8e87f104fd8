using RocketOps.Kubernetes.Entities;
using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Clusters.Leadership;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Settings;
using RocketOps.Testing.Time;

namespace RocketOps.Operator.Tests.Clusters.Groups;

/// <summary>What a slave lacks for a moment, and what it lacks for longer.</summary>
public sealed class LagTimesTests
{
    private static readonly ObjectKey Cluster = new("default", "a");
    private static readonly TimeSpan Grace = new OperatorOptions().FaultGrace;

    private readonly FakeTimeProvider _time = new();
    private readonly LagTimes _lags;

    public LagTimesTests() => _lags = new LagTimes(new OperatorOptions(), _time);

    [Fact]
    public void Measure_SlaveLacksWhatHasJustCome_IsNotBehind()
    {
        Look(1_000, 500).Should().BeNull("nobody knows how old that is");
        _time.Advance(Grace);
        Look(1_000_000_000, 1_000).Should().BeFalse("it has all of the look before");
        _time.Advance(Grace);
        Look(2_000_000_000, 1_000_000_000).Should().BeFalse();
    }

    [Fact]
    public void Measure_SlaveLacksAByteForLong_IsBehindUntilItHasIt()
    {
        Look(1_000, 999);
        _time.Advance(Grace - TimeSpan.FromSeconds(1));
        Look(1_000, 999).Should().BeNull();
        _time.Advance(TimeSpan.FromSeconds(1));

        Look(1_000, 999).Should().BeTrue();
        Look(1_000, 999).Should().BeTrue("looks that follow each other at once take nothing back");
        Look(5_000, 1_000).Should().BeFalse();
    }

    /// <summary>Passes may follow each other in moments, and each must not make all that came before as good as new.</summary>
    [Fact]
    public void Measure_ManyLooks_WhatCountsGrowsOld()
    {
        TimeSpan step = Grace / 10;
        for (int i = 0; i < 10; i++)
        {
            Look(1_000 + i, 1_000).Should().BeNull();
            _time.Advance(step);
        }

        Look(2_000, 1_000).Should().BeFalse();
        _time.Advance(Grace);
        Look(2_000, 1_000).Should().BeTrue();
    }

    [Fact]
    public void Measure_MasterDoesNotAnswerOrAnotherLeads_Unknown()
    {
        Look(1_000, 500);
        _time.Advance(Grace);
        Look(1_000, 500).Should().BeTrue();
        Look(null, 500).Should().BeNull();
        Look(1_000, 500).Should().BeTrue("its silence took nothing away");
        Look(1_000, null).Should().BeNull();
        Look(400, 500, uid: "next").Should().BeNull();
        _lags.Forget(Cluster);
        Look(1_000, 500).Should().BeNull();
    }

    private bool? Look(long? master, long? slave, string uid = "m")
    {
        ObservedGroup group = new("a-0", null, [Member(0, uid, master), Member(1, "s", slave)]);
        return _lags.Measure(Cluster, [group]).Single().Members[1].Says.Behind;
    }

    private static ObservedMember Member(int ordinal, string uid, long? end) =>
        new("a-0", $"a-0-{ordinal}", ordinal, new MemberRank(ordinal == 0 ? BrokerMemberRole.Master : BrokerMemberRole.Slave, ordinal), new MemberPod(uid, Ready: true, Outdated: false, Terminating: false), new MemberFigures(LogEnd: end), Registered: null);
}
