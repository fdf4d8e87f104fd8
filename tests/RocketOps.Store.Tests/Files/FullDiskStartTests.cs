using RocketOps.Store.Contracts;
using RocketOps.Store.Tests.Support;
using RocketOps.Testing.Time;

namespace RocketOps.Store.Tests.Files;

/// <summary>
/// A store that starts on a disk without a free block is there for its consumers, refuses messages at most, and goes on by itself when there is room: whatever a start
/// has to write is written then.
/// </summary>
public sealed class FullDiskStartTests
{
    private const string Root = "/store";
    private const int Messages = 400;

    public static TheoryData<FlushDiskType, Stop, string?> Cases
    {
        get
        {
            TheoryData<FlushDiskType, Stop, string?> cases = [];
            foreach (FlushDiskType flush in (FlushDiskType[])[FlushDiskType.AsyncFlush, FlushDiskType.SyncFlush])
            {
                foreach (Stop stop in Enum.GetValues<Stop>())
                {
                    foreach (string? lost in (string?[])[null, "checkpoint", "lock", "consumequeue", "index"])
                    {
                        cases.Add(flush, stop, lost);
                    }
                }
            }

            return cases;
        }
    }

    public enum Stop
    {
        /// <summary>As the broker ends by itself.</summary>
        Clean = 0,

        /// <summary>The process is killed, half of its messages handed over.</summary>
        Kill,

        /// <summary>The machine loses power.</summary>
        PowerCut,
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Start_OnADiskWithoutAFreeBlock_IsReadAndGoesOnWhenThereIsRoom(FlushDiskType flush, Stop stop, string? lost)
    {
        StoreOptions options = SmallStore.Options(Root, flush);
        MemoryFileSystem files = await FilledAsync(options, stop, lost);
        FakeTimeProvider time = new();
        files.Capacity = 1L << 30;
        files.TakenByOthers = files.Capacity.Value;

        await using (MessageStore store = await SmallStore.StartAsync(options, files, time, hasThreads: false))
        {
            store.Maintenance.Pass();
            store.Flags.Should().BeOneOf(StoreFlags.None, StoreFlags.DiskFull);
            IReadOnlyList<string> readable = await BodiesAsync(store);
            readable.Should().Equal(Bodies(readable.Count), "what is read is in order, and nothing else");
            if (lost is not "consumequeue")
            {
                readable.Should().HaveCount(Messages, "the log has them, and memory has room for their queues");
            }

            files.TakenByOthers = 0;
            store.Maintenance.Pass();
            store.Maintenance.Pass();

            store.Flags.Should().Be(StoreFlags.None);
            store.Append("T", 0, Body(Messages)).QueueOffset.Should().Be(Messages);
            store.Writer.WritePending();
            store.Flusher.Pass(everything: true);
            (await BodiesAsync(store)).Should().Equal(Bodies(Messages + 1));
            store.Maintenance.Pass();
        }

        foreach (MemoryFileSystem next in (MemoryFileSystem[])[files.AfterKill(), files.AfterPowerCut(new Random(1))])
        {
            await using MessageStore again = await SmallStore.StartAsync(options, next, time, hasThreads: false);
            (await BodiesAsync(again)).Should().Equal(Bodies(Messages + 1));
        }
    }

    /// <summary>A store with messages, stopped, on a disk that has room.</summary>
    private static async Task<MemoryFileSystem> FilledAsync(StoreOptions options, Stop stop, string? lost)
    {
        MemoryFileSystem files = new();
        MessageStore store = await SmallStore.StartAsync(options, files, new FakeTimeProvider(), hasThreads: false);
        for (int i = 0; i < Messages; i++)
        {
            store.Append("T", 0, Body(i));
            if (i == Messages / 2)
            {
                store.Flusher.Pass(everything: true);
                store.Maintenance.Pass();
            }
        }

        store.Writer.WritePending();
        store.Flusher.Pass(everything: true);
        if (stop == Stop.Clean)
        {
            await store.DisposeAsync();
        }

        MemoryFileSystem left = stop == Stop.PowerCut ? files.AfterPowerCut(new Random(1)) : files.AfterKill();
        if (lost is not null)
        {
            left.Remove($"{Root}/{lost}");
        }

        await store.DisposeAsync();
        return left;
    }

    private static string Body(int i) => $"message {i} {new string('x', 400)}";

    private static IEnumerable<string> Bodies(int count) => Enumerable.Range(0, count).Select(Body);

    private static async Task<IReadOnlyList<string>> BodiesAsync(MessageStore store) =>
        store.FindTopic("T"u8) is null ? [] : await store.ReadAllAsync("T", 0);
}
