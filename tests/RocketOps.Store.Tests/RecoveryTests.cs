using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Contracts;
using RocketOps.Store.Dump;
using RocketOps.Store.Files;
using RocketOps.Store.Tests.Support;
using RocketOps.Testing.Logging;
using RocketOps.Testing.Time;

namespace RocketOps.Store.Tests;

public sealed class RecoveryTests
{
    private const int IndexHeaderBytes = 40;
    private const string LogFile = "/store/commitlog/00000000000000000000";

    [Fact]
    public async Task StartAsync_LogTornAtAnyByteOfTheLastRecords_KeepsAllWholeOnesBefore()
    {
        StoreOptions options = SmallStore.Options("/store");
        (MemoryFileSystem files, List<long> ends) = await KilledStoreAsync(options, messages: 6);
        long from = ends[3];
        long to = ends[5];
        for (long cut = from; cut < to; cut++)
        {
            MemoryFileSystem torn = files.AfterKill();
            using (IStoreFile log = torn.Open(LogFile, FileOpenMode.ReadWrite))
            {
                // Zeros from there on, as after a power cut that lost the pages.
                log.Write(new byte[to - cut], cut);
            }

            // Another boot: nothing but the durable part may be trusted.
            MemoryFileSystem after = torn.AfterPowerCut(new Random(1), keepEverything: true);
            await using MessageStore store = await SmallStore.StartAsync(options, after, new FakeTimeProvider(), hasThreads: false);

            int whole = ends.Count(end => end <= cut);
            (await store.ReadAllAsync("T", 0)).Should().Equal(Enumerable.Range(0, whole).Select(i => $"message {i}"), $"cut at {cut}");
            store.Append("T", 0, "next").QueueOffset.Should().Be(whole);
        }
    }

    /// <summary>
    /// A volume taken from a machine that runs on, without being unmounted: what the kernel had not written is lost, and the boot is the same. Only the number under which the
    /// disk came back says so.
    /// </summary>
    [Fact]
    public async Task StartAsync_VolumeWasTakenAwayAndCameBack_TrustsOnlyWhatWasDurable()
    {
        StoreOptions options = SmallStore.Options("/store", FlushDiskType.SyncFlush);
        MemoryFileSystem files = new() { DiskSequence = static _ => 7 };
        MessageStore store = await SmallStore.StartAsync(options, files, new FakeTimeProvider(), hasThreads: false);
        for (int i = 0; i < 200; i++)
        {
            store.Append("T", 0, $"message {i}");
            store.Writer.WritePending();
            store.Flusher.Pass(everything: true);
        }

        // The queue's units are in the kernel alone.
        store.Maintenance.Pass();
        (await WrongWithAsync(sequence: 8)).Should().Be(0);
        (await WrongWithAsync(sequence: 7)).Should().Be(0, "the lost units are missed also where the disk seems to be the same");

        async Task<int> WrongWithAsync(long sequence)
        {
            int wrong = 0;
            for (int seed = 0; seed < 8; seed++)
            {
                MemoryFileSystem detached = files.AfterPowerCut(new Random(seed), sameBoot: true);
                detached.DiskSequence = _ => sequence;
                try
                {
                    await using MessageStore again = await SmallStore.StartAsync(options, detached, new FakeTimeProvider(), hasThreads: false);
                    List<string> bodies = await again.ReadAllAsync("T", 0);
                    wrong += bodies.SequenceEqual(Enumerable.Range(0, 200).Select(static i => $"message {i}")) ? 0 : 1;
                }
                catch (Exception e) when (e is StoreException or Xunit.Sdk.XunitException)
                {
                    wrong++;
                }
            }

            return wrong;
        }
    }

    [Fact]
    public async Task StartAsync_DamagedRecordInTheMiddle_KeepsWhatFollowsAside()
    {
        StoreOptions options = SmallStore.Options("/store");
        (MemoryFileSystem files, List<long> ends) = await KilledStoreAsync(options, messages: 6);
        MemoryFileSystem damaged = files.AfterPowerCut(new Random(1), keepEverything: true);
        damaged.Damage(LogFile, ends[1] + 90, 0x40);

        await using (MessageStore store = await SmallStore.StartAsync(options, damaged, new FakeTimeProvider(), hasThreads: false))
        {
            (await store.ReadAllAsync("T", 0)).Should().Equal("message 0", "message 1");
            store.GetStats().MaxOffset.Value.Should().Be(ends[1]);
        }

        string aside = damaged.Paths.Single(path => path.StartsWith("/store/damaged/", StringComparison.Ordinal));
        aside.Should().Contain(ends[1].ToString("D20"));
        using IStoreFile kept = damaged.Open(aside, FileOpenMode.Read);
        byte[] lastRecord = new byte[ends[5] - ends[4]];
        kept.Read(lastRecord, ends[4] - ends[1]).Should().Be(lastRecord.Length);
        TestMessages.Body(lastRecord, 5).Should().Be("message 5");
    }

    [Fact]
    public async Task StartAsync_AfterKill_ReadsOnlyWhatWasNotHandedOver()
    {
        StoreOptions options = SmallStore.Options("/store");
        MemoryFileSystem files = new();
        MessageStore store = await SmallStore.StartAsync(options, files, new FakeTimeProvider(), hasThreads: false);
        for (int i = 0; i < 500; i++)
        {
            store.Append("T", 0, $"message {i}");
        }

        store.Writer.WritePending();
        store.Maintenance.Pass();
        long handedOver = store.GetStats().MaxOffset.Value;
        store.Append("T", 0, "message 500");
        store.Writer.WritePending();
        MemoryFileSystem killed = files.AfterKill();

        // What lies before the hand-over is not looked at: damage there goes unnoticed at start, and only there.
        killed.Damage(LogFile, 90, 0x01);
        await using MessageStore again = await SmallStore.StartAsync(options, killed, new FakeTimeProvider(), hasThreads: false);

        again.GetStats().MaxOffset.Value.Should().BeGreaterThan(handedOver);
        (await again.Reader.MaxOffsetAsync(again.GetOrAddTopic("T"u8), 0)).Should().Be(501);
    }

    /// <summary>
    /// The log's first file went after the checkpoint had said last what was on the disk, by retention of a small disk or by hand: the log
    /// begins behind that place.
    /// </summary>
    [Theory]
    [InlineData(FlushDiskType.AsyncFlush)]
    [InlineData(FlushDiskType.SyncFlush)]
    public async Task StartAsync_AfterKill_FilesBehindTheDurablePointWereRemoved_TakesMessages(FlushDiskType flush)
    {
        StoreOptions options = SmallStore.Options("/store", flush);
        MemoryFileSystem files = new();
        MessageStore store = await SmallStore.StartAsync(options, files, new FakeTimeProvider(), hasThreads: false);
        for (int i = 0; i < 1_500; i++)
        {
            store.Append("T", 0, $"message {i}");
            store.Writer.WritePending();
        }

        store.Flusher.Pass(everything: true);
        store.Maintenance.Pass();
        MemoryFileSystem killed = files.AfterKill();
        killed.DeleteFile(LogFile);

        await using MessageStore next = await SmallStore.StartAsync(options, killed, new FakeTimeProvider(), hasThreads: false);
        next.GetStats().MinOffset.Value.Should().BePositive("else nothing was removed");
        next.Append("T", 0, "after the start");
        next.Writer.WritePending();
        next.Flusher.Pass(everything: true);

        StoreStats stats = next.GetStats();
        stats.DurableOffset.Should().Be(stats.MaxOffset);
        stats.Flags.Should().Be(StoreFlags.None);
    }

    [Fact]
    public async Task StartAsync_AfterKill_DoesNotWaitForTheIndex()
    {
        StoreOptions options = SmallStore.Options("/store", indexEntries: 1000);
        MemoryFileSystem files = new();
        MessageStore store = await SmallStore.StartAsync(options, files, new FakeTimeProvider(), hasThreads: false);
        List<PhysicalOffset> sent = [];
        for (int i = 0; i < 40; i++)
        {
            sent.Add(store.Append("T", 0, $"message {i}", $"UNIQ_KEY\u0001K{i}").Offset);
            store.Writer.WritePending();
            if (i == 29)
            {
                // Entries are in the kernel, slots are not; the last ten have neither.
                store.Maintenance.Pass();
            }
        }

        MemoryFileSystem killed = files.AfterKill();
        int headers = 0;
        int others = 0;
        killed.OnRead = (path, length) =>
        {
            if (path.StartsWith("/store/index/", StringComparison.Ordinal))
            {
                _ = length == IndexHeaderBytes ? headers++ : others++;
            }
        };
        await using MessageStore again = await SmallStore.StartAsync(options, killed, new FakeTimeProvider(), hasThreads: false);

        headers.Should().BePositive();
        others.Should().Be(0, "slots and entries are read by whoever needs them first");
        StoreTopic topic = again.GetOrAddTopic("T"u8);
        for (int i = 0; i < sent.Count; i++)
        {
            (await again.Reader.QueryIndexAsync(topic, $"K{i}", 10, 0, long.MaxValue, CancellationToken.None)).Offsets.Should().Equal(sent[i]);
        }

        others.Should().BePositive();
    }

    /// <summary>Apache's rule deletes the index file that was begun, and does not read all of the log that was in it: what is gone is told.</summary>
    [Theory]
    [InlineData(10)]
    [InlineData(200)]
    public async Task StartAsync_AfterAnotherBrokerWasKilled_TellsWhichKeysAreNotFoundAnyMore(int messages)
    {
        const int LastNotTrustedMs = 3000;
        StoreOptions options = SmallStore.Options("/store", indexEntries: 10_000);
        MemoryFileSystem files = new();
        FakeTimeProvider time = new();
        MessageStore store = await SmallStore.StartAsync(options, files, time, hasThreads: false);
        List<AppendResult> sent = [];
        for (int i = 0; i < messages; i++)
        {
            time.Advance(TimeSpan.FromMilliseconds(300));
            sent.Add(store.Append("T", 0, new string('x', 1000), $"KEYS\u0001k{i}\u0002"));
            store.Writer.WritePending();
        }

        store.Maintenance.MakeDurable();
        MemoryFileSystem killed = files.AfterKill();
        using (IStoreFile checkpoint = killed.Open("/store/checkpoint", FileOpenMode.ReadWrite))
        {
            // As Java leaves it: no index file was completed. Our positions do not count then.
            checkpoint.Write(new byte[8], 16);
        }

        long readFrom = sent.Where(message => message.Offset.Value % options.CommitLogFileBytes == 0 && message.StoreTimestamp <= sent[^1].StoreTimestamp - LastNotTrustedMs)
            .Select(static message => message.Offset.Value).DefaultIfEmpty(0).Max();
        using RecordingLoggerFactory log = new();

        await using MessageStore again = new(options, killed, time, log, hasThreads: false);
        await again.StartAsync(CancellationToken.None);

        (readFrom > 0).Should().Be(messages == 200, "a long log has files that need not be read");
        StoreTopic topic = again.GetOrAddTopic("T"u8);
        for (int i = 0; i < messages; i++)
        {
            IndexQueryResult found = await again.Reader.QueryIndexAsync(topic, $"k{i}", 10, 0, long.MaxValue, CancellationToken.None);
            found.Offsets.Should().Equal(sent[i].Offset.Value >= readFrom ? [sent[i].Offset] : [], $"key {i}");
        }

        LoggedEntry told = log.Entries.Single(static entry => entry.Event is 2201 or 2206);
        told.Event.Should().Be(readFrom > 0 ? 2206 : 2201);
        told.Text.Should().Contain(readFrom > 0 ? "those from 0 to there are not found any more" : "its keys are indexed again");
        told.Text.Should().Contain(readFrom > 0 ? $"Messages from {readFrom} on" : "is deleted");
    }

    [Fact]
    public async Task StartAsync_LogGone_IsRefusedAndChangesNothing()
    {
        StoreOptions options = SmallStore.Options("/store");
        (MemoryFileSystem files, _) = await KilledStoreAsync(options, messages: 6);
        MemoryFileSystem killed = files.AfterKill();
        killed.DeleteFile(LogFile);

        Func<Task<MessageStore>> start = () => SmallStore.StartAsync(options, killed, new FakeTimeProvider(), hasThreads: false);

        (await start.Should().ThrowAsync<StoreException>()).WithMessage("There is no commit log in /store/commitlog (storePathCommitLog), but /store/consumequeue belongs to one.*not mounted*");
        killed.Paths.Should().BeEquivalentTo(files.Paths.Where(static path => path != LogFile));
    }

    [Fact]
    public async Task StartAsync_LogFileOfAnotherSize_IsRefusedWithTheReason()
    {
        StoreOptions options = SmallStore.Options("/store");
        (MemoryFileSystem files, _) = await KilledStoreAsync(options, messages: 6);
        MemoryFileSystem killed = files.AfterKill();
        using (IStoreFile log = killed.Open(LogFile, FileOpenMode.ReadWrite))
        {
            log.SetLength(1000);
        }

        Func<Task<MessageStore>>? start = () => SmallStore.StartAsync(options, killed, new FakeTimeProvider(), hasThreads: false);

        (await start.Should().ThrowAsync<StoreException>()).WithMessage("*1000 bytes instead of 65536*mappedFileSizeCommitLog*");
    }

    [Fact]
    public async Task StartAsync_ClockWentBack_StoreTimeDoesNot()
    {
        StoreOptions options = SmallStore.Options("/store");
        MemoryFileSystem files = new();
        FakeTimeProvider later = new();
        later.Advance(TimeSpan.FromHours(1));
        await using (MessageStore store = await SmallStore.StartAsync(options, files, later, hasThreads: false))
        {
            store.Append("T", 0, "late");
            store.Writer.WritePending();
        }

        await using MessageStore again = await SmallStore.StartAsync(options, files.AfterKill(), new FakeTimeProvider(), hasThreads: false);
        AppendResult result = again.Append("T", 0, "later");
        again.Writer.WritePending();

        result.StoreTimestamp.Should().Be(later.GetUtcNow().ToUnixTimeMilliseconds());
    }

    [Theory]
    [InlineData(FlushDiskType.AsyncFlush)]
    [InlineData(FlushDiskType.SyncFlush)]
    public async Task DisposeAsync_AnyStore_LeavesOneThatVerifies(FlushDiskType flush)
    {
        MemoryFileSystem files = new();
        StoreOptions options = SmallStore.Options("/store", flush);
        await using (MessageStore store = await SmallStore.StartAsync(options, files, new FakeTimeProvider(), hasThreads: false))
        {
            for (int i = 0; i < 700; i++)
            {
                store.Append($"T{i % 3}", i % 2, new string('z', i % 300), $"TAGS\u0001tag{i % 5}\u0002UNIQ_KEY\u0001u{i}\u0002KEYS\u0001k{i % 9} all");
            }

            store.Writer.WritePending();
            store.Flusher.Pass(everything: true);
        }

        List<StoreFinding> findings = [];
        VerifyResult result = new StoreVerifier(files.AfterKill(), "/store", options.IndexSlots, findings.Add).Run(CancellationToken.None);

        findings.Should().BeEmpty();
        result.Messages.Should().Be(700);
        result.Units.Should().Be(700);
        result.IndexEntries.Should().Be(2100);
    }

    private static async Task<(MemoryFileSystem Files, List<long> Ends)> KilledStoreAsync(StoreOptions options, int messages)
    {
        MemoryFileSystem files = new();
        MessageStore store = await SmallStore.StartAsync(options, files, new FakeTimeProvider(), hasThreads: false);
        List<long> ends = [];
        for (int i = 0; i < messages; i++)
        {
            // Properties, so that a record does not end in zeros, which a cut would not change.
            ends.Add(store.Append("T", 0, $"message {i}", "TAGS\u0001x").End.Value);
        }

        store.Writer.WritePending();
        store.Maintenance.Pass();
        return (files, ends);
    }

    [Fact]
    public async Task StartAsync_AfterAPowerCutThatLostNothing_WritesToNoQueueFile()
    {
        StoreOptions options = new() { RootDirectory = "/store", CommitLogFileBytes = 65536, ConsumeQueueFileBytes = 20 * 10_000, MaxMessageBytes = 1024, Tuning = StoreTunings.Patient with { DiskWarningRatio = 100, DeleteHours = [] } };
        MemoryFileSystem files = new();
        await using (MessageStore store = await SmallStore.StartAsync(options, files, new FakeTimeProvider(), hasThreads: false))
        {
            for (int i = 0; i < 30; i++)
            {
                store.Append("T", i % 3, $"m{i}");
            }

            store.Writer.WritePending();
            store.Maintenance.MakeDurable();
            files = files.AfterPowerCut(new Random(1), keepEverything: true);
        }

        List<string> changes = [];
        files.Fault = (operation, path) =>
        {
            if (path.Contains("consumequeue/T", StringComparison.Ordinal))
            {
                changes.Add($"{operation} {path}");
            }

            return null;
        };
        await using MessageStore again = await SmallStore.StartAsync(options, files, new FakeTimeProvider(), hasThreads: false);

        changes.Should().BeEmpty("zeroing what is zero would fill sparse files, 6 MB for each queue");
        (await again.ReadAllAsync("T", 1)).Should().HaveCount(10);
    }
}
