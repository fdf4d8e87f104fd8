using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Contracts;
using RocketOps.Store.Dump;
using RocketOps.Store.Files;
using RocketOps.Store.Tests.Support;
using RocketOps.Testing.Time;

namespace RocketOps.Store.Tests;

/// <summary>Keys come into the chains of the index file many at once: they are found before, meanwhile and afterwards, and whatever ends it half-way is made good.</summary>
public sealed class IndexChainTests
{
    private const int Keys = 30;

    /// <summary>Of each key every third message: in chains, in the file, or in memory alone.</summary>
    [Fact]
    public async Task QueryIndex_KeysInChainsInTheFileAndInMemory_FindsAllNewestFirst()
    {
        MemoryFileSystem files = new();
        FakeTimeProvider time = new();
        await using MessageStore store = await SmallStore.StartAsync(SmallStore.Options("/store", indexEntries: 10_000), files, time, hasThreads: false);
        List<PhysicalOffset> sent = Append(store, time, 0, Keys);
        store.Maintenance.MakeDurable();
        sent.AddRange(Append(store, time, Keys, Keys));
        store.Maintenance.Pass();
        sent.AddRange(Append(store, time, 2 * Keys, Keys));

        await FindsAsync(store, sent, "before");
        StoreTopic topic = store.FindTopic("T"u8)!;
        (await store.Reader.QueryIndexAsync(topic, "k3", 2, 0, long.MaxValue, CancellationToken.None)).Offsets.Should().Equal(sent[(2 * Keys) + 3], sent[Keys + 3]);

        store.Maintenance.MakeDurable();
        await FindsAsync(store, sent, "afterwards");
    }

    /// <summary>The process is killed, or the disk refuses, at each of the writes that chain keys, or at the note that they are.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task MakeDurable_EndedAtAnyWrite_LeavesAnIndexThatIsMadeGood(bool isKill)
    {
        bool ended = true;
        for (int last = 0; ended; last++)
        {
            MemoryFileSystem files = new();
            FakeTimeProvider time = new();
            StoreOptions options = SmallStore.Options("/store", indexEntries: 10_000);
            MessageStore store = await SmallStore.StartAsync(options, files, time, hasThreads: false);
            List<PhysicalOffset> sent = Append(store, time, 0, Keys / 3);
            store.Maintenance.MakeDurable();
            sent.AddRange(Append(store, time, Keys / 3, (2 * Keys) - (Keys / 3)));
            store.Maintenance.Pass();
            sent.AddRange(Append(store, time, 2 * Keys, Keys));
            int writes = 0;
            ended = false;
            files.Fault = (operation, path) =>
            {
                bool counts = operation == "write" && (path.Contains("/index/", StringComparison.Ordinal) || path.EndsWith("checkpoint", StringComparison.Ordinal));
                if (!counts || writes++ < last)
                {
                    return null;
                }

                ended = true;
                return isKill ? throw new InvalidOperationException("the kill") : StoreIOException.NoSpace;
            };
            if (isKill)
            {
                try
                {
                    store.Maintenance.MakeDurable();
                }
                catch (InvalidOperationException)
                {
                    // What the files have then is what the next start finds.
                }
            }
            else
            {
                store.Maintenance.Pass();
                time.Advance(TimeSpan.FromMinutes(2));
                store.Maintenance.Pass();
            }

            files.Fault = null;
            MemoryFileSystem left = files.AfterKill();
            if (!isKill)
            {
                await FindsAsync(store, sent, $"write {last}, refused");
                store.Maintenance.MakeDurable();
                left = files.AfterKill();
            }

            List<StoreFinding> findings = [];
            new StoreVerifier(left.AfterKill(), "/store", options.IndexSlots, findings.Add).Run(CancellationToken.None);
            findings.Should().NotContain(static finding => finding.Kind == StoreFindingKind.Damage, $"write {last}");
            await using (MessageStore next = await SmallStore.StartAsync(options, left, time, hasThreads: false))
            {
                await FindsAsync(next, sent, $"write {last}");
                sent.AddRange(Append(next, time, 3 * Keys, Keys));
                await FindsAsync(next, sent, $"write {last}, with more");
            }

            findings.Clear();
            new StoreVerifier(left.AfterKill(), "/store", options.IndexSlots, findings.Add).Run(CancellationToken.None);
            findings.Should().BeEmpty($"write {last}");
            last.Should().BeLessThan(1000);
        }
    }

    /// <summary>
    /// The newest file is full when the kill comes, before the checkpoint says so: the start reads its last message again, and cannot tell
    /// whether further keys of it were on the way.
    /// </summary>
    [Fact]
    public async Task QueryIndex_AfterAKillBehindAFullFile_FindsItsLastMessageOnce()
    {
        MemoryFileSystem files = new();
        FakeTimeProvider time = new();
        StoreOptions options = SmallStore.Options("/store", indexEntries: Keys + 1);
        MessageStore store = await SmallStore.StartAsync(options, files, time, hasThreads: false);
        List<PhysicalOffset> sent = Append(store, time, 0, Keys);
        files.Fault = static (operation, path) =>
            operation == "write" && path.EndsWith("checkpoint", StringComparison.Ordinal)
                ? throw new InvalidOperationException("the kill")
                : null;
        FluentActions.Invoking(store.Maintenance.Pass).Should().Throw<InvalidOperationException>();
        files.Fault = null;
        files.List("/store/index").Should().ContainSingle("its only file is full");

        await using MessageStore next = await SmallStore.StartAsync(options, files.AfterKill(), time, hasThreads: false);

        await FindsAsync(next, sent, "after the kill");
        sent.AddRange(Append(next, time, Keys, Keys));
        await FindsAsync(next, sent, "with more");
    }

    [Fact]
    public async Task Verify_WhileKeysAreInNoChain_SaysThatTheyWillBe()
    {
        MemoryFileSystem files = new();
        FakeTimeProvider time = new();
        StoreOptions options = SmallStore.Options("/store", indexEntries: 10_000);
        await using MessageStore store = await SmallStore.StartAsync(options, files, time, hasThreads: false);
        Append(store, time, 0, Keys);
        store.Maintenance.MakeDurable();
        Append(store, time, Keys, Keys);
        store.Maintenance.Pass();
        List<StoreFinding> findings = [];

        VerifyResult result = new StoreVerifier(files.AfterKill(), "/store", options.IndexSlots, findings.Add).Run(CancellationToken.None);

        result.IndexEntries.Should().Be(2 * Keys);
        findings.Where(static finding => finding.Where.StartsWith("index", StringComparison.Ordinal)).Should().NotBeEmpty().And.OnlyContain(static finding => finding.Kind == StoreFindingKind.Repairable);
    }

    private static List<PhysicalOffset> Append(MessageStore store, FakeTimeProvider time, int from, int count)
    {
        List<PhysicalOffset> offsets = [];
        for (int i = from; i < from + count; i++)
        {
            offsets.Add(store.Append("T", 0, $"m{i}", $"KEYS\u0001k{i % Keys}\u0002").Offset);
            time.Advance(TimeSpan.FromMilliseconds(10));
        }

        store.Writer.WritePending();
        return offsets;
    }

    private static async Task FindsAsync(MessageStore store, List<PhysicalOffset> sent, string where)
    {
        StoreTopic topic = store.FindTopic("T"u8)!;
        for (int key = 0; key < Keys; key++)
        {
            IndexQueryResult found = await store.Reader.QueryIndexAsync(topic, $"k{key}", 100, 0, long.MaxValue, CancellationToken.None);
            found.Offsets.Should().Equal(sent.Where((_, i) => i % Keys == key).Reverse(), $"{where}, key {key}");
        }
    }
}
