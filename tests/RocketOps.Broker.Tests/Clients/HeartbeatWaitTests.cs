using Microsoft.Extensions.Logging;
using RocketOps.Broker.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Client;
using RocketOps.Testing;

namespace RocketOps.Broker.Tests.Clients;

/// <summary>A heartbeat whose subscriptions take long to note.</summary>
public sealed class HeartbeatWaitTests
{
    private const int Malformed = 3521;

    [Fact]
    public async Task Heartbeat_TakesLong_OthersDoNotWaitForItNorDoesTheEndOfAConnection()
    {
        using HeldLog log = new(Malformed);
        await using TestBroker broker = await TestBroker.StartAsync(loggers: log);
        await using RemotingClient slow = TestBroker.NewClient();
        await using RemotingClient quick = TestBroker.NewClient();
        RemotingClient leaving = TestBroker.NewClient();
        await BeatAsync(broker, leaving, "slow", "*", "leaving");
        await BeatAsync(broker, leaving, "left", "*", "leaving");
        Task beating = BeatMalformedAsync(broker, slow);
        try
        {
            await Eventually.TrueAsync(() => log.IsHolding, "the group's subscriptions are being noted");

            await BeatAsync(broker, quick, "quick", "*", "quick");
            await leaving.DisposeAsync();
            await Eventually.TrueAsync(() => !broker.Host.Modules.Clients.Consumers.TryGet("left", out _), "who has left is no member any more");
        }
        finally
        {
            log.LetGo();
        }

        await beating;
        await Eventually.TrueAsync(() => broker.Host.Modules.Clients.Consumers.All.Single(static group => group.Name == "slow").ClientIds is ["slow"], "the other member is forgotten");
    }

    [Fact]
    public async Task Heartbeat_TakesLongAndItsClientLeaves_LeavesNothingBehind()
    {
        using HeldLog log = new(Malformed);
        await using TestBroker broker = await TestBroker.StartAsync(loggers: log);
        RemotingClient slow = TestBroker.NewClient();
        await using RemotingClient later = TestBroker.NewClient();
        await BeatAsync(broker, slow, "slow", "*", "slow");
        Task beating = BeatMalformedAsync(broker, slow);
        try
        {
            await Eventually.TrueAsync(() => log.IsHolding, "the group's subscriptions are being noted");
            await slow.DisposeAsync();
            await Eventually.TrueAsync(() => !broker.Host.Modules.Clients.Consumers.TryGet("slow", out _), "the group has no member any more");
        }
        finally
        {
            log.LetGo();
        }

        await beating.ContinueWith(static _ => { }, TaskScheduler.Default);
        await BeatAsync(broker, later, "slow", "*", "later");
        Broker.Clients.OnlineGroup group = broker.Host.Modules.Clients.Consumers.All.Single();
        group.ClientIds.Should().Equal("later");
        group.SubscribesDifferently.Should().BeFalse("nobody else is a member");
    }

    private static Task BeatMalformedAsync(TestBroker broker, RemotingClient client) => BeatAsync(broker, client, "slow", "a >", "slow", version: 2, "SQL92");

    private static async Task BeatAsync(TestBroker broker, RemotingClient client, string group, string expression, string clientId, long version = 1, string type = "TAG")
    {
        RemotingCommand heartbeat = Requests.Heartbeat(group, "Colours", expression, clientId, version, type);
        RemotingCommand answer = await client.InvokeAsync(broker.Address, heartbeat, Eventually.DefaultDeadline);
        answer.Code.Should().Be(ResponseCode.Success, answer.Remark);
    }

    /// <summary>Holds up whoever writes one kind of line.</summary>
    private sealed class HeldLog(int held) : ILoggerFactory, ILogger
    {
        private readonly ManualResetEventSlim _letGo = new();
        private volatile bool _isHolding;

        public bool IsHolding => _isHolding;

        public void LetGo() => _letGo.Set();

        public ILogger CreateLogger(string categoryName) => this;

        public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (eventId.Id == held)
            {
                _isHolding = true;
                _letGo.Wait();
            }
        }

        public void Dispose() => _letGo.Dispose();
    }
}
