using RocketOps.Broker.Failover;
using RocketOps.Testing.Time;

namespace RocketOps.Broker.Tests.Failover;

/// <summary>When a master that lacks copies begins to refuse.</summary>
public sealed class CopyShortageTests
{
    private static readonly TimeSpan Almost = CopyShortage.Patience - TimeSpan.FromMilliseconds(1);

    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Lasts_AfterAMomentOnly()
    {
        CopyShortage shortage = new(_time);
        shortage.Note(isLacking: true);
        _time.Advance(Almost);
        shortage.Note(isLacking: true);
        shortage.Lasts.Should().BeFalse("followers come back in a moment");
        _time.Advance(CopyShortage.Patience - Almost);
        shortage.Lasts.Should().BeTrue("producers are to hear why");
    }

    [Fact]
    public void Lasts_AfterCopiesCameBack_IsCountedAnew()
    {
        CopyShortage shortage = new(_time);
        shortage.Note(isLacking: true);
        _time.Advance(Almost);
        shortage.Note(isLacking: false);
        shortage.Note(isLacking: true);
        _time.Advance(Almost);
        shortage.Lasts.Should().BeFalse();
    }
}
