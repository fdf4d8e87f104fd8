using Microsoft.Extensions.Logging.Abstractions;
using RocketOps.Store.Contracts;
using RocketOps.Store.Tests.Support;
using RocketOps.Testing.Time;

namespace RocketOps.Store.Tests.Inventory;

/// <summary>A start that makes all queues from the log, and is told which topics were deleted.</summary>
public sealed class ToldDeletionsTests
{
    private const string Root = "/store";

    private readonly FakeTimeProvider _time = new();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Start_DeletionIsTold_MessagesOfBeforeComeBackIntoNoQueue(bool goesOn)
    {
        (MemoryFileSystem disk, PhysicalOffset end) = await RunAsync(goesOn);

        await using MessageStore store = await RebuildAsync(disk, end, _time.GetUtcNow());

        (await store.ReadAllAsync("T", 1)).Should().BeEmpty();
        (await store.ReadAllAsync("T", 0)).Should().Equal(goesOn ? ["new 0"] : []);
        (await store.ReadAllAsync("U", 0)).Should().Equal("kept");
    }

    /// <summary>The log was cut before the end of the deletion, and went on: the topic was made again there.</summary>
    [Fact]
    public async Task Start_MessagesWereStoredAfterTheDeletion_ComeBack()
    {
        (MemoryFileSystem disk, PhysicalOffset end) = await RunAsync(goesOn: false);

        await using MessageStore store = await RebuildAsync(disk, end, _time.GetUtcNow() - TimeSpan.FromSeconds(1));

        (await store.ReadAllAsync("T", 1)).Should().Equal("old 1");
    }

    /// <summary>The table is newer than the store.</summary>
    [Fact]
    public async Task Start_DeletionEndsBehindTheLog_MessagesComeBack()
    {
        (MemoryFileSystem disk, PhysicalOffset end) = await RunAsync(goesOn: false);

        await using MessageStore store = await RebuildAsync(disk, new PhysicalOffset(end.Value + 1), _time.GetUtcNow());

        (await store.ReadAllAsync("T", 1)).Should().Equal("old 1");
    }

    /// <summary>The table is newer than the store, though no message came in between: the inventory has queues of the topic.</summary>
    [Fact]
    public async Task Start_InventoryHasTheQueuesAndTheLogEndsAtTheDeletion_MessagesComeBack()
    {
        (MemoryFileSystem disk, PhysicalOffset end) = await RunAsync(goesOn: false);
        disk.Remove($"{Root}/consumequeue");

        await using MessageStore store = await StartAsync(disk, end, _time.GetUtcNow());

        (await store.ReadAllAsync("T", 1)).Should().Equal("old 1");
    }

    /// <summary>Leaves queues 0 and 1 of T with a message each and, perhaps, one of a topic of that name that was made again.</summary>
    private async Task<(MemoryFileSystem Disk, PhysicalOffset End)> RunAsync(bool goesOn)
    {
        MemoryFileSystem disk = new();
        await using MessageStore store = await SmallStore.StartAsync(SmallStore.Options(Root), disk, _time, hasThreads: false);
        store.Append("U", 0, "kept");
        store.Append("T", 0, "old 0");
        PhysicalOffset end = store.Append("T", 1, "old 1").End;
        store.Writer.WritePending();
        if (goesOn)
        {
            await store.DeleteTopicAsync(store.FindTopic("T"u8)!, CancellationToken.None);
            store.Append("T", 0, "new 0");
            store.Writer.WritePending();
        }

        return (disk, end);
    }

    private static Task<MessageStore> RebuildAsync(MemoryFileSystem disk, PhysicalOffset end, DateTimeOffset time)
    {
        foreach (string path in (string[])["consumequeue", "inventory", "checkpoint"])
        {
            disk.Remove($"{Root}/{path}");
        }

        return StartAsync(disk, end, time);
    }

    private static async Task<MessageStore> StartAsync(MemoryFileSystem disk, PhysicalOffset end, DateTimeOffset time)
    {
        MessageStore store = new(SmallStore.Options(Root), disk, new FakeTimeProvider(), NullLoggerFactory.Instance, hasThreads: false)
        {
            Deletions = () => new Dictionary<string, ToldDeletion> { ["T"] = new(end, time.ToUnixTimeMilliseconds()) },
        };
        await store.StartAsync(CancellationToken.None);
        return store;
    }
}
