using System.Text;
using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Contracts;
using RocketOps.Store.Dispatching;
using RocketOps.Store.Log;
using RocketOps.Store.Reading;
using RocketOps.Store.Tests.Support;
using RocketOps.Testing.Time;
using RocketOps.Testing;

namespace RocketOps.Store.Tests;

public sealed class MessageStoreTests
{
    [Fact]
    public async Task GetMessages_AfterWrite_ReturnsWhatWasAppendedInOrder()
    {
        using TempDirectory directory = new();
        await using MessageStore store = await SmallStore.StartAsync(directory);

        for (int i = 0; i < 1000; i++)
        {
            store.Append("Orders", i % 4, $"order {i}").QueueOffset.Should().Be(i / 4);
        }

        await store.FinishDispatchAsync();
        store.Writer.Written.Should().Be(store.GetStats().MaxOffset);

        for (int queue = 0; queue < 4; queue++)
        {
            IEnumerable<string> expected = Enumerable.Range(0, 250).Select(i => $"order {(i * 4) + queue}");
            (await store.ReadAllAsync("Orders", queue)).Should().Equal(expected);
        }

        Directory.GetFiles(directory.File("commitlog")).Length.Should().BeGreaterThan(1, "the log has rolled");
    }

    [Fact]
    public async Task Append_BeforeWrite_IsNotReadable()
    {
        using TempDirectory directory = new();
        await using MessageStore store = await SmallStore.StartAsync(directory);

        store.Append("Orders", 0, "only in memory");
        List<string> before = await store.ReadAllAsync("Orders", 0);
        store.Writer.WritePending();

        before.Should().BeEmpty();
        (await store.ReadAllAsync("Orders", 0)).Should().Equal("only in memory");
    }

    [Fact]
    public async Task StartAsync_AfterCleanStop_GoesOnWhereItWas()
    {
        using TempDirectory directory = new();
        for (int round = 0; round < 5; round++)
        {
            await using MessageStore store = await SmallStore.StartAsync(directory);
            (await store.ReadAllAsync("Orders", 0)).Count.Should().Be(round * 120);
            for (int i = 0; i < 120; i++)
            {
                store.Append("Orders", 0, $"{round}/{i}").QueueOffset.Should().Be((round * 120) + i);
            }

            store.Writer.WritePending();
        }

        File.Exists(directory.File("abort")).Should().BeFalse();
        await using MessageStore last = await SmallStore.StartAsync(directory);
        (await last.ReadAllAsync("Orders", 0)).Should().Equal(Enumerable.Range(0, 600).Select(i => $"{i / 120}/{i % 120}"));
    }

    [Fact]
    public async Task StartAsync_WhileAnotherHoldsTheDirectory_IsRefused()
    {
        using TempDirectory directory = new();
        await using MessageStore first = await SmallStore.StartAsync(directory);

        Func<Task<MessageStore>>? second = () => SmallStore.StartAsync(directory);

        (await second.Should().ThrowAsync<StoreException>()).WithMessage("*is in use*");
        first.Append("Orders", 0, "still mine");
    }

    [Fact]
    public async Task AppendBatch_AcrossAFileEnd_StaysInOneFile()
    {
        using TempDirectory directory = new();
        await using MessageStore store = await SmallStore.StartAsync(directory);
        StoreTopic topic = store.GetOrAddTopic("Batch"u8);
        byte[] body = Enumerable.Range(0, 10).SelectMany(i => TestMessages.BatchEntry(new string((char)('a' + i), 500), "TAGS\u0001t")).ToArray();
        PhysicalOffset[] offsets = new PhysicalOffset[10];

        for (int round = 0; round < 30; round++)
        {
            AppendStatus status = Append(out AppendResult result);
            while (status == AppendStatus.WouldBlock)
            {
                (await store.Writer.WhenRoomAsync()).Should().Be(WaitOutcome.Reached);
                status = Append(out result);
            }

            status.Should().Be(AppendStatus.Ok);
            result.QueueOffset.Should().Be(round * 10);
            result.MessageCount.Should().Be(10);
            offsets[0].Should().Be(result.Offset);
            (offsets[0].Value / 65536).Should().Be((result.End.Value - 1) / 65536, "all records of a batch lie in one file");
        }

        await store.FinishDispatchAsync();
        List<string> read = await store.ReadAllAsync("Batch", 1);
        read.Should().HaveCount(300);
        read.Take(10).Should().Equal(Enumerable.Range(0, 10).Select(i => new string((char)('a' + i), 500)));

        AppendStatus Append(out AppendResult result) => store.Writer.AppendBatch(
            new BatchToAppend { Topic = topic, QueueId = 1, Fields = TestMessages.Fields, Body = body },
            offsets,
            out result);
    }

    [Fact]
    public async Task QueryIndex_ByKeyAndUniqueKey_FindsAcrossFiles()
    {
        using TempDirectory directory = new();
        await using MessageStore store = await SmallStore.StartAsync(directory);
        List<PhysicalOffset> withKey = [];
        for (int i = 0; i < 400; i++)
        {
            AppendResult result = store.Append("Keys", 0, "b", $"KEYS\u0001k{i % 7} other{i}\u0002UNIQ_KEY\u0001U{i:D5}");
            if (i % 7 == 3)
            {
                withKey.Add(result.Offset);
            }
        }

        store.Writer.WritePending();
        StoreTopic topic = store.GetOrAddTopic("Keys"u8);

        IndexQueryResult byKey = await store.Reader.QueryIndexAsync(topic, "k3", 1000, 0, long.MaxValue, CancellationToken.None);
        IndexQueryResult byUnique = await store.Reader.QueryIndexAsync(topic, "U00123", 32, 0, long.MaxValue, CancellationToken.None);

        byKey.Offsets.Should().BeEquivalentTo(withKey);
        store.Maintenance.MakeDurable();
        (await store.Reader.QueryIndexAsync(topic, "k3", 1000, 0, long.MaxValue, CancellationToken.None)).Offsets.Should().Equal(byKey.Offsets, "written, they are the same");
        byUnique.Offsets.Should().HaveCount(1);
        byte[]? record = await store.Reader.LookMessageAsync(byUnique.Offsets[0], CancellationToken.None);
        Encoding.UTF8.GetString(record!).Should().Contain("U00123");
        Directory.GetFiles(directory.File("index")).Length.Should().BeGreaterThan(5, "an index file has 99 entries");
    }

    [Fact]
    public async Task GetMessages_WithTagFilter_ScansAndMovesOn()
    {
        using TempDirectory directory = new();
        await using MessageStore store = await SmallStore.StartAsync(directory);
        for (int i = 0; i < 100; i++)
        {
            store.Append("Tags", 0, $"m{i}", i % 10 == 0 ? "TAGS\u0001TagA" : "TAGS\u0001TagB");
        }

        store.Writer.WritePending();
        GetResult result = new();

        // The queue has gone on to its second file, and the first is opened only where waiting for the disk is allowed.
        GetStatus status = await store.Reader.GetMessagesAsync(store.GetOrAddTopic("Tags"u8), 0, 0, new GetLimits(5), new TagFilter(2598919), result, CancellationToken.None);

        status.Should().Be(GetStatus.Found);
        result.Count.Should().Be(5);
        result.NextBeginOffset.Should().Be(41, "as in RocketMQ, a full batch ends before the next unit is looked at");
    }

    [Theory]
    [InlineData(-1, GetStatus.OffsetTooSmall, 0)]
    [InlineData(10, GetStatus.OffsetOverflowOne, 10)]
    [InlineData(11, GetStatus.OffsetOverflowBadly, 10)]
    public async Task GetMessages_OutsideTheQueue_SaysHow(long offset, GetStatus expected, long next)
    {
        using TempDirectory directory = new();
        await using MessageStore store = await SmallStore.StartAsync(directory);
        for (int i = 0; i < 10; i++)
        {
            store.Append("Orders", 2, "x");
        }

        store.Writer.WritePending();
        GetResult result = new();

        store.Reader.GetMessages(store.GetOrAddTopic("Orders"u8), 2, offset, new GetLimits(32), null, result).Should().Be(expected);

        result.NextBeginOffset.Should().Be(next);
        result.MaxOffset.Should().Be(10);
    }

    [Fact]
    public async Task DeleteTopicAsync_ThenAppend_StartsAnewAlsoAfterRestart()
    {
        using TempDirectory directory = new();
        await using (MessageStore store = await SmallStore.StartAsync(directory))
        {
            store.Append("Gone", 0, "old");
            store.Writer.WritePending();
            StoreTopic topic = store.FindTopic("Gone"u8)!;
            await store.DeleteTopicAsync(topic, CancellationToken.None);
            Directory.Exists(directory.File("consumequeue", "Gone")).Should().BeFalse();

            AppendResult result = store.Append("Gone", 0, "new");
            store.Writer.WritePending();

            result.QueueOffset.Should().Be(0);
            (await store.ReadAllAsync("Gone", 0)).Should().Equal("new");
        }

        await using MessageStore again = await SmallStore.StartAsync(directory);
        (await again.ReadAllAsync("Gone", 0)).Should().Equal("new");
    }

    [Fact]
    public async Task OffsetByTime_BetweenMessages_FollowsTheBoundary()
    {
        using TempDirectory directory = new();
        FakeTimeProvider time = new();
        await using MessageStore store = await SmallStore.StartAsync(SmallStore.Options(directory.Path), time: time);
        long start = time.GetUtcNow().ToUnixTimeMilliseconds();
        for (int i = 0; i < 10; i++)
        {
            store.Append("Times", 0, "x");
            time.Advance(TimeSpan.FromSeconds(10));
        }

        store.Writer.WritePending();
        StoreTopic topic = store.GetOrAddTopic("Times"u8);

        async Task<long> At(long ms, TimeBoundary boundary) => await store.Reader.OffsetByTimeAsync(topic, 0, start + ms, boundary, CancellationToken.None);

        (await At(30_000, TimeBoundary.Lower)).Should().Be(3);
        (await At(30_000, TimeBoundary.Upper)).Should().Be(3);
        (await At(35_000, TimeBoundary.Lower)).Should().Be(4);
        (await At(35_000, TimeBoundary.Upper)).Should().Be(3);
        (await At(-1, TimeBoundary.Lower)).Should().Be(0);
        (await At(1_000_000, TimeBoundary.Lower)).Should().Be(10);
        (await At(1_000_000, TimeBoundary.Upper)).Should().Be(9);
        (await store.Reader.StoreTimestampAtAsync(topic, 0, 7, CancellationToken.None)).Should().Be(start + 70_000);
    }

    [Fact]
    public async Task SyncFlush_BeforeTheFlush_NobodySeesTheMessage()
    {
        using TempDirectory directory = new();
        await using MessageStore store = await SmallStore.StartAsync(SmallStore.Options(directory.Path, FlushDiskType.SyncFlush), hasThreads: false);
        RecordingWaiter waiter = new();

        AppendResult result = store.Append("Sync", 0, "m");
        store.Writer.WritePending();
        store.Positions.When(LogPosition.Durable, result.Mark, waiter);
        List<string> before = await store.ReadAllAsync("Sync", 0);
        waiter.Outcomes.Should().BeEmpty();
        store.Flusher.Pass(everything: false);

        before.Should().BeEmpty();
        waiter.Outcomes.Should().Equal(WaitOutcome.Reached);
        store.Positions.IsReached(LogPosition.Durable, result.Mark).Should().BeTrue();
        (await store.ReadAllAsync("Sync", 0)).Should().Equal("m");
    }

    [Fact]
    public async Task SyncFlush_ManyWriters_AllAreToldOnce()
    {
        using TempDirectory directory = new();
        await using MessageStore store = await SmallStore.StartAsync(SmallStore.Options(directory.Path, FlushDiskType.SyncFlush));
        RecordingWaiter[] waiters = Enumerable.Range(0, 8).Select(_ => new RecordingWaiter()).ToArray();

        await Task.WhenAll(waiters.Select((waiter, thread) => Task.Run(() =>
        {
            for (int i = 0; i < 200; i++)
            {
                AppendResult result = store.Append("Sync", thread, $"{thread}-{i}");
                store.Writer.WritePending();
                store.Positions.When(LogPosition.Durable, result.Mark, waiter);
            }
        })));

        foreach (RecordingWaiter waiter in waiters)
        {
            await Eventually.TrueAsync(() => waiter.Outcomes.Count == 200, "all sends durable");
            waiter.Outcomes.Should().OnlyContain(outcome => outcome == WaitOutcome.Reached);
        }

        for (int thread = 0; thread < 8; thread++)
        {
            await Eventually.TrueAsync(() => store.Reader.TryGetOffsets(store.GetOrAddTopic("Sync"u8), thread, out QueueOffsets offsets) && offsets.Max == 200, "all messages dispatched");
            (await store.ReadAllAsync("Sync", thread)).Should().Equal(Enumerable.Range(0, 200).Select(i => $"{thread}-{i}"));
        }
    }

    [Fact]
    public async Task Append_FromManyThreads_KeepsEachQueueDense()
    {
        using TempDirectory directory = new();
        await using MessageStore store = await SmallStore.StartAsync(directory);

        await Task.WhenAll(Enumerable.Range(0, 8).Select(thread => Task.Run(() =>
        {
            for (int i = 0; i < 2000; i++)
            {
                store.Append("Busy", i % 3, $"{thread}-{i}");
                if (i % 5 == 0)
                {
                    store.Writer.WritePending();
                }
            }

            store.Writer.WritePending();
        })));

        await store.FinishDispatchAsync();
        List<string> all = new();
        for (int queue = 0; queue < 3; queue++)
        {
            List<string> bodies = await store.ReadAllAsync("Busy", queue);
            all.AddRange(bodies);
            for (int thread = 0; thread < 8; thread++)
            {
                IEnumerable<int> ofThread = bodies.Where(body => body.StartsWith($"{thread}-", StringComparison.Ordinal)).Select(body => int.Parse(body[2..]));
                ofThread.Should().BeInAscendingOrder("one producer's messages keep their order");
            }
        }

        all.Should().OnlyHaveUniqueItems().And.HaveCount(16_000);
    }

    [Fact]
    public async Task ArrivedObserver_AppendingFromTheCallback_SeesItsOwnMessagesToo()
    {
        using TempDirectory directory = new();
        await using MessageStore store = await SmallStore.StartAsync(directory);
        ForwardingObserver observer = new(store);
        store.ArrivedObserver = observer;

        store.Append("In", 0, "1");
        store.Append("In", 0, "2");
        store.Writer.WritePending();

        observer.Seen.Should().Equal("In/0/0", "In/0/1", "Out/0/0", "Out/0/1");
        (await store.ReadAllAsync("Out", 0)).Should().Equal("forwarded", "forwarded");
    }

    private sealed class ForwardingObserver(MessageStore store) : IMessageArrivedObserver
    {
        public List<string> Seen { get; } = [];

        public void OnArrived(in MessageArrival message)
        {
            Seen.Add($"{message.Topic}/{message.QueueId}/{message.QueueOffset}");
            if (message.Topic.Name == "In")
            {
                store.Append("Out", 0, "forwarded");
                store.Writer.WritePending();
            }
        }

        public void OnRoundCompleted()
        {
        }
    }

    private sealed class TagFilter(int hash) : IMessageFilter
    {
        public bool NeedsRecord => false;

        public bool MatchesTagsCode(long tagsCode) => tagsCode == hash;

        public bool MatchesRecord(ReadOnlySpan<byte> record) => true;
    }
}
