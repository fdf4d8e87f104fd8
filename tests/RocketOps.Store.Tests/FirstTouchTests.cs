using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Contracts;
using RocketOps.Store.Files;
using RocketOps.Store.Tests.Support;
using RocketOps.Testing.Time;

namespace RocketOps.Store.Tests;

/// <summary>What nobody has used since the start is on the disk: callers that must not wait are told so, and nothing of it is read for them.</summary>
public sealed class FirstTouchTests
{
    private static readonly string[] Reading = ["list", "open", "read"];

    [Fact]
    public async Task Append_QueueNotUsedSinceTheStart_SaysSoUntilItIsLoaded()
    {
        MemoryFileSystem files = await RestartedAsync();
        await using MessageStore store = await SmallStore.StartAsync(SmallStore.Options("/store"), files, new FakeTimeProvider(), hasThreads: false);
        int touched = CountTouches(files);

        store.TryAppendNow("T", 0, [1], out _).Should().Be(AppendStatus.QueueNotLoaded);
        store.Reader.TryGetOffsets(store.FindTopic("T"u8)!, 0, out _).Should().BeFalse();
        CountTouches(files).Should().Be(touched, "the caller may be a connection's loop");

        (await store.Writer.LoadQueueAsync(store.FindTopic("T"u8)!, 0, CancellationToken.None)).Should().Be(AppendStatus.Ok);
        store.TryAppendNow("T", 0, [1], out AppendResult result).Should().Be(AppendStatus.Ok);
        result.QueueOffset.Should().Be(3);
        store.Reader.TryGetOffsets(store.FindTopic("T"u8)!, 0, out QueueOffsets offsets).Should().BeTrue();
        offsets.Should().Be(new QueueOffsets(0, 3), "the message is not dispatched yet");
        store.TryAppendNow("T", 1, [1], out _).Should().Be(AppendStatus.QueueNotLoaded, "this one is still on the disk");
    }

    [Fact]
    public async Task Append_QueueThatHasNoFiles_NeedsNoDisk()
    {
        MemoryFileSystem files = await RestartedAsync();
        await using MessageStore store = await SmallStore.StartAsync(SmallStore.Options("/store"), files, new FakeTimeProvider(), hasThreads: false);
        await store.Reader.GetOffsetsAsync(store.FindTopic("T"u8)!, 0, CancellationToken.None);
        int touched = CountTouches(files);

        store.TryAppendNow("T", 7, [1], out AppendResult further).Should().Be(AppendStatus.Ok, "the topic's queues are known by now");
        store.TryAppendNow("New", 0, [1], out AppendResult first).Should().Be(AppendStatus.Ok);

        further.QueueOffset.Should().Be(0);
        first.QueueOffset.Should().Be(0);
        CountTouches(files).Should().Be(touched);
    }

    [Fact]
    public async Task LoadQueueAsync_FilesCannotBeRead_StopsTheStore()
    {
        MemoryFileSystem files = await RestartedAsync();
        await using MessageStore store = await SmallStore.StartAsync(SmallStore.Options("/store"), files, new FakeTimeProvider(), hasThreads: false);
        files.ReadFault = (operation, path) => operation == "open" && path.Contains("consumequeue", StringComparison.Ordinal) ? StoreIOException.InputOutput : null;

        (await store.Writer.LoadQueueAsync(store.FindTopic("T"u8)!, 0, CancellationToken.None)).Should().Be(AppendStatus.ServiceNotAvailable);
        store.Flags.Should().Be(StoreFlags.LogicQueueError);
    }

    [Fact]
    public async Task LoadQueueAsync_TooManyWaitForTheDisk_SaysBusy()
    {
        MemoryFileSystem files = await RestartedAsync();
        using ManualResetEventSlim disk = new();
        StoreOptions options = new() { RootDirectory = "/store", CommitLogFileBytes = 64 * 1024, ConsumeQueueFileBytes = 1000, IndexSlots = 50, IndexEntries = 100, MaxMessageBytes = 16 * 1024, TailBytes = 256 * 1024, Tuning = StoreTunings.Patient with { DeleteHours = [] }, ColdReadThreads = 1, ColdReadQueueLength = 1 };
        await using MessageStore store = await SmallStore.StartAsync(options, files, new FakeTimeProvider());
        StoreTopic topic = store.FindTopic("T"u8)!;
        TaskCompletionSource reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
        files.ReadFault = (operation, path) =>
        {
            if (operation == "open" && path.Contains("consumequeue", StringComparison.Ordinal))
            {
                reached.TrySetResult();
                disk.Wait();
            }

            return null;
        };

        Task<AppendStatus> first = store.Writer.LoadQueueAsync(topic, 0, CancellationToken.None).AsTask();
        await reached.Task;
        Task<AppendStatus> second = store.Writer.LoadQueueAsync(topic, 1, CancellationToken.None).AsTask();
        AppendStatus third = await store.Writer.LoadQueueAsync(topic, 1, CancellationToken.None);
        Func<Task> read = async () => await store.Reader.GetOffsetsAsync(topic, 1, CancellationToken.None);
        await read.Should().ThrowAsync<ColdReadRefusedException>();
        disk.Set();

        third.Should().Be(AppendStatus.Busy);
        (await first).Should().Be(AppendStatus.Ok);
        (await second).Should().Be(AppendStatus.Ok);
        store.Flags.Should().Be(StoreFlags.None, "nothing is wrong with the store");
    }

    /// <summary>A stopped store with three messages in each of two queues.</summary>
    private static async Task<MemoryFileSystem> RestartedAsync()
    {
        MemoryFileSystem files = new();
        await using (MessageStore store = await SmallStore.StartAsync(SmallStore.Options("/store"), files, new FakeTimeProvider(), hasThreads: false))
        {
            for (int i = 0; i < 6; i++)
            {
                store.Append("T", i % 2, $"{i}");
            }

            store.Writer.WritePending();
        }

        return files;
    }

    private static int CountTouches(MemoryFileSystem files) => Reading.Sum(files.CountOf);
}
