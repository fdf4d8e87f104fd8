using System.Globalization;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Replication.Frames;
using RocketOps.Broker.Replication.Slave;
using RocketOps.Broker.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Store;
using RocketOps.Store.Contracts;
using RocketOps.Store.Files;
using RocketOps.Testing;
using RocketOps.Testing.Time;

namespace RocketOps.Broker.Tests.Replication.Slave;

public sealed class SlaveReportsTests
{
    /// <summary>The clock stands: whatever is told, is told because the log has grown.</summary>
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task Run_TheFlushEndsWhileAnOlderPositionIsTold_TellsTheNewOne()
    {
        using Gate flush = new();
        GatedFileSystem files = new(new LinuxFileSystem());
        await using TestBroker broker = await TestBroker.StartAsync(new(StringComparer.Ordinal) { ["flushDiskType"] = "SYNC_FLUSH" }, fileSystem: files);
        await broker.CreateTopicAsync("T");
        await broker.SendAsync("T", "before");
        MessageStore store = broker.Host.Modules.Host.Store;
        long before = store.Positions.Appended.Value;
        ToldStream told = new();
        BrokerSettings settings = new(TestBroker.OptionsOf([]));
        using SlaveReports reports = new(told, settings, settings.Of<ReplicationOptions>(), store, _time, before);
        using CancellationTokenSource ending = new();
        Task running = reports.RunAsync(join: null, ending.Token);
        await Eventually.TrueAsync(() => told.Offsets.SequenceEqual([before]), "the first report");

        files.BeforeFlush = flush.Pass;
        Task<RemotingCommand> sent = broker.SendAsync("T", "held up");
        await flush.Reached;
        long after = store.Positions.Appended.Value;
        told.WhileTold = async () =>
        {
            // The report on its way is of before the flush; the flush ends before it has left.
            told.WhileTold = null;
            flush.Open();
            await Eventually.TrueAsync(() => store.Positions.Get(LogPosition.Durable).Value == after, "the flush ends");
        };
        await reports.OnAppendedAsync(ending.Token);

        await Eventually.TrueAsync(() => told.Offsets[^1] == after, "the position after the flush is told");
        told.Offsets.Should().Equal(before, before, after);
        await sent;
        await ending.CancelAsync();
        await ((Func<Task>)(() => running)).Should().ThrowAsync<OperationCanceledException>();
    }

    /// <summary>An elected master takes a follower for late that it does not hear of, so it hears of an idle one in each renewal, however seldom heartbeats are.</summary>
    [Theory]
    [InlineData("None", 5_000, 5_000)]
    [InlineData("Automatic", 5_000, 1_500)]
    [InlineData("Automatic", 600, 600)]
    public async Task Run_NothingGrows_TellsAgainAsOftenAsTheMasterCountsOn(string failover, int heartbeatMs, int silenceMs)
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        MessageStore store = broker.Host.Modules.Host.Store;
        long end = store.Positions.Appended.Value;
        ToldStream told = new();
        Dictionary<string, string> values = new(StringComparer.Ordinal)
        {
            ["failover"] = failover,
            ["memberName"] = "b",
            ["groupMembers"] = "a@h:1,b@h:2",
            ["leaseStore"] = "file:/var/lease",
            ["haSendHeartbeatInterval"] = heartbeatMs.ToString(CultureInfo.InvariantCulture),
        };
        BrokerSettings settings = new(TestBroker.OptionsOf(values));
        using SlaveReports reports = new(told, settings, settings.Of<ReplicationOptions>(), store, _time, end);
        using CancellationTokenSource ending = new();
        Task running = reports.RunAsync(join: null, ending.Token);

        for (int words = 1; words <= 3; words++)
        {
            await Eventually.TrueAsync(() => told.Offsets.Count == words && _time.HasTimerIn(TimeSpan.FromMilliseconds(silenceMs)), "it was told and is told again after that time");
            _time.Advance(TimeSpan.FromMilliseconds(silenceMs));
        }

        await Eventually.TrueAsync(() => told.Offsets.SequenceEqual([end, end, end, end]), "the same was told again and again");
        await ending.CancelAsync();
        await ((Func<Task>)(() => running)).Should().ThrowAsync<OperationCanceledException>();
    }

    /// <summary>The master's end of the connection: keeps what it is told.</summary>
    private sealed class ToldStream : MemoryStream
    {
        private volatile List<long> _offsets = [];

        public List<long> Offsets => _offsets;

        public Func<Task>? WhileTold { get; set; }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            long offset = HaFrames.ReadReport(buffer.Span);
            await (WhileTold?.Invoke() ?? Task.CompletedTask);
            _offsets = [.. _offsets, offset];
        }
    }
}
