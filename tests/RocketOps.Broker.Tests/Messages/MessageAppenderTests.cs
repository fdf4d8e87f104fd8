using Microsoft.Extensions.Logging.Abstractions;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Messages;
using RocketOps.Broker.Replication.Master;
using RocketOps.Broker.Tests.Support;
using RocketOps.Store;
using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Contracts;
using RocketOps.Store.Files;
using RocketOps.Store.Log;
using RocketOps.Testing;

namespace RocketOps.Broker.Tests.Messages;

public sealed class MessageAppenderTests
{
    [Theory]
    [InlineData(FlushDiskType.AsyncFlush)]
    [InlineData(FlushDiskType.SyncFlush)]
    public async Task WriteAsync_ManyAppendedAndOneRefused_StoresTheOthersInOrder(FlushDiskType flush)
    {
        using TempDirectory directory = new("broker-");
        StoreOptions options = new() { RootDirectory = directory.Path, CommitLogFileBytes = 16_777_216, FlushDiskType = flush, Tuning = new() { DiskWarningRatio = 100 } };
        await using MessageStore store = new(options, new LinuxFileSystem(), TimeProvider.System, NullLoggerFactory.Instance);
        await store.StartAsync(CancellationToken.None);
        BrokerSettings settings = new(TestBroker.OptionsOf([]));
        CurrentOptions<ReplicationOptions> replication = settings.Of<ReplicationOptions>();
        SlaveTable slaves = new(settings, replication, store, NullLogger<SlaveTable>.Instance);
        MessageAppender appender = new(
            store, new AppendStatistics(TimeProvider.System), new ReplicaGate(settings, replication, slaves, leadership: null), TimeProvider.System);
        StoreTopic first = store.GetOrAddTopic("First"u8);
        StoreTopic second = store.GetOrAddTopic("Second"u8);

        Append(appender, first, 0, 10).Status.Should().Be(AppendStatus.Ok);
        Append(appender, second, 3, 20).Status.Should().Be(AppendStatus.Ok);
        Append(appender, first, 0, options.MaxMessageBytes + 1).Status.Should().Be(AppendStatus.MessageIllegal);
        AppendResult last = Append(appender, first, 0, 30).Result;
        (await appender.WriteAsync(last.Mark, 3, TimeProvider.System.GetTimestamp())).Should().BeTrue();

        last.QueueOffset.Should().Be(1);
        store.Positions.Get(LogPosition.Written).Should().Be(last.End, "one write is for all");
        await Eventually.TrueAsync(async () => await MaxOffsetAsync(store, first, 0) == 2 && await MaxOffsetAsync(store, second, 3) == 1, "they are readable");
    }

    private static (AppendStatus Status, AppendResult Result) Append(MessageAppender appender, StoreTopic topic, int queueId, int bytes) =>
        (appender.Append(new MessageToAppend { Topic = topic, QueueId = queueId, Body = new byte[bytes] }, out AppendResult result), result);

    private static async Task<long> MaxOffsetAsync(MessageStore store, StoreTopic topic, int queueId) => (await store.Reader.GetOffsetsAsync(topic, queueId, CancellationToken.None)).Max;
}
