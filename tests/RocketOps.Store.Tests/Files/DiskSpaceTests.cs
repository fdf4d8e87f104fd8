using RocketOps.Store.Contracts;
using RocketOps.Store.Files;
using RocketOps.Store.Tests.Support;
using RocketOps.Testing.Time;
using RocketOps.Testing;

namespace RocketOps.Store.Tests.Files;

/// <summary>A store takes of its disk what it needs, step by step; where a step does not fit it refuses messages before a write can fail, and goes on when there is room.</summary>
public sealed class DiskSpaceTests
{
    private const int MiB = 1024 * 1024;
    private const int FileBytes = 4 * MiB;
    private const int BodyBytes = 100_000;
    private const int LargeBodyBytes = 400_000;

    [Fact]
    public async Task Append_FirstMessageOfAStoreWithDefaultSizes_TakesOneSmallStep()
    {
        MemoryFileSystem files = new();
        await using MessageStore store = await SmallStore.StartAsync(new StoreOptions { RootDirectory = "/store" }, files, new FakeTimeProvider(), hasThreads: false);

        store.Append("T", 0, "first");
        store.Writer.WritePending();
        store.Maintenance.MakeDurable();

        using IStoreFile log = files.Open("/store/commitlog/00000000000000000000", FileOpenMode.Read);
        log.Length.Should().Be(1024 * MiB, "RocketMQ opens no file of another length");
        files.UsedBytes.Should().BeLessThan(17 * MiB);
    }

    [Fact]
    public async Task Append_DiskSmallerThanAFile_TakesWhatFitsAndRefusesTheRest()
    {
        MemoryFileSystem files = new() { Capacity = (3 * MiB) + (64 * 1024) };
        StoreOptions options = Options();
        MessageStore store = await SmallStore.StartAsync(options, files, new FakeTimeProvider(), hasThreads: false);

        int accepted = Fill(store);

        accepted.Should().BeGreaterThan(25, "three steps of a file of four fit");
        store.Flags.Should().Be(StoreFlags.DiskFull, "no write has failed");
        store.Shortage.Should().Be(DiskShortage.NoRoomForLog);
        (await store.ReadAllAsync("T", 0)).Should().HaveCount(accepted);

        // No look at the disk alone makes room.
        store.Retention.CheckDisk();
        store.TryAppend("T", 0, new byte[BodyBytes], out _).Should().Be(AppendStatus.DiskFull);

        files.Capacity = 16 * MiB;
        store.Retention.CheckDisk();
        store.Shortage.Should().Be(DiskShortage.None);
        store.TryAppend("T", 0, new byte[BodyBytes], out AppendResult next).Should().Be(AppendStatus.Ok);
        next.QueueOffset.Should().Be(accepted);
        await store.DisposeAsync();
        await using MessageStore again = await SmallStore.StartAsync(options, files.AfterPowerCut(new Random(1)), new FakeTimeProvider(), hasThreads: false);
        (await again.ReadAllAsync("T", 0)).Should().HaveCount(accepted + 1);
    }

    [Fact]
    public async Task Start_OnAFullDisk_SaysSoBeforeAnybodySends()
    {
        MemoryFileSystem files = new() { Capacity = 256 * 1024 };

        await using MessageStore store = await SmallStore.StartAsync(Options(), files, new FakeTimeProvider(), hasThreads: false);

        store.Shortage.Should().Be(DiskShortage.NoRoomForLog);
        store.TryAppend("T", 0, [1], out _).Should().Be(AppendStatus.DiskFull);
        files.Capacity = 16 * MiB;
        store.Retention.CheckDisk();
        store.TryAppend("T", 0, [1], out _).Should().Be(AppendStatus.Ok);
    }

    [Fact]
    public async Task Start_OthersHaveFilledTheDisk_GoesOnInTheBlocksItHas()
    {
        MemoryFileSystem files = new() { Capacity = 16 * MiB };
        StoreOptions options = Options();
        MessageStore first = await SmallStore.StartAsync(options, files, new FakeTimeProvider(), hasThreads: false);
        first.Append("T", 0, "first");
        await first.DisposeAsync();
        files.TakenByOthers = 16 * MiB;

        await using MessageStore store = await SmallStore.StartAsync(options, files, new FakeTimeProvider(), hasThreads: false);

        store.Shortage.Should().Be(DiskShortage.None);
        Fill(store).Should().BeGreaterThan(5, "what was reserved is its own");
        store.Flags.Should().Be(StoreFlags.DiskFull);
    }

    [Fact]
    public async Task Append_AppendsComeNearTheEndOfWhatIsReserved_MoreIsReservedOnAnotherThread()
    {
        MemoryFileSystem files = new();
        TaskCompletionSource ahead = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using MessageStore store = await SmallStore.StartAsync(Options(), files);
        store.Append("T", 0, "the file is made, and its first step reserved");

        // From here to the last append nothing is awaited: it is one thread.
        int sender = Environment.CurrentManagedThreadId;
        files.Fault = (operation, _) =>
        {
            if (operation == "fallocate" && Environment.CurrentManagedThreadId != sender)
            {
                ahead.TrySetResult();
            }

            return null;
        };

        // More than half a step and less than a whole one.
        for (int i = 0; i < 7; i++)
        {
            store.TryAppend("T", 0, new byte[BodyBytes], out _).Should().Be(AppendStatus.Ok);
        }

        await ahead.Task.WaitAsync(Eventually.DefaultDeadline);
    }

    [Fact]
    public async Task Append_ReservingAheadFails_RefusesOnlyWhenTheBlocksAreNeeded()
    {
        MemoryFileSystem files = new();
        await using MessageStore store = await SmallStore.StartAsync(Options(), files, new FakeTimeProvider(), hasThreads: false);
        store.Append("T", 0, "first");
        files.Fault = (operation, _) => operation == "fallocate" ? StoreIOException.NoSpace : null;
        store.Allocator.ReserveAhead(store.Log.Segments.Last, store.GetStats().MaxOffset.Value);
        store.Allocator.Execute();

        store.Flags.Should().Be(StoreFlags.None);
        Fill(store).Should().BeGreaterThan(5);
        store.Flags.Should().Be(StoreFlags.DiskFull);
        files.Fault = null;
        store.Retention.CheckDisk();
        store.TryAppend("T", 0, new byte[BodyBytes], out _).Should().Be(AppendStatus.Ok);
    }

    [Theory]
    [InlineData(FlushDiskType.AsyncFlush)]
    [InlineData(FlushDiskType.SyncFlush)]
    public async Task PowerCut_AtEveryCallOnADiskThatFillsUp_LosesNothing(FlushDiskType flush)
    {
        int calls = 0;
        StoreOptions options = Options(flush);
        for (int call = 1; call == 1 || call <= calls; call++)
        {
            MemoryFileSystem files = new() { CrashAtCall = call == 1 ? 0 : call, Capacity = (5 * MiB) + (512 * 1024) };
            int accepted = 0;
            try
            {
                MessageStore store = await SmallStore.StartAsync(options, files, new FakeTimeProvider(), hasThreads: false);
                int sent = Fill(store, LargeBodyBytes);
                store.Flags.Should().Be(StoreFlags.DiskFull);
                store.Flusher.Pass(everything: true);
                files.ThrowIfDead();
                accepted = sent;
                await store.DisposeAsync();
            }
            catch (SimulatedCrashException)
            {
                // What is being tested.
            }

            calls = Math.Max(calls, files.Calls);
            await using MessageStore again = await SmallStore.StartAsync(options, files.AfterPowerCut(new Random(call)), new FakeTimeProvider(), hasThreads: false);
            int found = (await again.ReadAllAsync("T", 0)).Count;
            found.Should().BeGreaterThanOrEqualTo(accepted, $"power cut at call {call}");
            again.Append("T", 0, "goes on").QueueOffset.Should().Be(found);
        }

        calls.Should().BeGreaterThan(20);
    }

    [Fact]
    public async Task CheckDisk_AboveTheWarningLevelWithBytesEnough_TakesMessages()
    {
        MemoryFileSystem files = new() { Space = new DiskSpace(1500L * MiB, 110L * MiB, 110L * MiB) };
        StoreOptions options = new() { RootDirectory = "/store", CommitLogFileBytes = 128 * MiB, Tuning = StoreTunings.Patient with { DiskWarningBytes = 32 * MiB, DeleteHours = [] } };
        await using MessageStore store = await SmallStore.StartAsync(options, files, new FakeTimeProvider(), hasThreads: false);

        AppendStatus enough = store.TryAppend("T", 0, [1], out _);
        files.Space = new DiskSpace(1500L * MiB, 31L * MiB, 31L * MiB);
        store.Retention.CheckDisk();
        AppendStatus scarce = store.TryAppend("T", 0, [1], out _);

        enough.Should().Be(AppendStatus.Ok, "93 % are used, and the store needs little");
        scarce.Should().Be(AppendStatus.DiskFull);
        store.Shortage.Should().Be(DiskShortage.AboveLimit);
        files.Space = new DiskSpace(1500L * MiB, 33L * MiB, 33L * MiB);
        store.Retention.CheckDisk();
        store.TryAppend("T", 0, [1], out _).Should().Be(AppendStatus.Ok, "it recovers by itself");
    }

    private static StoreOptions Options(FlushDiskType flush = FlushDiskType.AsyncFlush) => new()
    {
        RootDirectory = "/store",
        FlushDiskType = flush,
        CommitLogFileBytes = FileBytes,
        ConsumeQueueFileBytes = 20 * 1000,
        IndexEnabled = false,
        MaxMessageBytes = 512 * 1024,
        Tuning = StoreTunings.Patient with { DiskWarningRatio = 100, DiskMaxUsedRatio = 100, DiskCleanForciblyRatio = 100, DeleteHours = [] },
    };

    /// <summary>Sends until it is refused. Returns how many messages were taken.</summary>
    private static int Fill(MessageStore store, int bodyBytes = BodyBytes)
    {
        int accepted = 0;
        AppendStatus status;
        while ((status = store.TryAppend("T", 0, new byte[bodyBytes], out _)) == AppendStatus.Ok)
        {
            store.Writer.WritePending().Should().Be(store.GetStats().MaxOffset, "what was taken has a place");
            accepted++;
        }

        status.Should().Be(AppendStatus.DiskFull);
        return accepted;
    }
}
