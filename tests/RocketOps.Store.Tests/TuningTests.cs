using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Contracts;
using RocketOps.Store.Files;
using RocketOps.Store.Reading;
using RocketOps.Store.Tests.Support;
using RocketOps.Testing.Time;
using RocketOps.Testing;

namespace RocketOps.Store.Tests;

/// <summary>What may be changed in a store that runs counts from its next use on.</summary>
public sealed class TuningTests
{
    private const int FileBytes = 4096;

    /// <summary>Nothing goes by itself: files are half a century old, which is no age for this.</summary>
    private static readonly StoreTuning KeepsAll = new() { FileReservedHours = 1_000_000, DeleteHours = [.. Enumerable.Range(0, 24)], DiskWarningRatio = 100, DiskMaxUsedRatio = 100, DiskCleanForciblyRatio = 100 };

    [Fact]
    public async Task FileReservedHours_Lowered_ExpiredFilesGoWithTheNextRound()
    {
        FakeTimeProvider time = new();
        await using MessageStore store = await FilledAsync(KeepsAll, time);
        Round(store, time);
        store.GetStats().MinOffset.Value.Should().Be(0, "none has expired");

        store.Tuning = store.Tuning with { FileReservedHours = 72 };

        store.GetStats().MinOffset.Value.Should().Be(0, "the next round does it");
        Round(store, time);
        store.GetStats().MinOffset.Value.Should().Be(10 * FileBytes, "ten files go at a time");
    }

    [Fact]
    public async Task DeleteHours_AnotherOne_ExpiredFilesGoInThatOne()
    {
        FakeTimeProvider time = new();
        int hour = time.GetLocalNow().Hour;
        await using MessageStore store = await FilledAsync(KeepsAll with { FileReservedHours = 72, DeleteHours = [hour + 1] }, time);
        Round(store, time);
        store.GetStats().MinOffset.Value.Should().Be(0, "it is not the hour");

        store.Tuning = store.Tuning with { DeleteHours = [hour + 2] };

        time.Advance(TimeSpan.FromHours(1));
        Round(store, time);
        store.GetStats().MinOffset.Value.Should().Be(0, "it is the hour no longer");
        time.Advance(TimeSpan.FromHours(1));
        Round(store, time);
        store.GetStats().MinOffset.Value.Should().BePositive();
    }

    [Fact]
    public async Task DiskMaxUsedRatio_BelowWhatIsUsed_ExpiredFilesGoAtAnyHour()
    {
        FakeTimeProvider time = new();
        MemoryFileSystem files = new() { Space = new DiskSpace(1000L << 20, 400L << 20, 400L << 20) };
        await using MessageStore store = await FilledAsync(KeepsAll with { FileReservedHours = 72, DeleteHours = [], DiskMaxUsedRatio = 75 }, time, files);
        Round(store, time);
        store.GetStats().MinOffset.Value.Should().Be(0, "60 % are used");

        store.Tuning = store.Tuning with { DiskMaxUsedRatio = 59 };

        Round(store, time);
        store.GetStats().MinOffset.Value.Should().BePositive();
    }

    [Fact]
    public async Task CleanFilesForcibly_SwitchedOn_FilesGoWhateverTheirAge()
    {
        FakeTimeProvider time = new();
        MemoryFileSystem files = new() { Space = new DiskSpace(1000L << 20, 400L << 20, 400L << 20) };
        await using MessageStore store = await FilledAsync(KeepsAll with { DiskCleanForciblyRatio = 50, CleanFilesForcibly = false }, time, files);
        Round(store, time);
        store.GetStats().MinOffset.Value.Should().Be(0, "it is forbidden");

        store.Tuning = store.Tuning with { CleanFilesForcibly = true };

        Round(store, time);
        store.GetStats().MinOffset.Value.Should().BePositive();
    }

    [Fact]
    public async Task DiskWarningRatio_Raised_MessagesAreTakenAgain()
    {
        FakeTimeProvider time = new();
        MemoryFileSystem files = new() { Space = new DiskSpace(1000L << 20, 80L << 20, 80L << 20) };
        await using MessageStore store = await SmallStore.StartAsync(Options(KeepsAll with { DiskWarningRatio = 90 }), files, time, hasThreads: false);
        store.TryAppend("T", 0, [1], out _).Should().Be(AppendStatus.DiskFull, "92 % are used");

        store.Tuning = store.Tuning with { DiskWarningRatio = 93 };

        Round(store, time);
        store.TryAppend("T", 0, [1], out _).Should().Be(AppendStatus.Ok);
    }

    [Fact]
    public async Task FlushIntervalMs_Lowered_WhatIsWrittenGoesToTheDiskByThat()
    {
        // Nothing else makes it durable: no sleep of the flusher ends within a day, and passes of maintenance leave the log alone.
        StoreOptions options = new()
        {
            RootDirectory = "/store",
            FlushLeastPages = 0,
            ConsumeQueueThoroughIntervalMs = int.MaxValue,
            Tuning = KeepsAll with { FlushIntervalMs = 86_400_000 },
        };
        await using MessageStore store = await SmallStore.StartAsync(options, new MemoryFileSystem());

        store.Tuning = store.Tuning with { FlushIntervalMs = 1 };

        AppendResult appended = store.Append("T", 0, "nobody waits for the disk");
        store.Writer.WritePending();
        await Eventually.TrueAsync(() => store.Positions.IsReached(LogPosition.Durable, appended.Mark), "the message is durable");
    }

    [Theory]
    [InlineData(LogPosition.Durable, WaitOutcome.TimedOut)]
    [InlineData(LogPosition.Replicated, WaitOutcome.SlaveTimedOut)]
    public async Task Timeout_Lowered_CountsForTheNextWait(LogPosition awaited, WaitOutcome outcome)
    {
        FakeTimeProvider time = new();
        await using MessageStore store = await SmallStore.StartAsync(Options(KeepsAll, FlushDiskType.SyncFlush), new MemoryFileSystem(), time, hasThreads: false);
        store.Tuning = store.Tuning with { SyncFlushTimeoutMs = awaited == LogPosition.Durable ? 100 : 200, SlaveTimeoutMs = awaited == LogPosition.Replicated ? 100 : 200 };
        store.Append("T", 0, "waits for the disk, or for a slave");
        store.Writer.WritePending();
        Task<WaitOutcome> wait = store.Writer.WhenAsync(awaited, store.Positions.End);
        time.Advance(TimeSpan.FromMilliseconds(99));
        wait.IsCompleted.Should().BeFalse();

        time.Advance(TimeSpan.FromMilliseconds(1));

        (await wait.WaitAsync(Eventually.DefaultDeadline)).Should().Be(outcome);
    }

    [Fact]
    public async Task AccessMessageInMemoryMaxRatio_None_ReadsCountAsOfTheDisk()
    {
        await using MessageStore store = await FilledAsync(KeepsAll, new FakeTimeProvider());
        StoreTopic topic = store.GetOrAddTopic("T"u8);
        GetResult result = new();
        await store.Reader.GetMessagesAsync(topic, 0, 0, new GetLimits(9), null, result, CancellationToken.None);
        (result.MessageCount, result.SuggestPullingFromSlave).Should().Be((9, false));

        store.Tuning = store.Tuning with { AccessMessageInMemoryMaxRatio = 0, MaxTransferCountOnDisk = 5 };

        result = new();
        await store.Reader.GetMessagesAsync(topic, 0, 0, new GetLimits(9), null, result, CancellationToken.None);
        (result.MessageCount, result.SuggestPullingFromSlave).Should().Be((5, true));
    }

    [Theory]
    [InlineData(false, 9)]
    [InlineData(true, 5)]
    public async Task AccessMessageInMemoryMaxRatio_None_LimitsOfTheDiskCountForWhatOnlyTheDiskHas(bool isCold, int expected)
    {
        ColdLog files = new(new MemoryFileSystem());
        StoreTuning tuning = KeepsAll with { AccessMessageInMemoryMaxRatio = 0, MaxTransferCountOnDisk = 5 };
        await (await FilledAsync(tuning, new FakeTimeProvider(), files)).DisposeAsync();
        // Nothing of it is in memory.
        await using MessageStore store = await SmallStore.StartAsync(Options(tuning), files, new FakeTimeProvider(), hasThreads: false);
        StoreTopic topic = store.GetOrAddTopic("T"u8);
        GetResult result = new();
        await store.Reader.GetOffsetsAsync(topic, 0, CancellationToken.None);
        files.IsCold = isCold;

        store.Reader.GetMessages(topic, 0, 0, new GetLimits(9), null, result).Should().Be(GetStatus.Found);

        (result.MessageCount, result.NextBeginOffset, result.SuggestPullingFromSlave).Should().Be((expected, expected, true));
        store.Reader.TryCopyMessages(result, new byte[result.TotalBytes]).Should().Be(!isCold);
    }

    [Theory]
    [InlineData(2, 5, 5)]
    [InlineData(7, 5, 7)]
    public async Task MaxTransferCount_InThePageCacheFarBehind_TheLargerLimitCounts(int inMemory, int onDisk, int expected)
    {
        await using MessageStore store = await FilledAsync(
            KeepsAll with { AccessMessageInMemoryMaxRatio = 0, MaxTransferCountInMemory = inMemory, MaxTransferCountOnDisk = onDisk }, new FakeTimeProvider());
        GetResult result = new();

        store.Reader.GetMessages(store.GetOrAddTopic("T"u8), 0, 0, new GetLimits(32), null, result);

        result.MessageCount.Should().Be(expected);
    }

    [Fact]
    public async Task MaxTransferCount_Lowered_CountsForTheNextRead()
    {
        await using MessageStore store = await FilledAsync(KeepsAll, new FakeTimeProvider());
        StoreTopic topic = store.GetOrAddTopic("T"u8);
        GetResult result = new();

        store.Tuning = store.Tuning with { MaxTransferCountInMemory = 3 };

        await store.Reader.GetMessagesAsync(topic, 0, 0, new GetLimits(32), null, result, CancellationToken.None);
        result.MessageCount.Should().Be(3);
    }

    [Fact]
    public async Task Set_WrongValue_ThrowsAndKeepsWhatIsInForce()
    {
        await using MessageStore store = await SmallStore.StartAsync(Options(KeepsAll), new MemoryFileSystem(), new FakeTimeProvider(), hasThreads: false);

        Action wrong = () => store.Tuning = store.Tuning with { FileReservedHours = 0, DiskMaxUsedRatio = 1 };

        wrong.Should().Throw<StoreException>().WithMessage("*fileReservedTime must be positive*");
        store.Tuning.Should().Be(KeepsAll);
    }

    /// <summary>Whose log is not in the page cache, if so told.</summary>
    private sealed class ColdLog(IStoreFileSystem inner) : ForwardingFileSystem(inner)
    {
        public bool IsCold { get; set; }

        public override IStoreFile Open(string path, FileOpenMode mode) =>
            path.Contains("/commitlog/", StringComparison.Ordinal) ? new LogFile(this, base.Open(path, mode)) : base.Open(path, mode);

        private sealed class LogFile(ColdLog disk, IStoreFile file) : ForwardingFile(file)
        {
            public override int TryReadCached(Span<byte> destination, long offset) => disk.IsCold ? -1 : base.TryReadCached(destination, offset);
        }
    }

    private static StoreOptions Options(StoreTuning tuning, FlushDiskType flush = FlushDiskType.AsyncFlush) => new()
    {
        RootDirectory = "/store",
        FlushDiskType = flush,
        CommitLogFileBytes = FileBytes,
        ConsumeQueueFileBytes = 200,
        IndexSlots = 10,
        IndexEntries = 20,
        MaxMessageBytes = 1024,
        Tuning = tuning,
    };

    /// <summary>A dozen files of the log, all of it dispatched and durable.</summary>
    private static async Task<MessageStore> FilledAsync(StoreTuning tuning, FakeTimeProvider time, IStoreFileSystem? files = null)
    {
        MessageStore store = await SmallStore.StartAsync(Options(tuning), files ?? new MemoryFileSystem(), time, hasThreads: false);
        for (int i = 0; i < 100; i++)
        {
            store.Append("T", 0, new string('x', 400));
        }

        store.Writer.WritePending();
        store.Maintenance.MakeDurable();
        return store;
    }

    /// <summary>What the store's thread does every ten seconds.</summary>
    private static void Round(MessageStore store, FakeTimeProvider time)
    {
        time.Advance(TimeSpan.FromMilliseconds(store.Options.CleanIntervalMs));
        store.Maintenance.Pass();
    }
}
