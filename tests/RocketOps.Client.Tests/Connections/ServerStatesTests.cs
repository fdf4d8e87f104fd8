using Microsoft.Extensions.Logging;
using RocketOps.Client.Connections;
using RocketOps.Testing;
using RocketOps.Testing.Logging;
using RocketOps.Testing.Time;

namespace RocketOps.Client.Tests.Connections;

/// <summary>One line when a server is away, one every 30 s while it stays so, one when it is back.</summary>
public sealed class ServerStatesTests
{
    private const string Address = "127.0.0.1:10911";

    private readonly FakeTimeProvider _time = new();
    private readonly RecordingLoggerFactory _log = new();

    [Fact]
    public void Failures_OfAMinute_AreThreeLinesAndOneAtTheEnd()
    {
        ServerStates states = Create();
        for (int second = 0; second <= 60; second++)
        {
            for (int i = 0; i < 10; i++)
            {
                states.NoteUnreachable(Address, $"refused in second {second}");
            }

            _time.Advance(TimeSpan.FromSeconds(1));
        }

        states.NoteAnswer(Address);
        states.NoteAnswer(Address);

        _log.Messages.Should().Equal(
            $"broker broker-a ({Address}) cannot be reached: refused in second 0",
            $"broker broker-a ({Address}) cannot be reached for 30 s: refused in second 30; 301 requests have failed",
            $"broker broker-a ({Address}) cannot be reached for 60 s: refused in second 60; 601 requests have failed",
            $"broker broker-a ({Address}) answers again after 61.0 s; 610 requests had failed");
        _log.Entries.Select(static entry => entry.Level).Should().Equal(LogLevel.Warning, LogLevel.Warning, LogLevel.Warning, LogLevel.Information);
    }

    [Fact]
    public async Task Changes_AreToldToTheProgramAndShownMeanwhile()
    {
        System.Collections.Concurrent.ConcurrentQueue<ServerState> told = new();
        ServerStates states = Create(told.Enqueue);
        states.IsEmpty.Should().BeTrue();

        states.NoteUnreachable(Address, "refused");
        await Eventually.TrueAsync(() => told.Count == 1, "the program is told");
        states.IsEmpty.Should().BeFalse();
        states.Away.Should().ContainSingle().Which.Should().BeEquivalentTo(new { Address, BrokerName = "broker-a", IsReachable = false, Reason = "refused", FailedRequests = 1L });
        _time.Advance(TimeSpan.FromSeconds(5));
        states.NoteAnswer(Address);
        await Eventually.TrueAsync(() => told.Count == 2, "the program is told");

        states.Away.Should().BeEmpty();
        told.Last().Should().BeEquivalentTo(new { Address, IsReachable = true, Reason = "refused", Length = TimeSpan.FromSeconds(5), FailedRequests = 1L });
    }

    [Fact]
    public async Task CallbackThatThrows_IsLogged()
    {
        ServerStates states = Create(static _ => throw new InvalidOperationException("mine"));

        states.NoteUnreachable(Address, "refused");

        await Eventually.TrueAsync(() => _log.Messages.Contains("the OnServerState callback threw"), "the failure is logged");
    }

    [Fact]
    public void ServersThatNothingAsks_AreForgotten()
    {
        ServerStates states = Create();
        states.NoteUnreachable(Address, "refused");
        states.NoteUnreachable("127.0.0.1:1", "refused");

        states.Forget(static address => address == Address);

        states.Away.Should().ContainSingle().Which.Address.Should().Be("127.0.0.1:1");
    }

    [Fact]
    public void VeryManyServers_LeaveTheNewest()
    {
        ServerStates states = Create();
        for (int i = 0; i <= 1024; i++)
        {
            states.NoteUnreachable($"127.0.0.1:{i}", "refused");
            _time.Advance(TimeSpan.FromMilliseconds(1));
        }

        states.Away.Should().HaveCount(1024).And.NotContain(static state => state.Address == "127.0.0.1:0");
    }

    [Fact]
    public void AfterTheEnd_NothingIsTold()
    {
        ServerStates states = Create();
        states.Close();

        states.NoteUnreachable(Address, "refused");
        states.NoteAnswer(Address);

        _log.Messages.Should().BeEmpty();
    }

    private ServerStates Create(Action<ServerState>? changed = null) => new(_time, static address => address == Address ? "broker-a" : null, changed, _log);
}
