using Microsoft.Extensions.Logging;
using RocketOps.Store.Contracts;
using RocketOps.Store.Files;
using RocketOps.Store.Tests.Support;
using RocketOps.Testing;
using RocketOps.Testing.Logging;
using RocketOps.Testing.Time;

namespace RocketOps.Store.Tests.Maintenance;

/// <summary>What retention takes, whom it tells, and what it lets a restored copy keep.</summary>
public sealed class RestoredLogTests
{
    private const int FileBytes = 64 * 1024;
    private const int Days = 24;

    [Fact]
    public async Task Start_AllFilesOlderThanTheRetention_AreKeptForItFromTheStart()
    {
        FakeTimeProvider time = new();
        MemoryFileSystem files = await FilledAsync(time);
        Age(files, _ => time.GetUtcNow().AddHours(-100));
        RecordingLoggerFactory log = new();

        await using (MessageStore store = await StartAsync(files, time, log))
        {
            Round(store, time);
            store.GetStats().MinOffset.Value.Should().Be(0, "the copy was restored a moment ago");
            log.Entries.Should().ContainSingle(static line => line.Event == 2506).Which.Should().Match<LoggedEntry>(
                static line => line.Level == LogLevel.Warning && line.Text.Contains("100 hours", StringComparison.Ordinal) && line.Text.Contains("/store/commitlog/00000000000000000000", StringComparison.Ordinal));
        }

        // A restart a day does not keep them for ever.
        for (int day = 1; day <= 3; day++)
        {
            time.Advance(TimeSpan.FromHours(Days));
            await using MessageStore store = await StartAsync(files, time, new RecordingLoggerFactory());
            Write(files, time);
            Round(store, time);
            store.GetStats().MinOffset.Value.Should().Be(day < 3 ? 0 : 4 * FileBytes, $"day {day} of three");
        }
    }

    [Fact]
    public async Task Start_NewestFileIsYounger_OldOnesExpireAsEver()
    {
        FakeTimeProvider time = new();
        MemoryFileSystem files = await FilledAsync(time);
        Age(files, path => time.GetUtcNow().AddHours(path.EndsWith($"{4 * FileBytes:D20}", StringComparison.Ordinal) ? -71 : -100));
        RecordingLoggerFactory log = new();
        await using MessageStore store = await StartAsync(files, time, log);

        Round(store, time);

        store.GetStats().MinOffset.Value.Should().Be(4 * FileBytes);
        log.Entries.Should().NotContain(static line => line.Event == 2506);
    }

    [Fact]
    public void SetLastWriteTime_OfTheRealDisk_IsWhatIsReadThen()
    {
        using TempDirectory directory = new();
        LinuxFileSystem files = new();
        File.WriteAllText(directory.File("one"), "");
        DateTimeOffset time = new(2020, 1, 2, 3, 4, 5, TimeSpan.Zero);

        files.SetLastWriteTime(directory.File("one"), time);

        files.GetLastWriteTime(directory.File("one")).Should().Be(time);
        FluentActions.Invoking(() => files.SetLastWriteTime(directory.File("none"), time)).Should().Throw<StoreIOException>();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Run_FilesGo_TheObserverIsToldOfEachQueueItWants(bool isLoaded)
    {
        FakeTimeProvider time = new();
        MemoryFileSystem files = await FilledAsync(time);
        Age(files, path => time.GetUtcNow().AddHours(path.EndsWith($"{4 * FileBytes:D20}", StringComparison.Ordinal) ? -1 : -100));
        Removals removals = new();
        await using MessageStore store = await StartAsync(files, time, new RecordingLoggerFactory());
        store.RemovalObserver = removals;
        if (isLoaded)
        {
            await store.Reader.GetOffsetsAsync(store.GetOrAddTopic("T"u8), 0, CancellationToken.None);
        }

        Round(store, time);

        long begin = (await store.Reader.GetOffsetsAsync(store.GetOrAddTopic("T"u8), 0, CancellationToken.None)).Min;
        begin.Should().BePositive();
        removals.Told.Should().Equal([$"T/0 0 {begin}", $"/store/commitlog/{3 * FileBytes:D20}"], "U is no concern of its");
    }

    [Theory]
    [InlineData(50, 99, 2508, "diskSpaceCleanForciblyRatio is 50 %, and 60 %")]
    [InlineData(99, 50, 2509, "diskMaxUsedSpaceRatio is 50 %, and 60 %")]
    [InlineData(60, 60, 0, null)]
    public async Task Start_MoreOfTheDiskIsUsedThanALimit_IsOneWarning(int forcibly, int max, int expected, string? text)
    {
        MemoryFileSystem files = new() { Space = new DiskSpace(1000L << 20, 400L << 20, 400L << 20) };
        RecordingLoggerFactory log = new();
        StoreOptions options = Options(new StoreTuning { DeleteHours = [], DiskCleanForciblyRatio = forcibly, DiskMaxUsedRatio = max });

        await using MessageStore store = new(options, files, new FakeTimeProvider(), log, hasThreads: false);
        await store.StartAsync(CancellationToken.None);

        LoggedEntry[] warnings = [.. log.Entries.Where(static line => line.Level == LogLevel.Warning)];
        warnings.Select(static line => line.Event).Should().Equal(expected == 0 ? [] : [expected]);
        string.Concat(warnings.Select(static line => line.Text)).Contains(text ?? string.Empty, StringComparison.Ordinal).Should().BeTrue();
    }

    /// <summary>Five files; messages of two topics in each.</summary>
    private static async Task<MemoryFileSystem> FilledAsync(FakeTimeProvider time)
    {
        MemoryFileSystem files = new();
        await using MessageStore store = await StartAsync(files, time, new RecordingLoggerFactory());
        while (store.GetStats().MaxOffset.Value < (4 * FileBytes) + 2000)
        {
            store.Append("T", 0, new string('x', 8000));
            store.Append("U", 0, new string('x', 100));
            store.Writer.WritePending();
        }

        return files;
    }

    private static async Task<MessageStore> StartAsync(MemoryFileSystem files, TimeProvider time, RecordingLoggerFactory log)
    {
        MessageStore store = new(Options(new StoreTuning { FileReservedHours = 3 * Days - 1, DeleteHours = [.. Enumerable.Range(0, 24)] }), files, time, log, hasThreads: false);
        await store.StartAsync(CancellationToken.None);
        return store;
    }

    private static StoreOptions Options(StoreTuning tuning) => new()
    {
        RootDirectory = "/store",
        CommitLogFileBytes = FileBytes,
        ConsumeQueueFileBytes = 20 * 50,
        IndexEnabled = false,
        MaxMessageBytes = 16 * 1024,
        Tuning = tuning,
    };

    private static void Age(MemoryFileSystem files, Func<string, DateTimeOffset> timeOf)
    {
        foreach (string path in files.Paths.Where(static path => path.StartsWith("/store/commitlog/", StringComparison.Ordinal)))
        {
            files.SetLastWriteTime(path, timeOf(path));
        }
    }

    /// <summary>The newest file is written, as a broker that runs does.</summary>
    private static void Write(MemoryFileSystem files, TimeProvider time) =>
        files.SetLastWriteTime(files.Paths.Where(static path => path.StartsWith("/store/commitlog/", StringComparison.Ordinal)).Max(StringComparer.Ordinal)!, time.GetUtcNow());

    private static void Round(MessageStore store, FakeTimeProvider time)
    {
        time.Advance(TimeSpan.FromSeconds(10));
        store.Maintenance.Pass();
    }

    private sealed class Removals : IRemovalObserver
    {
        public List<string> Told { get; } = [];

        public bool IsInterestedIn(string topic, int queueId) => topic == "T";

        public void OnRemoved(string topic, int queueId, long from, long to)
        {
            if (topic == "T")
            {
                Told.Add($"{topic}/{queueId} {from} {to}");
            }
        }

        public void OnRemovalCompleted(string path) => Told.Add(path);
    }
}
