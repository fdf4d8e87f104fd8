using RocketOps.Client.Producing.Sending;
using RocketOps.Testing;
using RocketOps.Testing.Logging;
using RocketOps.Testing.Time;

namespace RocketOps.Client.Tests.Producing.Sending;

public sealed class AvoidedBrokersTests
{
    private const string Address = "127.0.0.1:10911";

    private readonly FakeTimeProvider _time = new();
    private readonly RecordingLoggerFactory _log = new();
    private int _probes;
    private volatile bool _answers;

    [Fact]
    public async Task Probe_NotAnswered_FollowsAfterTwiceTheTime()
    {
        AvoidedBrokers brokers = Create();
        brokers.NoteFailure("broker-a", Address, "no answer");

        int expected = 0;
        foreach (int seconds in new[] { 2, 4, 8, 16, 30, 30 })
        {
            _time.Advance(TimeSpan.FromSeconds(seconds) - TimeSpan.FromMilliseconds(1));
            brokers.IsAvoided(Address).Should().BeTrue();
            Volatile.Read(ref _probes).Should().Be(expected, "the time is not over");
            _time.Advance(TimeSpan.FromMilliseconds(1));
            expected++;
            await Eventually.TrueAsync(() => brokers.IsAvoided(Address) && Volatile.Read(ref _probes) == expected && brokers.ProbesUnderWay == 0, "the broker is asked once");
        }
    }

    [Fact]
    public async Task Probe_Answered_EndsTheAvoidingAndCountsTheFailures()
    {
        AvoidedBrokers brokers = Create();
        brokers.NoteFailure("broker-a", Address, "no answer");
        brokers.NoteFailure("broker-a", Address, "no answer");
        brokers.NoteFailure("broker-a", Address, "no answer");
        _answers = true;
        _time.Advance(TimeSpan.FromSeconds(2));

        await Eventually.TrueAsync(() => !brokers.IsAvoided(Address), "the broker is back");

        brokers.IsEmpty.Should().BeTrue();
        _log.Messages.Should().Equal(
            $"broker broker-a ({Address}) gets no messages while there is another: no answer; asked again in 2 s",
            $"broker broker-a ({Address}) answers again after 2.0 s and gets messages; 3 attempts to send to it had failed");
    }

    /// <summary>A broker that answers heartbeats and no sends.</summary>
    [Fact]
    public void Failure_SoonAfterTheReturn_IsAvoidedForLonger()
    {
        AvoidedBrokers brokers = Create();
        brokers.NoteFailure("broker-a", Address, "no answer");
        brokers.NoteSuccess(Address);

        brokers.NoteFailure("broker-a", Address, "no answer");

        _log.Messages.Last().Should().EndWith("asked again in 4 s");
    }

    [Fact]
    public void Failure_OfVeryManyBrokers_ForgetsTheOldest()
    {
        AvoidedBrokers brokers = Create();
        for (int i = 0; i <= 256; i++)
        {
            brokers.NoteFailure($"broker-{i}", $"127.0.0.1:{i}", "no answer");
            _time.Advance(TimeSpan.FromMilliseconds(1));
        }

        brokers.IsAvoided("127.0.0.1:0").Should().BeFalse();
        brokers.IsAvoided("127.0.0.1:256").Should().BeTrue();
    }

    private AvoidedBrokers Create() => new(ProbeAsync, _time, _log);

    private Task ProbeAsync(string address)
    {
        Interlocked.Increment(ref _probes);
        return _answers ? Task.CompletedTask : Task.FromException(new RocketMqException("no answer"));
    }
}
