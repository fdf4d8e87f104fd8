using RocketOps.Store.Contracts;
using RocketOps.Store.Files;
using RocketOps.Store.Tests.Support;
using RocketOps.Testing.Time;
using RocketOps.Testing;
using RocketOps.Testing.Memory;

namespace RocketOps.Store.Tests;

/// <summary>While one write or flush is stuck in the kernel, nobody else waits: appends return, reads go on, waits end in time, and all comes right when it goes on.</summary>
public sealed class HangingDiskTests
{
    private const int StepBytes = 1024 * 1024;
    private const int StepsFileBytes = 4 * StepBytes;
    private const int SmallBytes = 64 * 1024;

    [Fact]
    public async Task WritePending_AnotherThreadsWriteHangs_ReturnsAndTheWriterTakesTheBytesAlong()
    {
        using Gate gate = new();
        GatedFileSystem files = new(new MemoryFileSystem());
        await using MessageStore store = await SmallStore.StartAsync(SmallStore.Options("/store"), files, new FakeTimeProvider(), hasThreads: false);
        store.Append("T", 0, "before");
        store.Writer.WritePending();
        files.BeforeWrite = gate.Pass;
        RecordingWaiter waiter = new();

        store.Append("T", 0, "leader");
        Task<PhysicalOffset> leader = Task.Run(store.Writer.WritePending);
        await gate.Reached;
        AppendResult followed = store.Append("T", 0, "follower");
        PhysicalOffset written = store.Writer.WritePending();
        store.Positions.When(LogPosition.Written, followed.Mark, waiter);

        written.Should().BeLessThan(followed.Offset);
        waiter.Outcomes.Should().BeEmpty();
        (await store.ReadAllAsync("T", 0)).Should().Equal("before");

        gate.Open();
        (await leader).Should().Be(followed.End, "the leader writes until nothing is pending");
        waiter.Outcomes.Should().Equal(WaitOutcome.Reached);
        (await store.ReadAllAsync("T", 0)).Should().Equal("before", "leader", "follower");
    }

    /// <summary>A handler on a connection's loop appends until memory is full, and nobody has begun to write: it must not become the one who hangs in the write.</summary>
    [Fact]
    public async Task Append_MemoryFullAndNobodyWrites_LeavesTheWriteToAnotherThread()
    {
        using Gate gate = new();
        GatedFileSystem files = new(new MemoryFileSystem());
        await using MessageStore store = await SmallStore.StartAsync(Steps(fileBytes: 1024 * 1024), files, new FakeTimeProvider());
        store.Append("T", 0, "loaded");
        store.Writer.WritePending();
        files.BeforeWrite = gate.Pass;

        AppendStatus filled = await Task.Run(() => Fill(store)).WaitAsync(Eventually.DefaultDeadline);
        await gate.Reached;
        Task<WaitOutcome> room = store.Writer.WhenRoomAsync();
        gate.Open();

        filled.Should().Be(AppendStatus.WouldBlock);
        (await room).Should().Be(WaitOutcome.Reached);
        store.TryAppendNow("T", 0, new byte[8000], out _).Should().Be(AppendStatus.Ok);
    }

    [Theory]
    [InlineData("open")]
    [InlineData("ftruncate")]
    [InlineData("fallocate")]
    [InlineData("fdatasync")]
    [InlineData("fsync directory")]
    public Task Append_NextFileIsBeingMadeOnADiskThatHangs_IsNotWaitedFor(string hanging) => AssertAppendsDoNotWaitAsync(
        SmallStore.Options("/store"),
        aheadAfter: 6,
        (operation, path) => operation == hanging && (path.EndsWith("00000000000000065536", StringComparison.Ordinal) || path.EndsWith("/commitlog", StringComparison.Ordinal)));

    [Fact]
    public Task Append_NextFileIsBeingFilledOnADiskThatHangs_IsNotWaitedFor() => AssertAppendsDoNotWaitAsync(
        Steps(fileBytes: 64 * 1024, zeroFill: true),
        aheadAfter: 6,
        static (operation, path) => operation == "write" && path.EndsWith("00000000000000065536", StringComparison.Ordinal));

    [Fact]
    public Task Append_BlocksAreBeingReservedOnADiskThatHangs_IsNotWaitedFor() => AssertAppendsDoNotWaitAsync(
        Steps(fileBytes: 4 * 1024 * 1024),
        aheadAfter: 70,
        static (operation, path) => operation == "fallocate" && path.EndsWith("/00000000000000000000", StringComparison.Ordinal));

    /// <summary>A message larger than a step has more of the next file reserved; to the one that comes meanwhile what is there is enough.</summary>
    [Fact]
    public async Task Append_TakesTheNextFileWhileMoreOfItIsBeingReserved_TheRestIsItsOwnToo()
    {
        using Gate gate = new();
        GatedFileSystem files = new(new MemoryFileSystem());
        await using MessageStore store = await SmallStore.StartAsync(LargeMessages, files, new FakeTimeProvider());
        try
        {
            await FillFileAsync(store, StepsFileBytes);
            files.Before = (operation, path) =>
            {
                if (operation == "fallocate" && path.EndsWith("/00000000000004194304", StringComparison.Ordinal))
                {
                    gate.Pass();
                }
            };
            byte[] large = new byte[(3 * StepBytes) / 2];

            AppendStatus first = store.TryAppendNow("T", 0, large, out _);
            await gate.Reached.WaitAsync(Eventually.DefaultDeadline);
            AppendStatus meanwhile = store.TryAppendNow("T", 0, new byte[SmallBytes], out AppendResult small);
            long reserved = store.Allocator.ReservedEnd;
            gate.Open();
            await Eventually.TrueAsync(() => store.Allocator.ReservedEnd == StepsFileBytes + (2 * StepBytes), "what was reserved belongs to the file that was taken");

            first.Should().Be(AppendStatus.WouldBlock);
            meanwhile.Should().Be(AppendStatus.Ok);
            small.Offset.Value.Should().Be(StepsFileBytes);
            reserved.Should().Be(StepsFileBytes + StepBytes);
            store.TryAppendWaiting("T", 0, large, out AppendResult last).Should().Be(AppendStatus.Ok);
            last.Offset.Should().Be(small.End);
            await HasAllAsync(store, last);
        }
        finally
        {
            gate.Open();
        }
    }

    /// <summary>Blocks of a file are reserved in two places at once, and one of them hangs: with the other's the log goes on to the end of the file, and into the next one.</summary>
    [Fact]
    public async Task Append_GoesOnIntoTheNextFileWhileBlocksOfTheLastOneAreBeingReserved_GoesOnThere()
    {
        using Gate taken = new();
        using Gate ahead = new();
        GatedFileSystem files = new(new MemoryFileSystem());
        await using MessageStore store = await SmallStore.StartAsync(LargeMessages, files, new FakeTimeProvider());
        try
        {
            await FillFileAsync(store, StepsFileBytes);
            int calls = 0;
            files.Before = (operation, path) =>
            {
                if (operation == "fallocate" && path.EndsWith("/00000000000004194304", StringComparison.Ordinal))
                {
                    (Interlocked.Increment(ref calls) == 1 ? taken : ahead).Pass();
                }
            };

            // All of the next file is being reserved for a large message, and it is taken by a small one; those that follow it have more of it reserved.
            store.TryAppendNow("T", 0, new byte[(7 * StepBytes) / 2], out _).Should().Be(AppendStatus.WouldBlock);
            await taken.Reached.WaitAsync(Eventually.DefaultDeadline);
            AppendHalfAStep(store).Offset.Value.Should().Be(StepsFileBytes);
            await ahead.Reached.WaitAsync(Eventually.DefaultDeadline);
            taken.Open();
            await Eventually.TrueAsync(() => store.Allocator.ReservedEnd == 2 * StepsFileBytes, "all of the file is reserved");
            await FillFileAsync(store, 2 * StepsFileBytes);
            AppendHalfAStep(store).Offset.Value.Should().Be(2 * StepsFileBytes);
            store.Allocator.ReservedEnd.Should().Be((2 * StepsFileBytes) + StepBytes);
            ahead.Open();

            await Eventually.TrueAsync(() => store.Allocator.ReservedEnd == (2 * StepsFileBytes) + (2 * StepBytes), "more of the file after it is reserved, which was asked for meanwhile");
            store.TryAppendWaiting("T", 0, new byte[SmallBytes], out AppendResult last).Should().Be(AppendStatus.Ok);
            await HasAllAsync(store, last);
        }
        finally
        {
            taken.Open();
            ahead.Open();
        }
    }

    [Fact]
    public async Task Append_DiskGivesNoRoomForLongerThanThePageCacheLimit_IsRefusedAsBusy()
    {
        using Gate gate = new();
        FakeTimeProvider time = new();
        GatedFileSystem files = new(new MemoryFileSystem());
        await using MessageStore store = await SmallStore.StartAsync(SmallStore.Options("/store"), files, time);
        store.Tuning = store.Tuning with { PageCacheBusyTimeoutMs = 1000 };
        try
        {
            files.Before = (operation, path) =>
            {
                if (operation == "fallocate" && path.EndsWith("00000000000000065536", StringComparison.Ordinal))
                {
                    gate.Pass();
                }
            };
            Fill(store);
            await gate.Reached.WaitAsync(Eventually.DefaultDeadline);

            time.Advance(TimeSpan.FromMilliseconds(900));
            AppendStatus early = store.TryAppendNow("T", 0, new byte[8000], out _);
            time.Advance(TimeSpan.FromMilliseconds(200));
            AppendStatus late = store.TryAppendNow("T", 0, [1], out _);

            early.Should().Be(AppendStatus.WouldBlock);
            late.Should().Be(AppendStatus.Busy);
            store.Writer.IsPageCacheBusy.Should().BeTrue();
        }
        finally
        {
            gate.Open();
        }

        await Eventually.TrueAsync(() => !store.Writer.IsPageCacheBusy, "there is room");
        store.TryAppendWaiting("T", 0, [2], out _).Should().Be(AppendStatus.Ok);
    }

    [Fact]
    public async Task Append_DiskHasNoRoomForTheNextFile_IsRefusedUntilThereIs()
    {
        MemoryFileSystem files = new();
        await using MessageStore store = await SmallStore.StartAsync(SmallStore.Options("/store"), files, new FakeTimeProvider());
        files.Fault = (operation, path) => operation == "fallocate" && path.EndsWith("00000000000000065536", StringComparison.Ordinal) ? StoreIOException.NoSpace : null;

        int accepted = 0;
        AppendStatus status;
        while ((status = store.TryAppendWaiting("T", 0, new byte[8000], out _)) == AppendStatus.Ok)
        {
            accepted++;
        }

        status.Should().Be(AppendStatus.DiskFull);
        accepted.Should().BeGreaterThan(5, "the first file is its own");
        files.Fault = null;
        store.Retention.CheckDisk();
        store.TryAppendWaiting("T", 0, new byte[8000], out AppendResult result).Should().Be(AppendStatus.Ok);
        result.QueueOffset.Should().Be(accepted);
        result.Offset.Value.Should().Be(64 * 1024);
        store.Flags.Should().Be(StoreFlags.None);
    }

    [Fact]
    public async Task Append_NextFileCannotBeMade_StopsTheStore()
    {
        MemoryFileSystem files = new();
        await using MessageStore store = await SmallStore.StartAsync(SmallStore.Options("/store"), files, new FakeTimeProvider());
        files.Fault = (operation, path) => operation == "ftruncate" && path.EndsWith("00000000000000065536", StringComparison.Ordinal) ? throw new InvalidOperationException("a fault in the code") : null;

        AppendStatus status;
        do
        {
            status = store.TryAppendWaiting("T", 0, new byte[8000], out _);
        }
        while (status == AppendStatus.Ok);

        status.Should().Be(AppendStatus.ServiceNotAvailable);
        store.Flags.Should().Be(StoreFlags.NotWriteable);
    }

    [Fact]
    public async Task WritePending_LeftToThePoolWhereSomethingUnexpectedIsThrown_StopsTheStoreAndNotTheProcess()
    {
        GatedFileSystem files = new(new MemoryFileSystem());
        await using MessageStore store = await SmallStore.StartAsync(Steps(fileBytes: 1024 * 1024), files, new FakeTimeProvider());
        files.BeforeWrite = static () => throw new InvalidOperationException("a fault in the code");

        Fill(store);

        await Eventually.TrueAsync(() => store.Flags == StoreFlags.NotWriteable, "the store is read-only");
        (await store.Writer.WhenAsync(LogPosition.Written, store.Positions.End)).Should().Be(WaitOutcome.Failed);
    }

    [Fact]
    public async Task Append_WriteHangsForLongerThanThePageCacheLimit_IsRefusedAsBusy()
    {
        using Gate gate = new();
        FakeTimeProvider time = new();
        GatedFileSystem files = new(new MemoryFileSystem());
        await using MessageStore store = await SmallStore.StartAsync(SmallStore.Options("/store"), files, time, hasThreads: false);
        store.Tuning = store.Tuning with { PageCacheBusyTimeoutMs = 1000 };
        files.BeforeWrite = gate.Pass;
        store.Append("T", 0, "stuck");
        Task<PhysicalOffset> leader = Task.Run(store.Writer.WritePending);
        await gate.Reached;

        time.Advance(TimeSpan.FromMilliseconds(900));
        AppendStatus early = store.TryAppend("T", 0, [1], out _);
        time.Advance(TimeSpan.FromMilliseconds(200));
        AppendStatus late = store.TryAppend("T", 0, [2], out _);
        gate.Open();
        await leader;

        early.Should().Be(AppendStatus.Ok);
        late.Should().Be(AppendStatus.Busy);
        store.TryAppend("T", 0, [3], out _).Should().Be(AppendStatus.Ok);
    }

    [Fact]
    public async Task Append_MemoryFullWhileAnotherThreadWrites_WouldBlockUntilThereIsRoom()
    {
        using Gate gate = new();
        GatedFileSystem files = new(new MemoryFileSystem());
        await using MessageStore store = await SmallStore.StartAsync(SmallStore.Options("/store"), files, new FakeTimeProvider(), hasThreads: false);
        files.BeforeWrite = gate.Pass;
        store.Append("T", 0, "stuck");
        Task<PhysicalOffset> leader = Task.Run(store.Writer.WritePending);
        await gate.Reached;
        int accepted = 1;
        AppendStatus status;
        while ((status = store.TryAppend("T", 0, new byte[10_000], out _)) == AppendStatus.Ok)
        {
            accepted++;
        }

        Task<WaitOutcome> room = store.Writer.WhenRoomAsync();
        room.IsCompleted.Should().BeFalse();
        gate.Open();
        (await room).Should().Be(WaitOutcome.Reached);
        await leader;

        status.Should().Be(AppendStatus.WouldBlock);
        store.TryAppend("T", 0, new byte[10_000], out AppendResult result).Should().Be(AppendStatus.Ok);
        result.QueueOffset.Should().Be(accepted);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task When_DiskHangs_WaitTimesOutWithoutTheDisksThreads(bool inWrite)
    {
        using Gate gate = new();
        FakeTimeProvider time = new();
        GatedFileSystem files = new(new MemoryFileSystem());
        await using MessageStore store = await SmallStore.StartAsync(SmallStore.Options("/store", FlushDiskType.SyncFlush), files, time, hasThreads: false);
        store.Tuning = store.Tuning with { SyncFlushTimeoutMs = 5000 };
        AppendResult result = store.Append("T", 0, "m");
        if (inWrite)
        {
            files.BeforeWrite = gate.Pass;
        }
        else
        {
            files.BeforeFlush = gate.Pass;
        }

        RecordingWaiter waiter = new();
        store.Positions.When(LogPosition.Durable, result.Mark, waiter);
        Task flusher = Task.Run(() =>
        {
            store.Writer.WritePending();
            store.Flusher.Pass(everything: false);
        });
        await gate.Reached;
        Task maintenance = inWrite ? Task.CompletedTask : Task.Run(store.Maintenance.MakeDurable);

        time.Advance(TimeSpan.FromSeconds(4));
        waiter.Outcomes.Should().BeEmpty();
        RecordingWaiter second = new();
        store.Positions.When(LogPosition.Durable, result.Mark, second);
        time.Advance(TimeSpan.FromSeconds(1));
        waiter.Outcomes.Should().Equal(WaitOutcome.TimedOut);
        second.Outcomes.Should().BeEmpty();
        time.Advance(TimeSpan.FromSeconds(4));
        second.Outcomes.Should().Equal(WaitOutcome.TimedOut);

        gate.Open();
        await flusher;
        await maintenance;
        store.Positions.IsReached(LogPosition.Durable, result.Mark).Should().BeTrue();
        waiter.Outcomes.Should().HaveCount(1, "who was told once is not told again");
    }

    [Fact]
    public async Task When_OneWaiterThrows_OthersAreToldAndTheStoreGoesOn()
    {
        await using MessageStore store = await SmallStore.StartAsync(SmallStore.Options("/store", FlushDiskType.SyncFlush), new MemoryFileSystem(), new FakeTimeProvider(), hasThreads: false);
        RecordingWaiter waiter = new();
        AppendResult result = store.Append("T", 0, "m");
        store.Writer.WritePending();
        store.Positions.When(LogPosition.Durable, result.Mark, new ThrowingWaiter());
        store.Positions.When(LogPosition.Durable, result.Mark, waiter);

        store.Flusher.Pass(everything: false);

        waiter.Outcomes.Should().Equal(WaitOutcome.Reached);
        store.Flags.Should().Be(StoreFlags.None);
    }

    [Fact]
    public async Task WritePending_OthersAppendWithoutEnd_HandsOnToAnotherThread()
    {
        GatedFileSystem files = new(new MemoryFileSystem());
        StoreOptions options = new() { RootDirectory = "/store", CommitLogFileBytes = 64 * 1024 * 1024, IndexEnabled = false, Tuning = StoreTunings.Patient with { DiskWarningRatio = 100, DeleteHours = [] } };
        await using MessageStore store = await SmallStore.StartAsync(options, files, new FakeTimeProvider(), hasThreads: false);
        int appended = 1;
        int leader = Environment.CurrentManagedThreadId;
        int byLeader = 0;
        byte[] body = new byte[1024 * 1024];

        // During each write somebody appends another MiB.
        files.BeforeWrite = () =>
        {
            byLeader += Environment.CurrentManagedThreadId == leader ? 1 : 0;
            if (appended < 20)
            {
                appended++;
                store.TryAppend("T", 0, body, out _).Should().Be(AppendStatus.Ok);
            }
        };
        store.TryAppend("T", 0, body, out _).Should().Be(AppendStatus.Ok);
        store.Writer.WritePending();

        byLeader.Should().BeLessThan(10);
        await Eventually.TrueAsync(() => store.Reader.TryGetOffsets(store.FindTopic("T"u8)!, 0, out QueueOffsets offsets) && offsets.Max == 20, "the rest is written and made readable by another thread");
    }

    [Fact]
    public async Task When_SteadyState_AllocatesNothing()
    {
        await using MessageStore store = await SmallStore.StartAsync(SmallStore.Options("/store"), new MemoryFileSystem(), new FakeTimeProvider(), hasThreads: false);
        CountingWaiter waiter = new();
        AppendResult first = store.Append("T", 0, "m");
        Wait(store, waiter, first.End, rounds: 100);

        int rounds = 100;
        long allocated = Allocations.Least(() =>
        {
            Wait(store, waiter, first.End, rounds: 1000);
            rounds += 1000;
        });

        waiter.Told.Should().Be(rounds * 8);
        allocated.Should().Be(0);
    }

    /// <summary>Appends until that is not taken at once, as a loop does between two hand-overs; what it was told.</summary>
    private static AppendStatus Fill(MessageStore store)
    {
        AppendStatus status;
        do
        {
            status = store.TryAppendNow("T", 0, new byte[8000], out _);
        }
        while (status == AppendStatus.Ok);

        return status;
    }

    /// <summary>A store whose blocks are reserved in more than one step, or whose files are filled with zeros.</summary>
    private static StoreOptions Steps(int fileBytes, bool zeroFill = false) => new()
    {
        RootDirectory = "/store",
        CommitLogFileBytes = fileBytes,
        MaxMessageBytes = 16 * 1024,
        TailBytes = 256 * 1024,
        UsualTailBytes = 32 * 1024,
        IndexEnabled = false,
        ZeroFillAhead = zeroFill,
        Tuning = StoreTunings.Patient with { DiskWarningRatio = 100, DeleteHours = [] },
    };

    /// <summary>Files of four steps, and messages of more than one.</summary>
    private static StoreOptions LargeMessages => new()
    {
        RootDirectory = "/store",
        CommitLogFileBytes = StepsFileBytes,
        MaxMessageBytes = StepsFileBytes - (64 * 1024),
        IndexEnabled = false,
        Tuning = StoreTunings.Patient with { DiskWarningRatio = 100, DeleteHours = [] },
    };

    /// <summary>Appends small messages until no other would fit into the log's file, which ends there; then all of it is reserved, and a step of the next.</summary>
    private static async Task FillFileAsync(MessageStore store, long fileEnd)
    {
        int size = 0;
        while (fileEnd - store.Positions.Appended.Value >= size + RecordLayout.BlankBytes)
        {
            store.TryAppendWaiting("T", 0, new byte[SmallBytes], out AppendResult result).Should().Be(AppendStatus.Ok);
            store.Writer.WritePending();
            size = result.Size;
        }

        await Eventually.TrueAsync(() => store.Allocator.ReservedEnd == fileEnd && store.Allocator.PreparedBytes == StepBytes, "the file is reserved, and the next prepared");
    }

    /// <summary>So many small messages that another step is asked for; where the first of them is.</summary>
    private static AppendResult AppendHalfAStep(MessageStore store)
    {
        AppendResult first = default;
        for (int i = 0; i < 10; i++)
        {
            store.TryAppendNow("T", 0, new byte[SmallBytes], out AppendResult result).Should().Be(AppendStatus.Ok);
            store.Writer.WritePending();
            first = i == 0 ? result : first;
        }

        return first;
    }

    private static async Task HasAllAsync(MessageStore store, AppendResult last)
    {
        store.Writer.WritePending();
        await store.FinishDispatchAsync();
        (await store.Reader.MaxOffsetAsync(store.FindTopic("T"u8)!, 0)).Should().Be(last.QueueOffset + 1);
        (await store.Reader.LookMessageAsync(last.Offset, CancellationToken.None)).Should().NotBeNull();
        store.Flags.Should().Be(StoreFlags.None);
    }

    /// <summary>
    /// While that call of another thread hangs, which so many messages bring about ahead of need, appends go on for as long as there is room, then say at once that there is none, on every thread; and
    /// go on when it has ended.
    /// </summary>
    private static async Task AssertAppendsDoNotWaitAsync(StoreOptions options, int aheadAfter, Func<string, string, bool> hangs)
    {
        using Gate gate = new();
        GatedFileSystem files = new(new MemoryFileSystem());
        await using MessageStore store = await SmallStore.StartAsync(options, files, new FakeTimeProvider());
        try
        {
            files.Before = (operation, path) =>
            {
                if (hangs(operation, path))
                {
                    gate.Pass();
                }
            };
            int sent = 0;
            for (; sent < aheadAfter; sent++)
            {
                store.TryAppendNow("T", 0, new byte[8000], out _).Should().Be(AppendStatus.Ok);
                store.Writer.WritePending();
            }

            await gate.Reached.WaitAsync(Eventually.DefaultDeadline);
            AppendStatus last = await Task.Run(() =>
            {
                AppendStatus status;
                while ((status = store.TryAppendNow("T", 0, new byte[8000], out _)) == AppendStatus.Ok)
                {
                    sent++;
                    store.Writer.WritePending();
                }

                return status;
            }).WaitAsync(Eventually.DefaultDeadline);
            AppendStatus other = await Task.Run(() => store.TryAppendNow("T", 1, new byte[8000], out _)).WaitAsync(Eventually.DefaultDeadline);
            Task<WaitOutcome> room = store.Writer.WhenRoomAsync();

            last.Should().Be(AppendStatus.WouldBlock);
            sent.Should().BeGreaterThan(aheadAfter, "there was room left");
            other.Should().Be(AppendStatus.WouldBlock);
            room.IsCompleted.Should().BeFalse();
            gate.Open();
            (await room).Should().Be(WaitOutcome.Reached);
            store.Append("T", 1, "goes on").QueueOffset.Should().Be(0);
            await store.FinishDispatchAsync();
            (await store.ReadAllAsync("T", 0)).Should().HaveCount(sent);
            (await store.ReadAllAsync("T", 1)).Should().Equal("goes on");
        }
        finally
        {
            gate.Open();
        }
    }

    private static void Wait(MessageStore store, CountingWaiter waiter, PhysicalOffset upTo, int rounds)
    {
        for (int round = 0; round < rounds; round++)
        {
            for (int i = 0; i < 8; i++)
            {
                store.Positions.When(LogPosition.Written, new LogMark(new PhysicalOffset(upTo.Value + round), 0), waiter);
            }

            store.Positions.Move(LogPosition.Written, upTo.Value + round);
            store.Positions.Complete(LogPosition.Written);
            store.Positions.Move(LogPosition.Written, 0);
        }
    }

    private sealed class CountingWaiter : ILogWaiter
    {
        public int Told { get; private set; }

        public void OnPosition(PhysicalOffset upTo, WaitOutcome outcome) => Told += outcome == WaitOutcome.Reached ? 1 : 0;
    }

    private sealed class ThrowingWaiter : ILogWaiter
    {
        public void OnPosition(PhysicalOffset upTo, WaitOutcome outcome) => throw new InvalidOperationException("the connection is gone");
    }
}
