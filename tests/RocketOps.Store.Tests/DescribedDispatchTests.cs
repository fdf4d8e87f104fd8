using System.Text;
using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Contracts;
using RocketOps.Store.Dispatching;
using RocketOps.Store.Files;
using RocketOps.Store.Log;
using RocketOps.Store.Tests.Support;
using RocketOps.Testing.Time;

namespace RocketOps.Store.Tests;

/// <summary>Dispatch by descriptions makes the same files, and tells observers the same, as dispatch that reads every record.</summary>
public sealed class DescribedDispatchTests
{
    private static readonly string[] Topics = ["A", "Orders", "SCHEDULE_TOPIC_XXXX", "Ünicode"];

    [Theory]
    [InlineData(1, 4096)]
    [InlineData(2, 4096)]
    [InlineData(3, 16)]
    [InlineData(4, 4)]
    [InlineData(5, 1)]
    public async Task RandomTraffic_DescribedOrRead_MakesTheSameQueuesIndexAndArrivals(int seed, int described)
    {
        await using Peer reads = await Peer.StartAsync(0);
        await using Peer uses = await Peer.StartAsync(described);
        Random random = new(seed);
        long fed = 0;
        for (int step = 0; step < 700; step++)
        {
            string topic = Topics[random.Next(Topics.Length)];
            int queue = random.Next(3);
            switch (random.Next(24))
            {
                case 0:
                    await reads.Store.DeleteTopicAsync(reads.Store.GetOrAddTopic(Encoding.UTF8.GetBytes(topic)), CancellationToken.None);
                    await uses.Store.DeleteTopicAsync(uses.Store.GetOrAddTopic(Encoding.UTF8.GetBytes(topic)), CancellationToken.None);
                    break;
                case 1:
                    reads.Store.Maintenance.Pass();
                    uses.Store.Maintenance.Pass();
                    break;
                case 2 or 3:
                    byte[] batch = [.. Enumerable.Range(0, random.Next(1, 6)).SelectMany(i => TestMessages.BatchEntry($"{step}.{i}", Properties(random)))];
                    string more = random.Next(2) == 0 ? "" : Properties(random);
                    reads.AppendBatch(topic, queue, batch, more);
                    uses.AppendBatch(topic, queue, batch, more);
                    break;
                case 4:
                    // A few messages come to the other store as bytes of the log, as to a slave, which describes them itself.
                    reads.Store.Writer.WritePending();
                    uses.Store.Writer.WritePending();
                    fed = reads.End;
                    for (int i = random.Next(1, 5); i > 0; i--)
                    {
                        reads.Append(topic, queue, $"raw {step}.{i}", Properties(random), "", "", 0);
                    }

                    await FeedAsync(reads, uses, fed);
                    break;
                case 5 or 6 or 7:
                    reads.Store.Writer.WritePending();
                    uses.Store.Writer.WritePending();
                    reads.Advance(random.Next(3000), uses);
                    break;
                default:
                    string[] parts = [Properties(random), random.Next(2) == 0 ? "" : Properties(random), random.Next(3) > 0 ? "" : Properties(random)];
                    int sysFlag = random.Next(8) switch { 0 => 0x4, 1 => 0x8, 2 => 0xC, _ => 0 };
                    string body = new('b', random.Next(400));
                    reads.Append(topic, queue, body, parts[0], parts[1], parts[2], sysFlag);
                    uses.Append(topic, queue, body, parts[0], parts[1], parts[2], sysFlag);
                    break;
            }
        }

        reads.Store.Writer.WritePending();
        uses.Store.Writer.WritePending();
        reads.Store.Maintenance.MakeDurable();
        uses.Store.Maintenance.MakeDurable();

        uses.Arrivals.Lines.Should().Equal(reads.Arrivals.Lines);
        reads.Arrivals.Described.Should().Be(0);
        uses.Arrivals.Described.Should().BePositive("descriptions are used");
        uses.Arrivals.Described.Should().BeLessThan(uses.Arrivals.Lines.Count, "some records are read");
        Dictionary<string, byte[]> expected = reads.Files();
        Dictionary<string, byte[]> actual = uses.Files();
        actual.Keys.Should().BeEquivalentTo(expected.Keys);
        expected.Keys.Count(static path => path.Contains("/index/", StringComparison.Ordinal)).Should().BeGreaterThan(1, "index files are filled");
        foreach ((string path, byte[] content) in expected)
        {
            actual[path].AsSpan().SequenceEqual(content).Should().BeTrue($"{path} is the same");
        }
    }

    [Fact]
    public async Task AppendRaw_OfAQueueThatIsKnown_IsDescribed()
    {
        await using Peer source = await Peer.StartAsync(0);
        await using Peer copy = await Peer.StartAsync(64);

        await FeedAsync(source, copy, "first", messages: 5);
        int beforeTheQueueIsKnown = copy.Arrivals.Described;
        await FeedAsync(source, copy, "then", messages: 7);

        beforeTheQueueIsKnown.Should().Be(0);
        copy.Arrivals.Described.Should().Be(7);
        copy.Arrivals.Lines.Should().Equal(source.Arrivals.Lines);
    }

    [Fact]
    public async Task TruncateAsync_WithDescriptionsWaiting_ForgetsThem()
    {
        // With SYNC_FLUSH nothing is dispatched before it is durable: what is cut off has been described and not dispatched.
        StoreOptions options = SmallStore.Options("/store", FlushDiskType.SyncFlush);
        await using MessageStore store = await SmallStore.StartAsync(options, new MemoryFileSystem(), new FakeTimeProvider(), hasThreads: false);
        store.Append("T", 0, "stays");
        AppendResult cut = store.Append("T", 0, "is cut off", "UNIQ_KEY\u0001cut");
        store.Append("T", 1, "and this");
        store.Writer.WritePending();

        await store.TruncateAsync(cut.Offset, keepIn: null, CancellationToken.None);
        store.Append("T", 2, "is cut ofF", "UNIQ_KEY\u0001new");
        store.Writer.WritePending();
        store.Flusher.Pass(everything: true);
        store.Maintenance.MakeDurable();

        (await store.ReadAllAsync("T", 0)).Should().Equal("stays");
        (await store.ReadAllAsync("T", 1)).Should().BeEmpty();
        (await store.ReadAllAsync("T", 2)).Should().Equal("is cut ofF");
        StoreTopic topic = store.GetOrAddTopic("T"u8);
        (await store.Reader.QueryIndexAsync(topic, "cut", 10, 0, long.MaxValue, CancellationToken.None)).Offsets.Should().BeEmpty();
        (await store.Reader.QueryIndexAsync(topic, "new", 10, 0, long.MaxValue, CancellationToken.None)).Offsets.Should().Equal(cut.Offset);
    }

    [Fact]
    public async Task ManyAppenders_RingWrapsAllTheTime_EveryMessageIsInItsQueue()
    {
        StoreOptions options = new()
        {
            Tuning = StoreTunings.Patient with { DiskWarningRatio = 100, DeleteHours = [] },
            RootDirectory = "/store",
            CommitLogFileBytes = 4 * 1024 * 1024,
            MaxMessageBytes = 16 * 1024,
            TailBytes = 256 * 1024,
            DescribedMessages = 8,
        };
        await using MessageStore store = await SmallStore.StartAsync(options, new MemoryFileSystem());
        Arrivals arrivals = new();
        store.ArrivedObserver = arrivals;
        const int PerThread = 10_000;
        const int Threads = 3;
        await Task.WhenAll(Enumerable.Range(0, Threads).Select(queue => Task.Run(() =>
        {
            Random random = new(queue);
            for (int i = 0; i < PerThread; i++)
            {
                store.Append("T", queue, $"{queue}:{i}", i % 3 == 0 ? "KEYS\u0001a b c d e" : "TAGS\u0001t");
                if (random.Next(6) == 0)
                {
                    store.Writer.WritePending();
                }
            }
        })));
        store.Writer.WritePending();
        await store.FinishDispatchAsync();

        for (int queue = 0; queue < Threads; queue++)
        {
            (await store.ReadAllAsync("T", queue)).Should().Equal(Enumerable.Range(0, PerThread).Select(i => $"{queue}:{i}"));
        }

        arrivals.Lines.Should().HaveCount(Threads * PerThread);
        arrivals.Described.Should().BeInRange(1, (Threads * PerThread) - 1, "both ways were taken");
    }

    /// <summary>The other store gets messages of the first as bytes of its log.</summary>
    private static Task FeedAsync(Peer source, Peer copy, string body, int messages)
    {
        long from = source.End;
        for (int i = 0; i < messages; i++)
        {
            source.Append("T", 0, $"{body} {i}", "UNIQ_KEY\u0001u", "TAGS\u0001t", "", 0);
        }

        return FeedAsync(source, copy, from);
    }

    private static async Task FeedAsync(Peer source, Peer copy, long from)
    {
        source.Store.Writer.WritePending();
        byte[] bytes = new byte[source.End - from];
        (await source.Store.Reader.ReadAsync(new PhysicalOffset(from), bytes, CancellationToken.None)).Should().BeTrue();
        copy.Store.Writer.AppendRaw(new PhysicalOffset(from), bytes, out int taken).Should().Be(AppendStatus.Ok);
        taken.Should().Be(bytes.Length);
        copy.Store.Writer.WritePending();
    }

    /// <summary>Properties as producers have them, and as they should not: repeated names, parts without an end, many keys, empty ones.</summary>
    private static string Properties(Random random)
    {
        StringBuilder text = new();
        for (int i = random.Next(6); i > 0; i--)
        {
            text.Append(random.Next(9) switch
            {
                0 => $"UNIQ_KEY\u0001u{random.Next(300)}",
                1 => $"KEYS\u0001k{random.Next(9)}",
                2 => $"KEYS\u0001k{random.Next(9)}  k{random.Next(9)} ",
                3 => "KEYS\u0001a b c d e f",
                4 => $"TAGS\u0001tag{random.Next(4)}",
                5 => $"DELAY\u0001{random.Next(25)}",
                6 => "DELAY\u0001x",
                7 => "KEYS\u0001",
                _ => "TAGS\u0001schön\u00011",
            });
            text.Append(i > 1 || random.Next(2) == 0 ? "\u0002" : "");
        }

        return text.ToString();
    }

    private sealed class Arrivals : IMessageArrivedObserver
    {
        public List<string> Lines { get; } = [];

        public int Described { get; private set; }

        public void OnArrived(in MessageArrival message)
        {
            Described += message.Record is null ? 0 : 1;
            Lines.Add($"{message.Topic} {message.QueueId} {message.QueueOffset} {message.TagsCode} {message.Offset.Value} {message.Size} {message.StoreTimestamp} {Encoding.UTF8.GetString(message.Properties)}");
        }

        public void OnRoundCompleted()
        {
        }
    }

    private sealed class Peer(MessageStore store, MemoryFileSystem files, FakeTimeProvider time) : IAsyncDisposable
    {
        public MessageStore Store => store;

        public Arrivals Arrivals { get; } = new();

        public long End => store.Positions.Appended.Value;

        public static async Task<Peer> StartAsync(int described)
        {
            MemoryFileSystem files = new();
            FakeTimeProvider time = new();
            StoreOptions options = new()
            {
                RootDirectory = "/store",
                CommitLogFileBytes = 64 * 1024,
                ConsumeQueueFileBytes = 20 * 50,
                IndexSlots = 50,
                IndexEntries = 300,
                MaxMessageBytes = 16 * 1024,
                TailBytes = 256 * 1024,
                TagIndexEnabled = true,
                DescribedMessages = described,
                Tuning = StoreTunings.Patient with { DiskWarningRatio = 100, DiskMaxUsedRatio = 100, DiskCleanForciblyRatio = 100, DeleteHours = [] },
            };
            Peer peer = new(await SmallStore.StartAsync(options, files, time, hasThreads: false), files, time);
            peer.Store.ArrivedObserver = peer.Arrivals;
            return peer;
        }

        public void Advance(int milliseconds, Peer other)
        {
            time.Advance(TimeSpan.FromMilliseconds(milliseconds));
            other.Advance(milliseconds);
        }

        public void Append(string topic, int queue, string body, string first, string second, string third, int sysFlag) => store.Writer.Append(
            new MessageToAppend
            {
                Topic = store.GetOrAddTopic(Encoding.UTF8.GetBytes(topic)),
                QueueId = queue,
                Fields = TestMessages.Fields with { SysFlag = sysFlag },
                Body = Encoding.UTF8.GetBytes(body),
                Properties = Encoding.UTF8.GetBytes(first),
                MoreProperties = Encoding.UTF8.GetBytes(second),
                LastProperties = Encoding.UTF8.GetBytes(third),
            },
            out _).Should().Be(AppendStatus.Ok);

        public void AppendBatch(string topic, int queue, byte[] body, string more) => store.Writer.AppendBatch(
            new BatchToAppend
            {
                Topic = store.GetOrAddTopic(Encoding.UTF8.GetBytes(topic)),
                QueueId = queue,
                Fields = TestMessages.Fields,
                Body = body,
                MoreProperties = Encoding.UTF8.GetBytes(more),
            },
            new PhysicalOffset[8],
            out _).Should().Be(AppendStatus.Ok);

        /// <summary>Queues and index as they are on the disk.</summary>
        public Dictionary<string, byte[]> Files()
        {
            Dictionary<string, byte[]> content = [];
            Add("/store/consumequeue");
            Add("/store/index");
            return content;

            void Add(string directory)
            {
                foreach (FileEntry entry in files.List(directory))
                {
                    string path = $"{directory}/{entry.Name}";
                    if (entry.IsDirectory)
                    {
                        Add(path);
                        continue;
                    }

                    using IStoreFile file = files.Open(path, FileOpenMode.ReadWrite);
                    byte[] bytes = new byte[file.Length];
                    file.Read(bytes, 0);
                    content.Add(path, bytes);
                }
            }
        }

        public ValueTask DisposeAsync() => store.DisposeAsync();

        private void Advance(int milliseconds) => time.Advance(TimeSpan.FromMilliseconds(milliseconds));
    }
}
