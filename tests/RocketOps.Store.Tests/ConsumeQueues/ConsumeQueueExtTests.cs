using System.Buffers.Binary;
using System.Globalization;
using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Contracts;
using RocketOps.Store.Dump;
using RocketOps.Store.Files;
using RocketOps.Store.Reading;
using RocketOps.Store.Tests.Support;
using RocketOps.Testing.Rings;
using RocketOps.Testing.Time;

namespace RocketOps.Store.Tests.ConsumeQueues;

/// <summary>Extensions of queue units: what they hold and save, that they outlast starts, and that nothing is lost or wrong without them.</summary>
public sealed class ConsumeQueueExtTests
{
    private const string QueueFile = "/store/consumequeue/T/0/00000000000000000000";
    private const string ExtFile = "/store/consumequeue_ext/T/0/00000000000000000000";
    private const int FileBytes = 1024;
    private const int UnitBytes = ExtUnit.FixedBytes + TestBitMaps.Bytes;
    private const int UnitsPerFile = (FileBytes - ExtUnit.EndBytes) / UnitBytes;

    [Fact]
    public async Task Put_WithExtensions_WritesApachesBytes()
    {
        MemoryFileSystem files = new();
        await using (MessageStore store = await StartAsync(files))
        {
            await AppendAsync(store, from: 0, count: UnitsPerFile + 1);
        }

        byte[] units = ReadFile(files, QueueFile, 2 * ConsumeQueueUnit.Size);
        BinaryPrimitives.ReadInt64BigEndian(units.AsSpan(12)).Should().Be(long.MinValue);
        BinaryPrimitives.ReadInt64BigEndian(units.AsSpan(32)).Should().Be(long.MinValue + UnitBytes);
        byte[] extensions = ReadFile(files, ExtFile, FileBytes);
        BinaryPrimitives.ReadInt16BigEndian(extensions).Should().Be(UnitBytes);
        BinaryPrimitives.ReadInt64BigEndian(extensions.AsSpan(2)).Should().Be(JavaHash.Compute("tag0"));
        BinaryPrimitives.ReadInt64BigEndian(extensions.AsSpan(10)).Should().Be(new FakeTimeProvider().GetUtcNow().ToUnixTimeMilliseconds());
        BinaryPrimitives.ReadInt16BigEndian(extensions.AsSpan(18)).Should().Be(TestBitMaps.Bytes);
        extensions[20].Should().Be(1);
        extensions[UnitBytes + 20].Should().Be(2);
        BinaryPrimitives.ReadInt16BigEndian(extensions.AsSpan(UnitsPerFile * UnitBytes)).Should().Be(-1, "the file goes on no further");
        BinaryPrimitives.ReadInt16BigEndian(ReadFile(files, "/store/consumequeue_ext/T/0/00000000000000001024", 2)).Should().Be(UnitBytes);
        Verify(files).Should().Be((0, 0));
    }

    [Fact]
    public async Task Get_FilterWithBitMaps_ReadsOnlyWhatMayMatch()
    {
        MemoryFileSystem files = new();
        await using (MessageStore store = await StartAsync(files))
        {
            await AppendAsync(store, from: 0, count: 100);
            await CheckAsync(store, 100);
            store.Maintenance.Pass();
            await CheckAsync(store, 100);
        }

        await using MessageStore again = await StartAsync(files.AfterKill());
        await CheckAsync(again, 100);
        await AppendAsync(again, from: 100, count: 30);
        await CheckAsync(again, 130);

        static async Task CheckAsync(MessageStore store, int count)
        {
            TestBitMaps.Filter filter = new(7);
            List<int> found = await ReadAsync(store, filter);
            found.Should().Equal(Enumerable.Range(0, count).Where(i => i % 10 == 7));
            filter.Records.Should().Be(found.Count, "the others are known not to match");
        }
    }

    [Fact]
    public async Task Start_WithoutTheOption_NothingIsWrittenAndWhatThereIsIsRead()
    {
        MemoryFileSystem plain = new();
        TestBitMaps bitMaps = new();
        await using (MessageStore store = await StartAsync(plain, isOn: false, bitMaps))
        {
            await AppendAsync(store, from: 0, count: 20);
            (await ReadAsync(store, new TestBitMaps.Filter(7))).Should().Equal(7, 17);
        }

        bitMaps.Asked.Should().Be(0);
        plain.DirectoryExists("/store/consumequeue_ext").Should().BeFalse();

        await using (MessageStore store = await StartAsync(plain))
        {
            await AppendAsync(store, from: 20, count: 20);
        }

        await using (MessageStore store = await StartAsync(plain, isOn: false))
        {
            await AppendAsync(store, from: 40, count: 20);
            await CheckAsync(store, 60);
        }

        plain.Paths.Where(path => path.Contains("/consumequeue_ext/T/0/", StringComparison.Ordinal)).Should().ContainSingle();
        await using MessageStore again = await StartAsync(plain);
        await AppendAsync(again, from: 60, count: 20);
        await CheckAsync(again, 80);
        again.Maintenance.Pass();
        plain.Paths.Where(path => path.Contains("/consumequeue_ext/T/0/", StringComparison.Ordinal)).Should().HaveCount(2, "where it ends is not known any more, so that a new file begins");
        await CheckAsync(again, 80);
    }

    [Theory]
    [InlineData("zeros")]
    [InlineData("junk")]
    [InlineData("file gone")]
    [InlineData("length")]
    [InlineData("directory gone")]
    public async Task Start_DamagedExtensions_TheMessagesThemselvesAreLookedAt(string damage)
    {
        foreach (bool isOn in (bool[])[true, false])
        {
            MemoryFileSystem files = new();
            await using (MessageStore store = await StartAsync(files))
            {
                await AppendAsync(store, from: 0, count: 60);
            }

            Damage(files, damage);

            await using MessageStore again = await StartAsync(files, isOn);
            await CheckAsync(again, 60);
            await AppendAsync(again, from: 60, count: 60);
            again.Maintenance.MakeDurable();
            await CheckAsync(again, 120);
            again.Flags.Should().Be(StoreFlags.None);
        }
    }

    [Fact]
    public async Task Retention_QueueThatBeginsLater_RemovesItsExtensions()
    {
        MemoryFileSystem files = new();
        StoreOptions options = Options(isOn: true, deleteHours: [.. Enumerable.Range(0, 24)]);
        await using MessageStore store = await StartAsync(files, options, new TestBitMaps());
        for (int i = 0; i < 400; i++)
        {
            store.Append("T", 0, new string('x', 900), PropertiesOf(i));
            store.Writer.WritePending();
        }

        store.Maintenance.MakeDurable();
        int before = ExtFiles(files);
        store.Retention.Run();

        ExtFiles(files).Should().BeLessThan(before);
        StoreTopic topic = store.FindTopic("T"u8)!;
        long min = await store.Reader.MinOffsetAsync(topic, 0);
        min.Should().BePositive();
        TestBitMaps.Filter filter = new(7);
        (await ReadAsync(store, filter, min)).Should().Equal(Enumerable.Range(0, 400).Where(i => i >= min && i % 10 == 7));
        filter.Records.Should().Be(Enumerable.Range(0, 400).Count(i => i >= min && i % 10 == 7));
    }

    [Fact]
    public async Task DeleteTopic_WithExtensions_RemovesThemAndBeginsAnew()
    {
        MemoryFileSystem files = new();
        await using MessageStore store = await StartAsync(files);
        await AppendAsync(store, from: 0, count: 60);
        store.Maintenance.MakeDurable();

        await store.DeleteTopicAsync(store.FindTopic("T"u8)!, CancellationToken.None);

        files.DirectoryExists("/store/consumequeue_ext/T").Should().BeFalse();
        await AppendAsync(store, from: 0, count: 5);
        store.Maintenance.MakeDurable();
        await CheckAsync(store, 5);
        BinaryPrimitives.ReadInt64BigEndian(ReadFile(files, QueueFile, 20).AsSpan(12)).Should().Be(long.MinValue);
    }

    [Theory]
    [InlineData(FlushDiskType.AsyncFlush)]
    [InlineData(FlushDiskType.SyncFlush)]
    public async Task KillAndPowerCut_AtEveryCall_NoFilterMissesAMessage(FlushDiskType flush)
    {
        StoreOptions options = Options(isOn: true, flush: flush);
        MemoryFileSystem counted = new();
        await RunAsync(options, counted);
        counted.Calls.Should().BeGreaterThan(60);
        for (int call = 1; call <= counted.Calls; call++)
        {
            MemoryFileSystem files = new() { CrashAtCall = call };
            await RunAsync(options, files);
            await CheckAllAsync(options, files.AfterKill(), $"kill at {call}");
            for (int seed = 0; seed < Depth.Of(1, deep: 3); seed++)
            {
                await CheckAllAsync(options, files.AfterPowerCut(new Random((call * 31) + seed)), $"power cut at {call}, seed {seed}");
            }
        }
    }

    [Fact]
    public void TryRead_RandomBytes_NeverThrowsAndGivesWhatIsThere()
    {
        Random random = new(17);
        byte[] bytes = new byte[200];
        int found = 0;
        for (int i = 0; i < 200_000; i++)
        {
            random.NextBytes(bytes);
            int bitMap = random.Next(0, 220);
            if (i % 2 == 0)
            {
                BinaryPrimitives.WriteInt16BigEndian(bytes, (short)(ExtUnit.FixedBytes + bitMap));
                BinaryPrimitives.WriteInt16BigEndian(bytes.AsSpan(18), (short)bitMap);
            }

            ReadOnlySpan<byte> source = bytes.AsSpan(0, random.Next(bytes.Length + 1));
            if (ExtUnit.TryRead(source, out ExtUnit unit))
            {
                found++;
                byte[] copy = new byte[unit.Size];
                unit.Write(copy);
                copy.AsSpan().SequenceEqual(source[..unit.Size]).Should().BeTrue();
            }
        }

        found.Should().BeGreaterThan(10_000);
    }

    [Fact]
    public async Task Start_MutatedExtensions_EndWithAnAnswer()
    {
        MemoryFileSystem original = new();
        await using (MessageStore store = await StartAsync(original))
        {
            await AppendAsync(store, from: 0, count: 100);
        }

        Random random = new(23);
        List<string> paths = [.. original.Paths.Where(path => path.Contains("/consumequeue_ext/T/0/", StringComparison.Ordinal))];
        for (int round = 0; round < 200; round++)
        {
            MemoryFileSystem files = original.AfterKill();
            using (IStoreFile file = files.Open(paths[random.Next(paths.Count)], FileOpenMode.ReadWrite))
            {
                byte[] junk = new byte[random.Next(1, 64)];
                random.NextBytes(junk);
                file.Write(junk, random.NextInt64(FileBytes - junk.Length));
            }

            Verify(files);
            await using MessageStore store = await StartAsync(files);
            await ReadAsync(store, new TestBitMaps.Filter(7));
            await AppendAsync(store, from: 100, count: 60);
            TestBitMaps.Filter filter = new(7);
            (await ReadAsync(store, filter, 100)).Should().Equal(Enumerable.Range(100, 60).Where(i => i % 10 == 7), "new messages are not touched by it");
        }
    }

    private static async Task RunAsync(StoreOptions options, MemoryFileSystem files)
    {
        try
        {
            FakeTimeProvider time = new();
            MessageStore store = await NewStoreAsync(options, files, time, new TestBitMaps());
            for (int i = 0; i < 90; i++)
            {
                store.Append("T", i % 2, $"{i}", PropertiesOf(i));
                if (i % 6 == 5)
                {
                    store.Writer.WritePending();
                    store.Flusher.Pass(everything: true);
                    time.Advance(TimeSpan.FromSeconds(1));
                }

                if (i % 20 == 11)
                {
                    store.Maintenance.Pass();
                }

                if (i == 50)
                {
                    store.Maintenance.MakeDurable();
                }
            }

            await store.DisposeAsync();
        }
        catch (SimulatedCrashException)
        {
            // The end of the process.
        }
    }

    /// <summary>Of every queue each filter gets exactly the messages that are readable and its own.</summary>
    private static async Task CheckAllAsync(StoreOptions options, MemoryFileSystem files, string where)
    {
        await using MessageStore store = await NewStoreAsync(options, files, new FakeTimeProvider(), new TestBitMaps());
        for (int again = 0; again < 2; again++)
        {
            for (int queue = 0; queue < 2; queue++)
            {
                List<int> all = await ReadAsync(store, null, 0, queue);
                for (int number = 0; number < 10; number++)
                {
                    (await ReadAsync(store, new TestBitMaps.Filter(number), 0, queue)).Should().Equal(all.Where(i => i % 10 == number), $"{where}, number {number}");
                }

                (await ReadAsync(store, new TestBitMaps.TagFilter("tag1"), 0, queue)).Should().Equal(all.Where(i => i % 3 == 1), where);
                store.Append("T", queue, $"{1000 + queue}", PropertiesOf(1000 + queue));
            }

            store.Writer.WritePending();
            store.Maintenance.MakeDurable();
        }
    }

    private static async Task CheckAsync(MessageStore store, int count)
    {
        (await ReadAsync(store, new TestBitMaps.Filter(7))).Should().Equal(Enumerable.Range(0, count).Where(i => i % 10 == 7));
        (await ReadAsync(store, new TestBitMaps.TagFilter("tag1"))).Should().Equal(Enumerable.Range(0, count).Where(i => i % 3 == 1));
    }

    private static void Damage(MemoryFileSystem files, string damage)
    {
        if (damage == "directory gone")
        {
            foreach (string path in files.Paths.Where(path => path.Contains("/consumequeue_ext/T/0/", StringComparison.Ordinal)).ToList())
            {
                files.DeleteFile(path);
            }

            files.DeleteDirectory("/store/consumequeue_ext/T/0");
            return;
        }

        if (damage == "file gone")
        {
            files.DeleteFile(ExtFile);
            return;
        }

        using IStoreFile file = files.Open(ExtFile, FileOpenMode.ReadWrite);
        if (damage == "length")
        {
            file.SetLength(FileBytes / 2);
            return;
        }

        byte[] bytes = new byte[FileBytes];
        if (damage == "junk")
        {
            Array.Fill(bytes, (byte)0x7E);
        }

        file.Write(bytes, 0);
    }

    private static string PropertiesOf(int i) => string.Create(CultureInfo.InvariantCulture, $"UNIQ_KEY\u0001K{i}\u0002TAGS\u0001tag{i % 3}\u0002n\u0001{i % 10}");

    private static int ExtFiles(MemoryFileSystem files) => files.Paths.Count(path => path.Contains("/consumequeue_ext/T/0/", StringComparison.Ordinal));

    private static Task AppendAsync(MessageStore store, int from, int count)
    {
        for (int i = from; i < from + count; i++)
        {
            store.Append("T", 0, $"{i}", PropertiesOf(i));
        }

        store.Writer.WritePending();
        return store.FinishDispatchAsync();
    }

    private static async Task<List<int>> ReadAsync(MessageStore store, IMessageFilter? filter, long from = 0, int queue = 0)
    {
        List<int> found = [];
        GetResult result = new();
        StoreTopic topic = store.GetOrAddTopic("T"u8);
        while (true)
        {
            GetStatus status = await store.Reader.GetMessagesAsync(topic, queue, from, new GetLimits(32), filter, result, CancellationToken.None);
            if (status == GetStatus.Found)
            {
                byte[] bytes = new byte[result.TotalBytes];
                (await store.Reader.CopyMessagesAsync(result, bytes, CancellationToken.None)).Should().BeTrue();
                for (int at = 0; at < bytes.Length;)
                {
                    RecordView record = RecordView.Read(bytes.AsSpan(at, BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(at))));
                    string body = System.Text.Encoding.UTF8.GetString(record.Body);
                    found.Add(body[0] == 'x' ? (int)record.QueueOffset : int.Parse(body, CultureInfo.InvariantCulture));
                    at += record.Size;
                }
            }
            else if (status != GetStatus.NoMatchedMessage)
            {
                status.Should().BeOneOf(GetStatus.OffsetOverflowOne, GetStatus.NoMatchedLogicQueue, GetStatus.NoMessageInQueue);
                return found;
            }

            from = result.NextBeginOffset;
        }
    }

    private static (int Damages, int Repairable) Verify(MemoryFileSystem files)
    {
        int damages = 0;
        int repairable = 0;
        new StoreVerifier(files, "/store", Options(isOn: true).IndexSlots, finding => _ = finding.Kind == StoreFindingKind.Damage ? damages++ : repairable++).Run(CancellationToken.None);
        return (damages, repairable);
    }

    private static byte[] ReadFile(MemoryFileSystem files, string path, int length)
    {
        using IStoreFile file = files.Open(path, FileOpenMode.Read);
        byte[] bytes = new byte[length];
        file.Read(bytes, 0).Should().Be(length);
        return bytes;
    }

    private static Task<MessageStore> StartAsync(MemoryFileSystem files, bool isOn = true, TestBitMaps? bitMaps = null) => StartAsync(files, Options(isOn), bitMaps ?? new TestBitMaps());

    private static Task<MessageStore> StartAsync(MemoryFileSystem files, StoreOptions options, TestBitMaps bitMaps) => NewStoreAsync(options, files, new FakeTimeProvider(), bitMaps);

    private static async Task<MessageStore> NewStoreAsync(StoreOptions options, MemoryFileSystem files, FakeTimeProvider time, TestBitMaps bitMaps)
    {
        MessageStore store = new(options, files, time, Microsoft.Extensions.Logging.Abstractions.NullLoggerFactory.Instance, hasThreads: false) { BitMaps = bitMaps };
        await store.StartAsync(CancellationToken.None);
        return store;
    }

    private static StoreOptions Options(bool isOn, FlushDiskType flush = FlushDiskType.AsyncFlush, IReadOnlyList<int>? deleteHours = null) => new()
    {
        RootDirectory = "/store",
        FlushDiskType = flush,
        CommitLogFileBytes = 16 * 1024,
        ConsumeQueueFileBytes = 20 * 20,
        ConsumeQueueExtEnabled = isOn,
        ConsumeQueueExtFileBytes = FileBytes,
        IndexSlots = 50,
        IndexEntries = 100,
        MaxMessageBytes = 4 * 1024,
        TailBytes = 256 * 1024,
        Tuning = StoreTunings.Patient with { DiskWarningRatio = 100, DiskMaxUsedRatio = 100, DiskCleanForciblyRatio = 100, DeleteHours = deleteHours ?? [] },
    };
}
