using System.Text;
using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Contracts;
using RocketOps.Store.Files;
using RocketOps.Store.Reading;
using RocketOps.Store.Tests.Support;
using RocketOps.Testing.Rings;
using RocketOps.Testing.Time;

namespace RocketOps.Store.Tests;

/// <summary>Cutting the log of a running store: what is left equals a store that was only ever given the kept messages, and it goes on from there.</summary>
public sealed class TruncateTests
{
    private const string Root = "/store";

    private List<AppendResult>? _sent;

    [Theory]
    [InlineData(FlushDiskType.AsyncFlush, 0)]
    [InlineData(FlushDiskType.AsyncFlush, 1)]
    [InlineData(FlushDiskType.AsyncFlush, 70)]
    [InlineData(FlushDiskType.AsyncFlush, 130)]
    [InlineData(FlushDiskType.AsyncFlush, 299)]
    [InlineData(FlushDiskType.SyncFlush, 0)]
    [InlineData(FlushDiskType.SyncFlush, 70)]
    [InlineData(FlushDiskType.SyncFlush, 130)]
    public async Task Truncate_AtARecord_LeavesWhatAStoreOfTheKeptMessagesHas(FlushDiskType flush, int kept)
    {
        MemoryFileSystem files = new();
        MemoryFileSystem otherFiles = new();
        FakeTimeProvider time = new();
        FakeTimeProvider otherTime = new();
        await using (MessageStore store = await SmallStore.StartAsync(Options(flush), files, time, hasThreads: false))
        await using (MessageStore other = await SmallStore.StartAsync(Options(flush), otherFiles, otherTime, hasThreads: false))
        {
            StoreTopic topic = store.GetOrAddTopic("T"u8);
            List<AppendResult> sent = Fill(store, time, 300);
            Fill(other, otherTime, kept);

            await store.TruncateAsync(sent[kept].Offset, keepIn: null, CancellationToken.None);

            store.GetOrAddTopic("T"u8).Should().BeSameAs(topic);
            store.GetStats().MaxOffset.Should().Be(sent[kept].Offset);
            await ShouldEqualAsync(store, other, 300);
            otherTime.Advance(time.GetUtcNow() - otherTime.GetUtcNow());
            Fill(store, time, 40, first: 1000);
            Fill(other, otherTime, 40, first: 1000);
            await ShouldEqualAsync(store, other, 300);
        }

        await using MessageStore again = await SmallStore.StartAsync(Options(flush), files, time, hasThreads: false);
        await using MessageStore otherAgain = await SmallStore.StartAsync(Options(flush), otherFiles, otherTime, hasThreads: false);
        await ShouldEqualAsync(again, otherAgain, 300);
    }

    [Fact]
    public async Task Truncate_AtTheBeginOfAFile_RemovesTheFileAndGoesOn()
    {
        MemoryFileSystem files = new();
        await using MessageStore store = await SmallStore.StartAsync(SmallStore.Options(Root), files, new FakeTimeProvider(), hasThreads: false);
        List<AppendResult> sent = Fill(store, new FakeTimeProvider(), 300);
        int firstOfFile = sent.FindIndex(result => result.Offset.Value == 64 * 1024);
        firstOfFile.Should().BePositive();

        await store.TruncateAsync(new PhysicalOffset(64 * 1024), keepIn: null, CancellationToken.None);

        files.Paths.Count(path => path.StartsWith($"{Root}/commitlog/", StringComparison.Ordinal)).Should().Be(1);
        Fill(store, new FakeTimeProvider(), 5, first: 1000)[0].Offset.Value.Should().Be(64 * 1024);
        (await store.ReadAllAsync("T", firstOfFile % 3)).Should().Contain(BodyOf(firstOfFile - 3)).And.NotContain(BodyOf(firstOfFile));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(20)]
    [InlineData(-1)]
    public async Task Truncate_WhereNoRecordBegins_IsRefusedAndChangesNothing(int distance)
    {
        MemoryFileSystem files = new();
        await using MessageStore store = await SmallStore.StartAsync(SmallStore.Options(Root), files, new FakeTimeProvider(), hasThreads: false);
        List<AppendResult> sent = Fill(store, new FakeTimeProvider(), 50);
        int calls = files.Calls;

        Func<Task> inARecord = () => store.TruncateAsync(new PhysicalOffset(sent[20].Offset.Value + distance), keepIn: null, CancellationToken.None);
        Func<Task> behind = () => store.TruncateAsync(new PhysicalOffset(sent[^1].End.Value + 1), keepIn: null, CancellationToken.None);
        Func<Task> before = () => store.TruncateAsync(new PhysicalOffset(-1), keepIn: null, CancellationToken.None);

        await inARecord.Should().ThrowAsync<StoreException>().WithMessage("*no record begins there*");
        await behind.Should().ThrowAsync<StoreException>().WithMessage("*ends at*");
        await before.Should().ThrowAsync<StoreException>().WithMessage("*begins at*");
        files.Calls.Should().Be(calls);
        Fill(store, new FakeTimeProvider(), 1, first: 50)[0].Offset.Should().Be(sent[^1].End);
        store.Flags.Should().Be(StoreFlags.None);
    }

    [Fact]
    public async Task Truncate_WithKeepIn_KeepsTheBytesAside()
    {
        MemoryFileSystem files = new();
        await using MessageStore store = await SmallStore.StartAsync(SmallStore.Options(Root), files, new FakeTimeProvider(), hasThreads: false);
        List<AppendResult> sent = Fill(store, new FakeTimeProvider(), 20);
        byte[] cut = new byte[sent[^1].End.Value - sent[10].Offset.Value];
        store.Reader.TryRead(sent[10].Offset, cut).Should().BeTrue();

        await store.TruncateAsync(sent[10].Offset, "diverged", CancellationToken.None);

        string path = files.Paths.Single(name => name.StartsWith($"{Root}/diverged/", StringComparison.Ordinal));
        using IStoreFile file = files.Open(path, FileOpenMode.Read);
        byte[] kept = new byte[cut.Length];
        file.Read(kept, 0).Should().Be(cut.Length);
        kept.Should().Equal(cut);
    }

    /// <summary>A cut before the first message of a queue and of a topic: both are empty, and both go on.</summary>
    [Fact]
    public async Task Truncate_BeforeAllOfATopic_LeavesItEmptyAndInUse()
    {
        await using MessageStore store = await SmallStore.StartAsync(SmallStore.Options(Root), new MemoryFileSystem(), new FakeTimeProvider(), hasThreads: false);
        List<AppendResult> sent = Fill(store, new FakeTimeProvider(), 10);
        StoreTopic topic = store.GetOrAddTopic("U"u8);
        AppendResult first = store.Append("U", 2, "cut");
        for (int i = 0; i < 200; i++)
        {
            store.Append("U", 2, BodyOf(i));
        }

        store.Writer.WritePending();
        store.Maintenance.MakeDurable();

        await store.TruncateAsync(first.Offset, keepIn: null, CancellationToken.None);

        store.FindTopic("U"u8).Should().BeSameAs(topic);
        (await store.Reader.GetOffsetsAsync(topic, 2, CancellationToken.None)).Should().Be(new QueueOffsets(0, 0));
        store.Append("U", 2, "new").QueueOffset.Should().Be(0);
        store.Writer.WritePending();
        (await store.ReadAllAsync("U", 2)).Should().Equal("new");
        (await store.ReadAllAsync("T", 0)).Should().HaveCount(4);
        sent[^1].End.Should().Be(first.Offset);
    }

    [Fact]
    public async Task Truncate_OneHundredTimes_KeepsNoFileOpenThatIsGone()
    {
        MemoryFileSystem files = new();
        await using MessageStore store = await SmallStore.StartAsync(SmallStore.Options(Root), files, new FakeTimeProvider(), hasThreads: false);
        int open = 0;
        for (int round = 0; round < 100; round++)
        {
            PhysicalOffset start = Fill(store, new FakeTimeProvider(), 250)[100].Offset;
            await store.TruncateAsync(start, keepIn: null, CancellationToken.None);
            await store.TruncateAsync(new PhysicalOffset(0), keepIn: null, CancellationToken.None);
            open = round == 0 ? files.OpenPaths.Count : open;
        }

        files.OpenPaths.Should().HaveCount(open).And.OnlyContain(path => files.Paths.Contains(path));
    }

    [Fact]
    public async Task Truncate_WithWaiters_FailsThoseBehindTheCutOnly()
    {
        await using MessageStore store = await SmallStore.StartAsync(SmallStore.Options(Root), new MemoryFileSystem(), new FakeTimeProvider(), hasThreads: false);
        AppendResult kept = store.Append("T", 0, "kept");
        AppendResult cut = store.Append("T", 0, "cut");
        Task<WaitOutcome> before = store.Writer.WhenAsync(LogPosition.Durable, kept.Mark);
        Task<WaitOutcome> behind = store.Writer.WhenAsync(LogPosition.Durable, cut.Mark with { Offset = new PhysicalOffset(cut.End.Value + 1) });

        await store.TruncateAsync(kept.End, keepIn: null, CancellationToken.None);

        (await before).Should().Be(WaitOutcome.Reached);
        (await behind).Should().Be(WaitOutcome.CutOff);
    }

    /// <summary>Index files that know what is cut off are dropped and put again from the log. A query meanwhile waits: it neither misses what is kept nor finds what is not.</summary>
    [Fact]
    public async Task QueryIndex_DuringTheCut_GivesWhatIsKept()
    {
        MemoryFileSystem files = new();
        await using MessageStore store = await SmallStore.StartAsync(Options(FlushDiskType.AsyncFlush), files);
        List<AppendResult> sent = [];
        for (int i = 0; i < 60; i++)
        {
            sent.Add(store.Append("T", 0, BodyOf(i), $"UNIQ_KEY\u0001K{i}\u0002KEYS\u0001same"));
        }

        store.Writer.WritePending();
        await store.FinishDispatchAsync();
        StoreTopic topic = store.FindTopic("T"u8)!;
        using Gate gate = new();
        files.Fault = (operation, path) =>
        {
            if (store.Log.Cuts.Count % 2 == 1 && operation == "fdatasync" && path.EndsWith("checkpoint", StringComparison.Ordinal))
            {
                gate.Pass();
            }

            return null;
        };

        Task cut = store.TruncateAsync(sent[40].Offset, keepIn: null, CancellationToken.None);
        await gate.Reached;
        Task<IndexQueryResult> kept = store.Reader.QueryIndexAsync(topic, "K30", 10, 0, long.MaxValue, CancellationToken.None).AsTask();
        Task<IndexQueryResult> cutOff = store.Reader.QueryIndexAsync(topic, "K50", 10, 0, long.MaxValue, CancellationToken.None).AsTask();
        Task<IndexQueryResult> all = store.Reader.QueryIndexAsync(topic, "same", 100, 0, long.MaxValue, CancellationToken.None).AsTask();
        gate.Open();
        await cut;

        (await kept).Offsets.Should().Equal(sent[30].Offset);
        (await cutOff).Offsets.Should().BeEmpty();
        (await all).Offsets.Should().BeEquivalentTo(sent.Take(40).Select(static result => result.Offset));
        AppendResult other = store.Append("T", 0, BodyOf(40), "UNIQ_KEY\u0001other\u0002KEYS\u0001same");
        store.Writer.WritePending();
        await store.FinishDispatchAsync();
        other.Offset.Should().Be(sent[40].Offset);
        (await store.Reader.QueryIndexAsync(topic, "K40", 10, 0, long.MaxValue, CancellationToken.None)).Offsets.Should().BeEmpty("another message has its place");
        (await store.Reader.QueryIndexAsync(topic, "other", 10, 0, long.MaxValue, CancellationToken.None)).Offsets.Should().Equal(other.Offset);
    }

    [Fact]
    public async Task CopyMessages_FoundBeforeTheCut_GivesNothingOfWhatCameInstead()
    {
        await using MessageStore store = await SmallStore.StartAsync(SmallStore.Options(Root), new MemoryFileSystem(), new FakeTimeProvider(), hasThreads: false);
        AppendResult kept = store.Append("T", 0, "kept");
        store.Append("T", 0, "cut off");
        store.Writer.WritePending();
        GetResult both = new();
        GetResult first = new();
        StoreTopic topic = store.GetOrAddTopic("T"u8);
        store.Reader.GetMessages(topic, 0, 0, new GetLimits(32, 0), null, both).Should().Be(GetStatus.Found);
        store.Reader.GetMessages(topic, 0, 0, new GetLimits(1, 0), null, first).Should().Be(GetStatus.Found);

        await store.TruncateAsync(kept.End, keepIn: null, CancellationToken.None);
        store.Append("T", 0, "another, which is longer");
        store.Writer.WritePending();

        store.Reader.TryCopyMessages(both, new byte[both.TotalBytes]).Should().BeFalse();
        store.Reader.TryCopyMessages(first, new byte[first.TotalBytes]).Should().BeTrue();
    }

    /// <summary>What was appended behind a cut that is to be finished would be cut off with the rest.</summary>
    [Theory]
    [InlineData("truncation")]
    [InlineData("commitlog")]
    public async Task Truncate_SomethingUnexpectedIsThrown_TakesNoMessageUntilTheNextStartHasFinishedIt(string where)
    {
        MemoryFileSystem files = new();
        MessageStore store = await SmallStore.StartAsync(Options(FlushDiskType.AsyncFlush), files, new FakeTimeProvider(), hasThreads: false);
        List<AppendResult> sent = Fill(store, new FakeTimeProvider(), 60);
        bool isIntended = false;
        files.Fault = (operation, path) =>
        {
            isIntended |= path.EndsWith("/truncation", StringComparison.Ordinal);
            return isIntended && operation == "fdatasync" && path.Contains(where, StringComparison.Ordinal) ? throw new InvalidOperationException("a fault in the code") : null;
        };

        Func<Task> cut = () => store.TruncateAsync(sent[40].Offset, keepIn: null, CancellationToken.None);

        await cut.Should().ThrowAsync<InvalidOperationException>();
        files.Fault = null;
        store.Flags.Should().Be(StoreFlags.NotWriteable);
        store.TryAppend("T", 0, [1], out _).Should().Be(AppendStatus.ServiceNotAvailable);
        files.FileExists($"{Root}/truncation").Should().BeTrue();
        await store.DisposeAsync();
        await using MessageStore again = await SmallStore.StartAsync(Options(FlushDiskType.AsyncFlush), files.AfterKill(), new FakeTimeProvider(), hasThreads: false);
        again.GetStats().MaxOffset.Should().Be(sent[40].Offset);
        Fill(again, new FakeTimeProvider(), 1, first: 40)[0].Offset.Should().Be(sent[40].Offset);
    }

    [Fact]
    public async Task Truncate_NoRoomForTheIntent_ChangesNothingAndGoesOn()
    {
        MemoryFileSystem files = new();
        await using MessageStore store = await SmallStore.StartAsync(Options(FlushDiskType.AsyncFlush), files, new FakeTimeProvider(), hasThreads: false);
        List<AppendResult> sent = Fill(store, new FakeTimeProvider(), 60);
        files.Fault = static (operation, path) => operation == "write" && path.EndsWith("/truncation", StringComparison.Ordinal) ? StoreIOException.NoSpace : null;

        Func<Task> cut = () => store.TruncateAsync(sent[40].Offset, keepIn: null, CancellationToken.None);

        await cut.Should().ThrowAsync<StoreIOException>();
        files.Fault = null;
        files.FileExists($"{Root}/truncation").Should().BeFalse();
        store.Flags.Should().Be(StoreFlags.None);
        Fill(store, new FakeTimeProvider(), 1, first: 60)[0].Offset.Should().Be(sent[^1].End);
    }

    /// <summary>What is left of the intent may be whole: the next start would cut off what is appended meanwhile.</summary>
    [Fact]
    public async Task Truncate_NoRoomForTheIntentAndItCannotBeTakenBack_TakesNoMessage()
    {
        MemoryFileSystem files = new();
        await using MessageStore store = await SmallStore.StartAsync(Options(FlushDiskType.AsyncFlush), files, new FakeTimeProvider(), hasThreads: false);
        List<AppendResult> sent = Fill(store, new FakeTimeProvider(), 60);
        files.Fault = static (operation, path) => !path.EndsWith("/truncation", StringComparison.Ordinal) ? null
            : operation == "write" ? StoreIOException.NoSpace
            : operation == "unlink" ? throw new InvalidOperationException("a fault in the code")
            : null;

        Func<Task> cut = () => store.TruncateAsync(sent[40].Offset, keepIn: null, CancellationToken.None);

        await cut.Should().ThrowAsync<InvalidOperationException>();
        files.Fault = null;
        store.Flags.Should().Be(StoreFlags.NotWriteable);
        store.TryAppend("T", 0, [1], out _).Should().Be(AppendStatus.ServiceNotAvailable);
    }

    [Theory]
    [InlineData(FlushDiskType.AsyncFlush)]
    [InlineData(FlushDiskType.SyncFlush)]
    public async Task Crash_AtEveryCallOfACut_RecoversToTheOldEndOrTheNew(FlushDiskType flush)
    {
        const int Messages = 300;
        const int Kept = 110;
        int firstCall = 0;
        int calls = await RunAsync(new MemoryFileSystem());
        (calls - firstCall).Should().BeGreaterThan(10);
        bool[] seen = new bool[2];
        for (int call = firstCall + 1; call <= calls; call++)
        {
            // The first is a kill, and of the power cuts the last brings names back in any order.
            for (int seed = 0; seed < 4; seed += seed == 1 ? Depth.Of(2, deep: 1) : 1)
            {
                MemoryFileSystem files = new() { CrashAtCall = call };
                await RunAsync(files);
                MemoryFileSystem survivors = seed == 0 ? files.AfterKill() : files.AfterPowerCut(new Random((call * 31) + seed), reordersNames: seed == 3);
                string where = $"call {call}, seed {seed}";

                await using MessageStore store = await SmallStore.StartAsync(Options(flush), survivors, new FakeTimeProvider(), hasThreads: false);

                long end = store.GetStats().MaxOffset.Value;
                List<AppendResult> sent = _sent!;
                int left = end == sent[Kept].Offset.Value ? Kept : Messages;
                seen[left == Kept ? 1 : 0] = true;
                end.Should().Be(left == Kept ? sent[Kept].Offset.Value : sent[^1].End.Value, where);
                for (int queue = 0; queue < 3; queue++)
                {
                    (await store.ReadAllAsync("T", queue)).Should().Equal(Enumerable.Range(0, left).Where(i => i % 3 == queue).Select(BodyOf), where);
                }

                StoreTopic topic = store.GetOrAddTopic("T"u8);
                foreach (int number in new[] { 0, Kept - 1, Kept, Messages - 1 })
                {
                    IndexQueryResult found = await store.Reader.QueryIndexAsync(topic, $"K{number}", 10, 0, long.MaxValue, CancellationToken.None);
                    found.Offsets.Should().Equal(number < left ? [sent[number].Offset] : [], $"{where}, key {number}");
                }

                Fill(store, new FakeTimeProvider(), 1, first: 3000)[0].Offset.Value.Should().Be(end);
                survivors.Paths.Should().NotContain($"{Root}/truncation");
            }
        }

        seen.Should().Equal(true, true);

        async Task<int> RunAsync(MemoryFileSystem files)
        {
            try
            {
                MessageStore store = await SmallStore.StartAsync(Options(flush), files, new FakeTimeProvider(), hasThreads: false);
                _sent = Fill(store, new FakeTimeProvider(), Messages);
                store.Maintenance.MakeDurable();
                firstCall = files.Calls;
                await store.TruncateAsync(_sent[Kept].Offset, "diverged", CancellationToken.None);
            }
            catch (SimulatedCrashException)
            {
                // The end of the process.
            }

            return files.Calls;
        }
    }

    [Theory]
    [InlineData(FlushDiskType.AsyncFlush)]
    [InlineData(FlushDiskType.SyncFlush)]
    public async Task Truncate_WhileOthersAppendAndRead_RefusesAndShowsNoGarbage(FlushDiskType flush)
    {
        const int Rounds = 100;
        MemoryFileSystem files = new();
        await using MessageStore store = await SmallStore.StartAsync(Options(flush), files);
        store.Append("T", 0, BodyOf(0));
        using CancellationTokenSource stop = new();
        Task[] others = [Task.Run(Append), Task.Run(Append), Task.Run(Read), Task.Run(Read)];
        for (int round = 0; round < Rounds; round++)
        {
            AppendResult mark;
            while (store.TryAppend("T", 0, Encoding.UTF8.GetBytes(BodyOf(round)), out mark) != AppendStatus.Ok)
            {
                await Task.Yield();
            }

            await store.FinishDispatchAsync();
            await store.TruncateAsync(mark.Offset, keepIn: null, CancellationToken.None);
        }

        await stop.CancelAsync();
        await Task.WhenAll(others);
        await store.FinishDispatchAsync();
        store.Flags.Should().Be(StoreFlags.None);
        files.OpenPaths.Should().OnlyContain(path => files.Paths.Contains(path));

        void Append()
        {
            for (int i = 0; !stop.IsCancellationRequested; i++)
            {
                AppendStatus status = store.TryAppend("T", 0, Encoding.UTF8.GetBytes(BodyOf(i)), out _);
                status.Should().BeOneOf(AppendStatus.Ok, AppendStatus.ServiceNotAvailable, AppendStatus.WouldBlock, AppendStatus.Busy);
                store.Writer.WritePending();
            }
        }

        async Task Read()
        {
            GetResult result = new();
            StoreTopic topic = store.GetOrAddTopic("T"u8);
            while (!stop.IsCancellationRequested)
            {
                QueueOffsets offsets = await store.Reader.GetOffsetsAsync(topic, 0, CancellationToken.None);
                long from = Math.Max(0, offsets.Max - 20);
                if (await store.Reader.GetMessagesAsync(topic, 0, from, new GetLimits(32, 0), null, result, CancellationToken.None) != GetStatus.Found)
                {
                    continue;
                }

                byte[] bytes = new byte[result.TotalBytes];
                if (await store.Reader.CopyMessagesAsync(result, bytes, CancellationToken.None))
                {
                    int at = 0;
                    foreach (MessageRange message in result.Messages.ToArray())
                    {
                        RecordView.Parse(bytes.AsSpan(at, message.Size), message.Offset.Value, verifyCrc: true, out _).Should().Be(RecordCheck.Valid);
                        at += message.Size;
                    }
                }
            }
        }
    }

    /// <summary>Index files of 100 keys, three a message: keys of one message lie in two files.</summary>
    private static StoreOptions Options(FlushDiskType flush) => SmallStore.Options(Root, flush, indexEntries: 101);

    private static string BodyOf(int number) => $"{number}:" + new string('x', 300 + (number % 7 * 20));

    /// <summary>One after the other to three queues, a second apart; three keys each.</summary>
    private static List<AppendResult> Fill(MessageStore store, FakeTimeProvider time, int count, int first = 0)
    {
        List<AppendResult> sent = [];
        for (int i = first; i < first + count; i++)
        {
            sent.Add(store.Append("T", i % 3, BodyOf(i), $"UNIQ_KEY\u0001K{i}\u0002KEYS\u0001a{i} b{i}"));
            store.Writer.WritePending();
            store.Flusher.Pass(everything: true);
            time.Advance(TimeSpan.FromSeconds(1));
            if (i % 20 == 0)
            {
                store.Maintenance.Pass();
            }
        }

        return sent;
    }

    private static async Task ShouldEqualAsync(MessageStore store, MessageStore other, int keys)
    {
        StoreTopic topic = store.GetOrAddTopic("T"u8);
        StoreTopic otherTopic = other.GetOrAddTopic("T"u8);
        for (int queue = 0; queue < 3; queue++)
        {
            (await store.ReadAllAsync("T", queue)).Should().Equal(await other.ReadAllAsync("T", queue));
            (await store.Reader.GetOffsetsAsync(topic, queue, CancellationToken.None)).Should().Be(await other.Reader.GetOffsetsAsync(otherTopic, queue, CancellationToken.None));
            long end = await other.Reader.MaxOffsetAsync(otherTopic, queue);
            for (long offset = 0; offset < end; offset += 7)
            {
                long timestamp = await other.Reader.StoreTimestampAtAsync(otherTopic, queue, offset, CancellationToken.None);
                (await store.Reader.OffsetByTimeAsync(topic, queue, timestamp, TimeBoundary.Lower, CancellationToken.None))
                    .Should().Be(await other.Reader.OffsetByTimeAsync(otherTopic, queue, timestamp, TimeBoundary.Lower, CancellationToken.None));
            }
        }

        for (int i = 0; i < keys; i++)
        {
            foreach (string key in new[] { $"K{i}", $"a{i}", $"b{i}", $"K{1000 + i}" })
            {
                IndexQueryResult found = await store.Reader.QueryIndexAsync(topic, key, 10, 0, long.MaxValue, CancellationToken.None);
                IndexQueryResult expected = await other.Reader.QueryIndexAsync(otherTopic, key, 10, 0, long.MaxValue, CancellationToken.None);
                found.Offsets.Should().Equal(expected.Offsets, key);
            }
        }
    }
}
