using RocketOps.Store.Contracts;
using RocketOps.Store.Dispatching;
using RocketOps.Store.Reading;
using RocketOps.Store.Tests.Support;
using RocketOps.Testing.Time;
using RocketOps.Testing;

namespace RocketOps.Store.Tests;

/// <summary>The store of a member of a group that elects its master: consumers see what all copies in sync have, and nothing before.</summary>
public sealed class ReplicatedDispatchTests
{
    private const string Root = "/store";

    [Theory]
    [InlineData(FlushDiskType.AsyncFlush)]
    [InlineData(FlushDiskType.SyncFlush)]
    public async Task Dispatch_FollowsWhatIsReplicated(FlushDiskType flush)
    {
        await using MessageStore store = await StartAsync(new MemoryFileSystem(), flush);
        Arrivals arrivals = new();
        store.ArrivedObserver = arrivals;
        AppendResult[] sent = [.. Enumerable.Range(0, 5).Select(i => store.Append("T", 0, $"m{i}", "KEYS\u0001k"))];
        Flush(store);

        (await store.ReadAllAsync("T", 0)).Should().BeEmpty("nobody else has them");
        (await store.Reader.QueryIndexAsync(store.GetOrAddTopic("T"u8), "k", 10, 0, long.MaxValue, CancellationToken.None)).Offsets.Should().BeEmpty();
        store.Positions.Confirm(sent[1].End);

        (await store.ReadAllAsync("T", 0)).Should().Equal("m0", "m1");
        arrivals.Count.Should().Be(2, "who waits is woken by what can be read");
        store.Positions.Confirm(sent[4].End);

        (await store.ReadAllAsync("T", 0)).Should().Equal("m0", "m1", "m2", "m3", "m4");
        arrivals.Count.Should().Be(5);
    }

    [Fact]
    public async Task Dispatch_OfAStoreThatAsksNobody_DoesNotWait()
    {
        await using MessageStore store = await SmallStore.StartAsync(SmallStore.Options(Root), new MemoryFileSystem(), new FakeTimeProvider(), hasThreads: false);
        store.Append("T", 0, "m0");

        Flush(store);

        (await store.ReadAllAsync("T", 0)).Should().Equal("m0");
    }

    [Fact]
    public async Task Dispatch_OfMuchThatIsReplicatedLate_ReadsItFromTheLog()
    {
        await using MessageStore store = await StartAsync(new MemoryFileSystem());
        string[] bodies = [.. Enumerable.Range(0, 200).Select(static i => new string((char)('a' + (i % 26)), 4000))];
        foreach (string body in bodies)
        {
            store.Append("T", 0, body);
            Flush(store);
        }

        store.Positions.Confirm(store.Positions.Appended);

        (await store.ReadAllAsync("T", 0)).Should().Equal(bodies);
    }

    [Fact]
    public async Task Prepare_WithMessagesThatAreNotReplicated_NewOnesGoOnBehindThem()
    {
        await using MessageStore master = await StartAsync(new MemoryFileSystem());
        AppendResult first = master.Append("T", 0, "m0");
        master.Append("T", 0, "m1");
        master.Append("T", 1, "other");
        Flush(master);
        await using MessageStore store = await StartAsync(new MemoryFileSystem());
        await FeedAsync(store, master);
        store.Positions.Confirm(first.End);

        await store.PrepareForMessagesAsync();
        AppendResult own = store.Append("T", 0, "own");
        Flush(store);

        own.QueueOffset.Should().Be(2);
        (await store.ReadAllAsync("T", 0)).Should().Equal("m0");
        Read(store, "T", 0, 2).Should().Be(GetStatus.OffsetOverflowOne, "a consumer that has read m1 from the master before waits for the next");
        Read(store, "T", 1, 1).Should().Be(GetStatus.OffsetOverflowOne, "also where nothing can be read yet");
        Read(store, "T", 0, 4).Should().Be(GetStatus.OffsetOverflowBadly, "nobody can have read that");
        store.Positions.Confirm(store.Positions.Appended);
        (await store.ReadAllAsync("T", 0)).Should().Equal("m0", "m1", "own");
        (await store.ReadAllAsync("T", 1)).Should().Equal("other");
    }

    [Fact]
    public async Task Prepare_WithATopicThatWasMadeAnew_GoesOnInTheNewOne()
    {
        await using MessageStore master = await SmallStore.StartAsync(SmallStore.Options("/master"), new MemoryFileSystem(), new FakeTimeProvider(), hasThreads: false);
        AppendResult first = master.Append("T", 0, "old");
        master.Append("T", 0, "old");
        Flush(master);
        await master.DeleteTopicAsync(master.FindTopic("T"u8)!, CancellationToken.None);
        master.Append("T", 0, "new");
        Flush(master);
        await using MessageStore store = await StartAsync(new MemoryFileSystem());
        await FeedAsync(store, master);
        store.Positions.Confirm(first.End);

        await store.PrepareForMessagesAsync();
        AppendResult own = store.Append("T", 0, "own");
        Flush(store);
        store.Positions.Confirm(own.Offset);
        AppendResult last = store.Append("T", 0, "last");
        Flush(store);
        store.Positions.Confirm(store.Positions.Appended);

        own.QueueOffset.Should().Be(1);
        last.QueueOffset.Should().Be(2);
        (await store.ReadAllAsync("T", 0)).Should().Equal("new", "own", "last");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Start_WithMessagesThatWereNotReplicated_ShowsThemOnceTheyAre(bool stopsClean)
    {
        MemoryFileSystem files = new();
        MessageStore before = await StartAsync(files);
        AppendResult[] sent = [.. Enumerable.Range(0, 4).Select(i => before.Append("T", 0, $"m{i}"))];
        Flush(before);
        before.Positions.Confirm(sent[1].End);
        before.Maintenance.Pass();
        if (stopsClean)
        {
            await before.DisposeAsync();
            files.FileExists($"{Root}/abort").Should().BeFalse("a stop with messages that are not replicated is clean");
        }
        else
        {
            before.Maintenance.MakeDurable();
            files = files.AfterPowerCut(new Random(1));
        }

        await using MessageStore store = await StartAsync(files);
        (await store.ReadAllAsync("T", 0)).Should().Equal("m0", "m1");
        store.Positions.Appended.Should().Be(sent[3].End);
        store.Positions.Kept.Should().Be(sent[1].End, "what was seen is kept");
        await store.PrepareForMessagesAsync();
        (await store.Reader.GetNextOffsetAsync(store.FindTopic("T"u8)!, 0, CancellationToken.None)).Should().Be(4);
        (await store.Reader.LookKeptMessageAsync(sent[1].Offset, CancellationToken.None)).Should().NotBeNull();
        (await store.Reader.LookKeptMessageAsync(sent[2].Offset, CancellationToken.None)).Should().BeNull("it may be cut off");
        store.Append("T", 0, "own").QueueOffset.Should().Be(4);
        Flush(store);
        store.Positions.Confirm(store.Positions.Appended);

        (await store.ReadAllAsync("T", 0)).Should().Equal("m0", "m1", "m2", "m3", "own");
    }

    [Fact]
    public async Task Truncate_OfMessagesThatWereNotReplicated_ShowsNeitherThemNorWhatStays()
    {
        await using MessageStore store = await StartAsync(new MemoryFileSystem());
        AppendResult[] sent = [.. Enumerable.Range(0, 5).Select(i => store.Append("T", 0, $"m{i}", $"KEYS\u0001k{i}"))];
        Flush(store);
        store.Positions.Confirm(sent[1].End);

        await store.TruncateAsync(sent[4].Offset, "diverged", CancellationToken.None);

        (await store.ReadAllAsync("T", 0)).Should().Equal("m0", "m1");
        await store.PrepareForMessagesAsync();
        store.Append("T", 0, "in its place").QueueOffset.Should().Be(4);
        Flush(store);
        store.Positions.Confirm(store.Positions.Appended);
        (await store.ReadAllAsync("T", 0)).Should().Equal("m0", "m1", "m2", "m3", "in its place");
    }

    [Fact]
    public async Task FinishDispatch_OfWhatIsNotReplicated_WaitsForThatAndEndsWithItsCaller()
    {
        await using MessageStore store = await SmallStore.StartAsync(SmallStore.Options(Root, replicatedOnly: true), new MemoryFileSystem());
        store.Append("T", 0, "m0");
        store.Writer.WritePending();
        using CancellationTokenSource gone = new();
        Task given = store.FinishDispatchAsync(gone.Token);
        Task waits = store.FinishDispatchAsync();

        given.IsCompleted.Should().BeFalse();
        await gone.CancelAsync();
        await given.Awaiting(static task => task).Should().ThrowAsync<OperationCanceledException>();
        store.Positions.Confirm(store.Positions.Appended);

        await waits.WaitAsync(Eventually.DefaultDeadline);
        (await store.ReadAllAsync("T", 0)).Should().Equal("m0");
    }

    private static Task<MessageStore> StartAsync(MemoryFileSystem files, FlushDiskType flush = FlushDiskType.AsyncFlush) =>
        SmallStore.StartAsync(SmallStore.Options(Root, flush, replicatedOnly: true), files, new FakeTimeProvider(), hasThreads: false);

    private static void Flush(MessageStore store)
    {
        store.Writer.WritePending();
        store.Flusher.Pass(everything: true);
    }

    private static async Task FeedAsync(MessageStore store, MessageStore master)
    {
        byte[] log = new byte[master.Positions.Appended.Value];
        (await master.Reader.ReadAsync(new PhysicalOffset(0), log, CancellationToken.None)).Should().BeTrue();
        store.Writer.AppendRaw(new PhysicalOffset(0), log, out int taken).Should().Be(AppendStatus.Ok);
        taken.Should().Be(log.Length);
        Flush(store);
    }

    private static GetStatus Read(MessageStore store, string topic, int queueId, long offset) =>
        store.Reader.GetMessages(store.GetOrAddTopic(System.Text.Encoding.UTF8.GetBytes(topic)), queueId, offset, new GetLimits(32), null, new GetResult());

    private sealed class Arrivals : IMessageArrivedObserver
    {
        public int Count { get; private set; }

        public void OnArrived(in MessageArrival message) => Count++;

        public void OnRoundCompleted()
        {
        }
    }
}
