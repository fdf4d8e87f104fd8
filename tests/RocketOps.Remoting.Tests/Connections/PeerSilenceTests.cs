using RocketOps.Remoting.Connections;
using RocketOps.Testing.Time;

namespace RocketOps.Remoting.Tests.Connections;

public sealed class PeerSilenceTests
{
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(3);

    private readonly FakeTimeProvider _time = new();

    [Theory]
    [InlineData(0, TimeoutCause.SilentPeer)]
    [InlineData(500, TimeoutCause.SilentPeer)]
    [InlineData(501, TimeoutCause.BusyProgram)]
    public void Judge_TimerIsLate_BlamesTheProgramFromHalfASecondOn(int lateMs, TimeoutCause expected)
    {
        PeerSilence silence = new(_time, static () => 0);
        long sentAt = _time.GetTimestamp();
        _time.Advance(Wait + TimeSpan.FromMilliseconds(lateMs));

        silence.Judge(sentAt, Wait, outstanding: 1).Cause.Should().Be(expected);
    }

    /// <summary>Bytes lie unread for a moment on any connection that is in use.</summary>
    [Fact]
    public void Judge_BytesLieUnreadOnAConnectionThatIsRead_BlamesThePeer()
    {
        PeerSilence silence = new(_time, static () => 100);
        long sentAt = _time.GetTimestamp();
        _time.Advance(Wait);
        silence.NoteRead(_time.GetTimestamp());

        silence.Judge(sentAt, Wait, outstanding: 1).Cause.Should().Be(TimeoutCause.SlowPeer);
    }

    [Fact]
    public void MayReport_ManyRequestsRunOutOfTime_IsTrueOnceIn30Seconds()
    {
        PeerSilence silence = new(_time, static () => 1);

        silence.MayReport().Should().BeTrue();
        silence.MayReport().Should().BeFalse();
        _time.Advance(TimeSpan.FromSeconds(30));
        silence.MayReport().Should().BeTrue();
    }
}
