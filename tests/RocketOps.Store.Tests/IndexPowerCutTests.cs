using System.Text;
using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Contracts;
using RocketOps.Store.Dump;
using RocketOps.Store.Files;
using RocketOps.Store.Tests.Support;
using RocketOps.Testing.Rings;
using RocketOps.Testing.Time;

namespace RocketOps.Store.Tests;

/// <summary>After a power cut the index has every key of every message that the log has, once, and the log is read from the durable point only.</summary>
public sealed class IndexPowerCutTests
{
    private const string LogFile = "/store/commitlog/00000000000000000000";

    [Fact]
    public async Task Start_AfterAPowerCut_FindsKeysThatWereDurableLongBeforeWithoutReadingTheirMessages()
    {
        MemoryFileSystem files = new();
        FakeTimeProvider time = new();
        StoreOptions options = SmallStore.Options("/store", indexEntries: 10_000);
        MessageStore store = await SmallStore.StartAsync(options, files, time, hasThreads: false);
        List<PhysicalOffset> durable = Append(store, time, 0, 50);
        store.Maintenance.MakeDurable();
        List<PhysicalOffset> later = Append(store, time, 50, 1);
        store.Maintenance.Pass();
        MemoryFileSystem left = files.AfterPowerCut(new Random(1), keepEverything: true);

        // Whoever reads the log from before the durable point finds it damaged there, and ends it.
        left.Damage(LogFile, durable[0].Value + 90, 0x40);

        await using MessageStore next = await SmallStore.StartAsync(options, left, time, hasThreads: false);
        await FindsAsync(next, [.. durable, .. later]);
        next.GetStats().MaxOffset.Should().Be(store.GetStats().MaxOffset);
    }

    /// <summary>Files that were full, one that was begun, entries that were handed over since, and slots of a pass that did not end: of all that any part may be there.</summary>
    [Theory]
    [InlineData(20)]
    [InlineData(99)]
    [InlineData(100)]
    [InlineData(250)]
    public async Task Start_AfterAnyPowerCut_FindsEachKeyOnceAndLeavesAnIndexThatVerifies(int durableMessages)
    {
        for (int seed = 0; seed < Depth.Of(25, deep: 250); seed++)
        {
            Random random = new(seed);
            MemoryFileSystem files = new();
            FakeTimeProvider time = new();
            StoreOptions options = SmallStore.Options("/store", indexEntries: 100);
            MessageStore store = await SmallStore.StartAsync(options, files, time, hasThreads: false);
            Append(store, time, 0, durableMessages / 2);
            store.Maintenance.Pass();
            Append(store, time, durableMessages / 2, durableMessages - (durableMessages / 2));
            store.Maintenance.MakeDurable();
            int handedOver = random.Next(150);
            Append(store, time, durableMessages, handedOver);
            store.Maintenance.Pass();
            Append(store, time, durableMessages + handedOver, random.Next(60));
            if (random.Next(2) == 0)
            {
                // Slots have been written, and no flush has ended that would vouch for them.
                files.Fault = static (operation, path) => operation == "fdatasync" && path.Contains("/index/", StringComparison.Ordinal) ? StoreIOException.InputOutput : null;
                FluentActions.Invoking(store.Maintenance.MakeDurable).Should().Throw<StoreIOException>();
            }

            MemoryFileSystem left = files.AfterPowerCut(random);

            int found;
            await using (MessageStore next = await SmallStore.StartAsync(options, left, time, hasThreads: false))
            {
                found = (await next.ReadAllAsync("T", 0)).Count;
                found.Should().BeGreaterThanOrEqualTo(durableMessages);
                await FindsAsync(next, await OffsetsAsync(next), $"seed {seed}", mayLackText: true);
                Append(next, time, found, 30);
                await FindsAsync(next, await OffsetsAsync(next), $"seed {seed}, with more", mayLackText: true);
            }

            List<StoreFinding> findings = [];
            VerifyResult verified = new StoreVerifier(left.AfterKill(), "/store", options.IndexSlots, findings.Add).Run(CancellationToken.None);
            findings.Should().BeEmpty($"seed {seed}");
            verified.IndexEntries.Should().BeInRange(found + 29, found + 30, $"seed {seed}");
        }
    }

    /// <summary>The file was made, and its entries handed over, after the last note of how far the index is: a kill comes before the next.</summary>
    [Fact]
    public async Task Start_AfterAKillBetweenANewFileAndTheCheckpoint_FindsItsKeys()
    {
        MemoryFileSystem files = new();
        FakeTimeProvider time = new();
        StoreOptions options = SmallStore.Options("/store", indexEntries: 100);
        MessageStore store = await SmallStore.StartAsync(options, files, time, hasThreads: false);
        Append(store, time, 0, 60);
        store.Maintenance.Pass();
        Append(store, time, 60, 70);
        files.Fault = static (operation, path) => operation == "write" && path.EndsWith("checkpoint", StringComparison.Ordinal) ? throw new InvalidOperationException("the kill") : null;
        FluentActions.Invoking(store.Maintenance.Pass).Should().Throw<InvalidOperationException>();

        await using MessageStore next = await SmallStore.StartAsync(options, files.AfterKill(), time, hasThreads: false);

        await FindsAsync(next, await OffsetsAsync(next));
    }

    private static List<PhysicalOffset> Append(MessageStore store, FakeTimeProvider time, int from, int count)
    {
        List<PhysicalOffset> offsets = [];
        for (int i = from; i < from + count; i++)
        {
            offsets.Add(store.Append("T", 0, $"m{i}", $"KEYS\u0001k{i}\u0002").Offset);
            store.Writer.WritePending();
            time.Advance(TimeSpan.FromMilliseconds(300));
        }

        return offsets;
    }

    /// <summary>Where the messages of the queue lie.</summary>
    private static async Task<List<PhysicalOffset>> OffsetsAsync(MessageStore store)
    {
        StoreTopic topic = store.GetOrAddTopic("T"u8);
        long end = await store.Reader.MaxOffsetAsync(topic, 0);
        IReadOnlyList<QueueUnit>? units = await store.Reader.ReadUnitsAsync(topic, 0, 0, (int)end, CancellationToken.None);
        return [.. units!.Select(static unit => unit.Offset)];
    }

    /// <param name="store">Is asked.</param>
    /// <param name="offsets">Where the messages lie, in their order.</param>
    /// <param name="where">For messages.</param>
    /// <param name="mayLackText">Of the very last record before a power cut the text may be lost: no checksum covers it.</param>
    private static async Task FindsAsync(MessageStore store, List<PhysicalOffset> offsets, string where = "", bool mayLackText = false)
    {
        StoreTopic topic = store.GetOrAddTopic("T"u8);
        for (int i = 0; i < offsets.Count; i++)
        {
            bool hasKey = !mayLackText
                || (await store.Reader.LookMessageAsync(offsets[i], CancellationToken.None)).AsSpan().IndexOf(Encoding.UTF8.GetBytes($"KEYS\u0001k{i}\u0002")) >= 0;
            IndexQueryResult found = await store.Reader.QueryIndexAsync(topic, $"k{i}", 10, 0, long.MaxValue, CancellationToken.None);
            found.Offsets.Should().Equal(hasKey ? [offsets[i]] : [], $"{where}, key {i}");
        }
    }
}
