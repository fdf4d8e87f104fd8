using System.Text;
using RocketOps.Store.Contracts;
using RocketOps.Store.Dispatching;
using RocketOps.Store.Tests.Support;
using RocketOps.Testing;

namespace RocketOps.Store.Tests;

/// <summary>What a connection's loop does to a store: appends, hands to the kernel, dispatches. Of these only the hand-over may wait for the disk.</summary>
public sealed class LoopThreadTests
{
    private readonly GatedFileSystem _files = new(new MemoryFileSystem());
    private int _loop = -1;
    private bool _isInHandOver;

    [Theory]
    [InlineData(FlushDiskType.AsyncFlush)]
    [InlineData(FlushDiskType.SyncFlush)]
    public async Task Loop_ThroughManyFiles_MakesNoOtherCallOfTheDisk(FlushDiskType flush)
    {
        const int Messages = 400;
        await using MessageStore store = await SmallStore.StartAsync(SmallStore.Options("/store", flush), _files);

        await OnLoopAsync(() =>
        {
            for (int i = 0; i < Messages; i++)
            {
                Append(store, i % 4, $"{i}:" + new string('x', 1000), $"UNIQ_KEY\u0001u{i}\u0002KEYS\u0001a{i} b c d");
                HandOver(store);
                store.Writer.DispatchPending();
            }
        });

        await store.FinishDispatchAsync();
        _files.ForbiddenCalls.Should().BeEmpty();
        store.Log.Segments.All.Count.Should().BeGreaterThan(5, "files were made");
        (await store.ReadAllAsync("T", 3)).Should().HaveCount(Messages / 4);
    }

    /// <summary>Dispatch lags by more than memory keeps of the log, as behind a disk that has held it up.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(4096)]
    public async Task DispatchPending_RecordsThatHaveLeftMemory_AreReadByAnotherThread(int described)
    {
        const int Messages = 200;
        StoreOptions options = new()
        {
            RootDirectory = "/store",
            CommitLogFileBytes = 4 * 1024 * 1024,
            MaxMessageBytes = 16 * 1024,
            TailBytes = 256 * 1024,
            IndexEnabled = false,
            DescribedMessages = described,
            ConsumeQueueFlushIntervalMs = 3_600_000, // the maintenance's pass would dispatch, too
            Tuning = StoreTunings.Patient with { DiskWarningRatio = 100, DeleteHours = [] },
        };
        await using MessageStore store = await SmallStore.StartAsync(options, _files);
        PropertiesOfArrivals observer = new();
        store.ArrivedObserver = observer;

        await OnLoopAsync(() =>
        {
            for (int i = 0; i < Messages; i++)
            {
                Append(store, 0, new string('x', 4000), $"TAGS\u0001t{i}");
                HandOver(store);
            }

            store.Writer.DispatchPending();
        });

        await store.FinishDispatchAsync();
        _files.ForbiddenCalls.Should().BeEmpty();
        observer.Seen.Should().Equal(Enumerable.Range(0, Messages).Select(static i => $"TAGS\u0001t{i}"));
    }

    /// <summary>The control: what these tests forbid is noticed.</summary>
    [Fact]
    public async Task Loop_ThatFlushes_IsNoticed()
    {
        await using MessageStore store = await SmallStore.StartAsync(SmallStore.Options("/store"), _files, hasThreads: false);

        await OnLoopAsync(() =>
        {
            Append(store, 0, "x", "");
            HandOver(store);
            store.Log.Flush();
        });

        _files.ForbiddenCalls.Should().Contain(static call => call.StartsWith("fdatasync /store/commitlog/", StringComparison.Ordinal));
    }

    /// <summary>Waits for what an append of a loop leaves to others; meanwhile nobody calls the disk on this thread.</summary>
    private static void Append(MessageStore store, int queue, string body, string properties)
    {
        while (store.TryAppendNow("T", queue, Encoding.UTF8.GetBytes(body), out _, properties) is not AppendStatus.Ok and AppendStatus status)
        {
            status.Should().Be(AppendStatus.WouldBlock);
            store.Writer.WhenRoomAsync().GetAwaiter().GetResult().Should().Be(WaitOutcome.Reached);
        }
    }

    private void HandOver(MessageStore store)
    {
        _isInHandOver = true;
        store.Writer.WriteWithoutDispatch();
        _isInHandOver = false;
    }

    /// <summary>Runs it on a thread of its own, which must not wait for the disk.</summary>
    private async Task OnLoopAsync(Action work)
    {
        TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _files.IsForbiddenHere = () => Environment.CurrentManagedThreadId == Volatile.Read(ref _loop) && !_isInHandOver;
        new Thread(() =>
        {
            Volatile.Write(ref _loop, Environment.CurrentManagedThreadId);
            try
            {
                work();
                ended.SetResult();
            }
            catch (Exception e)
            {
                ended.SetException(e);
            }
        })
        { IsBackground = true }.Start();
        await ended.Task.WaitAsync(Eventually.DefaultDeadline);
        _files.IsForbiddenHere = null;
    }

    private sealed class PropertiesOfArrivals : IMessageArrivedObserver
    {
        public List<string> Seen { get; } = [];

        public void OnArrived(in MessageArrival message) => Seen.Add(Encoding.UTF8.GetString(message.Properties));

        public void OnRoundCompleted()
        {
        }
    }
}
