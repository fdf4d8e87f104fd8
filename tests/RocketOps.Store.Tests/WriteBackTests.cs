using Microsoft.Extensions.Logging.Abstractions;
using RocketOps.Store.Contracts;
using RocketOps.Store.Dispatching;
using RocketOps.Store.Files;
using RocketOps.Store.Tests.Support;
using RocketOps.Testing.Time;
using RocketOps.Testing;

namespace RocketOps.Store.Tests;

/// <summary>What queues and index put before a flush of the log is small, whatever has gathered; and what the flusher does after a flush does not hold up the next.</summary>
public sealed class WriteBackTests
{
    private const int Slots = 400_000;
    private const int Messages = 40_000;

    private static readonly StoreOptions Wide = Options(FlushDiskType.SyncFlush);

    [Fact]
    public void WriteBack_PartsOfAFile_WholeStepsInOrderAndTheRestLater()
    {
        MemoryFileSystem files = new();
        using IStoreFile file = files.Open("/file", FileOpenMode.OpenOrCreate);
        DirtySpan dirty = default;

        dirty.Add(5000, DirtySpan.StepBytes);
        dirty.Add(1000, 10);
        dirty.WriteBack(file);
        files.WriteBacks.Should().Equal(("/file", 1000, DirtySpan.StepBytes));
        dirty.WriteBack(file);
        files.WriteBacks.Should().HaveCount(1, "4000 bytes are no step");
        dirty.Add(1000L + (3 * DirtySpan.StepBytes), 1);
        dirty.WriteBack(file);

        files.WriteBacks.Skip(1).Should().Equal(("/file", 1000 + DirtySpan.StepBytes, DirtySpan.StepBytes), ("/file", 1000 + (2 * DirtySpan.StepBytes), DirtySpan.StepBytes));
    }

    [Fact]
    public async Task MakeDurable_MegabytesOfQueueAndIndex_LeavesTheirFlushesLessThanAStep()
    {
        MemoryFileSystem files = new();
        await using MessageStore store = await SmallStore.StartAsync(Wide, files, new FakeTimeProvider(), hasThreads: false);
        Append(store, Messages);
        Dictionary<string, int> sentBefore = [];
        files.Fault = (operation, path) =>
        {
            if (operation == "fdatasync")
            {
                sentBefore[Path.GetDirectoryName(path)!] = files.WriteBacks.Count(sent => sent.Path == path);
            }

            return null;
        };

        store.Maintenance.MakeDurable();

        files.WriteBacks.Should().OnlyContain(sent => sent.Length == DirtySpan.StepBytes).And.OnlyContain(sent => !sent.Path.Contains("commitlog"), "its flush is what is waited for");
        sentBefore["/store/consumequeue/T/0"].Should().Be(Messages * 20 / DirtySpan.StepBytes);
        sentBefore["/store/index"].Should().BeGreaterThanOrEqualTo((Messages * 20 / DirtySpan.StepBytes) + (Slots * 4 / DirtySpan.StepBytes) - 1);
    }

    [Theory]
    [InlineData(FlushDiskType.SyncFlush)]
    [InlineData(FlushDiskType.AsyncFlush)]
    public async Task Pass_MuchGathersBetweenTheThoroughOnes_GoesToTheDiskByAndByWhereFlushesAreWaitedFor(FlushDiskType flush)
    {
        MemoryFileSystem files = new();
        await using MessageStore store = await SmallStore.StartAsync(Options(flush), files, new FakeTimeProvider(), hasThreads: false);
        List<string> flushed = [];
        files.Fault = (operation, path) =>
        {
            if (operation == "fdatasync" && !path.Contains("commitlog"))
            {
                flushed.Add(path);
            }

            return null;
        };

        Append(store, 100);
        store.Maintenance.Pass();
        files.WriteBacks.Should().BeEmpty("a few pages can wait for the minute's flush");
        flushed.Should().BeEmpty();
        Append(store, Messages);
        store.Maintenance.Pass();

        files.WriteBacks.Any(sent => sent.Path.Contains("/index/")).Should().Be(flush == FlushDiskType.SyncFlush);
        flushed.Should().Equal(flush == FlushDiskType.SyncFlush ? ["/store/consumequeue/T/0/00000000000000000000"] : []);
    }

    [Fact]
    public async Task Pass_WriteBackFails_TheStoreFailsAsAfterAFailedFlush()
    {
        MemoryFileSystem files = new();
        await using MessageStore store = await SmallStore.StartAsync(Wide, files, new FakeTimeProvider(), hasThreads: false);
        Append(store, Messages);
        files.Fault = (operation, path) => operation == "write back" ? StoreIOException.InputOutput : null;

        store.Maintenance.Pass();

        store.Flags.Should().HaveFlag(StoreFlags.LogicQueueError);
    }

    [Fact]
    public async Task Flusher_DispatchTakesLong_DoesNotHoldUpTheNextFlush()
    {
        using Gate gate = new();
        await using MessageStore store = new(Wide, new MemoryFileSystem(), TimeProvider.System, NullLoggerFactory.Instance);
        const int HeldUpAt = 600 * 1024;
        store.ArrivedObserver = new HeldUp(gate, HeldUpAt);
        await store.StartAsync(CancellationToken.None);
        byte[] body = new byte[8 * 1024];
        AppendResult last = default;
        while (last.End.Value < 1024 * 1024)
        {
            store.TryAppend("T", 0, body, out last).Should().Be(AppendStatus.Ok);
        }

        store.Writer.WriteWithoutDispatch();
        await gate.Reached;
        store.TryAppend("T", 0, [1], out AppendResult next).Should().Be(AppendStatus.Ok);
        store.Writer.WriteWithoutDispatch();

        (await store.Writer.WhenAsync(LogPosition.Durable, next.Mark)).Should().Be(WaitOutcome.Reached, "the flusher leaves a long dispatch to others");
        gate.Open();
        await Eventually.TrueAsync(() => store.GetStats().DispatchedOffset == next.End, "all of it becomes readable");
    }

    private static StoreOptions Options(FlushDiskType flush) => new()
    {
        RootDirectory = "/store",
        FlushDiskType = flush,
        CommitLogFileBytes = 64 * 1024 * 1024,
        Tuning = StoreTunings.Patient with { DiskWarningRatio = 100, DeleteHours = [] },
        IndexSlots = Slots,
        IndexEntries = 200_000,
    };

    private static void Append(MessageStore store, int messages)
    {
        for (int i = 0; i < messages; i++)
        {
            store.Append("T", 0, "x", $"KEYS\u0001{i}");
            if (i % 1000 == 999 || i == messages - 1)
            {
                store.Writer.WritePending();
                store.Flusher.Pass(everything: true);
            }
        }
    }

    private sealed class HeldUp(Gate gate, long from) : IMessageArrivedObserver
    {
        public void OnArrived(in MessageArrival message)
        {
            if (message.Offset.Value >= from)
            {
                gate.Pass();
            }
        }

        public void OnRoundCompleted()
        {
        }
    }
}
