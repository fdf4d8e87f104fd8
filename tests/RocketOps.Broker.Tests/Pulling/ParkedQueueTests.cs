using System.Globalization;
using RocketOps.Broker.Filtering;
using RocketOps.Broker.Pulling;
using RocketOps.Broker.Tests.Support;
using RocketOps.Store;

namespace RocketOps.Broker.Tests.Pulling;

/// <summary>What a message costs of the pulls that wait for its queue: those it wakes, and a limited number of filters.</summary>
public sealed class ParkedQueueTests : IAsyncLifetime
{
    private const int Most = 100_000;

    private readonly ParkedQueue _queue = new();
    private readonly List<ParkedPull> _woken = [];
    private TestBroker _broker = null!;
    private StoreTopic _topic = null!;

    public async Task InitializeAsync()
    {
        _broker = await TestBroker.StartAsync();
        await _broker.CreateTopicAsync("T");
        _topic = _broker.Host.Parts.Topics.GetOrThrow("T").StoreTopic;
    }

    public async Task DisposeAsync() => await _broker.DisposeAsync();

    [Fact]
    public void TakeMatching_ManyTags_WakesThoseThatWantTheMessages()
    {
        ParkedPull everything = Park(null);
        ParkedPull both = Park(TagFilter.For("t17 || other"));
        ParkedPull many = Park(TagFilter.For(string.Join("||", Enumerable.Range(10, 30).Select(Tag))));
        ParkedPull[] each = [.. Enumerable.Range(0, 5_000).Select(i => Park(TagFilter.For(Tag(i))))];

        Arrive("t17", 0);

        _woken.Should().HaveCount(4).And.Contain([everything, both, many, each[17]]);
        _woken.Clear();
        Arrive("t18", 1);
        _woken.Should().Equal(each[18]);
    }

    [Fact]
    public void TakeMatching_PullsWithOneFilter_AskItOnce()
    {
        CountingFilter filter = new();
        for (int i = 0; i < 1_000; i++)
        {
            Park(filter);
        }

        Arrive("x", 0);
        (filter.Asked, _woken.Count).Should().Be((1, 0));

        filter.Wants = true;
        Arrive("x", 1);
        (filter.Asked, _woken.Count).Should().Be((2, 1_000));
    }

    [Fact]
    public void TakeMatching_MessageBeforeThePulls_LeavesThem()
    {
        ParkedPull later = Park(null, offset: 7);

        Arrive("x", 6);
        _woken.Should().BeEmpty();
        Arrive("x", 7);

        _woken.Should().Equal(later);
    }

    [Fact]
    public void TakeMatching_SomeAreLeft_TheOldestIsLookedAtAgainInTime()
    {
        Park(TagFilter.For("A"), since: 100);
        Park(TagFilter.For("A"), since: 300);
        _queue.Visit(now: 400, end: 0, recheckAfter: 500, keepEmpty: 10, _woken);
        _queue.NextVisit.Should().Be(900);

        Arrive("B", 0);

        _queue.NextVisit.Should().Be(600, "its consumer's progress is to follow 500 after it came");
    }

    [Fact]
    public void TryAdd_MoreExpressionsThanAreTried_IsFullForOthersUntilOneIsGone()
    {
        CountingFilter first = new();
        ParkedPull gone = Park(first);
        for (int i = 1; i < ParkedFilters.MaxTried; i++)
        {
            Park(new CountingFilter());
        }

        TryPark(new CountingFilter()).Should().Be(ParkResult.Full);
        TryPark(first).Should().Be(ParkResult.Parked, "it is tried anyway");
        TryPark(TagFilter.For("A")).Should().Be(ParkResult.Parked, "a tag is found and not tried");
        first.Wants = true;
        Arrive("x", 0);

        _woken.Should().HaveCount(2).And.Contain(gone);
        TryPark(new CountingFilter()).Should().Be(ParkResult.Parked);
    }

    [Fact]
    public void TryAdd_NewTagsWithoutEnd_AreNotKept()
    {
        ParkedFilters filters = new();
        for (int i = 0; i < 10_000; i++)
        {
            ParkedPull parked = NewPull(TagFilter.For(Tag(i)));
            filters.TryAdd(parked).Should().BeTrue();
            ParkedFilters.Remove(parked);
        }

        filters.Count.Should().BeLessThan(100);
    }

    [Fact]
    public void TryAdd_EqualFilters_AreKeptOnce()
    {
        ParkedPull one = Park(TagFilter.For("A || B"));
        ParkedPull other = Park(TagFilter.For("B||A||A"));

        other.Pull.Filter.Should().BeSameAs(one.Pull.Filter);
    }

    [Fact]
    public void Remove_PullThatIsGone_OrWaitsElsewhere_IsLeft()
    {
        ParkedPull parked = Park(null);
        ParkedQueue elsewhere = new();

        elsewhere.Remove(parked).Should().BeFalse();
        _queue.Remove(parked).Should().BeTrue();
        _queue.Remove(parked).Should().BeFalse();
        elsewhere.TryAdd(parked, 500, Most);
        _queue.Remove(parked).Should().BeFalse();
    }

    private static string Tag(int number) => string.Create(CultureInfo.InvariantCulture, $"t{number}");

    private static ParkedPull NewPull(IMessageFilter? filter, long offset = 0, long since = 0)
    {
        ParkedPull parked = new() { Since = since, Deadline = long.MaxValue };
        parked.Pull.Ticket = new PullTicket(new SilentSink(), "a consumer", 0);
        parked.Pull.Offset = offset;
        parked.Pull.Filter = filter;
        return parked;
    }

    private ParkedPull Park(IMessageFilter? filter, long offset = 0, long since = 0)
    {
        ParkedPull parked = NewPull(filter, offset, since);
        _queue.TryAdd(parked, 500, Most).Should().Be(ParkResult.Parked);
        return parked;
    }

    private ParkResult TryPark(IMessageFilter? filter) => _queue.TryAdd(NewPull(filter), 500, Most);

    private void Arrive(string tag, long queueOffset) => _queue.TakeMatching(
        new MessageArrival { Topic = _topic, QueueId = 0, QueueOffset = queueOffset, TagsCode = JavaHash.Compute(tag), Offset = default, Size = 0, StoreTimestamp = 0 }, 500, _woken);

    private sealed class CountingFilter : IMessageFilter
    {
        public int Asked { get; private set; }

        public bool Wants { get; set; }

        public bool NeedsRecord => false;

        public bool MatchesTagsCode(long tagsCode)
        {
            Asked++;
            return Wants;
        }

        public bool MatchesRecord(ReadOnlySpan<byte> record) => true;
    }

    /// <summary>For pulls that nobody answers.</summary>
    private sealed class SilentSink : IPullReplySink
    {
        public CancellationToken GoneToken(in PullTicket ticket) => CancellationToken.None;

        public object ConsumerOf(in PullTicket ticket) => ticket.Peer;

        public void Hold(in PullTicket ticket, long bytes)
        {
        }

        public bool TryAnswer(in PullTicket ticket, in PullAnswer answer, GetResult result, QueueReader reader, bool flush) => true;

        public void Answer(in PullTicket ticket, in PullAnswer answer, ReadOnlySpan<byte> messages, bool flush)
        {
        }

        public void Fail(in PullTicket ticket, PullFailure failure, string? detail = null)
        {
        }
    }
}
