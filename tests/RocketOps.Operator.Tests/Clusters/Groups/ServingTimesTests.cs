using RocketOps.Kubernetes.Entities;
using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Clusters.Leadership;
using RocketOps.Operator.Entities;
using RocketOps.Testing.Time;

namespace RocketOps.Operator.Tests.Clusters.Groups;

/// <summary>Clocks of nodes that are wrong.</summary>
public sealed class ServingTimesTests
{
    private static readonly ObjectKey Cluster = new("default", "a");

    private readonly FakeTimeProvider _time = new();
    private readonly ServingTimes _serving;

    public ServingTimesTests() => _serving = new ServingTimes(_time);

    [Theory]
    [InlineData(-60)]
    [InlineData(0)]
    [InlineData(60)]
    public void Measure_NodesClockIsWrong_CountsFromWhenItWasSeen(int seconds)
    {
        DateTimeOffset told = _time.GetUtcNow().AddSeconds(seconds);
        Served("p", told).Should().Be(TimeSpan.Zero);

        _time.Advance(TimeSpan.FromSeconds(20));

        Served("p", told).Should().Be(TimeSpan.FromSeconds(20));
    }

    [Fact]
    public void Measure_ServesAgain_CountsAnew()
    {
        DateTimeOffset first = _time.GetUtcNow();
        Served("p", first);
        _time.Advance(TimeSpan.FromSeconds(20));

        Served("p", first.AddSeconds(15)).Should().Be(TimeSpan.Zero, "it was away in between");
        Served("q", first.AddSeconds(15)).Should().Be(TimeSpan.Zero, "it is another pod");
    }

    [Fact]
    public void Measure_ServedLongBeforeThisProcess_IsBelieved() => Served("p", _time.GetUtcNow().AddHours(-1)).Should().Be(TimeSpan.FromMinutes(55));

    [Fact]
    public void Measure_SaysNothing_CountsFromWhenItWasSeen()
    {
        Served("p", null);
        _time.Advance(TimeSpan.FromSeconds(20));

        Served("p", null).Should().Be(TimeSpan.FromSeconds(20));
    }

    [Fact]
    public void Measure_DoesNotServe_IsAsItWas()
    {
        ObservedMember member = new("a-0", "a-0-0", 0, new MemberRank(BrokerMemberRole.Master, 0), new MemberPod(null, Ready: false, Outdated: false, Terminating: false), MemberFigures.Unknown, Registered: null);

        _serving.Measure(Cluster, [new ObservedGroup("a-0", null, [member])])[0].Members.Should().Equal(member);
    }

    private TimeSpan Served(string uid, DateTimeOffset? told)
    {
        ObservedMember member = new("a-0", "a-0-0", 0, new MemberRank(BrokerMemberRole.Master, 0), new MemberPod(uid, Ready: true, Outdated: false, Terminating: false, ReadySince: told), MemberFigures.Unknown, Registered: null);
        return _time.GetUtcNow() - _serving.Measure(Cluster, [new ObservedGroup("a-0", null, [member])])[0].Members[0].Live.ReadySince!.Value;
    }
}
