using System.Text;
using Microsoft.Extensions.Logging;
using RocketOps.Store.Contracts;
using RocketOps.Store.Files;
using RocketOps.Store.Reading;
using RocketOps.Store.Tests.Support;
using RocketOps.Testing.Logging;
using RocketOps.Testing.Time;

namespace RocketOps.Store.Tests;

/// <summary>
/// Folders that were lost, are older than the rest or another store's: a start completes what can be made again from the log, or is refused
/// and names the folder.
/// </summary>
public sealed class FolderMistakeTests
{
    private const string Root = "/store";
    private const string Queues = $"{Root}/consumequeue";
    private const string Log = $"{Root}/commitlog";
    private const int Messages = 250;
    private const int ManyTopics = 600;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Queues_AllRemoved_AreMadeAgain(bool isClean)
    {
        MemoryFileSystem disk = await RunAsync(new MemoryFileSystem(), isClean);
        disk.Remove(Queues);

        await ShouldHoldAsync(disk, Messages);
    }

    [Theory]
    [InlineData($"{Queues}/T")]
    [InlineData($"{Queues}/T/1")]
    [InlineData($"{Queues}/T/1/00000000000000000000")]
    [InlineData($"{Queues}/T/1/00000000000000001000")]
    [InlineData($"{Queues}/T/1/00000000000000002000")]
    public async Task Queues_OneFolderOrFileRemoved_AreMadeAgain(string path)
    {
        foreach (bool isClean in (bool[])[true, false])
        {
            MemoryFileSystem disk = await RunAsync(new MemoryFileSystem(), isClean);
            disk.Paths.Should().Contain(file => FolderMistakes.IsWithin(file, path));
            disk.Remove(path);

            await ShouldHoldAsync(disk, Messages);
        }
    }

    [Theory]
    [InlineData(Queues, true)]
    [InlineData(Queues, false)]
    [InlineData($"{Queues}/U", true)]
    [InlineData($"{Queues}/T/1/00000000000000001000", true)]
    public async Task Queues_OfAnEarlierCopy_AreCompleted(string path, bool isClean)
    {
        MemoryFileSystem earlier = await RunAsync(new MemoryFileSystem(), isClean, count: 100);
        MemoryFileSystem disk = await RunAsync(earlier.AfterKill(), isClean, first: 100, count: Messages - 100);
        disk.Replace(path, earlier);

        await ShouldHoldAsync(disk, Messages);
    }

    [Fact]
    public async Task Queues_OfAnotherStore_AreMadeAgain()
    {
        MemoryFileSystem other = await RunAsync(new MemoryFileSystem(), isClean: true, count: 400, body: "another store's ");
        MemoryFileSystem disk = await RunAsync(new MemoryFileSystem(), isClean: true);
        disk.Replace(Queues, other);

        await ShouldHoldAsync(disk, Messages);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Log_OfAnEarlierCopy_EndsQueuesAndIndexWithIt(bool isClean)
    {
        const int Kept = 100;
        MemoryFileSystem earlier = await RunAsync(new MemoryFileSystem(), isClean, count: Kept);
        MemoryFileSystem disk = await RunAsync(earlier.AfterKill(), isClean, first: Kept, count: Messages - Kept);
        disk.Replace(Log, earlier);

        MemoryFileSystem after = await ShouldHoldAsync(disk, Kept);

        // New messages go where the lost ones were, and have keys.
        after = await RunAsync(after, isClean: true, first: Kept, count: 200);
        await ShouldHoldAsync(after, Kept + 200);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Log_Alone_IsReadFromItsBeginning(bool isClean)
    {
        MemoryFileSystem whole = await RunAsync(new MemoryFileSystem(), isClean);
        MemoryFileSystem disk = new();
        disk.CreateDirectory(Root);
        disk.Replace(Log, whole);

        await ShouldHoldAsync(disk, Messages);
    }

    [Fact]
    public async Task Log_Missing_IsRefusedAndNothingIsChanged()
    {
        MemoryFileSystem disk = await RunAsync(new MemoryFileSystem(), isClean: true);
        disk.Remove(Log);
        MemoryFileSystem before = disk.AfterKill();

        await ShouldBeRefusedAsync(disk, $"There is no commit log in {Log} (storePathCommitLog), but {Queues} belongs to one.*");

        disk.Paths.Should().BeEquivalentTo(before.Paths);
        MemoryFileSystem put = await RunAsync(new MemoryFileSystem(), isClean: true);
        put.Paths.Should().Contain(path => FolderMistakes.IsWithin(path, Log));
    }

    [Fact]
    public async Task Log_OfAnotherStore_IsRefused()
    {
        MemoryFileSystem other = await RunAsync(new MemoryFileSystem(), isClean: true, body: "another store's ");
        MemoryFileSystem disk = await RunAsync(new MemoryFileSystem(), isClean: true);
        MemoryFileSystem mine = disk.AfterKill();
        disk.Replace(Log, other);

        await ShouldBeRefusedAsync(disk, $"The commit log in {Log} (storePathCommitLog) is not the one of the store in {Root} (storePathRootDir)*");

        disk.Replace(Log, mine);
        await ShouldHoldAsync(disk, Messages);
    }

    [Theory]
    [InlineData("index")]
    [InlineData("index", 0)]
    [InlineData("checkpoint")]
    [InlineData("inventory")]
    [InlineData("checkpoint", 0, "inventory")]
    public async Task OtherFiles_RemovedOrOlder_LoseNothing(string name, int copy = -1, string? second = null)
    {
        foreach (bool isClean in (bool[])[true, false])
        {
            MemoryFileSystem earlier = await RunAsync(new MemoryFileSystem(), isClean, count: 100);
            MemoryFileSystem disk = await RunAsync(earlier.AfterKill(), isClean, first: 100, count: Messages - 100);
            foreach (string each in (string[])[name, second ?? name])
            {
                if (copy < 0)
                {
                    disk.Remove($"{Root}/{each}");
                }
                else
                {
                    disk.Replace($"{Root}/{each}", earlier);
                }
            }

            await ShouldHoldAsync(disk, Messages);
        }
    }

    /// <summary>What a start has made again counts for the next one.</summary>
    [Fact]
    public async Task Start_AfterOneThatMadeQueuesAgain_ReadsNoLog()
    {
        MemoryFileSystem disk = await RunAsync(new MemoryFileSystem(), isClean: true);
        disk.Remove($"{Queues}/T");
        disk = await RunAsync(disk, isClean: true, count: 0);

        using RecordingLoggerFactory log = new();
        await using MessageStore store = new(Options(), disk, new FakeTimeProvider(), log, hasThreads: false);
        await store.StartAsync(CancellationToken.None);

        log.Entries.Should().NotContain(static entry => entry.Level >= LogLevel.Warning);
        log.Entries.Single(static entry => entry.Event == 2411).Text.Should().Contain(" 0 messages");
    }

    /// <summary>A start that reads messages again must not take damage before the place where the end is looked for as the end.</summary>
    [Fact]
    public async Task Queues_MadeAgainFromALogWithDamageInTheMiddle_LoseTheDamagedMessageAlone()
    {
        MemoryFileSystem disk = await RunAsync(new MemoryFileSystem(), isClean: true);
        PhysicalOffset end;
        await using (MessageStore whole = await SmallStore.StartAsync(Options(), disk, new FakeTimeProvider(), hasThreads: false))
        {
            end = whole.GetStats().MaxOffset;
        }

        disk.Damage($"{Log}/{0:D20}", 5000, 0x40);
        disk.Remove(Queues);

        await using MessageStore store = await SmallStore.StartAsync(Options(), disk, new FakeTimeProvider(), hasThreads: false);

        List<int> lost = [];
        for (int i = 0; i < Messages; i++)
        {
            if (!await IsFoundAsync(store, i))
            {
                lost.Add(i);
            }
        }

        lost.Should().ContainSingle();
        store.GetStats().MaxOffset.Should().Be(end);
        disk.Paths.Should().NotContain(static path => path.StartsWith($"{Root}/damaged", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task TopicDeleted_QueuesRemoved_ComesNotBack(bool isMadeAgain)
    {
        MemoryFileSystem disk = new();
        await using (MessageStore store = await SmallStore.StartAsync(Options(), disk, new FakeTimeProvider(), hasThreads: false))
        {
            Fill(store, 0, Messages, "deleted ");
            await store.DeleteTopicAsync(store.FindTopic("T"u8)!, CancellationToken.None);
            for (int i = 0; isMadeAgain && i < 20; i++)
            {
                store.Append("T", 1, $"new {i}");
            }

            store.Writer.WritePending();
        }

        disk.Remove(Queues);
        await using MessageStore again = await SmallStore.StartAsync(Options(), disk, new FakeTimeProvider(), hasThreads: false);

        (await again.ReadAllAsync("T", 0)).Should().BeEmpty();
        (await again.ReadAllAsync("T", 1)).Should().Equal(Enumerable.Range(0, isMadeAgain ? 20 : 0).Select(static i => $"new {i}"));
        (await again.ReadAllAsync("U", 0)).Should().NotBeEmpty();
        again.Append("T", 0, "next").QueueOffset.Should().Be(0);
    }

    /// <summary>A store that no inventory belongs to, as RocketMQ's and those of earlier versions: a queue that begins at 0 once more is that of a topic made again.</summary>
    [Fact]
    public async Task TopicMadeAgain_NoInventoryAndNoQueues_HasItsOwnMessages()
    {
        MemoryFileSystem disk = new();
        await using (MessageStore store = await SmallStore.StartAsync(Options(), disk, new FakeTimeProvider(), hasThreads: false))
        {
            Fill(store, 0, Messages, "deleted ");
            await store.DeleteTopicAsync(store.FindTopic("T"u8)!, CancellationToken.None);
            for (int i = 0; i < 20; i++)
            {
                store.Append("T", 1, $"new {i}");
            }

            store.Writer.WritePending();
        }

        disk.Remove(Queues);
        disk.Remove($"{Root}/inventory");
        disk.Remove($"{Root}/checkpoint");
        await using MessageStore again = await SmallStore.StartAsync(Options(), disk, new FakeTimeProvider(), hasThreads: false);

        (await again.ReadAllAsync("T", 1)).Should().Equal(Enumerable.Range(0, 20).Select(static i => $"new {i}"));
    }

    /// <summary>
    /// RocketMQ's broker ran last and left the inventory as it was: what that knows is not forgotten, where the topic is still the one that
    /// it knows.
    /// </summary>
    [Theory]
    [InlineData($"{Queues}/T/1")]
    [InlineData($"{Queues}/T/1/00000000000000000000")]
    [InlineData($"{Queues}/T/1/00000000000000001000")]
    [InlineData($"{Root}/index")]
    [InlineData($"{Root}/index", true)]
    public async Task Files_RemovedAfterAnotherBrokerRan_AreMadeAgain(string path, bool onlyNewest = false)
    {
        MemoryFileSystem disk = await RunAsync(new MemoryFileSystem(), isClean: true);
        LeaveCheckpointOfRocketMq(disk);
        disk.Remove(onlyNewest ? disk.Paths.Where(file => FolderMistakes.IsWithin(file, path)).Max()! : path);

        await ShouldHoldAsync(disk, Messages);
    }

    /// <summary>RocketMQ's broker deletes a topic and leaves no note: its queues are not there, and the inventory still knows them.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task TopicDeleted_ByAnotherBroker_ComesNotBack(bool isMadeAgain)
    {
        MemoryFileSystem disk = await RunAsync(new MemoryFileSystem(), isClean: true);
        MemoryFileSystem before = disk.AfterKill();
        await using (MessageStore store = await SmallStore.StartAsync(Options(), disk, new FakeTimeProvider(), hasThreads: false))
        {
            await store.DeleteTopicAsync(store.FindTopic("T"u8)!, CancellationToken.None);
            for (int i = 0; isMadeAgain && i < 20; i++)
            {
                store.Append("T", 1, $"new {i}");
            }

            // The newest file of the log is read again, as by RocketMQ.
            for (int i = 0; i < Messages; i++)
            {
                store.Append("U", 0, $"later {new string('x', 400)}");
            }

            store.Writer.WritePending();
        }

        LeaveCheckpointOfRocketMq(disk);
        disk.Replace($"{Root}/inventory", before);
        await using MessageStore again = await SmallStore.StartAsync(Options(), disk, new FakeTimeProvider(), hasThreads: false);

        (await again.ReadAllAsync("T", 0)).Should().BeEmpty();
        (await again.ReadAllAsync("T", 1)).Should().Equal(Enumerable.Range(0, isMadeAgain ? 20 : 0).Select(static i => $"new {i}"));
        (await again.ReadAllAsync("U", 0)).Should().HaveCount((Messages / 5) + Messages);
    }

    /// <summary>A start is killed at every call of a rebuild: the next one comes to the same.</summary>
    [Fact]
    public async Task Kill_AtEveryCallOfARebuild_LosesNothing()
    {
        MemoryFileSystem whole = await RunAsync(new MemoryFileSystem(), isClean: true);
        whole.Remove(Queues);
        for (int call = 1; ; call++)
        {
            MemoryFileSystem disk = new() { CrashAtCall = call };
            disk.TakeFrom(whole);
            try
            {
                await using MessageStore store = await SmallStore.StartAsync(Options(), disk, new FakeTimeProvider(), hasThreads: false);
                break;
            }
            catch (SimulatedCrashException)
            {
                await ShouldHoldAsync(disk.AfterKill(), Messages);
                await ShouldHoldAsync(disk.AfterPowerCut(new Random(call)), Messages);
            }
        }
    }

    [Fact]
    public async Task QueueFiles_OfAnotherLength_AreRefusedAtTheStart()
    {
        MemoryFileSystem disk = await RunAsync(new MemoryFileSystem(), isClean: true);

        await ShouldBeRefusedAsync(disk, "*mappedFileSizeConsumeQueue*", SmallStore.Options(Root, queueFileBytes: 20 * 40));
        await ShouldHoldAsync(disk, Messages);
    }

    /// <summary>A queue whose messages have all expired goes on behind them: offsets that groups have must not mean other messages.</summary>
    [Theory]
    [InlineData(30)]
    [InlineData(50)]
    public async Task Queue_RemovedWithAllItsMessagesExpired_GoesOnBehindThem(int idleMessages)
    {
        MemoryFileSystem disk = new();
        await using (MessageStore store = await SmallStore.StartAsync(Options(), disk, new FakeTimeProvider(), hasThreads: false))
        {
            for (int i = 0; i < idleMessages; i++)
            {
                store.Append("Idle", 0, "expires");
            }

            Fill(store, 0, 1000);
            store.Maintenance.MakeDurable();
            store.RemoveExpiredFiles();
            store.Retention.Run();
            store.GetStats().MinOffset.Value.Should().BePositive();
        }

        disk.Remove($"{Queues}/Idle");
        for (int start = 0; start < 2; start++)
        {
            await using MessageStore again = await SmallStore.StartAsync(Options(), disk, new FakeTimeProvider(), hasThreads: false);

            (await again.Reader.GetOffsetsAsync(again.GetOrAddTopic("Idle"u8), 0, CancellationToken.None)).Should().Be(new QueueOffsets(idleMessages, idleMessages));
        }

        await using MessageStore last = await SmallStore.StartAsync(Options(), disk, new FakeTimeProvider(), hasThreads: false);
        last.Append("Idle", 0, "next").QueueOffset.Should().Be(idleMessages);
    }

    /// <summary>As <c>cp -r backup/commitlog/* store/commitlog/</c> does it: later files stay.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Log_OfAnEarlierCopyPutOverIt_IsRefusedAndReadWithoutWhatIsMissingWhenToldTo(bool isClean)
    {
        MemoryFileSystem earlier = await RunAsync(new MemoryFileSystem(), isClean: true, count: 100);
        MemoryFileSystem disk = await RunAsync(earlier.AfterKill(), isClean, first: 100, count: 700);
        foreach (string path in earlier.Paths.Where(static path => FolderMistakes.IsWithin(path, Log)).ToList())
        {
            disk.Replace(path, earlier);
        }

        disk.Paths.Count(static path => FolderMistakes.IsWithin(path, Log)).Should().BeGreaterThan(4);
        await ShouldBeRefusedAsync(disk, $"*{Log}*breaks off at*older copy*checkpoint*");

        disk.Remove($"{Root}/checkpoint");
        disk.Remove($"{Root}/inventory");
        await using MessageStore store = await SmallStore.StartAsync(Options(), disk, new FakeTimeProvider(), hasThreads: false);
        List<int> found = [];
        for (int i = 0; i < 800; i++)
        {
            if (await IsFoundAsync(store, i))
            {
                found.Add(i);
            }
        }

        found.Should().Contain(Enumerable.Range(0, 100)).And.Contain(Enumerable.Range(600, 200)).And.HaveCountLessThan(800);
        store.Append("T", 0, "next").QueueOffset.Should().Be(160);
    }

    /// <summary>The whole store, older, put over the newer one: later files of the log stay.</summary>
    [Fact]
    public async Task Store_OfAnEarlierCopyPutOverIt_IsRefused()
    {
        MemoryFileSystem earlier = await RunAsync(new MemoryFileSystem(), isClean: true, count: 100);
        MemoryFileSystem disk = await RunAsync(earlier.AfterKill(), isClean: true, first: 100, count: 700);
        foreach (string path in earlier.Paths.ToList())
        {
            disk.Replace(path, earlier);
        }

        await ShouldBeRefusedAsync(disk, $"*{Log}*breaks off at*later files have messages*");
        disk.Paths.Should().NotContain(static path => path.StartsWith($"{Root}/damaged/0", StringComparison.Ordinal), "no message is moved away");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task LogFile_OfZerosBetweenOthers_IsRefused(bool halfOfIt)
    {
        MemoryFileSystem disk = await RunAsync(new MemoryFileSystem(), isClean: true, count: 700);
        string file = $"{Log}/{65536:D20}";
        using (IStoreFile log = disk.Open(file, FileOpenMode.ReadWrite))
        {
            log.Write(new byte[halfOfIt ? 32768 : 65536], halfOfIt ? 32768 : 0);
        }

        await ShouldBeRefusedAsync(disk, $"*{file}*");
    }

    /// <summary>Queues of a store that went on from a copy of this one, with as many messages in each; checkpoint and inventory are moved away.</summary>
    [Fact]
    public async Task Queues_OfAForkWithoutCheckpointAndInventory_AreMadeAgain()
    {
        MemoryFileSystem common = await RunAsync(new MemoryFileSystem(), isClean: true, count: 50);
        MemoryFileSystem fork = common.AfterKill();
        foreach ((MemoryFileSystem disk, bool turned) in (IEnumerable<(MemoryFileSystem, bool)>)[(common, false), (fork, true)])
        {
            await using MessageStore store = await SmallStore.StartAsync(Options(), disk, new FakeTimeProvider(), hasThreads: false);
            for (int i = 0; i < 20; i++)
            {
                store.Append((i % 2 == 0) == turned ? "T" : "U", 0, $"of {((i % 2 == 0) == turned ? "T" : "U")} {i / 2:D2}");
            }

            Fill(store, 50, 100);
        }

        common.Replace(Queues, fork);
        common.Remove($"{Root}/checkpoint");
        common.Remove($"{Root}/inventory");
        await using MessageStore again = await SmallStore.StartAsync(Options(), common, new FakeTimeProvider(), hasThreads: false);

        foreach (string topic in (string[])["T", "U"])
        {
            (await again.ReadAllAsync(topic, 0)).Where(static body => body.StartsWith("of ", StringComparison.Ordinal))
                .Should().Equal(Enumerable.Range(0, 10).Select(i => $"of {topic} {i:D2}"));
        }
    }

    /// <summary>The log has a disk of its own, and the rest of the store is put back: what the log has later counts.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Root_OfAnEarlierCopy_TopicMadeAgainSince_HasItsOwnMessages(bool isClean)
    {
        MemoryFileSystem disk = await RunAsync(new MemoryFileSystem(), isClean: true, count: 100);
        MemoryFileSystem earlier = disk.AfterKill();
        MessageStore store = await SmallStore.StartAsync(Options(), disk, new FakeTimeProvider(), hasThreads: false);
        await store.DeleteTopicAsync(store.FindTopic("T"u8)!, CancellationToken.None);
        for (int i = 0; i < 250; i++)
        {
            store.Append("T", 0, $"new {i}");
        }

        store.Writer.WritePending();
        MemoryFileSystem killed = disk.AfterKill();
        await store.DisposeAsync();
        disk = isClean ? disk : killed;
        foreach (string path in disk.Paths.Where(static path => !FolderMistakes.IsWithin(path, Log)).ToList())
        {
            disk.DeleteFile(path);
        }

        foreach (string path in earlier.Paths.Where(static path => !FolderMistakes.IsWithin(path, Log)).ToList())
        {
            disk.Replace(path, earlier);
        }

        await using MessageStore again = await SmallStore.StartAsync(Options(), disk, new FakeTimeProvider(), hasThreads: false);

        (await again.ReadAllAsync("T", 0)).Should().Equal(Enumerable.Range(0, 250).Select(static i => $"new {i}"));
    }

    /// <summary>So many topics that several threads look at them.</summary>
    [Fact]
    public async Task Queues_OfVeryManyTopicsSomeRemovedSomeOlder_AreMadeAgain()
    {
        MemoryFileSystem disk = await RunManyTopicsAsync(new MemoryFileSystem());
        MemoryFileSystem earlier = disk.AfterKill();
        disk = await RunManyTopicsAsync(disk);
        int[] removed = [0, 300, ManyTopics - 1];
        int[] older = [1, 301, ManyTopics - 2];
        Array.ForEach(removed, topic => disk.Remove($"{Queues}/M{topic}"));
        Array.ForEach(older, topic => disk.Replace($"{Queues}/M{topic}", earlier));

        using RecordingLoggerFactory log = new();
        await using MessageStore store = new(Options(), disk, new FakeTimeProvider(), log, hasThreads: false);
        await store.StartAsync(CancellationToken.None);

        log.Entries.Select(static entry => entry.Event).Where(static id => id is > 2430 and < 2440).Should().BeEquivalentTo(
            [2433, 2433, 2433, 2432, 2432, 2432], "no other queue is touched");
        for (int topic = 0; topic < ManyTopics; topic++)
        {
            (await store.ReadAllAsync($"M{topic}", 0)).Should().Equal($"of {topic}", $"of {topic}");
        }
    }

    [Fact]
    public async Task Queues_OfVeryManyTopicsOneUnreadable_FailTheStart()
    {
        MemoryFileSystem disk = await RunManyTopicsAsync(new MemoryFileSystem());
        disk.ReadFault = static (operation, path) =>
            operation == "open" && path.StartsWith($"{Queues}/M400/", StringComparison.Ordinal) ? 5 : null;

        Func<Task<MessageStore>> start = () => SmallStore.StartAsync(Options(), disk, new FakeTimeProvider(), hasThreads: false);

        (await start.Should().ThrowAsync<StoreIOException>()).WithMessage("*M400*");
    }

    /// <summary>Asks for the place of message <paramref name="i"/>. False when the answer is the next message, as this one is lost.</summary>
    private static async Task<bool> IsFoundAsync(MessageStore store, int i)
    {
        (string topic, int queue) = PlaceOf(i);
        long offset = Enumerable.Range(0, i).Count(before => PlaceOf(before) == (topic, queue));
        GetResult result = new();
        (await store.Reader.GetMessagesAsync(store.FindTopic(Encoding.UTF8.GetBytes(topic))!, queue, offset, new GetLimits(1), null, result, CancellationToken.None))
            .Should().Be(GetStatus.Found);
        byte[] record = new byte[result.TotalBytes];
        (await store.Reader.CopyMessagesAsync(result, record, CancellationToken.None)).Should().BeTrue();
        RecordView view = RecordView.Read(record);
        view.QueueOffset.Should().BeGreaterThanOrEqualTo(offset);
        Encoding.UTF8.GetString(view.Topic).Should().Be(topic);
        return view.QueueOffset == offset;
    }

    private static StoreOptions Options() => SmallStore.Options(Root);

    /// <summary>RocketMQ's broker writes the three times and nothing else.</summary>
    private static void LeaveCheckpointOfRocketMq(MemoryFileSystem disk)
    {
        byte[] checkpoint = new byte[4096];
        using IStoreFile file = disk.Open($"{Root}/checkpoint", FileOpenMode.ReadWrite);
        file.Read(checkpoint.AsSpan(0, 3 * sizeof(long)), 0);
        file.Write(checkpoint, 0);
    }

    private static async Task ShouldBeRefusedAsync(MemoryFileSystem disk, string reason, StoreOptions? options = null)
    {
        Func<Task<MessageStore>> start = () => SmallStore.StartAsync(options ?? Options(), disk, new FakeTimeProvider(), hasThreads: false);
        (await start.Should().ThrowAsync<StoreException>()).WithMessage(reason);
    }

    /// <summary>A run of a broker that takes messages. Returns the disk it leaves.</summary>
    private static async Task<MemoryFileSystem> RunAsync(MemoryFileSystem disk, bool isClean, int first = 0, int count = Messages, string body = "")
    {
        MessageStore store = await SmallStore.StartAsync(Options(), disk, new FakeTimeProvider(), hasThreads: false);
        Fill(store, first, count, body);
        if (isClean)
        {
            await store.DisposeAsync();
            return disk;
        }

        // The last pass is a while ago.
        MemoryFileSystem killed = disk.AfterKill();
        await store.DisposeAsync();
        return killed;
    }

    /// <summary>A run in which each of very many topics gets a message.</summary>
    private static async Task<MemoryFileSystem> RunManyTopicsAsync(MemoryFileSystem disk)
    {
        await using MessageStore store = await SmallStore.StartAsync(Options(), disk, new FakeTimeProvider(), hasThreads: false);
        for (int topic = 0; topic < ManyTopics; topic++)
        {
            store.Append($"M{topic}", 0, $"of {topic}");
        }

        store.Writer.WritePending();
        return disk;
    }

    private static void Fill(MessageStore store, int first, int count, string body = "")
    {
        for (int i = first; i < first + count; i++)
        {
            (string topic, int queue) = PlaceOf(i);
            store.Append(topic, queue, $"{body}message {i} {new string('x', 400)}", $"KEYS\u0001k{i}\u0002");
            if (i % 7 == 0)
            {
                store.Writer.WritePending();
            }

            if (i % 60 == 59)
            {
                store.Maintenance.Pass();
            }
        }

        store.Writer.WritePending();
    }

    private static (string Topic, int Queue) PlaceOf(int i) => (i % 5) switch
    {
        0 => ("T", 0),
        1 or 2 or 3 => ("T", 1),
        _ => ("U", 0),
    };

    /// <summary>Starts it, and looks for every message and a tenth of the keys. Returns the disk after a clean stop.</summary>
    private static async Task<MemoryFileSystem> ShouldHoldAsync(MemoryFileSystem disk, int count)
    {
        await using MessageStore store = await SmallStore.StartAsync(Options(), disk, new FakeTimeProvider(), hasThreads: false);
        foreach ((string topic, int queue) in (IEnumerable<(string, int)>)[("T", 0), ("T", 1), ("U", 0)])
        {
            List<int> expected = [.. Enumerable.Range(0, count).Where(i => PlaceOf(i) == (topic, queue))];
            (await store.ReadAllAsync(topic, queue)).Should().Equal(expected.Select(static i => $"message {i} {new string('x', 400)}"), $"{topic} {queue}");
            foreach (int i in expected.Where(static i => i % 10 < 2))
            {
                IndexQueryResult found = await store.Reader.QueryIndexAsync(store.GetOrAddTopic(Encoding.UTF8.GetBytes(topic)), $"k{i}", 10, 0, long.MaxValue, CancellationToken.None);
                found.Offsets.Should().ContainSingle($"k{i} of {topic} {queue}");
            }
        }

        return disk;
    }
}
