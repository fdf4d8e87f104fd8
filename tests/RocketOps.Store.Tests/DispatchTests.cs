using System.Collections.Concurrent;
using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Contracts;
using RocketOps.Store.Dispatching;
using RocketOps.Store.Files;
using RocketOps.Store.Tests.Support;
using RocketOps.Testing.Time;
using RocketOps.Testing;

namespace RocketOps.Store.Tests;

/// <summary>Making messages readable is bounded, survives a full disk and faulty observers, and fails once when it must.</summary>
public sealed class DispatchTests
{
    [Fact]
    public async Task WritePending_MuchIsPending_CallerDispatchesAPartAndThePoolTheRest()
    {
        using TempDirectory directory = new();
        StoreOptions options = new()
        {
            RootDirectory = directory.Path,
            CommitLogFileBytes = 64 * 1024 * 1024,
            IndexEnabled = false,
            ConsumeQueueFlushIntervalMs = 3_600_000, // the maintenance's pass would dispatch, too
            Tuning = StoreTunings.Patient with { DiskWarningRatio = 100, DeleteHours = [] },
        };
        await using MessageStore store = await SmallStore.StartAsync(options);
        ThreadsOfArrivals observer = new();
        store.ArrivedObserver = observer;

        // Less than a thread writes before it calls the pool for the rest, which might be the first to dispatch.
        int messages = 35;
        for (int i = 0; i < messages; i++)
        {
            store.TryAppend("T", 0, new byte[100 * 1024], out _).Should().Be(AppendStatus.Ok);
        }

        // A thread of its own, so that the pool's cannot be the same.
        int caller = 0;
        Thread thread = new(() =>
        {
            caller = Environment.CurrentManagedThreadId;
            store.Writer.WritePending();
        });
        thread.Start();
        thread.Join();

        await Eventually.TrueAsync(() => observer.Threads.Count == messages, "everything is dispatched");
        observer.Threads.Count(id => id == caller).Should().BeInRange(1, 20, "a MiB, and what the last chunk held");
        (await store.ReadAllAsync("T", 0)).Should().HaveCount(messages);
    }

    [Theory]
    [InlineData("consumequeue", "write")]
    [InlineData("consumequeue", "create")]
    [InlineData("index", "create")]
    [InlineData("index", "write")]
    [InlineData("index", "ftruncate")]
    public async Task Pass_NoSpaceForQueuesOrIndex_RefusesUntilThereIsAndCatchesUp(string where, string failing)
    {
        MemoryFileSystem files = new();
        StoreOptions options = SmallStore.Options("/store");
        MessageStore store = await SmallStore.StartAsync(options, files, new FakeTimeProvider(), hasThreads: false);
        int refusals = 0;
        files.Fault = (operation, path) =>
        {
            bool fails = operation == failing && path.Contains($"/{where}/", StringComparison.Ordinal);
            refusals += fails ? 1 : 0;
            return fails ? StoreIOException.NoSpace : null;
        };
        int accepted = 0;
        while (accepted < 300 && store.TryAppend("T", accepted % 3, [(byte)accepted], out _, $"UNIQ_KEY\u0001u{accepted}\u0002KEYS\u0001a b") == AppendStatus.Ok)
        {
            accepted++;
            store.Writer.WritePending();
        }

        store.Maintenance.Pass();
        store.Retention.CheckDisk();

        refusals.Should().BePositive();
        store.Flags.Should().Be(StoreFlags.DiskFull, "a full disk is no damage");
        store.TryAppend("T", 0, [1], out _).Should().Be(AppendStatus.DiskFull);

        files.Fault = null;
        store.Maintenance.Pass();
        store.Retention.CheckDisk();

        store.Flags.Should().Be(StoreFlags.None);
        store.Append("T", 0, "more");
        store.Writer.WritePending();
        store.Maintenance.MakeDurable();
        await CheckAsync(store, accepted);
        await store.DisposeAsync();
        await using MessageStore again = await SmallStore.StartAsync(options, files.AfterPowerCut(new Random(1)), new FakeTimeProvider(), hasThreads: false);
        await CheckAsync(again, accepted);
    }

    [Fact]
    public async Task Dispose_NoSpaceForQueues_EndsAndTheNextStartCompletesThem()
    {
        MemoryFileSystem files = new();
        StoreOptions options = SmallStore.Options("/store");
        MessageStore store = await SmallStore.StartAsync(options, files, new FakeTimeProvider(), hasThreads: false);
        files.Fault = (_, path) => path.Contains("/consumequeue/", StringComparison.Ordinal) || path.Contains("/index/", StringComparison.Ordinal) ? StoreIOException.NoSpace : null;
        int accepted = 0;
        while (accepted < 300 && store.TryAppend("T", 0, [1], out _, $"UNIQ_KEY\u0001u{accepted}") == AppendStatus.Ok)
        {
            accepted++;
            store.Writer.WritePending();
        }

        await store.DisposeAsync();

        files.Fault = null;
        files.FileExists("/store/abort").Should().BeTrue();
        await using MessageStore again = await SmallStore.StartAsync(options, files.AfterKill(), new FakeTimeProvider(), hasThreads: false);
        (await again.ReadAllAsync("T", 0)).Should().HaveCount(accepted);
    }

    [Fact]
    public async Task Run_ObserverThrows_MessagesAreReadableAndTheStoreGoesOn()
    {
        await using MessageStore store = await SmallStore.StartAsync(SmallStore.Options("/store"), new MemoryFileSystem(), new FakeTimeProvider(), hasThreads: false);
        store.ArrivedObserver = new FaultyObserver();

        store.Append("T", 0, "one");
        store.Writer.WritePending();
        store.Append("T", 0, "two");
        store.Writer.WritePending();

        store.Flags.Should().Be(StoreFlags.None);
        (await store.ReadAllAsync("T", 0)).Should().Equal("one", "two");
    }

    [Fact]
    public async Task Run_SomethingUnexpectedIsThrown_StoreFailsOnceAndCallersDoNot()
    {
        MemoryFileSystem files = new();
        await using MessageStore store = await SmallStore.StartAsync(SmallStore.Options("/store"), files, new NowhereTime(), hasThreads: false);

        store.Append("T", 0, "one", "UNIQ_KEY\u0001u");
        Action write = () => store.Writer.WritePending();

        write.Should().NotThrow();
        write.Should().NotThrow();
        store.Flags.Should().Be(StoreFlags.LogicQueueError);
        store.TryAppend("T", 0, [1], out _).Should().Be(AppendStatus.ServiceNotAvailable);
    }

    private static async Task CheckAsync(MessageStore store, int accepted)
    {
        int read = 0;
        for (int queue = 0; queue < 3; queue++)
        {
            read += (await store.ReadAllAsync("T", queue)).Count;
        }

        read.Should().Be(accepted + 1);
        StoreTopic topic = store.FindTopic("T"u8)!;
        for (int i = 0; i < accepted; i++)
        {
            (await store.Reader.QueryIndexAsync(topic, $"u{i}", 10, 0, long.MaxValue, CancellationToken.None)).Offsets.Should().NotBeEmpty($"message {i} is in the index");
        }
    }

    /// <summary>A clock that does not know where it is, which an index file is named after.</summary>
    private sealed class NowhereTime : TimeProvider
    {
        public override TimeZoneInfo LocalTimeZone => throw new InvalidOperationException("a fault in the code");
    }

    private sealed class ThreadsOfArrivals : IMessageArrivedObserver
    {
        public ConcurrentQueue<int> Threads { get; } = new();

        public void OnArrived(in MessageArrival message) => Threads.Enqueue(Environment.CurrentManagedThreadId);

        public void OnRoundCompleted()
        {
        }
    }

    private sealed class FaultyObserver : IMessageArrivedObserver
    {
        public void OnArrived(in MessageArrival message) => throw new InvalidOperationException("a fault of who waits");

        public void OnRoundCompleted() => throw new InvalidOperationException("a fault of who waits");
    }
}
