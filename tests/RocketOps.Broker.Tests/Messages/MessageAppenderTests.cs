using Microsoft.Extensions.Logging.Abstractions;
using RocketOps.Broker.Messages;
using RocketOps.Store;
using RocketOps.Store.Files;
using RocketOps.Testing;

namespace RocketOps.Broker.Tests.Messages;

public sealed class MessageAppenderTests
{
    [Theory]
    [InlineData(FlushDiskType.AsyncFlush)]
    [InlineData(FlushDiskType.SyncFlush)]
    public async Task AppendMany_OneIsIllegal_OthersAreStoredInOrder(FlushDiskType flush)
    {
        using TempDirectory directory = new("broker-");
        StoreOptions options = new() { RootDirectory = directory.Path, CommitLogFileBytes = 16_777_216, FlushDiskType = flush, DiskWarningRatio = 100 };
        await using MessageStore store = new(options, new LinuxFileSystem(), TimeProvider.System, NullLoggerFactory.Instance);
        await store.StartAsync(CancellationToken.None);
        PutStatistics statistics = new(TimeProvider.System);
        MessageAppender appender = new(store, statistics, TimeProvider.System);
        StoreTopic first = store.GetOrAddTopic("First"u8);
        StoreTopic second = store.GetOrAddTopic("Second"u8);
        StoredMessage[] messages = [Message(first, 0, 10), Message(second, 3, 20), Message(first, 0, options.MaxMessageBytes + 1), Message(first, 0, 30)];
        AppendOutcome[] outcomes = new AppendOutcome[messages.Length];

        await appender.AppendManyAsync(messages, outcomes, waitForDisk: true);

        outcomes.Select(static outcome => outcome.Status).Should().Equal(AppendStatus.Ok, AppendStatus.Ok, AppendStatus.MessageIllegal, AppendStatus.Ok);
        outcomes.Select(static outcome => outcome.IsOk).Should().Equal(true, true, false, true);
        outcomes[3].Result.QueueOffset.Should().Be(1);
        store.Positions.Get(flush == FlushDiskType.SyncFlush ? LogPosition.Durable : LogPosition.Written).Should().Be(outcomes[3].Result.End, "one wait is for all");
        await Eventually.TrueAsync(async () => await MaxOffsetAsync(store, first, 0) == 2 && await MaxOffsetAsync(store, second, 3) == 1, "they are readable");
    }

    private static async Task<long> MaxOffsetAsync(MessageStore store, StoreTopic topic, int queueId) => (await store.Reader.GetOffsetsAsync(topic, queueId, CancellationToken.None)).Max;

    private static StoredMessage Message(StoreTopic topic, int queueId, int bytes) => new() { Topic = topic, QueueId = queueId, Body = new byte[bytes] };
}
