using System.Runtime.InteropServices;
using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Contracts;
using RocketOps.Store.Files;
using RocketOps.Store.Reading;
using RocketOps.Store.Tests.Support;
using RocketOps.Testing;

namespace RocketOps.Store.Tests.Reading;

/// <summary>Messages that are sent from the page cache: what lies at their addresses, and how long.</summary>
public sealed class MappedMessagesTests : IDisposable
{
    private const int Queues = 4;
    private const int Messages = 600;

    private readonly TempDirectory _directory = new("mapped-");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task TryMapMessages_FarBehind_FindsThemWhereTheyLie()
    {
        await using MessageStore store = await FilledAsync();
        GetResult result = new();
        int mapped = 0;
        for (int queue = 0; queue < Queues; queue++)
        {
            // Some files of the queue are not open: that is for threads that may wait.
            for (long offset = 0; await store.Reader.GetMessagesAsync(store.GetOrAddTopic("T"u8), queue, offset, new GetLimits(4), null, result, CancellationToken.None) == GetStatus.Found; offset = result.NextBeginOffset)
            {
                byte[] copied = new byte[result.TotalBytes];
                store.Reader.TryCopyMessages(result, copied).Should().BeTrue();
                if (store.Reader.TryMapMessages(result, out MappedMessages found))
                {
                    using MappedMessages lent = found;
                    mapped += result.Count;
                    BytesOf(lent, result).Should().Equal(copied);
                }
            }
        }

        mapped.Should().BeGreaterThan(Messages / 2, "few answers lie in two files");
    }

    [Fact]
    public async Task TryMapMessages_InMemory_LeavesThemToACopy()
    {
        await using MessageStore store = await FilledAsync();
        await FillAsync(store);
        GetResult result = new();
        store.Reader.GetMessages(store.GetOrAddTopic("T"u8), 0, (2 * Messages / Queues) - 1, new GetLimits(16), null, result).Should().Be(GetStatus.Found);

        store.Reader.TryMapMessages(result, out _).Should().BeFalse();
    }

    [Fact]
    public async Task TryMapMessages_InTwoFiles_LeavesThemToACopy()
    {
        await using MessageStore store = await FilledAsync();
        GetResult result = new();
        StoreTopic topic = store.GetOrAddTopic("T"u8);
        int files = 0;
        for (long offset = 0; await store.Reader.GetMessagesAsync(topic, 0, offset, new GetLimits(2), null, result, CancellationToken.None) == GetStatus.Found; offset++)
        {
            if (result.Count == 2 && result.Messages[0].Offset.Value / store.Options.CommitLogFileBytes != result.Messages[1].Offset.Value / store.Options.CommitLogFileBytes)
            {
                files++;
                store.Reader.TryMapMessages(result, out _).Should().BeFalse();
            }
        }

        files.Should().BePositive();
    }

    [Fact]
    public async Task TryMapMessages_FoundBeforeTheLogWasCut_LeavesThemToACopy()
    {
        await using MessageStore store = await FilledAsync();
        GetResult result = new();
        store.Reader.GetMessages(store.GetOrAddTopic("T"u8), 0, 10, new GetLimits(4), null, result).Should().Be(GetStatus.Found);
        await store.TruncateAsync(result.Messages[0].Offset, keepIn: null, CancellationToken.None);

        store.Reader.TryMapMessages(result, out _).Should().BeFalse();
    }

    [Fact]
    public async Task Truncate_WhileMessagesAreSent_WaitsForThem()
    {
        await using MessageStore store = await FilledAsync();
        GetResult result = new();
        store.Reader.GetMessages(store.GetOrAddTopic("T"u8), 0, 10, new GetLimits(4), null, result).Should().Be(GetStatus.Found);
        byte[] before = new byte[result.TotalBytes];
        store.Reader.TryCopyMessages(result, before).Should().BeTrue();
        PhysicalOffset first = result.Messages[0].Offset;

        Task cut;
        using (MappedMessages lent = Lend())
        {
            cut = Task.Run(() => store.TruncateAsync(first, keepIn: null, CancellationToken.None));
            SpinWait.SpinUntil(() => cut.IsCompleted, TimeSpan.FromMilliseconds(200)).Should().BeFalse("somebody is at what is cut off");
            BytesOf(lent, result).Should().Equal(before);
        }

        await cut.WaitAsync(Eventually.DefaultDeadline);
        store.GetStats().MaxOffset.Should().Be(first);

        MappedMessages Lend()
        {
            store.Reader.TryMapMessages(result, out MappedMessages found).Should().BeTrue();
            return found;
        }
    }

    [Fact]
    public void Map_FileThatIsClosed_StaysForWhoUsesIt()
    {
        string path = _directory.File("one");
        byte[] bytes = new byte[10_000];
        new Random(1).NextBytes(bytes);
        bool isHeld = false;
        FileMapping mapping;
        using (IStoreFile file = new LinuxFileSystem().Open(path, FileOpenMode.OpenOrCreate))
        {
            file.Map(20_000);
            mapping = file.Mapping!;
            mapping.DangerousAddRef(ref isHeld);
            file.Write(bytes, 0);
        }

        byte[] read = new byte[bytes.Length];
        Marshal.Copy(mapping.AddressOf(0), read, 0, read.Length);
        read.Should().Equal(bytes);
        mapping.IsCached(1, 9_999).Should().BeTrue();
        mapping.IsCached(0, 20_000).Should().BeFalse("the file is shorter");
        mapping.IsCached(19_000, 1_001).Should().BeFalse("nobody asked for so much");
        mapping.DangerousRelease();
        mapping.IsClosed.Should().BeTrue();
    }

    /// <summary>A store that has nothing in memory.</summary>
    private async Task<MessageStore> FilledAsync()
    {
        await using (MessageStore store = await SmallStore.StartAsync(_directory))
        {
            await FillAsync(store);
        }

        MessageStore again = await SmallStore.StartAsync(_directory);
        for (int queue = 0; queue < Queues; queue++)
        {
            await again.Reader.GetOffsetsAsync(again.GetOrAddTopic("T"u8), queue, CancellationToken.None);
        }

        return again;
    }

    private static async Task FillAsync(MessageStore store)
    {
        for (int i = 0; i < Messages; i++)
        {
            store.Append("T", i % Queues, new string((char)('a' + (i % 26)), 300 + (i % 200)));
        }

        // Threads of the pool write and dispatch, too, and may be on it.
        await store.FinishDispatchAsync();
        store.Maintenance.MakeDurable();
    }

    private static byte[] BytesOf(in MappedMessages mapped, GetResult result)
    {
        byte[] bytes = new byte[result.TotalBytes];
        int at = 0;
        foreach (MessageRange message in result.Messages)
        {
            Marshal.Copy(mapped.AddressOf(message.Offset), bytes, at, message.Size);
            at += message.Size;
        }

        return bytes;
    }
}
