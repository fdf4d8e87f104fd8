using System.Globalization;
using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Contracts;
using RocketOps.Store.Reading;
using RocketOps.Store.Tests.Support;
using RocketOps.Testing.Time;

namespace RocketOps.Store.Tests;

/// <summary>Consumers of queues whose messages lie between those of others read blocks of the log: with few calls, and never anything but what the log has.</summary>
public sealed class ReadBlockTests
{
    private const int Queues = 8;
    private const int Messages = 2_000;
    private const int BlockBytes = 8 * 1024;
    private const string LogDirectory = "/store/commitlog";

    [Fact]
    public async Task Copy_QueuesBetweenEachOther_ReadsABlockForAllOfThem()
    {
        int reads = 0;
        MemoryFileSystem files = await FilledAsync();
        files.OnRead = (path, _) => reads += path.StartsWith(LogDirectory, StringComparison.Ordinal) ? 1 : 0;
        await using (MessageStore blocks = await StartAsync(files))
        {
            reads = 0;
            ShouldHaveAll(blocks, 0, Messages);
        }

        reads.Should().BeLessThan(Messages / 10, "a block has the messages of all queues");

        await using MessageStore single = await StartAsync(files, readBlocks: 0);
        reads = 0;
        ShouldHaveAll(single, 0, Messages);
        reads.Should().BeGreaterThanOrEqualTo(Messages, "the control: without blocks each message is read");
    }

    [Fact]
    public async Task Copy_LogWasCut_ReadsWhatHasTakenThePlace()
    {
        MemoryFileSystem files = await FilledAsync();
        await using MessageStore store = await StartAsync(files);
        ShouldHaveAll(store, 0, Messages);
        StoreTopic topic = store.GetOrAddTopic("T"u8);
        GetResult result = new();
        store.Reader.GetMessages(topic, 0, 100, new GetLimits(1), null, result).Should().Be(GetStatus.Found);

        await store.TruncateAsync(result.Messages[0].Offset, keepIn: null, CancellationToken.None);
        // So many that those behind the cut are no longer in memory.
        Fill(store, 100 * Queues, Messages * 3, prefix: "new ");
        ShouldHaveAll(store, 0, 100 * Queues);
        for (int queue = 0; queue < Queues; queue++)
        {
            (await store.ReadAllAsync("T", queue, 100)).Should().Equal(Bodies(queue, 100 * Queues, Messages * 3, "new "));
        }
    }

    [Fact]
    public async Task Copy_ConsumersFarFromEachOther_GoesBackToSingleReads()
    {
        const int Many = 40_000;
        const int Reads = 3_000;
        MemoryFileSystem files = await FilledAsync(Many);
        int blocks = 0;
        files.OnRead = (path, length) => blocks += path.StartsWith(LogDirectory, StringComparison.Ordinal) && length == BlockBytes ? 1 : 0;
        await using MessageStore store = await StartAsync(files);
        StoreTopic topic = store.GetOrAddTopic("T"u8);
        GetResult result = new();
        byte[] records = new byte[64 * 1024];
        Random random = new(1);
        blocks = 0;
        for (int i = 0; i < Reads; i++)
        {
            // Everywhere else each time: a block is never of use to a second read.
            (await store.Reader.GetMessagesAsync(topic, i % Queues, random.Next((Many / Queues) - 2), new GetLimits(2), null, result, CancellationToken.None)).Should().Be(GetStatus.Found);
            store.Reader.TryCopyMessages(result, records.AsSpan(0, result.TotalBytes)).Should().BeTrue();
        }

        blocks.Should().BeLessThan(Reads / 3, "blocks that serve nobody else are given up").And.BePositive("they are tried");
    }

    [Fact]
    public async Task Block_FilledAgainWhileItIsRead_GivesTheBytesAskedForOrNone()
    {
        const int Bytes = 4096;
        const int Copied = 100_000;
        LogBlock block = new();
        bool isDone = false;
        bool hasFailed = false;
        long copied = 0;
        long filled = 0;
        Task[] threads =
        [
            .. Enumerable.Range(0, 2).Select(_ => Task.Run(Fill)),
            .. Enumerable.Range(0, 2).Select(seed => Task.Run(() => Read(new Random(seed)))),
        ];

        await Task.WhenAll(threads);

        void Fill()
        {
            while (!Volatile.Read(ref hasFailed) && Volatile.Read(ref copied) < Copied)
            {
                if (block.TryOwn())
                {
                    long number = Interlocked.Increment(ref filled);
                    int which = (int)(number % 3);
                    block.Prepare(Bytes - (int)(number % 7)).Fill((byte)which);
                    block.Publish(which * Bytes, Bytes - (int)(number % 7), which);
                }
            }

            Volatile.Write(ref isDone, true);
        }

        void Read(Random random)
        {
            byte[] destination = new byte[100];
            while (!Volatile.Read(ref isDone))
            {
                int which = random.Next(3);
                if (!block.TryCopyOut((which * Bytes) + random.Next(Bytes - 200), destination, out int cuts))
                {
                    continue;
                }

                if (cuts != which || destination.AsSpan().ContainsAnyExcept((byte)which))
                {
                    Volatile.Write(ref hasFailed, true);
                    throw new InvalidOperationException($"Bytes of block {which} were read as {destination[0]} to {destination[^1]}, of cut {cuts}.");
                }

                Interlocked.Increment(ref copied);
            }
        }
    }

    /// <summary>With nothing of the log in memory, and the queues loaded.</summary>
    private static async Task<MessageStore> StartAsync(MemoryFileSystem files, int readBlocks = 64)
    {
        MessageStore store = await SmallStore.StartAsync(Options(readBlocks), files, new FakeTimeProvider(), hasThreads: false);
        for (int queue = 0; queue < Queues; queue++)
        {
            (await store.Reader.MaxOffsetAsync(store.GetOrAddTopic("T"u8), queue)).Should().BePositive();
        }

        return store;
    }

    private static async Task<MemoryFileSystem> FilledAsync(int messages = Messages)
    {
        MemoryFileSystem files = new();
        await using MessageStore store = await SmallStore.StartAsync(Options(), files, new FakeTimeProvider(), hasThreads: false);
        Fill(store, 0, messages);
        return files;
    }

    private static StoreOptions Options(int readBlocks = 64) => new()
    {
        RootDirectory = "/store",
        CommitLogFileBytes = 64 * 1024,
        ConsumeQueueFileBytes = 20 * 1000,
        IndexEnabled = false,
        MaxMessageBytes = 1024,
        TailBytes = 64 * 1024,
        ReadBlocks = readBlocks,
        ReadBlockBytes = BlockBytes,
        Tuning = StoreTunings.Patient with { DiskWarningRatio = 100, DiskMaxUsedRatio = 100, DiskCleanForciblyRatio = 100, DeleteHours = [] },
    };

    private static void Fill(MessageStore store, int from, int to, string prefix = "")
    {
        for (int i = from; i < to; i++)
        {
            store.Append("T", i % Queues, prefix + i.ToString(CultureInfo.InvariantCulture));
            if (i % 50 == 0)
            {
                store.Writer.WritePending();
            }
        }

        store.Writer.WritePending();
    }

    private static IEnumerable<string> Bodies(int queue, int from, int to, string prefix = "") =>
        Enumerable.Range(from, to - from).Where(i => i % Queues == queue).Select(i => prefix + i.ToString(CultureInfo.InvariantCulture));

    /// <summary>All queues a little at a time, as their consumers read.</summary>
    private static void ShouldHaveAll(MessageStore store, int from, int to)
    {
        StoreTopic topic = store.GetOrAddTopic("T"u8);
        GetResult result = new();
        byte[] records = new byte[64 * 1024];
        for (int at = from / Queues; at < to / Queues;)
        {
            int count = Math.Min(25, (to / Queues) - at);
            for (int queue = 0; queue < Queues; queue++)
            {
                store.Reader.GetMessages(topic, queue, at, new GetLimits(count), null, result).Should().Be(GetStatus.Found);
                result.Count.Should().Be(count);
                Span<byte> bytes = records.AsSpan(0, result.TotalBytes);
                store.Reader.TryCopyMessages(result, bytes).Should().BeTrue();
                for (int i = 0; i < count; i++)
                {
                    int size = result.Messages[i].Size;
                    TestMessages.Body(bytes[..size], at + i).Should().Be((((at + i) * Queues) + queue).ToString(CultureInfo.InvariantCulture));
                    bytes = bytes[size..];
                }
            }

            at += count;
        }
    }
}
