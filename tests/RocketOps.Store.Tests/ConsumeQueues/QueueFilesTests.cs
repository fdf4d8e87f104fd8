using RocketOps.Store.Contracts;
using RocketOps.Store.Files;
using RocketOps.Store.Tests.Support;
using RocketOps.Testing.Time;

namespace RocketOps.Store.Tests.ConsumeQueues;

/// <summary>Descriptors of consume queues: bounded, closed in the right order, never too early.</summary>
public sealed class QueueFilesTests
{
    private const int Limit = 16;

    [Fact]
    public async Task ManyQueues_WrittenAndRead_KeepNoMoreFilesOpenThanAllowed()
    {
        MemoryFileSystem files = new();
        MessageStore store = await StartAsync(files);
        for (int queue = 0; queue < 200; queue++)
        {
            store.Append("T", queue, $"first of {queue}");
        }

        store.Writer.WritePending();
        store.Maintenance.Pass();
        OpenQueues(files).Should().HaveCountLessThanOrEqualTo(Limit, "files beyond the limit are made durable and closed");

        for (int queue = 0; queue < 200; queue++)
        {
            store.Append("T", queue, $"second of {queue}");
        }

        store.Writer.WritePending();
        store.Maintenance.MakeDurable();
        for (int queue = 0; queue < 200; queue++)
        {
            (await store.ReadAllAsync("T", queue)).Should().Equal($"first of {queue}", $"second of {queue}");
        }

        OpenQueues(files).Should().HaveCountLessThanOrEqualTo(Limit);
        await store.DisposeAsync();
        files.OpenPaths.Should().BeEmpty("a stopped store holds nothing open");
    }

    [Fact]
    public async Task Trim_ReadOneAfterTheOther_ClosesTheLeastRecentlyUsed()
    {
        MemoryFileSystem files = new();
        await using MessageStore store = await StartAsync(files);
        WriteQueuesAndRelease(store, queues: Limit + 1);
        for (int queue = 0; queue < Limit; queue++)
        {
            (await store.ReadAllAsync("T", queue)).Should().HaveCount(1);
        }

        List<string> before = OpenQueues(files);
        (await store.ReadAllAsync("T", 0)).Should().HaveCount(1);
        (await store.ReadAllAsync("T", Limit)).Should().HaveCount(1);

        before.Should().HaveCount(Limit - 2, "the sixteenth closed an eighth");
        OpenQueues(files).Should().Contain("0", "it was used again").And.Contain($"{Limit}").And.NotContain("2", "the first two were closed before");
    }

    [Fact]
    public async Task Trim_FilesWithUnflushedBytes_StayOpen()
    {
        MemoryFileSystem files = new();
        await using MessageStore store = await StartAsync(files);
        WriteQueuesAndRelease(store, queues: 40);
        for (int queue = 0; queue < 10; queue++)
        {
            store.Append("T", queue, "new");
        }

        store.Writer.WritePending();
        store.Maintenance.Pass();
        for (int queue = 0; queue < 40; queue++)
        {
            await store.ReadAllAsync("T", queue);
        }

        OpenQueues(files).Should().Contain(Enumerable.Range(0, 10).Select(queue => $"{queue}"));
        OpenQueues(files).Should().HaveCountLessThanOrEqualTo(Limit);
        List<string> flushed = [];
        files.Fault = (operation, path) =>
        {
            if (operation == "fdatasync" && path.Contains("consumequeue", StringComparison.Ordinal))
            {
                flushed.Add(QueueId(path));
            }

            return null;
        };
        store.Maintenance.MakeDurable();
        flushed.Should().BeEquivalentTo(Enumerable.Range(0, 10).Select(queue => $"{queue}"));
    }

    [Fact]
    public async Task Trim_AllOthersHaveUnflushedBytes_DoesNotCloseWhatWasJustOpened()
    {
        MemoryFileSystem files = new();
        MessageStore store = await StartAsync(files);
        WriteQueuesAndRelease(store, queues: 1);
        for (int queue = 1; queue <= Limit + 4; queue++)
        {
            // More than a queue keeps in memory at first: recovery writes it, and flushes nothing.
            for (int i = 0; i < 20; i++)
            {
                store.Append("T", queue, "m");
            }
        }

        store.Writer.WritePending();
        files = files.AfterKill();
        await using MessageStore again = await StartAsync(files);
        store = again;
        OpenQueues(files).Should().HaveCount(Limit + 4);
        int before = files.Opens;

        (await store.ReadAllAsync("T", 0)).Should().Equal("old");

        files.Opens.Should().Be(before + 1);
        store.Maintenance.Pass();
        OpenQueues(files).Should().HaveCountLessThanOrEqualTo(Limit, "the next pass makes them durable and closes some");
    }

    [Fact]
    public async Task Flush_WhileTheQueueMovesOnToFurtherFiles_ClosesNoneTooEarly()
    {
        MemoryFileSystem files = new();
        MessageStore store = await StartAsync(files);
        Append(store, 80);
        bool isFlushing = false;
        files.Fault = (operation, path) =>
        {
            if (operation == "fdatasync" && path.Contains("consumequeue", StringComparison.Ordinal) && !isFlushing)
            {
                // Two files wait to be made durable; meanwhile the second gets full, and so does the one after it.
                isFlushing = true;
                Append(store, 300);
            }

            return null;
        };

        store.Maintenance.MakeDurable();
        isFlushing.Should().BeTrue();
        store.Maintenance.MakeDurable();

        store.Flags.Should().Be(StoreFlags.None);
        (await store.ReadAllAsync("T", 0)).Should().HaveCount(380);
        OpenQueues(files).Should().HaveCountLessThanOrEqualTo(2);
        await store.DisposeAsync();
        files.OpenPaths.Should().BeEmpty();
    }

    [Fact]
    public async Task DeleteTopic_WhileItsQueueIsFlushed_LeavesNothingOpen()
    {
        MemoryFileSystem files = new();
        MessageStore store = await StartAsync(files);
        Append(store, 80);
        Task? deletion = null;
        files.Fault = (operation, path) =>
        {
            if (operation == "fdatasync" && path.Contains("consumequeue", StringComparison.Ordinal) && deletion is null)
            {
                deletion = store.DeleteTopicAsync(store.FindTopic("T"u8)!, CancellationToken.None).AsTask();
            }

            return null;
        };

        store.Maintenance.MakeDurable();
        await deletion!;

        store.Flags.Should().Be(StoreFlags.None);
        OpenQueues(files).Should().BeEmpty();
        await store.DisposeAsync();
    }

    [Fact]
    public async Task MakeDurable_ManyNewQueues_FlushesEachDirectoryOnce()
    {
        MemoryFileSystem files = new();
        await using MessageStore store = await StartAsync(files);
        for (int queue = 0; queue < 100; queue++)
        {
            store.Append($"T{queue % 2}", queue, "m");
        }

        store.Writer.WritePending();
        List<string> flushed = [];
        files.Fault = (operation, path) =>
        {
            if (operation == "fsync directory" && path.Contains("consumequeue", StringComparison.Ordinal))
            {
                flushed.Add(path);
            }

            return null;
        };

        store.Maintenance.MakeDurable();

        flushed.Should().OnlyHaveUniqueItems().And.HaveCount(100 + 2 + 1);
        flushed.Clear();
        store.Maintenance.MakeDurable();
        flushed.Should().BeEmpty();
    }

    [Fact]
    public async Task RetentionRun_QueuesNobodyHasUsed_AreNotOpened()
    {
        FakeTimeProvider time = new();
        MemoryFileSystem files = new();
        await using (MessageStore store = await StartAsync(files))
        {
            for (int round = 0; round < 20; round++)
            {
                for (int queue = 0; queue < 40; queue++)
                {
                    store.Append("T", queue, new string('x', 100));
                }
            }

            store.Writer.WritePending();
        }

        await using MessageStore again = await SmallStore.StartAsync(Options(time), files, time, hasThreads: false);
        foreach (string path in files.Paths.Where(static path => path.Contains("/commitlog/", StringComparison.Ordinal)))
        {
            // They expire while it runs: at a start they would count as restored.
            files.SetLastWriteTime(path, DateTimeOffset.UnixEpoch);
        }

        int before = files.Opens;
        again.Retention.Run();

        again.GetStats().MinOffset.Value.Should().BePositive("log files have gone");
        files.Opens.Should().Be(before);
        (await again.Reader.MinOffsetAsync(again.FindTopic("T"u8)!, 7)).Should().BePositive("a queue that is used looks then where it begins");
    }

    [Fact]
    public async Task RetentionRun_OneQueueCannotBeRead_ExpiresTheOthers()
    {
        FakeTimeProvider time = new();
        MemoryFileSystem files = new();
        await using MessageStore store = await SmallStore.StartAsync(Options(time), files, time, hasThreads: false);
        for (int i = 0; i < 120; i++)
        {
            store.Append("A", 0, new string('x', 1000));
            store.Append("B", 0, new string('x', 1000));
        }

        store.Writer.WritePending();
        store.Maintenance.MakeDurable();
        files.Fault = (operation, path) => operation == "unlink" && path.Contains("/A/", StringComparison.Ordinal) ? StoreIOException.InputOutput : null;

        store.Retention.Run();

        files.Paths.Should().Contain("/store/consumequeue/A/0/00000000000000000000").And.NotContain("/store/consumequeue/B/0/00000000000000000000");
        store.Flags.Should().Be(StoreFlags.None, "nothing is lost by a file that stays");
    }

    private static StoreOptions Options(FakeTimeProvider time) => new()
    {
        RootDirectory = "/store",
        CommitLogFileBytes = 64 * 1024,
        ConsumeQueueFileBytes = 20 * 50,
        IndexEnabled = false,
        MaxMessageBytes = 16 * 1024,
        Tuning = StoreTunings.Patient with { DiskWarningRatio = 100, DeleteHours = [time.GetLocalNow().Hour] },
    };

    private static Task<MessageStore> StartAsync(MemoryFileSystem files) =>
        SmallStore.StartAsync(SmallStore.Options("/store", maxOpenQueueFiles: Limit), files, new FakeTimeProvider(), hasThreads: false);

    private static void Append(MessageStore store, int count)
    {
        for (int i = 0; i < count; i++)
        {
            store.Append("T", 0, "m");
        }

        store.Writer.WritePending();
    }

    /// <summary>One durable message in each queue, and none of them in memory or open.</summary>
    private static void WriteQueuesAndRelease(MessageStore store, int queues)
    {
        for (int queue = 0; queue < queues; queue++)
        {
            store.Append("T", queue, "old");
        }

        store.Writer.WritePending();
        store.Maintenance.MakeDurable();
        for (int pass = 0; pass < 12; pass++)
        {
            store.Maintenance.Pass();
        }

        store.OpenQueueFiles.Count.Should().Be(0, "idle queues were released");
    }

    private static List<string> OpenQueues(MemoryFileSystem files) =>
        [.. files.OpenPaths.Where(path => path.Contains("consumequeue", StringComparison.Ordinal)).Select(QueueId)];

    private static string QueueId(string path) => Path.GetFileName(Path.GetDirectoryName(path)!);
}
