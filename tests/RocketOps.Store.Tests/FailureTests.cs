using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Contracts;
using RocketOps.Store.Files;
using RocketOps.Store.Reading;
using RocketOps.Store.Tests.Support;
using RocketOps.Testing.Time;

namespace RocketOps.Store.Tests;

/// <summary>Failing disks: nothing is acknowledged that was not stored, a failed write or flush is never repeated, reading goes on.</summary>
public sealed class FailureTests
{
    [Fact]
    public async Task WritePending_WriteFails_StaysBehindAndTheStoreIsReadOnly()
    {
        MemoryFileSystem files = new();
        await using MessageStore store = await SmallStore.StartAsync(SmallStore.Options("/store"), files, new FakeTimeProvider(), hasThreads: false);
        store.Append("T", 0, "good");
        PhysicalOffset written = store.Writer.WritePending();
        files.Fault = (operation, path) => operation == "write" && path.Contains("commitlog", StringComparison.Ordinal) ? StoreIOException.InputOutput : null;

        AppendResult result = store.Append("T", 0, "lost");
        PhysicalOffset after = store.Writer.WritePending();
        files.Fault = null;

        after.Should().Be(written).And.BeLessThan(result.End);
        store.Flags.Should().Be(StoreFlags.NotWriteable);
        store.TryAppend("T", 0, [1], out _).Should().Be(AppendStatus.ServiceNotAvailable);
        store.Writer.WritePending().Should().Be(written, "a failed write is not repeated");
        (await store.ReadAllAsync("T", 0)).Should().Equal("good");
        await store.DisposeAsync();
        files.FileExists("/store/abort").Should().BeTrue("the next start has to recover");
    }

    [Fact]
    public async Task Flush_Fails_WaitersAreToldAndItIsNotTriedAgain()
    {
        MemoryFileSystem files = new();
        await using MessageStore store = await SmallStore.StartAsync(SmallStore.Options("/store", FlushDiskType.SyncFlush), files, new FakeTimeProvider(), hasThreads: false);
        int flushes = 0;
        AppendResult result = store.Append("T", 0, "m");
        files.Fault = (operation, path) =>
        {
            if (operation != "fdatasync" || !path.Contains("commitlog", StringComparison.Ordinal))
            {
                return null;
            }

            // As Linux does: the first call reports the error, a second would report success although the pages are gone.
            return ++flushes == 1 ? StoreIOException.InputOutput : null;
        };
        RecordingWaiter waiter = new();
        RecordingWaiter late = new();

        store.Writer.WritePending();
        store.Positions.When(LogPosition.Durable, result.Mark, waiter);
        store.Flusher.Pass(everything: false);
        store.Flusher.Pass(everything: true);
        store.Positions.When(LogPosition.Durable, result.Mark, late);

        waiter.Outcomes.Should().Equal(WaitOutcome.Failed);
        late.Outcomes.Should().Equal(WaitOutcome.Failed);
        flushes.Should().Be(1);
        store.Positions.IsReached(LogPosition.Durable, result.Mark).Should().BeFalse();
        store.TryAppend("T", 0, [1], out _).Should().Be(AppendStatus.ServiceNotAvailable);
        (await store.ReadAllAsync("T", 0)).Should().BeEmpty("nobody sees what is not durable");
    }

    [Fact]
    public async Task Append_NoSpaceForTheNextFile_IsRefusedUntilThereIs()
    {
        MemoryFileSystem files = new();
        await using MessageStore store = await SmallStore.StartAsync(SmallStore.Options("/store"), files, new FakeTimeProvider(), hasThreads: false);
        store.Append("T", 0, "first");
        files.Fault = (operation, _) => operation == "fallocate" ? StoreIOException.NoSpace : null;
        int accepted = 1;
        AppendStatus status;
        while ((status = store.TryAppend("T", 0, new byte[1000], out _)) == AppendStatus.Ok)
        {
            accepted++;
        }

        store.Writer.WritePending().Should().Be(store.GetStats().MaxOffset, "what was accepted has a place");
        status.Should().Be(AppendStatus.DiskFull);
        store.Flags.Should().Be(StoreFlags.DiskFull);
        files.Paths.Count(path => path.Contains("commitlog", StringComparison.Ordinal)).Should().Be(1, "no file of a wrong length stays behind");

        files.Fault = null;
        store.Retention.CheckDisk();
        store.TryAppend("T", 0, [1], out AppendResult result).Should().Be(AppendStatus.Ok);
        store.Writer.WritePending();

        result.QueueOffset.Should().Be(accepted);
        (await store.Reader.MaxOffsetAsync(store.GetOrAddTopic("T"u8), 0)).Should().Be(accepted + 1);
    }

    [Fact]
    public async Task CheckDisk_AboveTheWarningLevel_RefusesMessages()
    {
        MemoryFileSystem files = new();
        StoreOptions options = new() { RootDirectory = "/store", CommitLogFileBytes = 65536, Tuning = StoreTunings.Patient with { DiskWarningRatio = 90, DeleteHours = [] } };
        await using MessageStore store = await SmallStore.StartAsync(options, files, new FakeTimeProvider(), hasThreads: false);

        files.Space = new DiskSpace(1000L << 20, 95L << 20, 95L << 20);
        store.Retention.CheckDisk();
        AppendStatus full = store.TryAppend("T", 0, [1], out _);
        files.Space = new DiskSpace(1000L << 20, 200L << 20, 200L << 20);
        store.Retention.CheckDisk();

        full.Should().Be(AppendStatus.DiskFull);
        store.TryAppend("T", 0, [1], out _).Should().Be(AppendStatus.Ok);
    }

    [Fact]
    public async Task MaintenancePass_QueueCannotBeWritten_StopsTheStoreAndRecoveryRepairs()
    {
        MemoryFileSystem files = new();
        StoreOptions options = SmallStore.Options("/store");
        MessageStore store = await SmallStore.StartAsync(options, files, new FakeTimeProvider(), hasThreads: false);
        files.Fault = (operation, path) => operation == "write" && path.Contains("consumequeue", StringComparison.Ordinal) ? StoreIOException.InputOutput : null;

        store.Append("T", 0, "in the log");
        store.Writer.WritePending();
        store.Maintenance.Pass();
        files.Fault = null;

        store.Flags.Should().Be(StoreFlags.LogicQueueError);
        store.TryAppend("T", 0, [1], out _).Should().Be(AppendStatus.ServiceNotAvailable);
        await store.DisposeAsync();
        await using MessageStore again = await SmallStore.StartAsync(options, files.AfterKill(), new FakeTimeProvider(), hasThreads: false);
        (await again.ReadAllAsync("T", 0)).Should().Equal("in the log");
    }

    [Fact]
    public async Task RetentionRun_ExpiredFiles_GoWithWhatPointsToThem()
    {
        MemoryFileSystem files = new();
        FakeTimeProvider time = new();
        StoreOptions options = new()
        {
            RootDirectory = "/store",
            CommitLogFileBytes = 4096,
            ConsumeQueueFileBytes = 200,
            IndexSlots = 10,
            IndexEntries = 20,
            MaxMessageBytes = 1024,
            Tuning = StoreTunings.Patient with { DeleteHours = [time.GetLocalNow().Hour], DiskWarningRatio = 100 },
        };
        await using MessageStore store = await SmallStore.StartAsync(options, files, time, hasThreads: false);
        for (int i = 0; i < 100; i++)
        {
            store.Append("T", 0, new string('x', 400), $"UNIQ_KEY\u0001u{i}");
        }

        store.Writer.WritePending();
        store.Maintenance.MakeDurable();
        StoreStats before = store.GetStats();

        store.Retention.Run();

        StoreStats after = store.GetStats();
        before.MinOffset.Value.Should().Be(0);
        after.MinOffset.Value.Should().Be(10 * 4096, "at most ten files go at a time");
        StoreTopic topic = store.GetOrAddTopic("T"u8);
        long min = await store.Reader.MinOffsetAsync(topic, 0);
        min.Should().BePositive();
        GetResult result = new();
        (await store.Reader.GetMessagesAsync(topic, 0, min, new GetLimits(1), null, result, CancellationToken.None)).Should().Be(GetStatus.Found);
        result.Messages[0].Offset.Should().BeGreaterThanOrEqualTo(after.MinOffset);
        (await store.Reader.GetMessagesAsync(topic, 0, 0, new GetLimits(1), null, result, CancellationToken.None)).Should().Be(GetStatus.OffsetTooSmall);
        (await store.ReadAllAsync("T", 0, min)).Should().HaveCount(100 - (int)min);
        files.Paths.Should().NotContain("/store/consumequeue/T/0/00000000000000000000");

        // Whatever the age: the file in use stays.
        for (int run = 0; run < 10; run++)
        {
            store.Retention.Run();
        }

        store.GetStats().MinOffset.Should().BeLessThan(store.GetStats().MaxOffset);
        store.Append("T", 0, "still works").QueueOffset.Should().Be(100);
    }

    [Fact]
    public async Task RemoveExpiredFiles_OutsideOfTheHours_RemovesThemAllTheSame()
    {
        await using MessageStore store = await SmallStore.StartAsync(ExpiringOptions(), new MemoryFileSystem(), new FakeTimeProvider(), hasThreads: false);
        Fill(store);
        store.Retention.Run();
        store.GetStats().MinOffset.Value.Should().Be(0, "it is not the hour");

        store.RemoveExpiredFiles();
        store.Retention.Run();

        store.GetStats().MinOffset.Value.Should().BePositive();
    }

    [Fact]
    public async Task RemoveExpiredPointersAsync_LogFilesAreGone_RemovesWhatPointedThereAndCountsOn()
    {
        MemoryFileSystem files = new();
        await using (MessageStore store = await SmallStore.StartAsync(ExpiringOptions(), files, new FakeTimeProvider(), hasThreads: false))
        {
            Fill(store);
        }

        foreach (FileEntry entry in files.List("/store/commitlog").OrderBy(static entry => entry.Name, StringComparer.Ordinal).Take(5))
        {
            files.DeleteFile($"/store/commitlog/{entry.Name}");
        }

        await using MessageStore again = await SmallStore.StartAsync(ExpiringOptions(), files, new FakeTimeProvider(), hasThreads: false);
        files.Paths.Should().Contain("/store/consumequeue/T/0/00000000000000000000");

        await again.RemoveExpiredPointersAsync(CancellationToken.None);

        files.Paths.Should().NotContain("/store/consumequeue/T/0/00000000000000000000");
        again.Append("T", 0, "goes on").QueueOffset.Should().Be(100);
    }

    private static StoreOptions ExpiringOptions() => new()
    {
        RootDirectory = "/store",
        CommitLogFileBytes = 4096,
        ConsumeQueueFileBytes = 200,
        IndexSlots = 10,
        IndexEntries = 20,
        MaxMessageBytes = 1024,
        Tuning = StoreTunings.Patient with { DeleteHours = [], DiskWarningRatio = 100, DiskMaxUsedRatio = 100 },
    };

    private static void Fill(MessageStore store)
    {
        for (int i = 0; i < 100; i++)
        {
            store.Append("T", 0, new string('x', 400), $"UNIQ_KEY\u0001u{i}");
        }

        store.Writer.WritePending();
        store.Flusher.Pass(everything: true);
        store.Maintenance.MakeDurable();
    }
}
