using RocketOps.Broker.Configuration;
using RocketOps.Broker.Replication.Slave;
using RocketOps.Broker.Tests.Support;
using RocketOps.Testing.Time;

namespace RocketOps.Broker.Tests.Replication.Slave;

/// <summary>When a slave that does not follow says so.</summary>
public sealed class FollowingTests
{
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Almost = Silence - TimeSpan.FromMilliseconds(1);

    private readonly FakeTimeProvider _time = new();
    private readonly Following _following;

    public FollowingTests()
    {
        BrokerSettings settings = new(TestBroker.OptionsOf(new(StringComparer.Ordinal) { ["haHousekeepingInterval"] = "20000" }));
        _following = new Following(settings.Of<ReplicationOptions>(), _time);
        _following.OnFollows();
    }

    [Fact]
    public void Loss_ThatLasts_IsToldWithItsNewestReason()
    {
        _following.OnLost("closed");
        _time.Advance(Almost);
        _following.OnLost("refused");
        _following.WhyNot.Should().BeNull("a connection is made again in a moment");

        _time.Advance(Silence - Almost);
        _following.WhyNot.Should().Be("refused");

        _following.OnFollows();
        _following.WhyNot.Should().BeNull();
    }

    [Fact]
    public void Refusal_IsToldAtOnce()
    {
        _following.OnRefused("another record");
        _following.WhyNot.Should().Be("another record");

        _following.OnFollows();
        _following.OnLost("closed");
        _following.WhyNot.Should().BeNull("this is another loss");
    }

    /// <summary>Members of an elected group follow in a session for each master: those that come to nothing do not begin the loss anew, and none speaks for the next.</summary>
    [Fact]
    public void Sessions_ThatComeToNothing_AreOneLoss()
    {
        _following.OnRefused("another group");
        _following.OnSessionEnded();
        _following.WhyNot.Should().BeNull("what the one before was told says nothing of the next");
        _time.Advance(Almost);
        _following.OnLost("closed");
        _time.Advance(Silence - Almost);
        _following.WhyNot.Should().Be("closed");

        _following.OnSessionEnded();
        _following.WhyNot.Should().BeEmpty("nobody tries to follow anybody");
    }

    [Fact]
    public void Master_WhoBecomesASlave_HasLostNothingYet()
    {
        _following.OnSessionEnded();
        _time.Advance(Silence);
        _following.OnLeads();
        _time.Advance(Almost);

        _following.WhyNot.Should().BeNull();
    }
}
