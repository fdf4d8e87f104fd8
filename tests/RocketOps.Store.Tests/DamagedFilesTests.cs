using System.Buffers.Binary;
using Microsoft.Extensions.Logging;
using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Contracts;
using RocketOps.Store.Files;
using RocketOps.Store.Reading;
using RocketOps.Store.Recovery;
using RocketOps.Store.Tests.Support;
using RocketOps.Testing.Logging;
using RocketOps.Testing.Time;

namespace RocketOps.Store.Tests;

/// <summary>Files that say what cannot be: nobody allocates, waits or goes silent because of a number read from a disk.</summary>
public sealed class DamagedFilesTests
{
    private const string QueueFile = "/store/consumequeue/T/0/00000000000000000000";
    private const int Messages = 30;

    public static TheoryData<long, int> DamagedUnits => new()
    {
        { long.MaxValue - 10, 100 },
        { 1L << 50, 100 },
        { 70_000, 100 },
        { 0, int.MaxValue - 1 },
        { 0, 60_000 },
        { 200, -5 },
        { -1, 100 },
        { 500, 0 },
    };

    [Theory]
    [MemberData(nameof(DamagedUnits))]
    public async Task QueueUnit_AtTheEnd_DoesNotKeepNewMessagesOut(long physicalOffset, int size)
    {
        MemoryFileSystem files = await StoppedStoreAsync();
        Overwrite(files, Messages, physicalOffset, size);

        await using MessageStore store = await SmallStore.StartAsync(Options, files, new FakeTimeProvider(), hasThreads: false);
        store.Append("T", 0, "new").QueueOffset.Should().Be(Messages);
        store.Writer.WritePending();

        (await ReadOffsetsAsync(store)).Should().Equal(Enumerable.Range(0, Messages + 1).Select(i => (long)i));
        store.Flags.Should().Be(StoreFlags.None);
    }

    [Theory]
    [MemberData(nameof(DamagedUnits))]
    public async Task QueueUnit_InTheMiddle_IsSkippedAndCostsNoOther(long physicalOffset, int size)
    {
        for (int damaged = 0; damaged < Messages - 1; damaged++)
        {
            MemoryFileSystem files = await StoppedStoreAsync();
            await using MessageStore store = await SmallStore.StartAsync(Options, files, new FakeTimeProvider(), hasThreads: false);
            (await store.Reader.MaxOffsetAsync(store.FindTopic("T"u8)!, 0)).Should().Be(Messages);
            Overwrite(files, damaged, physicalOffset, size);

            // A small size may be that of another record; such a message is given as it is, and clients see that its offset is another.
            (await ReadOffsetsAsync(store)).Should().Contain(Enumerable.Range(0, Messages).Where(i => i != damaged).Select(i => (long)i), $"unit {damaged} is damaged");
        }
    }

    [Fact]
    public async Task QueueUnit_InTheMiddleBeforeTheStart_KeepsTheUnitsBehindIt()
    {
        for (int damaged = 0; damaged < Messages - 1; damaged++)
        {
            MemoryFileSystem files = await StoppedStoreAsync();
            Overwrite(files, damaged, 1L << 50, 100);

            await using MessageStore store = await SmallStore.StartAsync(Options, files, new FakeTimeProvider(), hasThreads: false);
            store.Append("T", 0, "new").QueueOffset.Should().Be(Messages, $"unit {damaged} is damaged");
            store.Writer.WritePending();

            (await ReadOffsetsAsync(store)).Should().Equal(Enumerable.Range(0, Messages + 1).Where(i => i != damaged).Select(i => (long)i));
        }
    }

    /// <summary>Nothing checks the field: one that says 0 looks as if the topic had been made anew, which a master's log never says.</summary>
    [Fact]
    public async Task QueueOffset_OfOneRecordSaysZero_CostsThatRecordAlone()
    {
        MemoryFileSystem files = new();
        MessageStore store = await SmallStore.StartAsync(Options, files, new FakeTimeProvider(), hasThreads: false);
        for (int i = 0; i < 5; i++)
        {
            store.Append("T", 0, $"m{i}");
        }

        store.Writer.WritePending();
        store.Maintenance.MakeDurable();
        AppendResult damaged = store.Append("T", 0, "m5");
        store.Append("T", 0, "m6");
        store.Append("T", 0, "m7");
        store.Writer.WritePending();
        MemoryFileSystem killed = files.AfterKill();
        killed.Damage("/store/commitlog/00000000000000000000", damaged.Offset.Value + RecordLayout.QueueOffsetAt + 7, 5);
        using RecordingLoggerFactory log = new();

        await using MessageStore again = new(Options, killed, new FakeTimeProvider(), log, hasThreads: false);
        await again.StartAsync(CancellationToken.None);

        (await ReadOffsetsAsync(again)).Should().Equal(0, 1, 2, 3, 4, 6, 7);
        log.Entries.Should().Contain(entry => entry.Level == LogLevel.Error && entry.Text.Contains($"the record at {damaged.Offset.Value} claims offset 0", StringComparison.Ordinal));
        again.Append("T", 0, "m8").QueueOffset.Should().Be(8);
        killed.Paths.Should().NotContain(path => path.StartsWith("/store/damaged/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task IndexHeader_ClaimsKeysBehindTheLog_IsDroppedAndNewKeysAreFound()
    {
        MemoryFileSystem files = await StoppedStoreAsync();
        string index = files.Paths.First(path => path.Contains("/index/", StringComparison.Ordinal));
        using (IStoreFile file = files.Open(index, FileOpenMode.ReadWrite))
        {
            byte[] offset = new byte[8];
            BinaryPrimitives.WriteInt64BigEndian(offset, 1L << 50);
            file.Write(offset, 24);
        }

        await using MessageStore store = await SmallStore.StartAsync(Options, files, new FakeTimeProvider(), hasThreads: false);
        AppendResult result = store.Append("T", 0, "new", "KEYS\u0001later");
        store.Writer.WritePending();

        (await store.Reader.QueryIndexAsync(store.FindTopic("T"u8)!, "later", 10, 0, long.MaxValue, CancellationToken.None)).Offsets.Should().Equal(result.Offset);
    }

    [Theory]
    [InlineData(int.MaxValue)]
    [InlineData(-1)]
    [InlineData(0)]
    public async Task IndexHeader_CountThatCannotBe_StillFindsAndTakesKeys(int count)
    {
        MemoryFileSystem files = await StoppedStoreAsync();
        string index = files.Paths.First(path => path.Contains("/index/", StringComparison.Ordinal));
        using (IStoreFile file = files.Open(index, FileOpenMode.ReadWrite))
        {
            byte[] bytes = new byte[4];
            BinaryPrimitives.WriteInt32BigEndian(bytes, count);
            file.Write(bytes, 36);
        }

        await using MessageStore store = await SmallStore.StartAsync(Options, files, new FakeTimeProvider(), hasThreads: false);
        AppendResult result = store.Append("T", 0, "new", "KEYS\u0001later");
        store.Writer.WritePending();

        (await store.Reader.QueryIndexAsync(store.FindTopic("T"u8)!, "later", 10, 0, long.MaxValue, CancellationToken.None)).Offsets.Should().Equal(result.Offset);
    }

    /// <summary>What Apache's broker wrote with index files of its own length: to go on in one would put slots where its entries lie.</summary>
    [Theory]
    [InlineData(1240)]
    [InlineData(4240)]
    public async Task IndexFile_OfAnotherLength_IsRefusedWithTheReasonAndLeftAlone(int length)
    {
        MemoryFileSystem files = await StoppedStoreAsync();
        string index = files.Paths.First(path => path.Contains("/index/", StringComparison.Ordinal));
        using (IStoreFile file = files.Open(index, FileOpenMode.ReadWrite))
        {
            file.SetLength(length);
        }

        byte[] before = Bytes(files, index);
        Func<Task<MessageStore>> start = () => SmallStore.StartAsync(Options, files, new FakeTimeProvider(), hasThreads: false);

        (await start.Should().ThrowAsync<StoreException>()).WithMessage($"*index*{length} bytes instead of 2240*maxHashSlotNum or maxIndexNum*");
        Bytes(files, index).Should().Equal(before);
    }

    [Fact]
    public async Task LookMessage_BodyThatLooksLikeAHugeRecord_AllocatesNothingForIt()
    {
        await using MessageStore store = await SmallStore.StartAsync(
            new StoreOptions { RootDirectory = "/store", CommitLogFileBytes = 256 * 1024 * 1024, MaxMessageBytes = 16 * 1024, IndexEnabled = false, Tuning = StoreTunings.Patient with { DiskWarningRatio = 100, DeleteHours = [] } },
            new MemoryFileSystem(),
            new FakeTimeProvider(),
            hasThreads: false);
        byte[] body = new byte[64];
        BinaryPrimitives.WriteInt32BigEndian(body, 200 * 1024 * 1024);
        store.TryAppend("T", 0, body, out AppendResult result).Should().Be(AppendStatus.Ok);
        store.Writer.WritePending();

        long before = GC.GetAllocatedBytesForCurrentThread();
        byte[]? found = await store.Reader.LookMessageAsync(new PhysicalOffset(result.Offset.Value + 88), CancellationToken.None);

        found.Should().BeNull();
        (GC.GetAllocatedBytesForCurrentThread() - before).Should().BeLessThan(1024 * 1024);
        (await store.Reader.LookMessageAsync(result.Offset, CancellationToken.None)).Should().NotBeNull();
    }

    [Theory]
    [InlineData(long.MinValue, 5000, 0)]
    [InlineData(5000, 1, 0)]
    [InlineData(5000, 6000, 2000)]
    [InlineData(long.MaxValue, long.MaxValue, long.MaxValue - 3000)]
    public void Checkpoint_AnyTimestamps_GiveAMinimumThatIsNotNegative(long physic, long logics, long expected) =>
        new Checkpoint { PhysicTimestamp = physic, LogicsTimestamp = logics }.MinTimestamp.Should().Be(expected);

    private static StoreOptions Options => new()
    {
        RootDirectory = "/store",
        CommitLogFileBytes = 64 * 1024,
        ConsumeQueueFileBytes = 20 * 64,
        IndexSlots = 50,
        IndexEntries = 100,
        MaxMessageBytes = 16 * 1024,
        Tuning = StoreTunings.Patient with { DiskWarningRatio = 100, DeleteHours = [] },
    };

    private static async Task<MemoryFileSystem> StoppedStoreAsync()
    {
        MemoryFileSystem files = new();
        await using MessageStore store = await SmallStore.StartAsync(Options, files, new FakeTimeProvider(), hasThreads: false);
        for (int i = 0; i < Messages; i++)
        {
            store.Append("T", 0, $"m{i}", $"KEYS\u0001k{i}");
        }

        store.Writer.WritePending();
        return files;
    }

    private static byte[] Bytes(MemoryFileSystem files, string path)
    {
        using IStoreFile file = files.Open(path, FileOpenMode.Read);
        byte[] bytes = new byte[file.Length];
        file.Read(bytes, 0).Should().Be(bytes.Length);
        return bytes;
    }

    private static void Overwrite(MemoryFileSystem files, int index, long physicalOffset, int size)
    {
        using IStoreFile file = files.Open(QueueFile, FileOpenMode.ReadWrite);
        byte[] unit = new byte[20];
        BinaryPrimitives.WriteInt64BigEndian(unit, physicalOffset);
        BinaryPrimitives.WriteInt32BigEndian(unit.AsSpan(8), size);
        file.Write(unit, index * 20);
    }

    /// <summary>Queue offsets in the records a consumer gets that follows the store's answers.</summary>
    private static async Task<List<long>> ReadOffsetsAsync(MessageStore store)
    {
        List<long> offsets = [];
        StoreTopic topic = store.FindTopic("T"u8)!;
        GetResult result = new();
        for (long at = 0; at < await store.Reader.MaxOffsetAsync(topic, 0); at = result.NextBeginOffset)
        {
            GetStatus status = await store.Reader.GetMessagesAsync(topic, 0, at, new GetLimits(32), null, result, CancellationToken.None);
            if (status == GetStatus.Found)
            {
                result.TotalBytes.Should().BeLessThan(1024 * 1024);
                byte[] bytes = new byte[result.TotalBytes];
                (await store.Reader.CopyMessagesAsync(result, bytes, CancellationToken.None)).Should().BeTrue();
                int start = 0;
                foreach (MessageRange message in result.Messages)
                {
                    offsets.Add(BinaryPrimitives.ReadInt64BigEndian(bytes.AsSpan(start + 20)));
                    start += message.Size;
                }
            }

            result.NextBeginOffset.Should().BeGreaterThan(at, "a consumer must get on");
        }

        return offsets;
    }
}
