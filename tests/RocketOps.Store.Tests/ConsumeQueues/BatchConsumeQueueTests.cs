using System.Buffers.Binary;
using System.Text;
using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Contracts;
using RocketOps.Store.Dump;
using RocketOps.Store.Files;
using RocketOps.Store.Reading;
using RocketOps.Store.Tests.Support;
using RocketOps.Testing.Time;

namespace RocketOps.Store.Tests.ConsumeQueues;

/// <summary>Queues whose units stand for several messages: what is in their files, what is read from any offset, and what stays of them after a kill, a cut and retention.</summary>
public sealed class BatchConsumeQueueTests
{
    private const string Topic = "Batches";
    private const string UnitPath = "/store/batchconsumequeue/Batches/0/00000000000000000000";
    private const int InnerBatch = 0x40 | 0x80;

    [Fact]
    public async Task Append_BatchesAndMessages_WritesTheUnitsThatApacheWrites()
    {
        MemoryFileSystem files = new();
        await using MessageStore store = await StartAsync(files);
        AppendResult first = AppendBatch(store, 3, "TAGS\u0001A\u0002");
        AppendResult second = store.Append(Topic, 0, "single", "TAGS\u0001A");
        Settle(store);

        (first.QueueOffset, first.MessageCount, second.QueueOffset).Should().Be((0, 3, 3));
        byte[] bytes = ReadFile(files, UnitPath, 46 * 3);
        // The layout of two units of Apache's 5.5.0, as its broker wrote them.
        Unit(bytes, 0).Should().Be((first.Offset.Value, first.Size, 65L, first.StoreTimestamp, 0L, (short)3, -1, 0));
        Unit(bytes, 1).Should().Be((second.Offset.Value, second.Size, 65L, second.StoreTimestamp, 3L, (short)1, -1, 0));
        bytes.AsSpan(92).ContainsAnyExcept((byte)0).Should().BeFalse();
        files.FileExists("/store/consumequeue/Batches/0/00000000000000000000").Should().BeFalse();
        RecordView record = RecordView.Read((await store.Reader.LookMessageAsync(first.Offset, CancellationToken.None))!);
        Encoding.UTF8.GetString(record.Properties).Should().Be("TAGS\u0001A\u0002INNER_NUM\u00013\u0002INNER_BASE\u00010\u0002");
        record.QueueOffset.Should().Be(0);
        record.SysFlag.Should().Be(InnerBatch);
    }

    [Fact]
    public async Task GetMessages_AnyOffsetWithinABatch_GivesTheWholeBatch()
    {
        await using MessageStore store = await StartAsync(new MemoryFileSystem());
        int[] counts = [3, 1, 5, 2];
        foreach (int count in counts)
        {
            AppendBatch(store, count);
        }

        Settle(store);
        GetResult result = new();
        int offset = 0;
        int record = 0;
        foreach (int count in counts)
        {
            for (int within = 0; within < count; within++)
            {
                (await GetAsync(store, offset + within, 32, result)).Should().Be(GetStatus.Found);
                result.Count.Should().Be(counts.Length - record);
                result.MessageCount.Should().Be(11 - offset);
                (result.NextBeginOffset, result.MinOffset, result.MaxOffset).Should().Be((11, 0, 11));
            }

            offset += count;
            record++;
        }

        (await GetAsync(store, 11, 32, result)).Should().Be(GetStatus.OffsetOverflowOne);
        (await GetAsync(store, 12, 32, result)).Should().Be(GetStatus.OffsetOverflowBadly);
    }

    [Theory]
    [InlineData(1, 1, 3)]
    [InlineData(3, 1, 3)]
    [InlineData(4, 2, 4)]
    [InlineData(8, 2, 4)]
    [InlineData(9, 3, 9)]
    public async Task GetMessages_FewerThanThereAre_CountsMessagesAndTakesAtLeastOneRecord(int maxMessages, int records, long next)
    {
        await using MessageStore store = await StartAsync(new MemoryFileSystem());
        AppendBatch(store, 3);
        AppendBatch(store, 1);
        AppendBatch(store, 5);
        AppendBatch(store, 2);
        Settle(store);
        GetResult result = new();

        (await GetAsync(store, 1, maxMessages, result)).Should().Be(GetStatus.Found);

        result.Count.Should().Be(records);
        result.NextBeginOffset.Should().Be(next);
    }

    [Fact]
    public async Task OffsetByTime_BatchQueue_IsTheBaseOffsetOfTheRecord()
    {
        FakeTimeProvider time = new();
        await using MessageStore store = await StartAsync(new MemoryFileSystem(), time);
        List<(long Time, long Offset)> batches = [];
        foreach (int count in (int[])[3, 1, 5, 2])
        {
            time.Advance(TimeSpan.FromSeconds(10));
            AppendResult result = AppendBatch(store, count);
            batches.Add((result.StoreTimestamp, result.QueueOffset));
        }

        Settle(store);
        StoreTopic topic = store.GetOrAddTopic(Encoding.UTF8.GetBytes(Topic));
        foreach ((long at, long offset) in batches)
        {
            (await store.Reader.OffsetByTimeAsync(topic, 0, at, TimeBoundary.Lower, CancellationToken.None)).Should().Be(offset);
            (await store.Reader.OffsetByTimeAsync(topic, 0, at - 1, TimeBoundary.Lower, CancellationToken.None)).Should().Be(offset);
        }

        (await store.Reader.OffsetByTimeAsync(topic, 0, batches[^1].Time + 1, TimeBoundary.Lower, CancellationToken.None)).Should().Be(9, "Apache's 5.5.0 answers with the last record's");
        (await store.Reader.OffsetByTimeAsync(topic, 0, batches[1].Time, TimeBoundary.Upper, CancellationToken.None)).Should().Be(3);
        (await store.Reader.StoreTimestampAtAsync(topic, 0, 7, CancellationToken.None)).Should().Be(batches[2].Time, "it lies within the third");
        (await store.Reader.StoreTimestampAtAsync(topic, 0, 10, CancellationToken.None)).Should().Be(batches[3].Time);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task KillAndPowerCut_AtAnyMoment_LeaveEveryWrittenBatchAtItsOffsets(int seed)
    {
        Random random = new(seed);
        MemoryFileSystem files = new();
        List<(long Base, int Count)> model = [];
        for (int round = 0; round < 8; round++)
        {
            await using (MessageStore store = await StartAsync(files))
            {
                await CheckAsync(store, model);
                for (int i = random.Next(120); i > 0; i--)
                {
                    int count = random.Next(1, 6);
                    AppendResult result = random.Next(4) == 0 ? store.Append(Topic, 0, new string('s', random.Next(300))) : AppendBatch(store, count);
                    model.Add((result.QueueOffset, result.MessageCount));
                    if (random.Next(10) == 0)
                    {
                        store.Writer.WritePending();
                    }

                    if (random.Next(25) == 0)
                    {
                        store.Maintenance.Pass();
                    }
                }

                store.Writer.WritePending();
                if (random.Next(2) == 0)
                {
                    files = files.AfterKill();
                }
                else
                {
                    store.Flusher.Pass(everything: true);
                    files = files.AfterPowerCut(random);
                }
            }

            if (random.Next(3) == 0)
            {
                RemoveQueueFiles(files);
            }
        }

        await using MessageStore last = await StartAsync(files);
        await CheckAsync(last, model);
        AppendBatch(last, 2).QueueOffset.Should().Be(model[^1].Base + model[^1].Count);
    }

    [Fact]
    public async Task StoreVerifier_StoreWithBatches_FindsNothing()
    {
        MemoryFileSystem files = new();
        await using (MessageStore store = await StartAsync(files))
        {
            for (int i = 0; i < 60; i++)
            {
                AppendBatch(store, 1 + (i % 4));
                store.Append(Topic, 1, "single");
                store.Append("Plain", 0, "plain");
            }

            Settle(store);
        }

        List<StoreFinding> findings = [];
        VerifyResult result = new StoreVerifier(files, "/store", indexSlots: 50, findings.Add).Run(CancellationToken.None);

        findings.Should().BeEmpty();
        result.Units.Should().Be(180);
        using MemoryStream output = new();
        StoreDumper.Dump(files, "/store", output, withUnits: true, CancellationToken.None);
        Encoding.UTF8.GetString(output.ToArray()).Should().Contain("\"kind\":\"batchQueue\",\"topic\":\"Batches\",\"queueId\":0,\"units\":[[0,");
    }

    [Fact]
    public async Task StoreVerifier_UnitOfAnotherLength_SaysSo()
    {
        MemoryFileSystem files = new();
        await using (MessageStore store = await StartAsync(files))
        {
            AppendBatch(store, 3);
            Settle(store);
        }

        using (IStoreFile file = files.Open(UnitPath, FileOpenMode.ReadWrite))
        {
            file.Write([0, 2], 36);
        }

        List<StoreFinding> findings = [];
        new StoreVerifier(files, "/store", indexSlots: 50, findings.Add).Run(CancellationToken.None);

        findings.Should().Contain(finding => finding.Kind == StoreFindingKind.Damage && finding.What.Contains("stands for 2 messages", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Retention_LogBeginsLater_QueueBeginsWithTheFirstBatchOfIt()
    {
        MemoryFileSystem files = new();
        await using MessageStore store = await StartAsync(files);
        List<AppendResult> batches = [];
        for (int i = 0; i < 300; i++)
        {
            batches.Add(AppendBatch(store, 1 + (i % 3), "", new string('x', 300)));
            store.Writer.WritePending();
        }

        store.Flusher.Pass(everything: true);
        store.Maintenance.MakeDurable();
        store.Retention.Run();

        long logStart = long.Parse(files.List("/store/commitlog").Min(entry => entry.Name)!);
        logStart.Should().BePositive("files have expired");
        AppendResult first = batches.First(batch => batch.Offset.Value >= logStart);
        StoreTopic topic = store.GetOrAddTopic(Encoding.UTF8.GetBytes(Topic));
        QueueOffsets offsets = await store.Reader.GetOffsetsAsync(topic, 0, CancellationToken.None);
        offsets.Should().Be(new QueueOffsets(first.QueueOffset, batches[^1].QueueOffset + batches[^1].MessageCount));
        files.List("/store/batchconsumequeue/Batches/0").Min(entry => entry.Name).Should().NotBe("00000000000000000000");
        GetResult result = new();
        (await GetAsync(store, first.QueueOffset - 1, 32, result)).Should().Be(GetStatus.OffsetTooSmall);
        result.NextBeginOffset.Should().Be(first.QueueOffset);
        (await GetAsync(store, first.QueueOffset, 32, result)).Should().Be(GetStatus.Found);
    }

    [Fact]
    public async Task TruncateAsync_BetweenBatches_CountsOnFromThere()
    {
        await using MessageStore store = await StartAsync(new MemoryFileSystem());
        AppendBatch(store, 3);
        AppendResult cut = AppendBatch(store, 4);
        AppendBatch(store, 5);
        Settle(store);

        await store.TruncateAsync(cut.Offset, keepIn: null, CancellationToken.None);

        StoreTopic topic = store.GetOrAddTopic(Encoding.UTF8.GetBytes(Topic));
        (await store.Reader.GetOffsetsAsync(topic, 0, CancellationToken.None)).Should().Be(new QueueOffsets(0, 3));
        AppendBatch(store, 2).QueueOffset.Should().Be(3);
        Settle(store);
        await CheckAsync(store, [(0, 3), (3, 2)]);
    }

    [Fact]
    public async Task AppendRaw_TopicNotKnownYet_MakesABatchQueue()
    {
        // A slave may get the log before the topics.
        await using MessageStore source = await StartAsync(new MemoryFileSystem());
        AppendResult result = AppendBatch(source, 3);
        source.Writer.WritePending();
        byte[] bytes = new byte[result.Size];
        (await source.Reader.ReadAsync(result.Offset, bytes, CancellationToken.None)).Should().BeTrue();

        await using MessageStore copy = await SmallStore.StartAsync(SmallStore.Options("/store"), new MemoryFileSystem(), new FakeTimeProvider(), hasThreads: false);
        copy.Writer.AppendRaw(new PhysicalOffset(0), bytes, out _).Should().Be(AppendStatus.Ok);
        copy.Writer.WritePending();

        await CheckAsync(copy, [(0, 3)]);
    }

    [Theory]
    [InlineData("Plain", InnerBatch, "INNER_NUM\u00013")]
    [InlineData(Topic, 0, "INNER_NUM\u00013")]
    [InlineData(Topic, InnerBatch, "INNER_NUM\u00010")]
    [InlineData(Topic, InnerBatch, "INNER_NUM\u000132768")]
    [InlineData(Topic, InnerBatch, "INNER_NUM\u0001-1")]
    [InlineData(Topic, InnerBatch, "INNER_NUM\u00011x")]
    [InlineData(Topic, InnerBatch | 0x4, "INNER_NUM\u00013")]
    public async Task Append_WhatIsNoBatchOfABatchQueue_IsIllegal(string topic, int sysFlag, string properties)
    {
        await using MessageStore store = await StartAsync(new MemoryFileSystem());

        store.TryAppend(topic, 0, [1], out _, properties, sysFlag).Should().Be(AppendStatus.MessageIllegal);
    }

    [Fact]
    public async Task StartAsync_PlainFilesOfABatchTopic_IsRefused()
    {
        MemoryFileSystem files = new();
        await using (MessageStore plain = await SmallStore.StartAsync(SmallStore.Options("/store"), files, new FakeTimeProvider(), hasThreads: false))
        {
            plain.Append(Topic, 0, "plain");
            Settle(plain);
        }

        Func<Task> start = async () => await StartAsync(files);

        (await start.Should().ThrowAsync<StoreException>()).WithMessage("*Batches*queue.type=BatchCQ*plain queues*");
    }

    [Fact]
    public async Task StartAsync_BatchFilesOfATopicThatIsNotConfigured_AreReadAsWhatTheyAre()
    {
        MemoryFileSystem files = new();
        await using (MessageStore store = await StartAsync(files))
        {
            AppendBatch(store, 3);
            Settle(store);
        }

        await using MessageStore again = await StartAsync(files, isConfigured: false);

        again.TrySetBatch(again.GetOrAddTopic(Encoding.UTF8.GetBytes(Topic)), isBatch: false).Should().BeFalse();
        await CheckAsync(again, [(0, 3)]);
    }

    [Fact]
    public async Task DeleteTopicAsync_BatchTopic_LeavesNoFilesAndANameForEitherKind()
    {
        MemoryFileSystem files = new();
        await using MessageStore store = await StartAsync(files);
        AppendBatch(store, 3);
        Settle(store);
        StoreTopic topic = store.GetOrAddTopic(Encoding.UTF8.GetBytes(Topic));

        await store.DeleteTopicAsync(topic, CancellationToken.None);

        files.DirectoryExists("/store/batchconsumequeue/Batches").Should().BeFalse();
        store.TrySetBatch(store.GetOrAddTopic(Encoding.UTF8.GetBytes(Topic)), isBatch: false).Should().BeTrue();
        store.Append(Topic, 0, "plain").QueueOffset.Should().Be(0);
        Settle(store);
        files.FileExists("/store/consumequeue/Batches/0/00000000000000000000").Should().BeTrue();
    }

    /// <summary>Damage of any kind in a file of the queue, of the log or of the checkpoint, and records whose properties say anything about their batch: the store starts, and every read is answered.</summary>
    [Fact]
    public async Task StartAndRead_MutatedFiles_EndWithAnAnswer()
    {
        Random random = new(9);
        string[] numbers = ["1", "3", "0", "-1", "32767", "32768", "9223372036854775807", "99999999999999999999", "x", "", "3\u0002INNER_BASE\u00017"];
        MemoryFileSystem original = new();
        await using (MessageStore store = await StartAsync(original))
        {
            for (int i = 0; i < 60; i++)
            {
                AppendBatch(store, 1 + random.Next(5));
                string properties = $"INNER_BASE\u0001{numbers[random.Next(numbers.Length)]}\u0002INNER_NUM\u0001{numbers[random.Next(numbers.Length)]}\u0002";
                store.TryAppend(Topic, 0, "any"u8.ToArray(), out _, properties, InnerBatch).Should().BeOneOf(AppendStatus.Ok, AppendStatus.MessageIllegal);
            }

            Settle(store);
        }

        string[] paths = [.. original.Paths.Where(static path => !path.EndsWith("lock", StringComparison.Ordinal))];
        int started = 0;
        for (int round = 0; round < 300; round++)
        {
            MemoryFileSystem files = original.AfterKill();
            string path = paths[random.Next(paths.Length)];
            using (IStoreFile file = files.Open(path, FileOpenMode.ReadWrite))
            {
                byte[] junk = new byte[random.Next(1, 64)];
                random.NextBytes(junk);
                file.Write(junk, random.NextInt64(Math.Max(1, Math.Min(file.Length, 8_000) - junk.Length)));
            }

            try
            {
                await using MessageStore store = await StartAsync(files);
                started++;
                StoreTopic topic = store.GetOrAddTopic(Encoding.UTF8.GetBytes(Topic));
                QueueOffsets offsets = await store.Reader.GetOffsetsAsync(topic, 0, CancellationToken.None);
                offsets.Max.Should().BeGreaterThanOrEqualTo(offsets.Min);
                GetResult result = new();
                foreach (long offset in (long[])[-1, offsets.Min, (offsets.Min + offsets.Max) / 2, offsets.Max - 1, offsets.Max, long.MaxValue])
                {
                    await GetAsync(store, offset, 32, result);
                    await store.Reader.OffsetByTimeAsync(topic, 0, offset, TimeBoundary.Lower, CancellationToken.None);
                }
            }
            catch (StoreException)
            {
                // Refused with a reason, which is an answer.
            }
        }

        started.Should().BeGreaterThan(200, "most damage leaves a store that can be used");
    }

    private static async Task<MessageStore> StartAsync(MemoryFileSystem files, TimeProvider? time = null, bool isConfigured = true)
    {
        StoreOptions options = new()
        {
            RootDirectory = "/store",
            CommitLogFileBytes = 64 * 1024,
            ConsumeQueueFileBytes = 20 * 50,
            BatchConsumeQueueFileBytes = 46 * 20,
            IndexSlots = 50,
            IndexEntries = 100,
            MaxMessageBytes = 16 * 1024,
            TailBytes = 256 * 1024,
            Tuning = StoreTunings.Patient with { DiskWarningRatio = 100, DeleteHours = [.. Enumerable.Range(0, 24)] },
            // Files of a MemoryFileSystem are as old as time.
        };
        MessageStore store = new(
            options, files, time ?? new FakeTimeProvider(), Microsoft.Extensions.Logging.Abstractions.NullLoggerFactory.Instance, hasThreads: false)
        {
            BatchTopics = static () => new HashSet<string>([Topic]),
        };
        store.BatchTopics = isConfigured ? store.BatchTopics : null;
        await store.StartAsync(CancellationToken.None);
        return store;
    }

    private static AppendResult AppendBatch(MessageStore store, int count, string properties = "", string body = "body") =>
        store.Append(Topic, 0, body, $"{properties}INNER_NUM\u0001{count}\u0002", InnerBatch);

    private static void Settle(MessageStore store)
    {
        store.Writer.WritePending();
        store.Flusher.Pass(everything: true);
        store.Maintenance.MakeDurable();
    }

    private static async Task<GetStatus> GetAsync(MessageStore store, long offset, int maxMessages, GetResult result)
    {
        StoreTopic topic = store.GetOrAddTopic(Encoding.UTF8.GetBytes(Topic));
        GetStatus status = store.Reader.GetMessages(topic, 0, offset, new GetLimits(maxMessages), null, result);
        return status == GetStatus.WouldBlock ? await store.Reader.GetMessagesAsync(topic, 0, offset, new GetLimits(maxMessages), null, result, CancellationToken.None) : status;
    }

    private static async Task CheckAsync(MessageStore store, List<(long Base, int Count)> model)
    {
        StoreTopic topic = store.GetOrAddTopic(Encoding.UTF8.GetBytes(Topic));
        long end = model.Count == 0 ? 0 : model[^1].Base + model[^1].Count;
        (await store.Reader.GetOffsetsAsync(topic, 0, CancellationToken.None)).Should().Be(new QueueOffsets(0, end));
        GetResult result = new();
        foreach ((long start, int count) in model)
        {
            (await GetAsync(store, start + count - 1, 1, result)).Should().Be(GetStatus.Found);
            result.NextBeginOffset.Should().Be(start + count);
            byte[] record = new byte[result.TotalBytes];
            (await store.Reader.CopyMessagesAsync(result, record, CancellationToken.None)).Should().BeTrue();
            RecordView.Read(record).QueueOffset.Should().Be(start);
        }
    }

    /// <summary>As somebody does who wants the queues to be made anew from the log.</summary>
    private static void RemoveQueueFiles(MemoryFileSystem files)
    {
        files.DeleteFile("/store/checkpoint");
        const string Directory = "/store/batchconsumequeue/Batches/0";
        foreach (FileEntry entry in files.List(Directory))
        {
            files.DeleteFile($"{Directory}/{entry.Name}");
        }
    }

    private static byte[] ReadFile(MemoryFileSystem files, string path, int length)
    {
        using IStoreFile file = files.Open(path, FileOpenMode.Read);
        byte[] bytes = new byte[length];
        file.Read(bytes, 0).Should().Be(length);
        return bytes;
    }

    private static (long, int, long, long, long, short, int, int) Unit(byte[] file, int index)
    {
        ReadOnlySpan<byte> unit = file.AsSpan(index * 46, 46);
        return (
            BinaryPrimitives.ReadInt64BigEndian(unit),
            BinaryPrimitives.ReadInt32BigEndian(unit[8..]),
            BinaryPrimitives.ReadInt64BigEndian(unit[12..]),
            BinaryPrimitives.ReadInt64BigEndian(unit[20..]),
            BinaryPrimitives.ReadInt64BigEndian(unit[28..]),
            BinaryPrimitives.ReadInt16BigEndian(unit[36..]),
            BinaryPrimitives.ReadInt32BigEndian(unit[38..]),
            BinaryPrimitives.ReadInt32BigEndian(unit[42..]));
    }
}
