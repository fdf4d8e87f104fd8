using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Contracts;
using RocketOps.Store.Files;
using RocketOps.Store.Tests.Support;
using RocketOps.Testing.Time;

namespace RocketOps.Store.Tests;

/// <summary>Lengths of files suit the volume, and never change for a store that is there.</summary>
public sealed class StoreLayoutTests
{
    private const long MiB = 1024 * 1024;

    [Theory]
    [InlineData(1, 128 * 1024)]
    [InlineData(64, 8 * 1024 * 1024)]
    [InlineData(975, 64 * 1024 * 1024)]
    [InlineData(1024, 128 * 1024 * 1024)]
    [InlineData(8 * 1024, 1024 * 1024 * 1024)]
    [InlineData(10 * 1024 * 1024, 1024 * 1024 * 1024)]
    public void ForVolume_OfSomeMebibytes_HasLogFilesOfAnEighthOrLess(long mebibytes, int expected)
    {
        StoreLayout layout = StoreLayout.ForVolume(mebibytes * MiB);

        layout.CommitLogFileBytes.Should().Be(expected);
        (layout.ConsumeQueueFileBytes % 20).Should().Be(0);
        new StoreOptions
        {
            RootDirectory = "/store",
            CommitLogFileBytes = layout.CommitLogFileBytes,
            ConsumeQueueFileBytes = layout.ConsumeQueueFileBytes,
            IndexSlots = layout.IndexSlots,
            IndexEntries = layout.IndexEntries,
        }.Validate().Should().BeEmpty();
    }

    [Fact]
    public void ForVolume_LargeOne_HasRocketMqsLengths() => StoreLayout.ForVolume(1L << 40).Should().Be(new StoreLayout(1 << 30, 6_000_000, 13_800_000, 5_000_000, 20_000_000));

    [Fact]
    public async Task Find_StoreOnAVolumeThatHasGrown_KeepsItsLengths()
    {
        MemoryFileSystem files = new() { Capacity = MiB };
        StoreLayout first = Find(files);
        await using (MessageStore store = await SmallStore.StartAsync(Options(first), files, new FakeTimeProvider(), hasThreads: false))
        {
            store.Append("T", 0, "m", "UNIQ_KEY\u0001u");
            store.Writer.WritePending();
            store.Maintenance.MakeDurable();
        }

        files.Capacity = 1L << 40;

        Find(files).Should().Be(first);
    }

    [Fact]
    public void Find_StoreOfApachesWithShortLogFiles_LeavesQueuesAndIndexAsTheyAre()
    {
        MemoryFileSystem files = new();
        Make(files, "/store/commitlog/00000000000000000000", 64 * MiB);
        Make(files, "/store/consumequeue/T/0/00000000000000000000", 6_000_000);
        Make(files, "/store/index/20261121000000000", 40 + (4L * 5_000_000) + (20L * 20_000_000));

        Find(files).Should().Be(new StoreLayout((int)(64 * MiB), 6_000_000, 13_800_000, 5_000_000, 20_000_000));
    }

    [Fact]
    public void Find_LogFileOfAnOddLength_TakesItForBrokenAndNotForTheLength()
    {
        MemoryFileSystem files = new();
        Make(files, "/store/commitlog/00000000000000000000", (700 * MiB) + 17);

        Find(files).Should().Be(StoreLayout.Default);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(16)]
    public async Task Store_OnASmallVolumeThatIsFilledManyTimes_GoesOnAndLosesOnlyTheOldest(int mebibytes)
    {
        MemoryFileSystem files = new() { Capacity = mebibytes * MiB };
        StoreLayout layout = Find(files);
        await using MessageStore store = await SmallStore.StartAsync(Options(layout), files, new FakeTimeProvider(), hasThreads: false);
        byte[] body = new byte[layout.CommitLogFileBytes / 20];
        int refusedInARow = 0;
        int sent = 0;
        while (sent < 800)
        {
            // A pass a second, and many messages meanwhile: the disk does fill up.
            if (store.TryAppend("T", 0, body, out _, $"UNIQ_KEY\u0001u{sent}") == AppendStatus.Ok)
            {
                refusedInARow = 0;
                sent++;
                store.Writer.WritePending().Should().Be(store.GetStats().MaxOffset);
                if (sent % 10 != 0)
                {
                    continue;
                }
            }
            else
            {
                (++refusedInARow).Should().BeLessThan(5, $"after {sent} messages the oldest make room: {store.Flags}, {store.Shortage}, {files.UsedBytes} bytes used");
            }

            store.Flusher.Pass(everything: true);
            store.Maintenance.Pass();
        }

        store.Flags.Should().BeOneOf(StoreFlags.None, StoreFlags.DiskFull);
        StoreTopic topic = store.GetOrAddTopic("T"u8);
        long min = await store.Reader.MinOffsetAsync(topic, 0);
        min.Should().BeInRange(sent - (20 * 9), sent - 20, "some files' worth is there");
        (await store.ReadAllAsync("T", 0, min)).Should().HaveCount(sent - (int)min);
    }

    private static StoreLayout Find(MemoryFileSystem files)
    {
        files.CreateDirectory("/store");
        return StoreLayout.Find(files, "/store", "/store/commitlog", volumeBytes: 0);
    }

    private static void Make(MemoryFileSystem files, string path, long length)
    {
        files.CreateDirectory(Path.GetDirectoryName(path)!);
        using IStoreFile file = files.Open(path, FileOpenMode.OpenOrCreate);
        file.SetLength(length);
    }

    /// <summary>As the broker sets them where the configuration says nothing.</summary>
    private static StoreOptions Options(StoreLayout layout) => new()
    {
        RootDirectory = "/store",
        CommitLogFileBytes = layout.CommitLogFileBytes,
        ConsumeQueueFileBytes = layout.ConsumeQueueFileBytes,
        IndexSlots = layout.IndexSlots,
        IndexEntries = layout.IndexEntries,
        Tuning = StoreTunings.Patient with { DeleteHours = [], DiskWarningBytes = layout.CommitLogFileBytes / 4, DiskCleanForciblyBytes = layout.CommitLogFileBytes * 4L },
    };
}
