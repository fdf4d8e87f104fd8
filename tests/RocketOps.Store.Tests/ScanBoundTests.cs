using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Contracts;
using RocketOps.Store.Reading;
using RocketOps.Store.Tests.Support;

namespace RocketOps.Store.Tests;

/// <summary>How much of a queue one read looks at, whatever a client asks for: on a loop others wait meanwhile.</summary>
public sealed class ScanBoundTests : IAsyncLifetime
{
    private const int Many = 1_000_000;
    private const int Scanned = 800;
    private const int FilteredOnALoop = 128;

    private readonly GetResult _result = new();
    private MessageStore _store = null!;

    public async Task InitializeAsync() => _store = await SmallStore.StartAsync(
        new StoreOptions
        {
            RootDirectory = "/store",
            CommitLogFileBytes = 4 * 1024 * 1024,
            ConsumeQueueFileBytes = 20 * 10_000,
            IndexSlots = 50,
            IndexEntries = 100,
            MaxMessageBytes = 16 * 1024,
            TailBytes = 2 * 1024 * 1024,
            Tuning = StoreTunings.Patient with { DiskWarningRatio = 100, DiskMaxUsedRatio = 100, DiskCleanForciblyRatio = 100, DeleteHours = [] },
        },
        new MemoryFileSystem());

    public async Task DisposeAsync() => await _store.DisposeAsync();

    [Fact]
    public void GetMessages_AMillionAskedForNoneWanted_LooksAtAsManyUnitsAsForThirtyTwo()
    {
        StoreTopic topic = Fill(2_000, bodyBytes: 1);
        CountingFilter filter = new(wantsEach: null);

        GetStatus status = _store.Reader.GetMessages(topic, 0, 0, new GetLimits(Many), filter, _result);

        (status, _result.NextBeginOffset, filter.Units).Should().Be((GetStatus.NoMatchedMessage, (long)Scanned, Scanned));
    }

    [Fact]
    public async Task GetMessages_FilterThatReadsRecords_LeavesTheRestToThreadsThatHaveTheTime()
    {
        StoreTopic topic = Fill(2_000, bodyBytes: 1);
        CountingFilter filter = new(wantsEach: 0);

        GetStatus status = _store.Reader.GetMessages(topic, 0, 0, new GetLimits(Many), filter, _result);

        (status, filter.Records).Should().Be((GetStatus.WouldBlock, FilteredOnALoop));
        GetStatus cold = await _store.Reader.GetMessagesAsync(topic, 0, 0, new GetLimits(Many), filter, _result, CancellationToken.None);
        (cold, _result.NextBeginOffset, filter.Records).Should().Be((GetStatus.NoMatchedMessage, (long)Scanned, FilteredOnALoop + Scanned));
    }

    [Fact]
    public void GetMessages_FilterThatReadsRecordsAndHasFoundSome_GivesThose()
    {
        StoreTopic topic = Fill(2_000, bodyBytes: 1);
        CountingFilter filter = new(wantsEach: 50);

        GetStatus status = _store.Reader.GetMessages(topic, 0, 0, new GetLimits(32), filter, _result);

        (status, _result.Count, _result.NextBeginOffset).Should().Be((GetStatus.Found, 2, (long)FilteredOnALoop));
    }

    [Fact]
    public void GetMessages_FilterThatReadsLargeRecords_CountsTheirBytes()
    {
        StoreTopic topic = Fill(40, bodyBytes: 16_000);
        CountingFilter filter = new(wantsEach: 0);

        GetStatus status = _store.Reader.GetMessages(topic, 0, 0, new GetLimits(32), filter, _result);

        (status, filter.Records).Should().Be((GetStatus.WouldBlock, 17), "of 16 092 bytes each, so many are the first to reach 256 KiB");
    }

    private StoreTopic Fill(int messages, int bodyBytes)
    {
        string body = new('x', bodyBytes);
        for (int i = 0; i < messages; i++)
        {
            _store.Append("T", 0, body);
        }

        _store.Writer.WritePending();
        return _store.GetOrAddTopic("T"u8);
    }

    /// <summary>Counts what it is asked: null looks at units alone and wants none, 0 looks at records and wants none, any other number wants each record of that number.</summary>
    private sealed class CountingFilter(int? wantsEach) : IMessageFilter
    {
        public int Units { get; private set; }

        public int Records { get; private set; }

        public bool NeedsRecord => wantsEach is not null;

        public bool MatchesTagsCode(long tagsCode)
        {
            Units++;
            return NeedsRecord;
        }

        public bool MatchesRecord(ReadOnlySpan<byte> record)
        {
            Records++;
            return wantsEach is { } each && each > 0 && Records % each == 0;
        }
    }
}
