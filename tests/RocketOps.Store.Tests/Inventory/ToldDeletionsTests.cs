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

    /// <summary>The table is another broker's: the same offset and time mean other messages.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Start_DeletionIsOfAnotherLog_MessagesComeBack(bool isLost)
    {
        (MemoryFileSystem disk, PhysicalOffset end) = await RunAsync(goesOn: false, last: "later");
        (MemoryFileSystem other, _) = await RunAsync(goesOn: false, first: "else");
        LogRecords records;
        await using (MessageStore another = await StartAsync(other, end, _time.GetUtcNow()))
        {
            records = another.LogRecords!;
            records.Marks.Should().ContainKey(0);
            (await another.IsOtherLogAsync(records, CancellationToken.None)).Should().BeFalse();
        }

        if (isLost)
        {
            disk.Remove($"{Root}/inventory");
            disk.Remove($"{Root}/checkpoint");
        }

        disk.Remove($"{Root}/consumequeue");
        await using MessageStore store = await StartAsync(disk, end, _time.GetUtcNow(), records);

        (await store.ReadAllAsync("T", 1)).Should().Equal("old 1");
        (await store.IsOtherLogAsync(records, CancellationToken.None)).Should().BeTrue();
    }

    /// <summary>A note without records of its log hid messages: the way back is to have the queues made again without it.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Start_QueuesAreMovedAwayAfterAWrongNoteCounted_MessagesComeBack(bool isLost)
    {
        (MemoryFileSystem disk, PhysicalOffset end) = await RunAsync(goesOn: false, last: "later");
        disk.Remove($"{Root}/consumequeue");
        if (isLost)
        {
            disk.Remove($"{Root}/inventory");
            disk.Remove($"{Root}/checkpoint");
        }

        await using (MessageStore wrong = await StartAsync(disk, end, _time.GetUtcNow()))
        {
            (await wrong.ReadAllAsync("T", 1)).Should().BeEmpty();
        }

        disk.Remove($"{Root}/consumequeue");
        await using MessageStore store = await SmallStore.StartAsync(SmallStore.Options(Root), disk, _time, hasThreads: false);

        (await store.ReadAllAsync("T", 1)).Should().Equal("old 1");
        (await store.ReadAllAsync("T", 0)).Should().Equal("old 0");
    }

    /// <summary>The records that the note names are those of this log, and it counts.</summary>
    [Fact]
    public async Task Start_DeletionIsOfThisLog_MessagesOfBeforeComeBackIntoNoQueue()
    {
        (MemoryFileSystem disk, PhysicalOffset end) = await RunAsync(goesOn: true);
        LogRecords records;
        await using (MessageStore before = await StartAsync(disk, end, _time.GetUtcNow()))
        {
            records = before.LogRecords!;
            records.Marks.Should().NotBeEmpty();
        }

        foreach (string path in (string[])["consumequeue", "inventory", "checkpoint"])
        {
            disk.Remove($"{Root}/{path}");
        }

        await using MessageStore store = await StartAsync(disk, end, _time.GetUtcNow(), records);

        (await store.ReadAllAsync("T", 1)).Should().BeEmpty();
        (await store.ReadAllAsync("T", 0)).Should().Equal("new 0");
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
    private async Task<(MemoryFileSystem Disk, PhysicalOffset End)> RunAsync(bool goesOn, string first = "kept", string? last = null)
    {
        MemoryFileSystem disk = new();
        await using MessageStore store = await SmallStore.StartAsync(SmallStore.Options(Root), disk, _time, hasThreads: false);
        store.Append("U", 0, first);
        store.Append("T", 0, "old 0");
        PhysicalOffset end = store.Append("T", 1, "old 1").End;
        store.Writer.WritePending();
        if (goesOn)
        {
            await store.DeleteTopicAsync(store.FindTopic("T"u8)!, CancellationToken.None);
            store.Append("T", 0, "new 0");
            store.Writer.WritePending();
        }

        if (last is not null)
        {
            store.Append("V", 0, last);
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

    private static async Task<MessageStore> StartAsync(MemoryFileSystem disk, PhysicalOffset end, DateTimeOffset time,
        LogRecords? log = null)
    {
        MessageStore store = new(SmallStore.Options(Root), disk, new FakeTimeProvider(), NullLoggerFactory.Instance, hasThreads: false)
        {
            Deletions = () => new Dictionary<string, ToldDeletion> { ["T"] = new(end, time.ToUnixTimeMilliseconds(), log) },
        };
        await store.StartAsync(CancellationToken.None);
        return store;
    }
}
