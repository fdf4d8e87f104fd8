using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Contracts;
using RocketOps.Store.Files;
using RocketOps.Store.Tests.Support;
using RocketOps.Testing.Time;
using RocketOps.Testing;

namespace RocketOps.Store.Tests;

/// <summary>What dispatch leaves to others because it runs on connections' loops: files of queues and index, and how long it may leave it.</summary>
public sealed class BackgroundWorkTests
{
    [Fact]
    public async Task Dispatch_MoreThanAQueueKeptInMemory_TouchesNoFileUntilThePass()
    {
        MemoryFileSystem files = new();
        await using MessageStore store = await SmallStore.StartAsync(SmallStore.Options("/store"), files, new FakeTimeProvider(), hasThreads: false);
        files.Fault = (operation, path) => IsPointerFile(path) ? throw new InvalidOperationException($"{operation} {path} by dispatch") : null;
        files.ReadFault = files.Fault;

        for (int i = 0; i < 6000; i++)
        {
            store.Append("T", 0, "x", $"KEYS\u0001k{i % 50}");
            store.Writer.WritePending();
        }

        store.Flags.Should().Be(StoreFlags.None);
        (await store.ReadAllAsync("T", 0)).Should().HaveCount(6000, "all of it is in memory");
        files.Fault = null;
        files.ReadFault = null;
        store.Maintenance.Pass();
        (await store.ReadAllAsync("T", 0)).Should().HaveCount(6000);
        (await store.Reader.QueryIndexAsync(store.FindTopic("T"u8)!, "k7", 1000, 0, long.MaxValue, CancellationToken.None)).Offsets.Should().HaveCount(120);
        files.Paths.Count(path => path.Contains("/consumequeue/T/0/", StringComparison.Ordinal)).Should().Be(6000 / 50);
    }

    [Fact]
    public async Task Dispatch_IndexFileFromBeforeTheStart_ReadsNoSlotsUntilThePass()
    {
        MemoryFileSystem files = new();
        StoreOptions options = new() { RootDirectory = "/store", CommitLogFileBytes = 64 * 1024, ConsumeQueueFileBytes = 1000, IndexSlots = 5000, IndexEntries = 20_000, MaxMessageBytes = 16 * 1024, TailBytes = 256 * 1024, Tuning = StoreTunings.Patient with { DiskWarningRatio = 100, DeleteHours = [] } };
        await using (MessageStore before = await SmallStore.StartAsync(options, files, new FakeTimeProvider(), hasThreads: false))
        {
            AppendWithKeys(before, 300);
        }

        await using MessageStore store = await SmallStore.StartAsync(options, files, new FakeTimeProvider(), hasThreads: false);
        files.ReadFault = (operation, path) => operation == "read" && path.Contains("/index/", StringComparison.Ordinal) ? StoreIOException.InputOutput : null;
        AppendWithKeys(store, 300);
        store.Flags.Should().Be(StoreFlags.None);
        files.ReadFault = null;

        StoreTopic topic = store.FindTopic("T"u8)!;
        (await store.Reader.QueryIndexAsync(topic, "k5", 1000, 0, long.MaxValue, CancellationToken.None)).Offsets.Should().HaveCount(12, "keys from before and after the start are one chain");
        store.Maintenance.MakeDurable();
        (await store.Reader.QueryIndexAsync(topic, "k5", 1000, 0, long.MaxValue, CancellationToken.None)).Offsets.Should().HaveCount(12);
    }

    [Fact]
    public async Task Dispatch_MaintenanceHangs_WaitsAfterSomeMegabytesAndGoesOnBehindIt()
    {
        MemoryFileSystem files = new();
        using ManualResetEventSlim disk = new();
        StoreOptions options = new() { RootDirectory = "/store", CommitLogFileBytes = 64 * 1024, ConsumeQueueFileBytes = 1000, IndexSlots = 50, IndexEntries = 100, MaxMessageBytes = 16 * 1024, TailBytes = 256 * 1024, RecoveryPaceBytes = 32 * 1024, Tuning = StoreTunings.Patient with { DiskWarningRatio = 100, DeleteHours = [] } };
        await using MessageStore store = await SmallStore.StartAsync(options, files);
        files.ReadFault = (operation, path) =>
        {
            if (operation == "open" && path.Contains("/consumequeue/", StringComparison.Ordinal))
            {
                disk.Wait();
            }

            return null;
        };

        const int Messages = 1000;
        for (int i = 0; i < Messages; i++)
        {
            store.Append("T", 0, new string('x', 400));
            store.Writer.WritePending();
        }

        StoreStats stats = store.GetStats();
        await Eventually.TrueAsync(() => store.Writer.Written == stats.MaxOffset, "appending does not wait");
        stats = store.GetStats();
        stats.DispatchedOffset.Value.Should().BeLessThan(stats.WrittenOffset.Value - (64 * 1024), "what only memory holds is bounded");
        disk.Set();

        await Eventually.TrueAsync(() => store.Reader.TryGetOffsets(store.FindTopic("T"u8)!, 0, out QueueOffsets offsets) && offsets.Max == Messages, "dispatch has gone on by itself");
        store.Flags.Should().Be(StoreFlags.None);
    }

    [Fact]
    public async Task QueryIndex_DiskHangs_DispatchAndColdReadsGoOn()
    {
        MemoryFileSystem files = new();
        using ManualResetEventSlim disk = new();
        await using MessageStore store = await SmallStore.StartAsync(SmallStore.Options("/store"), files);
        AppendWithKeys(store, 300);
        store.Maintenance.MakeDurable();
        StoreTopic topic = store.FindTopic("T"u8)!;
        TaskCompletionSource reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
        files.ReadFault = (operation, path) =>
        {
            if (operation == "read" && path.Contains("/index/", StringComparison.Ordinal))
            {
                reached.TrySetResult();
                disk.Wait();
            }

            return null;
        };

        Task<IndexQueryResult>[] queries = [.. Enumerable.Range(0, 4).Select(_ => store.Reader.QueryIndexAsync(topic, "k5", 100, 0, long.MaxValue, CancellationToken.None).AsTask())];
        await reached.Task;
        AppendWithKeys(store, 300);
        await Eventually.TrueAsync(() => store.Reader.TryGetOffsets(topic, 0, out QueueOffsets offsets) && offsets.Max == 600, "messages become readable beside the query");
        (await store.Reader.LookMessageAsync(new PhysicalOffset(0), CancellationToken.None)).Should().NotBeNull("queries have a thread of their own");
        queries.Should().OnlyContain(query => !query.IsCompleted);
        disk.Set();

        foreach (Task<IndexQueryResult> query in queries)
        {
            (await query).Offsets.Count.Should().BeGreaterThanOrEqualTo(6);
        }
    }

    [Fact]
    public async Task QueryIndex_KeyOfManyMessages_EndsAfterTheConfiguredStepsAndWhenCancelled()
    {
        MemoryFileSystem files = new();
        StoreOptions options = new() { RootDirectory = "/store", CommitLogFileBytes = 64 * 1024, ConsumeQueueFileBytes = 1000, IndexSlots = 50, IndexEntries = 5000, MaxMessageBytes = 16 * 1024, TailBytes = 256 * 1024, IndexQuerySteps = 100, Tuning = StoreTunings.Patient with { DiskWarningRatio = 100, DeleteHours = [] } };
        await using MessageStore store = await SmallStore.StartAsync(options, files, new FakeTimeProvider(), hasThreads: false);
        for (int i = 0; i < 500; i++)
        {
            store.Append("T", 0, "x", "KEYS\u0001hot");
        }

        store.Writer.WritePending();
        store.Maintenance.MakeDurable();
        StoreTopic topic = store.FindTopic("T"u8)!;

        (await store.Reader.QueryIndexAsync(topic, "hot", 1000, 0, long.MaxValue, CancellationToken.None)).Offsets.Should().HaveCount(100);
        using CancellationTokenSource cancelled = new();
        int reads = 0;
        files.ReadFault = (operation, path) =>
        {
            if (operation == "read" && path.Contains("/index/", StringComparison.Ordinal) && ++reads == 10)
            {
                cancelled.Cancel();
            }

            return null;
        };
        Func<Task> query = async () => await store.Reader.QueryIndexAsync(topic, "hot", 1000, 0, long.MaxValue, cancelled.Token);

        await query.Should().ThrowAsync<OperationCanceledException>();
        reads.Should().Be(10, "it ends at once");
    }

    [Fact]
    public async Task QueryIndex_ManyKeysInMemory_CopiesThoseOfItsChainAlone()
    {
        const int Keys = 20_000;
        StoreOptions options = new() { RootDirectory = "/store", CommitLogFileBytes = 16 * 1024 * 1024, ConsumeQueueFileBytes = 20 * 50_000, IndexSlots = 5000, IndexEntries = 50_000, MaxMessageBytes = 16 * 1024, TailBytes = 4 * 1024 * 1024, Tuning = StoreTunings.Patient with { DiskWarningRatio = 100, DeleteHours = [] } };
        await using MessageStore store = await SmallStore.StartAsync(options, new MemoryFileSystem(), new FakeTimeProvider(), hasThreads: false);
        for (int i = 0; i < Keys; i++)
        {
            store.Append("T", 0, "x", $"KEYS\u0001k{i}");
            if (i % 1000 == 999)
            {
                store.Writer.WritePending();
            }
        }

        StoreTopic topic = store.FindTopic("T"u8)!;
        (await store.Reader.QueryIndexAsync(topic, "k7", 10, 0, long.MaxValue, CancellationToken.None)).Offsets.Should().HaveCount(1);
        long before = GC.GetAllocatedBytesForCurrentThread();
        IndexQueryResult found = await store.Reader.QueryIndexAsync(topic, $"k{Keys / 2}", 10, 0, long.MaxValue, CancellationToken.None);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        found.Offsets.Should().HaveCount(1);
        allocated.Should().BeLessThan(Keys, "a byte for each key in memory would be more");
        store.Maintenance.Pass();
        (await store.Reader.QueryIndexAsync(topic, $"k{Keys / 2}", 10, 0, long.MaxValue, CancellationToken.None)).Offsets.Should().Equal(found.Offsets);
    }

    [Fact]
    public async Task MakeDurable_ManySlotsChanged_WritesNeighboursTogether()
    {
        MemoryFileSystem files = new();
        StoreOptions options = new() { RootDirectory = "/store", CommitLogFileBytes = 1024 * 1024, ConsumeQueueFileBytes = 1000, IndexSlots = 64 * 1024, IndexEntries = 100_000, MaxMessageBytes = 16 * 1024, TailBytes = 1024 * 1024, Tuning = StoreTunings.Patient with { DiskWarningRatio = 100, DeleteHours = [] } };
        await using MessageStore store = await SmallStore.StartAsync(options, files, new FakeTimeProvider(), hasThreads: false);
        for (int i = 0; i < 2000; i++)
        {
            store.Append("T", i % 2, "x", $"KEYS\u0001key{i * 7919}");
        }

        store.Writer.WritePending();
        int writes = 0;
        files.Fault = (operation, path) =>
        {
            writes += operation == "write" && path.Contains("/index/", StringComparison.Ordinal) ? 1 : 0;
            return null;
        };

        store.Maintenance.MakeDurable();

        writes.Should().BeLessThan(20, "64 pages of slots are one run, not a write each");
    }

    [Fact]
    public async Task DeleteTopicAsync_ManyAtOnce_ShareAPass()
    {
        MemoryFileSystem files = new();
        using ManualResetEventSlim disk = new();
        StoreOptions options = new() { RootDirectory = "/store", CommitLogFileBytes = 64 * 1024, ConsumeQueueFileBytes = 1000, IndexSlots = 50, IndexEntries = 100, MaxMessageBytes = 16 * 1024, TailBytes = 256 * 1024, ConsumeQueueFlushIntervalMs = 3_600_000, Tuning = StoreTunings.Patient with { DiskWarningRatio = 100, DeleteHours = [] } };
        await using MessageStore store = await SmallStore.StartAsync(options, files);
        for (int i = 0; i < 20; i++)
        {
            store.Append($"Gone{i}", 0, "x");
        }

        store.Writer.WritePending();
        store.Maintenance.MakeDurable();
        store.Append("Other", 0, "makes a pass open a file");
        store.Writer.WritePending();
        int passes = 0;
        TaskCompletionSource reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
        files.Fault = (operation, path) =>
        {
            passes += operation == "fdatasync" && path.EndsWith("checkpoint", StringComparison.Ordinal) ? 1 : 0;
            return null;
        };
        files.ReadFault = (operation, path) =>
        {
            if (operation == "open" && path.Contains("/consumequeue/Other", StringComparison.Ordinal))
            {
                reached.TrySetResult();
                disk.Wait();
            }

            return null;
        };

        Task first = store.DeleteTopicAsync(store.FindTopic("Gone0"u8)!, CancellationToken.None).AsTask();
        await reached.Task;
        Task[] others = [.. Enumerable.Range(1, 19).Select(i => store.DeleteTopicAsync(store.GetOrAddTopic(System.Text.Encoding.UTF8.GetBytes($"Gone{i}")), CancellationToken.None).AsTask())];
        disk.Set();
        await Task.WhenAll([first, .. others]);

        passes.Should().Be(2, "those who came during the first pass share the second");
        files.Paths.Should().NotContain(path => path.Contains("/Gone", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Threads_NothingToDo_SleepUntilTheNextWrite()
    {
        MemoryFileSystem files = new();
        StoreOptions options = new() { RootDirectory = "/store", CommitLogFileBytes = 64 * 1024, ConsumeQueueFileBytes = 1000, IndexSlots = 50, IndexEntries = 100, MaxMessageBytes = 16 * 1024, TailBytes = 256 * 1024, Tuning = StoreTunings.Patient with { FlushIntervalMs = 1, DiskWarningRatio = 100, DeleteHours = [] }, FlushThoroughIntervalMs = 1, ConsumeQueueFlushIntervalMs = 1, CleanIntervalMs = 3_600_000 };
        await using MessageStore store = await SmallStore.StartAsync(options, files);

        for (int i = 0; i < 3; i++)
        {
            await Eventually.TrueAsync(() => store.Flusher.IsAsleep && store.Maintenance.IsAsleep, "an idle store looks at nothing");
            store.Append("T", i, "x");
            store.Writer.WritePending();

            await Eventually.TrueAsync(() => store.GetStats() is { } stats && stats.DurableOffset == stats.MaxOffset, "the message becomes durable");
            string queue = $"/consumequeue/T/{i}/";
            await Eventually.TrueAsync(() => files.Paths.Any(path => path.Contains(queue, StringComparison.Ordinal)), "its queue is handed to the kernel");
            store.Maintenance.MakeDurable();
        }
    }

    private static bool IsPointerFile(string path) => path.Contains("/consumequeue/", StringComparison.Ordinal) || path.Contains("/index/", StringComparison.Ordinal);

    private static void AppendWithKeys(MessageStore store, int count)
    {
        for (int i = 0; i < count; i++)
        {
            store.Append("T", 0, "x", $"KEYS\u0001k{i % 50}");
            store.Writer.WritePending();
        }
    }
}
