using System.IO.Hashing;
using RocketOps.Store.Contracts;
using RocketOps.Store.Dump;
using RocketOps.Store.Files;
using RocketOps.Store.Tests.Support;
using RocketOps.Testing.Time;

namespace RocketOps.Store.Tests.Dump;

/// <summary>What a start would find is found without one, and mended without a broker.</summary>
public sealed class StoreRepairTests
{
    private const string Root = "/store";
    private const string Log = $"{Root}/commitlog";
    private const string Queues = $"{Root}/consumequeue";
    private const int Messages = 250;
    private const int Earlier = 100;

    /// <summary>Each row: what is done to which path, and what the findings say.</summary>
    public static TheoryData<string, Mistake, string> Mistakes => new()
    {
        { Queues, Mistake.Removed, "is missing; it ended at *" },
        { $"{Queues}/U", Mistake.Removed, "is missing; it ended at 50 at the last stop: the next start makes it again from the log" },
        { $"{Queues}/T/1", Mistake.Removed, "is missing; it ended at 150 *" },
        { $"{Queues}/T/1/00000000000000001000", Mistake.Removed, "lacks files in its row, *: the next start moves it to damaged/ and makes it again from the log" },
        { Queues, Mistake.Older, "ends at *, but had * messages at the last stop: the next start completes it from the log" },
        { Queues, Mistake.OfAnotherStore, "*other messages than its own: the next start *" },
        { Log, Mistake.Older, "The checkpoint says that the commit log reached *" },
        { $"{Root}/index", Mistake.Older, "The index in /store/index lacks keys *" },
        { $"{Root}/index", Mistake.OfAnotherStore, "The index in /store/index lacks keys *" },
        { $"{Root}/checkpoint", Mistake.Removed, "* lack* of *: the broker reads *" },
        { $"{Root}/inventory", Mistake.Removed, "Queues lack messages of the commit log: *" },
    };

    [Theory]
    [MemberData(nameof(Mistakes))]
    public async Task Run_FolderLostOlderOrForeign_IsFoundMendedAndSoundAfterwards(string path, Mistake mistake, string what)
    {
        foreach (bool isClean in (bool[])[true, false])
        {
            MemoryFileSystem disk = await WithAsync(path, mistake, isClean);
            string before = Content(disk);

            (VerifyResult found, List<StoreFinding> findings) = Verify(disk);
            RepairPlan plan = Repair(disk).Plan(CancellationToken.None);

            Content(disk).Should().Be(before, "looking changes nothing");
            findings.Select(static finding => finding.What).Should().ContainMatch(what, $"{path} {mistake}, clean: {isClean}");
            (found.Damages + found.Repairable).Should().BePositive();
            plan.Refusal.Should().BeNull();
            plan.Findings.Select(static finding => finding.What).Should().ContainMatch(what);

            IReadOnlyList<string> done = await Repair(disk).RunAsync(NoBatchTopics, NoDeletions, CancellationToken.None);

            done.Should().ContainMatch("Recovered after a *");
            (VerifyResult after, List<StoreFinding> left) = Verify(disk);
            left.Should().BeEmpty($"{path} {mistake}, clean: {isClean}");
            Repair(disk).Plan(CancellationToken.None).Findings.Should().BeEmpty();
            after.Messages.Should().Be(path == Log ? Earlier : Messages);
            after.Units.Should().Be(after.Messages);
            await ShouldHoldAsync(disk, (int)after.Messages);
        }
    }

    [Theory]
    [InlineData(Log, Mistake.Removed, "There is no commit log in /store/commitlog *If the log lies elsewhere, give its folder as --commit-log.")]
    [InlineData(Log, Mistake.OfAnotherStore, "The commit log in /store/commitlog (storePathCommitLog) is not the one of the store in /store *")]
    [InlineData($"{Root}/inventory", Mistake.OfAnotherStore, "The files checkpoint and inventory in /store (storePathRootDir) are of two stores*")]
    [InlineData($"{Root}/checkpoint", Mistake.OfAnotherStore, "The files checkpoint and inventory in /store (storePathRootDir) are of two stores*")]
    public async Task Run_WhatAStartRefuses_IsDamageAndRefused(string path, Mistake mistake, string what)
    {
        MemoryFileSystem disk = await WithAsync(path, mistake, isClean: true);
        string before = Content(disk);

        (VerifyResult found, List<StoreFinding> findings) = Verify(disk);
        Func<Task> repair = () => Repair(disk).RunAsync(NoBatchTopics, NoDeletions, CancellationToken.None);

        found.Damages.Should().BePositive();
        findings.Should().Contain(static finding => finding.Kind == StoreFindingKind.Damage && finding.Where == "next start").Which.What.Should().Match($"is refused: {what}");
        Repair(disk).Plan(CancellationToken.None).Refusal.Should().Match(what);
        (await repair.Should().ThrowAsync<StoreException>()).WithMessage($"/store cannot be repaired: {what}");
        Content(disk).Should().Be(before);
    }

    /// <summary>Sizes that no store has by default: files of another length would keep the broker from starting.</summary>
    [Fact]
    public async Task Run_IndexLostAndItsSizesUnknown_IsLeftToTheBroker()
    {
        MemoryFileSystem disk = await WithAsync($"{Root}/index", Mistake.Removed, isClean: true);

        Verify(disk).Findings.Should().ContainSingle().Which.What.Should().Match("The index in /store/index lacks keys *");
        Repair(disk).Plan(CancellationToken.None).Refusal.Should().Match("it has no index files, *Start the broker: it mends the same");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Run_IndexLostOfAStoreWithUsualSizes_IsMadeAgain(bool hasUsualQueues)
    {
        StoreLayout layout = StoreLayout.ForVolume(512 * 1024);
        StoreOptions options = new()
        {
            RootDirectory = Root,
            CommitLogFileBytes = layout.CommitLogFileBytes,
            ConsumeQueueFileBytes = hasUsualQueues ? StoreLayout.Default.ConsumeQueueFileBytes : layout.ConsumeQueueFileBytes,
            IndexSlots = hasUsualQueues ? StoreLayout.Default.IndexSlots : layout.IndexSlots,
            IndexEntries = hasUsualQueues ? StoreLayout.Default.IndexEntries : layout.IndexEntries,
            MaxMessageBytes = 16 * 1024,
            TailBytes = 256 * 1024,
            Tuning = Options().Tuning,
        };
        MemoryFileSystem disk = new();
        await using (MessageStore store = await SmallStore.StartAsync(options, disk, new FakeTimeProvider(), hasThreads: false))
        {
            Fill(store, 0, Messages);
        }

        disk.Remove($"{Root}/index");
        await new StoreRepair(disk, Root, commitLog: null, indexSlots: null, new FakeTimeProvider())
            .RunAsync(NoBatchTopics, NoDeletions, CancellationToken.None);

        List<StoreFinding> findings = [];
        VerifyResult result = new StoreVerifier(disk, Root, indexSlots: null, findings.Add).Run(CancellationToken.None);
        findings.Should().BeEmpty();
        result.IndexEntries.Should().Be(Messages);
        await using MessageStore again = await SmallStore.StartAsync(options, disk, new FakeTimeProvider(), hasThreads: false);
        (await again.ReadAllAsync("U", 0)).Should().HaveCount(Messages / 5);
    }

    [Fact]
    public async Task Run_LogElsewhere_IsReadThere()
    {
        MemoryFileSystem disk = await RunAsync(new MemoryFileSystem(), isClean: true);
        MemoryFileSystem whole = disk.AfterKill();
        disk.Remove(Log);
        disk.CreateDirectory("/other");
        foreach (string path in whole.Paths.Where(static path => FolderMistakes.IsWithin(path, Log)))
        {
            using IStoreFile from = whole.Open(path, FileOpenMode.Read);
            using IStoreFile to = disk.Open(path.Replace(Log, "/other", StringComparison.Ordinal), FileOpenMode.Truncate);
            byte[] bytes = new byte[from.Length];
            from.Read(bytes, 0);
            to.Write(bytes, 0);
        }

        disk.Remove($"{Queues}/T");

        Verify(disk).Result.Damages.Should().Be(1);
        (VerifyResult found, List<StoreFinding> findings) = Verify(disk, "/other");
        (found.Damages, found.Messages).Should().Be((0, Messages));
        findings.Should().HaveCountGreaterThan(1).And.OnlyContain(static finding => finding.Kind == StoreFindingKind.Repairable);

        await Repair(disk, "/other").RunAsync(NoBatchTopics, NoDeletions, CancellationToken.None);

        Verify(disk, "/other").Findings.Should().BeEmpty();
    }

    [Fact]
    public async Task Verify_TopicThatWasDeleted_IsNoFinding()
    {
        MemoryFileSystem disk = new();
        await using (MessageStore store = await SmallStore.StartAsync(Options(), disk, new FakeTimeProvider(), hasThreads: false))
        {
            Fill(store, 0, Messages);
            await store.DeleteTopicAsync(store.FindTopic("T"u8)!, CancellationToken.None);
        }

        (VerifyResult found, List<StoreFinding> findings) = Verify(disk);

        findings.Should().BeEmpty();
        found.Units.Should().Be(Messages / 5);
    }

    [Fact]
    public async Task Verify_IndexFilesOfSizesThatAreNotKnown_AreOneLine()
    {
        MemoryFileSystem disk = await RunAsync(new MemoryFileSystem(), isClean: true);
        List<StoreFinding> findings = [];

        VerifyResult result = new StoreVerifier(disk, Root, indexSlots: null, findings.Add).Run(CancellationToken.None);

        result.Unchecked.Should().Be(3);
        StoreFinding finding = findings.Should().ContainSingle().Which;
        (finding.Kind, finding.Where).Should().Be((StoreFindingKind.Unchecked, "index"));
        finding.What.Should().StartWith("3 files have ").And.EndWith("Give maxHashSlotNum as --index-slots");
        new StoreRepair(disk, Root, commitLog: null, indexSlots: null, new FakeTimeProvider()).Plan(CancellationToken.None).Refusal.Should().EndWith("give it as --index-slots");
    }

    /// <summary>The repair would make files of a length that the broker refuses.</summary>
    [Fact]
    public async Task Plan_QueuesAndInventoryAreLost_IsRefusedAsNoFileTellsTheLength()
    {
        MemoryFileSystem disk = await RunAsync(new MemoryFileSystem(), isClean: true);
        disk.Remove(Queues);
        disk.Remove($"{Root}/inventory");

        Repair(disk).Plan(CancellationToken.None).Refusal.Should().Contain("no files of queues and no inventory").And.Contain("Start the broker");
    }

    /// <summary>The inventory says the length of files that are all gone.</summary>
    [Fact]
    public async Task Start_QueuesAreLostAndTheLengthOfTheirFilesIsAnother_TheyAreMadeAgain()
    {
        MemoryFileSystem disk = await RunAsync(new MemoryFileSystem(), isClean: true);
        disk.Remove(Queues);

        await using MessageStore again = await SmallStore.StartAsync(
            SmallStore.Options(Root, queueFileBytes: Options().ConsumeQueueFileBytes * 2), disk, new FakeTimeProvider(), hasThreads: false);

        (await again.ReadAllAsync("U", 0)).Should().HaveCount(Messages / 5);
    }

    [Fact]
    public async Task Run_StoreInUse_IsRefused()
    {
        MemoryFileSystem disk = new();
        await using MessageStore store = await SmallStore.StartAsync(Options(), disk, new FakeTimeProvider(), hasThreads: false);
        Fill(store, 0, Messages);

        Func<Task> repair = () => Repair(disk).RunAsync(NoBatchTopics, NoDeletions, CancellationToken.None);

        (await repair.Should().ThrowAsync<StoreException>()).WithMessage("/store (storePathRootDir) is in use*");
    }

    [Fact]
    public async Task Run_MemberOfAnElectedGroup_IsLeftToItsStart()
    {
        MemoryFileSystem disk = await WithAsync(Queues, Mistake.Removed, isClean: true);
        using (IStoreFile file = disk.Open($"{Root}/memberState", FileOpenMode.Truncate))
        {
            file.Write("x"u8, 0);
        }

        Func<Task> repair = () => Repair(disk).RunAsync(NoBatchTopics, NoDeletions, CancellationToken.None);

        (await repair.Should().ThrowAsync<StoreException>()).WithMessage("*member of an elected group*");
        Verify(disk).Result.Repairable.Should().BePositive();
    }

    private static StoreOptions Options() => SmallStore.Options(Root);

    private static IReadOnlySet<string> NoBatchTopics() => new HashSet<string>();

    private static IReadOnlyDictionary<string, ToldDeletion> NoDeletions() => new Dictionary<string, ToldDeletion>();

    private static StoreRepair Repair(MemoryFileSystem disk, string? commitLog = null) => new(disk, Root, commitLog, Options().IndexSlots, new FakeTimeProvider());

    private static (VerifyResult Result, List<StoreFinding> Findings) Verify(MemoryFileSystem disk, string? commitLog = null)
    {
        List<StoreFinding> findings = [];
        return (new StoreVerifier(disk, Root, Options().IndexSlots, findings.Add, commitLog).Run(CancellationToken.None), findings);
    }

    private static async Task<MemoryFileSystem> WithAsync(string path, Mistake mistake, bool isClean)
    {
        MemoryFileSystem earlier = await RunAsync(new MemoryFileSystem(), isClean, count: Earlier);
        MemoryFileSystem disk = await RunAsync(earlier.AfterKill(), isClean, Earlier, Messages - Earlier);
        disk.Paths.Should().Contain(file => FolderMistakes.IsWithin(file, path));
        switch (mistake)
        {
            case Mistake.Removed:
                disk.Remove(path);
                break;
            case Mistake.Older:
                disk.Replace(path, earlier);
                break;
            default:
                disk.Replace(path, await RunAsync(new MemoryFileSystem(), isClean: true, count: 400, body: "another store's "));
                break;
        }

        return disk;
    }

    private static async Task<MemoryFileSystem> RunAsync(MemoryFileSystem disk, bool isClean, int first = 0, int count = Messages, string body = "")
    {
        MessageStore store = await SmallStore.StartAsync(Options(), disk, new FakeTimeProvider(), hasThreads: false);
        Fill(store, first, count, body);
        MemoryFileSystem killed = disk.AfterKill();
        await store.DisposeAsync();
        return isClean ? disk : killed;
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
        store.Maintenance.Pass();
    }

    private static (string Topic, int Queue) PlaceOf(int i) => (i % 5) switch
    {
        0 => ("T", 0),
        1 or 2 or 3 => ("T", 1),
        _ => ("U", 0),
    };

    private static async Task ShouldHoldAsync(MemoryFileSystem disk, int count)
    {
        await using MessageStore store = await SmallStore.StartAsync(Options(), disk, new FakeTimeProvider(), hasThreads: false);
        foreach ((string topic, int queue) in (IEnumerable<(string, int)>)[("T", 0), ("T", 1), ("U", 0)])
        {
            IEnumerable<int> expected = Enumerable.Range(0, count).Where(i => PlaceOf(i) == (topic, queue));
            (await store.ReadAllAsync(topic, queue)).Should().Equal(expected.Select(static i => $"message {i} {new string('x', 400)}"), $"{topic} {queue}");
        }
    }

    /// <summary>Names and contents of all files.</summary>
    private static string Content(MemoryFileSystem disk)
    {
        List<string> lines = [];
        foreach (string path in disk.Paths.Order(StringComparer.Ordinal))
        {
            using IStoreFile file = disk.Open(path, FileOpenMode.Read);
            byte[] bytes = new byte[file.Length];
            file.Read(bytes, 0);
            lines.Add($"{path} {bytes.Length} {XxHash3.HashToUInt64(bytes)}");
        }

        return string.Join('\n', lines);
    }

    /// <summary>What people do to a folder.</summary>
    public enum Mistake
    {
        /// <summary>It is gone.</summary>
        Removed,

        /// <summary>An earlier copy of it was put back.</summary>
        Older,

        /// <summary>Another broker's is in its place.</summary>
        OfAnotherStore,
    }
}
