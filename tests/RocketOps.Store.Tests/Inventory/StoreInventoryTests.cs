using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Files;
using RocketOps.Store.Inventory;
using RocketOps.Store.Tests.Support;
using RocketOps.Testing.Time;

namespace RocketOps.Store.Tests.Inventory;

/// <summary>The inventory file: what a run writes is read back, whatever else its bytes are gives an answer, and it does not grow for ever.</summary>
public sealed class StoreInventoryTests
{
    private const string Root = "/store";
    private const string FilePath = $"{Root}/inventory";

    [Fact]
    public async Task Read_AfterARun_SaysWhatTheQueuesHold()
    {
        MemoryFileSystem disk = await RunAsync(queues: 3, messages: 130);

        InventoryContent content = StoreInventory.Read(disk, Root, upTo: long.MaxValue);

        content.Id.Should().NotBe(0);
        content.QueueFileBytes.Should().Be(1000);
        content.Queues.Keys.Should().BeEquivalentTo(Enumerable.Range(0, 3).Select(static queue => new QueueName(false, "T", queue)));
        content.Queues.Values.Should().OnlyContain(static place => place.First == 0 && place.End >= 43 && place.LastPhysicalOffset > 0);
        content.LogFiles.Keys.Should().Equal(0);
        content.Index.Name.Should().Be(0, "no message has a key");
        content.Offset.Should().BePositive();
        content.RebuildFrom.Should().Be(-1);
    }

    [Fact]
    public async Task Read_AfterADeletion_NotesItAndForgetsTheQueues()
    {
        MemoryFileSystem disk = new();
        await using (MessageStore store = await StartAsync(disk))
        {
            store.Append("T", 0, "gone");
            store.Append("U", 0, "stays");
            store.Writer.WritePending();
            await store.DeleteTopicAsync(store.FindTopic("T"u8)!, CancellationToken.None);
        }

        InventoryContent content = StoreInventory.Read(disk, Root, upTo: long.MaxValue);

        content.Queues.Keys.Should().Equal(new QueueName(false, "U", 0));
        content.IsDeleted("T"u8, 0, storeTimestamp: 1).Should().BeTrue();
        content.IsDeleted("T"u8, content.Deletions["T"].Offset, storeTimestamp: 1).Should()
            .BeFalse("a later message is one of the next topic");
        content.IsDeleted("U"u8, 0, storeTimestamp: 1).Should().BeFalse();
    }

    /// <summary>Passes that come after the durable point may be torn by a power cut: they are left out, the first of a file never.</summary>
    [Fact]
    public async Task Read_UpToAnOffset_LeavesLaterPassesOut()
    {
        MemoryFileSystem disk = new();
        await using MessageStore store = await StartAsync(disk);
        store.Append("T", 0, "first");
        store.Writer.WritePending();
        store.Maintenance.MakeDurable();
        long durable = store.GetStats().DispatchedOffset.Value;
        store.Append("T", 0, "second");
        store.Writer.WritePending();
        store.Maintenance.Pass();

        StoreInventory.Read(disk, Root, durable).Queues[new QueueName(false, "T", 0)].End.Should().Be(1);
        StoreInventory.Read(disk, Root, long.MaxValue).Queues[new QueueName(false, "T", 0)].End.Should().Be(2);
    }

    [Fact]
    public async Task MakeDurable_AfterManyPasses_WritesTheFileAgainShorter()
    {
        MemoryFileSystem disk = new();
        await using MessageStore store = await StartAsync(disk);
        long longest = 0;
        for (int i = 0; i < 40_000; i++)
        {
            store.Append("T", i % 2, "m");
            store.Writer.WritePending();
            if (i % 2 == 0)
            {
                store.Maintenance.Pass();
            }

            if (i % 1000 == 999)
            {
                store.Maintenance.MakeDurable();
                longest = Math.Max(longest, Length(disk));
            }
        }

        longest.Should().BeLessThan(1_300_000);
        Length(disk).Should().BeLessThan(longest, "it was written again at least once");
        StoreInventory.Read(disk, Root, long.MaxValue).Queues[new QueueName(false, "T", 1)].End.Should().Be(20_000);
    }

    [Fact]
    public async Task Read_MutatedCutAndRandomBytes_NeverThrows()
    {
        MemoryFileSystem disk = await RunAsync(queues: 3, messages: 300);
        byte[] whole = Content(disk);
        Random random = new(7);
        int understood = 0;
        for (int round = 0; round < 20_000; round++)
        {
            byte[] bytes = [.. whole.AsSpan(0, random.Next(whole.Length + 1))];
            for (int i = random.Next(4); i > 0 && bytes.Length > 0; i--)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            MemoryFileSystem other = new();
            other.CreateDirectory(Root);
            using (IStoreFile file = other.Open(FilePath, FileOpenMode.Truncate))
            {
                file.Write(bytes, 0);
            }

            InventoryContent content = StoreInventory.Read(other, Root, long.MaxValue);
            understood += content.Id != 0 ? 1 : 0;
        }

        understood.Should().BeInRange(1000, 19_999);
    }

    [Fact]
    public void TryTake_EntriesOfRandomBytes_NeverThrows()
    {
        Random random = new(11);
        byte[] pass = new byte[200];
        int taken = 0;
        for (int round = 0; round < 200_000; round++)
        {
            random.NextBytes(pass);
            int length = random.Next(24, pass.Length);
            for (int at = 20; at < length; at += random.Next(1, 60))
            {
                pass[at] = (byte)random.Next(8);
                pass[Math.Min(at + 1, length)] = 0;
            }

            taken += InventoryCodec.TryTake(pass.AsSpan(0, length), new InventoryContent(), takesQueues: true) ? 1 : 0;
        }

        taken.Should().BePositive();
    }

    private static Task<MessageStore> StartAsync(MemoryFileSystem disk) =>
        SmallStore.StartAsync(SmallStore.Options(Root), disk, new FakeTimeProvider(), hasThreads: false);

    private static async Task<MemoryFileSystem> RunAsync(int queues, int messages)
    {
        MemoryFileSystem disk = new();
        await using MessageStore store = await StartAsync(disk);
        for (int i = 0; i < messages; i++)
        {
            store.Append("T", i % queues, $"message {i}");
            if (i % 50 == 49)
            {
                store.Writer.WritePending();
                store.Maintenance.Pass();
            }
        }

        store.Writer.WritePending();
        store.Maintenance.MakeDurable();
        return disk;
    }

    private static long Length(MemoryFileSystem disk)
    {
        using IStoreFile file = disk.Open(FilePath, FileOpenMode.Read);
        return file.Length;
    }

    private static byte[] Content(MemoryFileSystem disk)
    {
        using IStoreFile file = disk.Open(FilePath, FileOpenMode.Read);
        byte[] bytes = new byte[file.Length];
        file.Read(bytes, 0);
        return bytes;
    }
}
