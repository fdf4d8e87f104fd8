using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Contracts;
using RocketOps.Store.Files;
using RocketOps.Store.Log;
using RocketOps.Store.Tests.Support;
using RocketOps.Testing.Time;
using RocketOps.Testing;

namespace RocketOps.Store.Tests;

/// <summary>A topic that is deleted and made again: nothing of the old one comes into the new one, and the new one loses nothing by the old.</summary>
public sealed class DeleteTopicTests
{
    private const string Root = "/store";

    /// <summary>The way of a sender that found the queue, and was overtaken by the whole deletion before it took the append lock.</summary>
    [Fact]
    public async Task Append_QueueFoundBeforeTheDeletion_GoesToTheNewTopicFromTheBeginning()
    {
        await using MessageStore store = await SmallStore.StartAsync(SmallStore.Options(Root), new MemoryFileSystem(), new FakeTimeProvider(), hasThreads: false);
        for (int i = 0; i < 5; i++)
        {
            store.Append("T", 0, "old");
        }

        StoreTopic topic = store.FindTopic("T"u8)!;
        ConsumeQueue queue = topic.FindQueue(0)!;
        PhysicalOffset end = store.Positions.Appended;
        await store.DeleteTopicAsync(topic, CancellationToken.None);

        AppendStatus late = store.Log.Append(Message(topic, "late"), queue, out _);
        AppendStatus lateBatch = store.Log.AppendBatch(Batch(topic, "late"), queue, new PhysicalOffset[1], out _);
        (await store.Writer.LoadQueueAsync(topic, 0, CancellationToken.None)).Should().Be(AppendStatus.Ok);
        store.Writer.Append(Message(topic, "again"), out AppendResult again).Should().Be(AppendStatus.Ok);
        store.Writer.WritePending();

        late.Should().Be(AppendStatus.QueueNotLoaded);
        lateBatch.Should().Be(AppendStatus.QueueNotLoaded);
        again.Offset.Should().Be(end, "what was turned away has no place in the log");
        again.QueueOffset.Should().Be(0);
        (await store.ReadAllAsync("T", 0)).Should().Equal("again");
        store.FindTopic("T"u8).Should().NotBeSameAs(topic);
    }

    [Fact]
    public async Task TryDelete_HasAMessageBehindWhatIsKnown_StaysAndLosesTheQueuesThatHaveNone()
    {
        await using MessageStore store = await SmallStore.StartAsync(SmallStore.Options(Root), new MemoryFileSystem(), new FakeTimeProvider(), hasThreads: false);
        store.Append("T", 0, "one");
        store.Append("Other", 0, "behind it");
        PhysicalOffset known = store.Positions.Appended;
        store.Append("T", 1, "two");
        StoreTopic topic = store.FindTopic("T"u8)!;

        (await store.TryDeleteTopicAsync(topic, known, CancellationToken.None)).Should().BeFalse();
        store.Append("T", 0, "three");
        store.Writer.WritePending();
        (await store.ReadAllAsync("T", 0)).Should().Equal(["three"], "the topic was made again");
        (await store.ReadAllAsync("T", 1)).Should().Equal("two");

        (await store.TryDeleteTopicAsync(topic, store.Positions.Appended, CancellationToken.None)).Should().BeTrue();
        store.FindTopic("T"u8).Should().BeNull();
        (await store.ReadAllAsync("Other", 0)).Should().Equal("behind it");
    }

    /// <summary>A slave is killed right after it has followed a deletion: none of what it wrote since need be there.</summary>
    [Fact]
    public async Task Start_KilledAfterQueuesOfATopicThatStaysWereRemoved_TheyStayAway()
    {
        MemoryFileSystem files = new();
        await using MessageStore source = await SmallStore.StartAsync(SmallStore.Options("/source"), new MemoryFileSystem(), new FakeTimeProvider(), hasThreads: false);
        await using MessageStore copy = await SmallStore.StartAsync(SmallStore.Options(Root), files, new FakeTimeProvider(), hasThreads: false);
        source.Append("T", 0, "old");
        source.Append("T", 1, "old");
        await source.DeleteTopicAsync(source.FindTopic("T"u8)!, CancellationToken.None);
        PhysicalOffset end = source.Positions.Appended;
        source.Append("T", 1, "new");
        source.Writer.WritePending();
        await FeedAsync(source, copy);
        copy.Writer.WritePending();
        copy.Maintenance.MakeDurable();
        (await copy.ReadAllAsync("T", 0)).Should().Equal("old");

        (await copy.TryDeleteTopicAsync(copy.FindTopic("T"u8)!, end, CancellationToken.None)).Should().BeFalse();

        await using MessageStore again = new(SmallStore.Options(Root), files.AfterKill(), new FakeTimeProvider(), NullLoggerFactory.Instance, hasThreads: false);
        again.RefuseMessages();
        await again.StartAsync(CancellationToken.None);
        (await again.ReadAllAsync("T", 0)).Should().BeEmpty();
        (await again.ReadAllAsync("T", 1)).Should().Equal("new");
    }

    /// <summary>The note comes before the log, of which a part is cut off and another comes: the note's end is in the part that went.</summary>
    [Fact]
    public async Task FollowDeletion_LogComesLater_MessagesThatWereDeletedAreLeftOutUntilTheLogIsCutBeforeTheEnd()
    {
        await using MessageStore source = await SmallStore.StartAsync(SmallStore.Options("/source"), new MemoryFileSystem(), new FakeTimeProvider(), hasThreads: false);
        await using MessageStore copy = await SmallStore.StartAsync(SmallStore.Options(Root), new MemoryFileSystem(), new FakeTimeProvider(), hasThreads: false);
        copy.RefuseMessages();
        source.Append("Other", 0, "first");
        PhysicalOffset cut = source.Positions.Appended;
        source.Append("T", 0, "old");
        copy.FollowDeletion("T", new ToldDeletion(source.Positions.Appended, long.MaxValue));
        source.Append("T", 1, "new");
        source.Writer.WritePending();

        await FeedAsync(source, copy);
        copy.Writer.WritePending();
        (await copy.ReadAllAsync("T", 0)).Should().BeEmpty();
        (await copy.ReadAllAsync("T", 1)).Should().Equal("new");

        await copy.TruncateAsync(cut, keepIn: null, CancellationToken.None);
        await FeedAsync(source, copy);
        copy.Writer.WritePending();
        (await copy.ReadAllAsync("T", 0)).Should().Equal(["old"], "the log goes on with other messages as a rule");
    }

    /// <summary>A slave has another broker's config/, whose notes end far behind its own log.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Start_NotesOfDeletionsEndBehindACopiedLog_CountForWhatComesInTheirOwnLogAlone(bool isOtherLog)
    {
        MemoryFileSystem files = new();
        await using MessageStore source = await SmallStore.StartAsync(SmallStore.Options("/source"), new MemoryFileSystem(), new FakeTimeProvider(), hasThreads: false);
        source.Append("Other", 0, "first");
        source.Writer.WritePending();
        await using (MessageStore copy = await SmallStore.StartAsync(SmallStore.Options(Root), files, new FakeTimeProvider(), hasThreads: false))
        {
            await FeedAsync(source, copy);
            copy.Writer.WritePending();
        }

        await using MessageStore again = new(SmallStore.Options(Root), files, new FakeTimeProvider(), NullLoggerFactory.Instance, hasThreads: false)
        {
            Deletions = () => new Dictionary<string, ToldDeletion>(StringComparer.Ordinal)
            {
                ["T"] = new ToldDeletion(new PhysicalOffset(4096), long.MaxValue, isOtherLog ? new LogRecords(new Dictionary<long, ulong> { [0] = 1 }) : null),
            },
        };
        again.RefuseMessages();
        await again.StartAsync(CancellationToken.None);
        source.Append("T", 0, "sent later");
        source.Writer.WritePending();
        await FeedAsync(source, again);
        again.Writer.WritePending();

        (await again.ReadAllAsync("T", 0)).Should().Equal(isOtherLog ? ["sent later"] : []);
    }

    /// <summary>The deletion stands at the disk: whoever sends meanwhile waits for it, and is first in the new topic.</summary>
    [Fact]
    public async Task Append_DuringTheDeletion_WaitsAndBeginsTheNewTopic()
    {
        MemoryFileSystem files = new();
        await using MessageStore store = await SmallStore.StartAsync(SmallStore.Options(Root), files);
        store.Append("T", 0, "old");
        store.Append("T", 0, "old");
        store.Writer.WritePending();
        await store.FinishDispatchAsync();
        StoreTopic topic = store.FindTopic("T"u8)!;
        using Gate gate = new();
        files.Fault = (operation, path) =>
        {
            if (operation == "fdatasync" && path.EndsWith("checkpoint", StringComparison.Ordinal))
            {
                gate.Pass();
            }

            return null;
        };

        Task deletion = store.DeleteTopicAsync(topic, CancellationToken.None).AsTask();
        await gate.Reached;
        AppendStatus meanwhile = store.TryAppendNow("T", 0, "new"u8.ToArray(), out _);
        Task<AppendStatus> load = store.Writer.LoadQueueAsync(topic, 0, CancellationToken.None).AsTask();
        Task second = store.DeleteTopicAsync(topic, CancellationToken.None).AsTask();
        store.TryAppendNow("Other", 0, "goes on"u8.ToArray(), out _).Should().Be(AppendStatus.Ok);

        meanwhile.Should().Be(AppendStatus.QueueNotLoaded);
        load.IsCompleted.Should().BeFalse();
        second.IsCompleted.Should().BeFalse("the topic is not gone yet");
        gate.Open();
        await deletion;
        await second;
        (await load).Should().Be(AppendStatus.Ok);
        store.TryAppendNow("T", 0, "new"u8.ToArray(), out AppendResult result).Should().Be(AppendStatus.Ok);
        result.QueueOffset.Should().Be(0);
        store.Writer.WritePending();
        await store.FinishDispatchAsync();
        (await store.ReadAllAsync("T", 0)).Should().Equal("new");
    }

    [Fact]
    public async Task Delete_CannotBeMadeDurable_LeavesTheTopicInUse()
    {
        MemoryFileSystem files = new();
        await using MessageStore store = await SmallStore.StartAsync(SmallStore.Options(Root), files, new FakeTimeProvider(), hasThreads: false);
        store.Append("T", 0, "one");
        store.Writer.WritePending();
        StoreTopic topic = store.FindTopic("T"u8)!;
        const int NoSpaceLeft = 28;
        files.Fault = static (_, path) => path.Contains("consumequeue", StringComparison.Ordinal) ? NoSpaceLeft : null;

        Func<Task> delete = () => store.DeleteTopicAsync(topic, CancellationToken.None).AsTask();

        await delete.Should().ThrowAsync<StoreIOException>();
        files.Fault = null;
        store.FindTopic("T"u8).Should().BeSameAs(topic);
        store.Append("T", 0, "two").QueueOffset.Should().Be(1);
        store.Writer.WritePending();
        (await store.ReadAllAsync("T", 0)).Should().Equal("one", "two");
        await store.DeleteTopicAsync(topic, CancellationToken.None);
        (await store.ReadAllAsync("T", 0)).Should().BeEmpty();
    }

    [Fact]
    public async Task Delete_TheOneThatIsWaitedForFails_IsTriedAgainAndToldOf()
    {
        MemoryFileSystem files = new();
        await using MessageStore store = await SmallStore.StartAsync(SmallStore.Options(Root), files);
        store.Append("T", 0, "old");
        await store.FinishDispatchAsync();
        StoreTopic topic = store.FindTopic("T"u8)!;
        using Gate gate = new();
        files.Fault = (operation, path) =>
        {
            if (operation != "fdatasync" || !path.EndsWith("checkpoint", StringComparison.Ordinal))
            {
                return null;
            }

            gate.Pass();
            return StoreIOException.InputOutput;
        };

        Task first = store.DeleteTopicAsync(topic, CancellationToken.None).AsTask();
        await gate.Reached;
        Task second = store.DeleteTopicAsync(topic, CancellationToken.None).AsTask();
        second.IsCompleted.Should().BeFalse();
        gate.Open();

        await first.Awaiting(static task => task).Should().ThrowAsync<StoreIOException>();
        await second.Awaiting(static task => task).Should().ThrowAsync<StoreIOException>("the topic is still there");
        files.Fault = null;
        store.FindTopic("T"u8).Should().BeSameAs(topic);
    }

    /// <summary>The topic is gone when its files do not go, and nobody can try again: whoever has waited for the deletion hears of it there or nowhere.</summary>
    [Theory]
    [InlineData("unlink")]
    [InlineData("rmdir")]
    public async Task Delete_TheOneThatIsWaitedForLeavesFiles_IsToldOf(string failing)
    {
        MemoryFileSystem files = new();
        await using MessageStore store = await SmallStore.StartAsync(SmallStore.Options(Root), files);
        store.Append("T", 0, "old");
        store.Writer.WritePending();
        await store.FinishDispatchAsync();
        StoreTopic topic = store.FindTopic("T"u8)!;
        using Gate gate = new();
        files.Fault = (operation, path) =>
        {
            if (operation != failing || !path.StartsWith($"{Root}/consumequeue/T", StringComparison.Ordinal))
            {
                return null;
            }

            gate.Pass();
            return StoreIOException.InputOutput;
        };

        Task first = store.DeleteTopicAsync(topic, CancellationToken.None).AsTask();
        await gate.Reached.WaitAsync(Eventually.DefaultDeadline);
        Task second = store.DeleteTopicAsync(topic, CancellationToken.None).AsTask();
        second.IsCompleted.Should().BeFalse("it waits for the first one");
        gate.Open();

        await first.Awaiting(static task => task).Should().ThrowAsync<StoreIOException>();
        (await second.Awaiting(static task => task).Should().ThrowAsync<StoreException>("the files are still there"))
            .WithMessage("Not all files of T could be removed*").WithInnerException<StoreIOException>();
        files.Fault = null;
        store.FindTopic("T"u8).Should().BeNull();
    }

    /// <summary>Nothing but the records tells a slave that a topic was made anew, and no checksum covers what does: files of the old one are set aside.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AppendRaw_TopicMadeAnewAtItsSource_SetsTheOldQueueAside(bool isBatch)
    {
        MemoryFileSystem sourceFiles = new();
        MemoryFileSystem files = new();
        await using MessageStore source = await SmallStore.StartAsync(SmallStore.Options(Root), sourceFiles, new FakeTimeProvider(), hasThreads: false);
        await using MessageStore copy = await SmallStore.StartAsync(SmallStore.Options(Root), files, new FakeTimeProvider(), hasThreads: false);
        copy.TrySetBatch(copy.GetOrAddTopic("T"u8), isBatch).Should().BeTrue();
        for (int life = 0; life < 3; life++)
        {
            source.TrySetBatch(source.GetOrAddTopic("T"u8), isBatch).Should().BeTrue();
            Fill(source, $"life{life}", 60 - life);
            await FeedAsync(source, copy);
            copy.Writer.WritePending();
            (await copy.ReadAllAsync("T", 0)).Should().Equal(Enumerable.Range(0, 60 - life).Select(i => $"life{life} {i}"));
            await source.DeleteTopicAsync(source.FindTopic("T"u8)!, CancellationToken.None);
        }

        copy.Maintenance.MakeDurable();

        // The second life of the queue, for which the first one made room: two files of 50 units.
        int unitBytes = isBatch ? 46 : 20;
        string queue = $"{Root}/damaged/{(isBatch ? "batchconsumequeue" : "consumequeue")}/T/0";
        string second = $"{queue}/{50 * unitBytes:D20}";
        files.Paths.Where(static path => path.StartsWith($"{Root}/damaged/", StringComparison.Ordinal)).Should().BeEquivalentTo($"{queue}/00000000000000000000", second);
        using IStoreFile aside = files.Open(second, FileOpenMode.Read);
        byte[] unit = new byte[unitBytes];
        aside.Read(unit, 8 * unitBytes).Should().Be(unitBytes);
        unit.Should().NotEqual(new byte[unitBytes], "it is whole, to its last unit");
        aside.Read(unit, 9 * unitBytes).Should().Be(unitBytes);
        unit.Should().Equal(new byte[unitBytes]);
    }

    /// <summary>Records of several messages: the offset that tells is that of the first, which is one of their properties.</summary>
    [Fact]
    public async Task AppendRaw_BatchTopicMadeAnewAtItsSource_HasTheBatchesOfTheNewOne()
    {
        await using MessageStore source = await SmallStore.StartAsync(SmallStore.Options(Root), new MemoryFileSystem(), new FakeTimeProvider(), hasThreads: false);
        await using MessageStore copy = await SmallStore.StartAsync(SmallStore.Options(Root), new MemoryFileSystem(), new FakeTimeProvider(), hasThreads: false);
        AppendBatches(source, 7);
        await FeedAsync(source, copy);
        copy.Writer.WritePending();
        await source.DeleteTopicAsync(source.FindTopic("T"u8)!, CancellationToken.None);
        List<AppendResult> made = AppendBatches(source, 3);

        await FeedAsync(source, copy);
        copy.Writer.WritePending();

        StoreTopic topic = copy.FindTopic("T"u8)!;
        (await copy.Reader.GetOffsetsAsync(topic, 0, CancellationToken.None)).Should().Be(new QueueOffsets(0, 6));
        IReadOnlyList<QueueUnit>? units = await copy.Reader.ReadUnitsAsync(topic, 0, 0, 6, CancellationToken.None);
        units!.Select(static unit => unit.Offset).Should().Equal(made.Select(static batch => batch.Offset));
    }

    /// <summary>The records were copied, and the process was killed before they were dispatched. Only whoever says that the log is a copy finds the topic made anew in it.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Start_WithRecordsOfATopicMadeAnew_BelievesThemInACopiedLogAlone(bool isCopy)
    {
        MemoryFileSystem files = new();
        await using MessageStore source = await SmallStore.StartAsync(SmallStore.Options("/source"), new MemoryFileSystem(), new FakeTimeProvider(), hasThreads: false);
        await using MessageStore copy = await SmallStore.StartAsync(SmallStore.Options(Root), files, new FakeTimeProvider(), hasThreads: false);
        Fill(source, "old", 5);
        await FeedAsync(source, copy);
        copy.Writer.WritePending();
        copy.Maintenance.MakeDurable();
        await source.DeleteTopicAsync(source.FindTopic("T"u8)!, CancellationToken.None);
        Fill(source, "new", 2);
        await FeedAsync(source, copy);
        copy.Writer.WriteWithoutDispatch();

        await using MessageStore again = new(SmallStore.Options(Root), files.AfterKill(), new FakeTimeProvider(), NullLoggerFactory.Instance, hasThreads: false);
        if (isCopy)
        {
            again.RefuseMessages();
        }

        await again.StartAsync(CancellationToken.None);

        (await again.ReadAllAsync("T", 0)).Should().Equal(isCopy ? ["new 0", "new 1"] : ["old 0", "old 1", "old 2", "old 3", "old 4"]);
    }

    /// <summary>Whatever call the machine dies at, the topic is the old one as a whole or the new one with all that was written to it.</summary>
    [Fact]
    public async Task Crash_AtEveryCallOfADeletion_LeavesTheOldTopicOrTheNewOne()
    {
        const int Old = 60;
        const int New = 3;
        int firstCall = 0;
        int acknowledged = 0;
        int calls = await RunAsync(new MemoryFileSystem());
        HashSet<string> seen = [];
        for (int call = firstCall + 1; call <= calls + 1; call++)
        {
            for (int seed = 0; seed < 4; seed++)
            {
                MemoryFileSystem files = new() { CrashAtCall = call };
                await RunAsync(files);
                bool isKill = seed == 0;
                MemoryFileSystem survivors = isKill ? files.AfterKill() : files.AfterPowerCut(new Random((call * 31) + seed), reordersNames: seed == 3);
                string where = $"call {call}, seed {seed}";

                await using MessageStore store = await SmallStore.StartAsync(SmallStore.Options(Root), survivors, new FakeTimeProvider(), hasThreads: false);

                // Files go one after the other: a deletion that was cut short may have left the end of the old queue.
                int min = (int)await store.Reader.MinOffsetAsync(store.GetOrAddTopic("T"u8), 0);
                List<string> bodies = await store.ReadAllAsync("T", 0, min);
                bool isNew = bodies is [['n', ..], ..];
                seen.Add(bodies.Count == 0 ? "none" : isNew ? "new" : "old");
                if (isKill && acknowledged > 0)
                {
                    bodies.Should().HaveCountGreaterThanOrEqualTo(acknowledged, where).And.StartWith("new 0", where);
                }

                bodies.Should().Equal(Enumerable.Range(min, bodies.Count).Select(i => isNew ? $"new {i}" : $"old {i}"), where);
                (min + bodies.Count).Should().BeOneOf([0, .. Enumerable.Range(1, New), .. Enumerable.Range(Old / 2, (Old / 2) + 1)], where);
                (isNew ? min : 0).Should().Be(0, where);
                store.Append("T", 0, "next").QueueOffset.Should().Be(min + bodies.Count, where);
                store.Writer.WritePending();
                (await store.ReadAllAsync("T", 0, min)).Should().HaveCount(bodies.Count + 1, where);
            }
        }

        seen.Should().Contain("old").And.Contain("new");

        async Task<int> RunAsync(MemoryFileSystem files)
        {
            acknowledged = 0;
            try
            {
                MessageStore store = await SmallStore.StartAsync(SmallStore.Options(Root), files, new FakeTimeProvider(), hasThreads: false);
                for (int i = 0; i < Old; i++)
                {
                    store.Append("T", 0, $"old {i}");
                    store.Writer.WritePending();
                    if (i == Old / 2)
                    {
                        // The second half is in the log alone: recovery has to dispatch it again, if it dispatches anything.
                        store.Maintenance.MakeDurable();
                    }
                }

                firstCall = files.Calls;
                await store.DeleteTopicAsync(store.FindTopic("T"u8)!, CancellationToken.None);
                for (int i = 0; i < New; i++)
                {
                    store.Append("T", 0, $"new {i}").QueueOffset.Should().Be(i);
                    PhysicalOffset written = store.Writer.WritePending();
                    acknowledged += written == store.Positions.Appended && !store.Flags.HasFlag(StoreFlags.NotWriteable) ? 1 : 0;
                }

                store.Maintenance.Pass();
            }
            catch (SimulatedCrashException)
            {
                // The end of the process.
            }

            return files.Calls;
        }
    }

    /// <summary>The index is completed from before the deletion on; the queues must not be.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    public async Task Truncate_BehindATopicMadeAnew_BringsNothingOfTheOldOneBack(int kept)
    {
        MemoryFileSystem files = new();
        int calls = 0;
        int firstCall = 0;
        await RunAsync(files);
        (calls - firstCall).Should().BeGreaterThan(5);
        for (int call = firstCall + 1; call <= calls + 1; call++)
        {
            for (int seed = 0; seed < 3; seed++)
            {
                MemoryFileSystem crashed = new() { CrashAtCall = call };
                await RunAsync(crashed);
                MemoryFileSystem survivors = seed == 0 ? crashed.AfterKill() : crashed.AfterPowerCut(new Random((call * 31) + seed), reordersNames: seed == 2);

                await using MessageStore store = await SmallStore.StartAsync(SmallStore.Options(Root), survivors, new FakeTimeProvider(), hasThreads: false);

                await ShouldBeWholeAsync(store, $"call {call}, seed {seed}");
            }
        }

        async Task RunAsync(MemoryFileSystem on)
        {
            try
            {
                MessageStore store = await SmallStore.StartAsync(SmallStore.Options(Root), on, new FakeTimeProvider(), hasThreads: false);
                Fill(store, "old", 20);
                await store.DeleteTopicAsync(store.FindTopic("T"u8)!, CancellationToken.None);
                List<AppendResult> made = Fill(store, "new", 10);
                store.Maintenance.MakeDurable();
                firstCall = on.Calls;
                await store.TruncateAsync(made[kept].Offset, keepIn: null, CancellationToken.None);
                calls = Math.Max(calls, on.Calls);
                if (on == files)
                {
                    await ShouldBeWholeAsync(store, "without a crash", kept);
                }
            }
            catch (SimulatedCrashException)
            {
                // The end of the process.
            }
        }

        async Task ShouldBeWholeAsync(MessageStore store, string where, int? count = null)
        {
            List<string> bodies = await store.ReadAllAsync("T", 0);
            bodies.Count.Should().BeOneOf(count is { } known ? [known] : [kept, 10], where);
            bodies.Should().Equal(Enumerable.Range(0, bodies.Count).Select(static i => $"new {i}"), where);
            StoreTopic topic = store.GetOrAddTopic("T"u8);
            foreach ((string key, int found) in new[] { ("new0", bodies.Count > 0 ? 1 : 0), ("old19", 1), ("new6", bodies.Count > 6 ? 1 : 0), ("new8", bodies.Count > 8 ? 1 : 0) })
            {
                (await store.Reader.QueryIndexAsync(topic, key, 10, 0, long.MaxValue, CancellationToken.None)).Offsets.Should().HaveCount(found, $"{where}, {key}");
            }

            store.Append("T", 0, "next").QueueOffset.Should().Be(bodies.Count, where);
            store.Writer.WritePending();
            (await store.ReadAllAsync("T", 0)).Should().HaveCount(bodies.Count + 1, where);
        }
    }

    /// <summary>Senders that never pause, and a topic that is deleted all the time: each life of it begins at 0, has no hole, and loses no message that was written in it.</summary>
    [Fact]
    public async Task Delete_UnderLoad_EachNewTopicBeginsAnewAndIsWhole()
    {
        const int Deletions = 40;

        // Bounded: files of this store are tiny, and a slow machine would not find an end of them.
        const int SendsPerDeletion = 2_000;
        using TempDirectory directory = new();
        ConcurrentQueue<(AppendResult Result, string Body)> sent = new();
        long lastDeletion = 0;
        long allowed = 0;
        List<string> left;
        await using (MessageStore store = await SmallStore.StartAsync(directory))
        {
            using CancellationTokenSource stop = new();
            Task[] senders = [.. Enumerable.Range(0, 3).Select(sender => Task.Run(() => Send(store, sender, stop.Token)))];
            for (int deletion = 0; deletion < Deletions; deletion++)
            {
                int before = sent.Count;
                Volatile.Write(ref allowed, before + SendsPerDeletion);
                while (sent.Count < before + 10)
                {
                    await Task.Yield();
                }

                lastDeletion = store.Positions.Appended.Value;
                await store.DeleteTopicAsync(store.GetOrAddTopic("T"u8), CancellationToken.None);
            }

            await stop.CancelAsync();
            await Task.WhenAll(senders);
            await store.FinishDispatchAsync();
            store.Flags.Should().Be(StoreFlags.None);

            // In the order of the log, queue offsets count up, and begin again at 0.
            long expected = 0;
            int lives = 0;
            List<string> last = [];
            foreach ((AppendResult result, string body) in sent.OrderBy(static message => message.Result.Offset))
            {
                if (result.QueueOffset == 0 && result.Offset.Value > 0)
                {
                    lives++;
                    expected = 0;
                    last.Clear();
                }

                result.QueueOffset.Should().Be(expected++);
                last.Add(body);
            }

            lives.Should().BeGreaterThan(Deletions / 2);
            left = await store.ReadAllAsync("T", 0);
            if (sent.Max(static message => message.Result.Offset.Value) >= lastDeletion && left.Count > 0)
            {
                left.Should().Equal(last);
            }
        }

        await using MessageStore again = await SmallStore.StartAsync(directory);
        (await again.ReadAllAsync("T", 0)).Should().Equal(left);

        void Send(MessageStore store, int sender, CancellationToken stop)
        {
            for (int i = 0; !stop.IsCancellationRequested; i++)
            {
                if (sent.Count >= Volatile.Read(ref allowed))
                {
                    Thread.Yield();
                    continue;
                }

                string body = string.Create(CultureInfo.InvariantCulture, $"{sender} {i}");
                AppendStatus status = store.TryAppend("T", 0, Encoding.UTF8.GetBytes(body), out AppendResult result);
                if (status == AppendStatus.Ok)
                {
                    store.Writer.WritePending();
                    sent.Enqueue((result, body));
                }
                else
                {
                    status.Should().BeOneOf(AppendStatus.QueueNotLoaded, AppendStatus.WouldBlock, AppendStatus.Busy);
                }
            }
        }
    }

    private static List<AppendResult> Fill(MessageStore store, string word, int count)
    {
        List<AppendResult> sent = [];
        for (int i = 0; i < count; i++)
        {
            sent.Add(store.Append("T", 0, $"{word} {i}", $"KEYS\u0001{word}{i}"));
            store.Writer.WritePending();
        }

        return sent;
    }

    /// <summary>Records of two messages each.</summary>
    private static List<AppendResult> AppendBatches(MessageStore store, int count)
    {
        const int InnerBatch = 0x40 | 0x80;
        store.TrySetBatch(store.GetOrAddTopic("T"u8), isBatch: true).Should().BeTrue();
        List<AppendResult> sent = [.. Enumerable.Range(0, count).Select(_ => store.Append("T", 0, "two", "INNER_NUM\u00012\u0002", InnerBatch))];
        store.Writer.WritePending();
        return sent;
    }

    /// <summary>The copy gets what it does not have of the source's log.</summary>
    private static async Task FeedAsync(MessageStore source, MessageStore copy)
    {
        PhysicalOffset from = copy.Positions.Appended;
        byte[] bytes = new byte[source.Positions.Appended.Value - from.Value];
        (await source.Reader.ReadAsync(from, bytes, CancellationToken.None)).Should().BeTrue();
        copy.Writer.AppendRaw(from, bytes, out int taken).Should().Be(AppendStatus.Ok);
        taken.Should().Be(bytes.Length);
    }

    private static MessageToAppend Message(StoreTopic topic, string body) => new()
    {
        Topic = topic,
        QueueId = 0,
        Fields = TestMessages.Fields,
        Body = Encoding.UTF8.GetBytes(body),
    };

    private static BatchToAppend Batch(StoreTopic topic, string body) => new()
    {
        Topic = topic,
        QueueId = 0,
        Fields = TestMessages.Fields,
        Body = TestMessages.BatchEntry(body),
    };
}
