using System.Globalization;
using RocketOps.Broker.Filtering;
using RocketOps.Broker.Pulling;
using RocketOps.Broker.Tests.Support;
using RocketOps.Store;
using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Dispatching;
using RocketOps.Store.Reading;

namespace RocketOps.Broker.Tests.Pulling;

/// <summary>What a message costs of the pulls that wait for its queue: those it wakes, and a limited number of filters. What a sweep costs: those whose turn it is, a piece at a time.</summary>
public sealed class ParkedQueueTests : IAsyncLifetime
{
    private const int Most = 100_000;
    private const long Recheck = 500;

    // Waits end in steps of a tenth of it.
    private readonly ParkedQueue _queue = new(Recheck);
    private readonly List<ParkedPull> _woken = [];
    private TestBroker _broker = null!;
    private StoreTopic _topic = null!;

    public async Task InitializeAsync()
    {
        _broker = await TestBroker.StartAsync();
        await _broker.CreateTopicAsync("T");
        _topic = _broker.Host.Modules.Topics.Topics.GetOrThrow("T").StoreTopic;
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
        LooksOf("t18", 1).Should().BeLessThanOrEqualTo(3, "the others want other tags");
        _woken.Should().Equal(each[18]);
    }

    [Theory]
    [InlineData("woken")]
    [InlineData("ended")]
    [InlineData("removed")]
    public void TakeMatching_FiltersNobodyWaitsWithAnyMore_AreNotLookedAtNorKept(string how)
    {
        ParkedPull waits = Park(TagFilter.For("B"));
        ParkedPull[] gone = [.. Enumerable.Range(0, 10_000).Select(i => Park(TagFilter.For($"A||{Tag(i)}"), deadline: 100))];

        switch (how)
        {
            case "woken":
                Arrive("A", 0);
                break;
            case "ended":
                VisitAll(100);
                break;
            default:
                _woken.AddRange(gone.Where(_queue.Remove));
                break;
        }

        ShouldBeWoken([.. gone]);
        _woken.Clear();
        LooksOf("A", 1).Should().Be(0, "nobody waits for it");
        _queue.Filters.Count.Should().BeLessThan(20);
        LooksOf("B", 2).Should().Be(2, "one filter, one pull");
        _woken.Should().Equal(waits);
    }

    [Fact]
    public void TakeMatching_ExpressionNobodyWaitsWithAnyMore_IsNotKept()
    {
        CountingFilter filter = new() { Wants = true };
        Park(filter);
        Arrive("x", 0);
        _woken.Should().HaveCount(1);

        LooksOf("x", 1).Should().Be(0);
        (filter.Asked, _queue.Filters.Count).Should().Be((1, 0));
    }

    /// <summary>Filters by one tag, many tags, too many to be found by, and none, that are kept, let go and made again in any order.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void TakeMatching_WhateverComesAndGoes_WakesThoseThatWantTheMessage(int seed)
    {
        const int Tags = 40;
        Random random = new(seed);
        List<(ParkedPull Pull, string[] Tags)> waiting = [];
        for (int i = 0; i < 5_000; i++)
        {
            switch (random.Next(8))
            {
                case 0:
                    string tag = Tag(random.Next(Tags));
                    HashSet<ParkedPull> wanting = [.. waiting.Where(one => one.Tags.Length == 0 || one.Tags.Contains(tag)).Select(static one => one.Pull)];
                    _woken.Clear();
                    Arrive(tag, i);
                    ShouldBeWoken(wanting);
                    waiting.RemoveAll(one => wanting.Contains(one.Pull));
                    break;
                case 1 or 2 when waiting.Count > 0:
                    int at = random.Next(waiting.Count);
                    _queue.Remove(waiting[at].Pull).Should().BeTrue();
                    waiting.RemoveAt(at);
                    break;
                default:
                    string[] tags = [.. Enumerable.Range(0, random.Next(4) == 0 ? random.Next(25) : 1).Select(_ => Tag(random.Next(Tags)))];
                    waiting.Add((Park(TagFilter.For(string.Join("||", tags))), tags));
                    break;
            }
        }
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
    public void Visit_SomeWaitBelowTheEnd_AreTakenInTimeAfterTheyCame()
    {
        ParkedPull first = Park(TagFilter.For("A"), since: 100);
        ParkedPull second = Park(TagFilter.For("A"), since: 300);
        VisitAll(400);
        Arrive("B", 0);

        _queue.NextVisit.Should().Be(600, "its consumer's progress is to follow 500 after it came");
        VisitAll(600);
        _woken.Should().Equal(first);
        _queue.NextVisit.Should().Be(800);
        VisitAll(800);
        _woken.Should().Equal(first, second);
    }

    [Fact]
    public void Visit_MessageComesAfterTheLook_IsNoticedByTheNext()
    {
        ParkedPull parked = Park(TagFilter.For("A"));
        VisitAll(500);
        _queue.NextVisit.Should().Be(1_000);
        Arrive("B", 0);

        VisitAll(1_000);

        _woken.Should().Equal(parked);
    }

    [Fact]
    public void Visit_NobodysTurn_LooksAtNobody()
    {
        for (int i = 0; i < 5_000; i++)
        {
            Park(null, deadline: 501 + i);
        }

        for (long now = 0; now < Recheck; now += 50)
        {
            VisitAll(now);
        }

        _queue.LookedAt.Should().Be(0);
        VisitAll(Recheck);
        (_queue.LookedAt, _woken.Count).Should().Be((5_000L, 0), "their consumers may be gone");
    }

    [Fact]
    public void Visit_WaitsEndOneAfterTheOther_LooksAtEachOnce()
    {
        for (int i = 0; i < 5_000; i++)
        {
            Park(null, deadline: 1 + (i / 10));
        }

        for (long now = 0; now <= Recheck; now += 50)
        {
            VisitAll(now);
            _woken.Should().HaveCount((int)now * 10);
        }

        _queue.LookedAt.Should().Be(5_000);
        _woken.Should().OnlyHaveUniqueItems();
    }

    [Fact]
    public void Visit_ManyAreDueAtOnce_TakesSomeAndSaysThatThereAreMore()
    {
        int pulls = (2 * ParkedQueue.MaxLooks) + 1;
        for (int i = 0; i < pulls; i++)
        {
            Park(null, deadline: 100);
        }

        Visit(100);

        _woken.Should().HaveCount(ParkedQueue.MaxLooks);
        _queue.NextVisit.Should().BeLessThanOrEqualTo(100);
        VisitAll(100);
        _woken.Should().HaveCount(pulls).And.OnlyHaveUniqueItems();
        _queue.NextVisit.Should().BeGreaterThan(100);
    }

    [Fact]
    public void Visit_LongAfterItsTime_LooksAtAllThatWait()
    {
        ParkedPull ends = Park(null, deadline: 3_000);
        ParkedPull stays = Park(null, since: 100, deadline: 9_000);
        ParkedPull another = Park(null, since: 200, deadline: 9_000);

        VisitAll(5_000);

        _woken.Should().Equal(ends);
        _queue.NextVisit.Should().BeInRange(5_001, 5_500);
        ParkedPull late = Park(null, since: 5_010, deadline: 5_020);
        _queue.NextVisit.Should().Be(5_050);
        VisitAll(5_050);
        _woken.Should().Equal(ends, late);
        VisitAll(9_000);
        ShouldBeWoken([ends, late, stays, another]);
    }

    [Fact]
    public void Cut_PullsBehindTheEnd_AreTakenAndTheOthersWaitOn()
    {
        ParkedPull stays = Park(TagFilter.For("A"), offset: 3);
        ParkedPull taken = Park(TagFilter.For("A"), offset: 7);

        _queue.Cut(3, _woken);

        _woken.Should().Equal(taken);
        Arrive("A", 3);
        _woken.Should().Equal(taken, stays);
    }

    [Fact]
    public void GiveUp_ManyWait_TakesThemAllFromWhereverTheyAre()
    {
        HashSet<ParkedPull> pulls = [.. Enumerable.Range(0, 1_000).Select(i => Park(i % 2 == 0 ? null : TagFilter.For(Tag(i)), deadline: 1 + i))];

        _queue.GiveUp(_woken);

        ShouldBeWoken(pulls);
        TryPark(null).Should().Be(ParkResult.GivenUp);
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
            filters.Remove(parked);
        }

        filters.Count.Should().BeLessThan(20);
    }

    [Fact]
    public void Remove_OneOfManyFilters_LetsGoOfTwoAtMost()
    {
        ParkedFilters filters = new();
        ParkedPull[] pulls = [.. Enumerable.Range(0, 10_000).Select(static i => NewPull(TagFilter.For(Tag(i))))];
        foreach (ParkedPull parked in pulls)
        {
            filters.TryAdd(parked).Should().BeTrue();
        }

        int most = 0;
        foreach (ParkedPull parked in pulls)
        {
            int before = filters.Count;
            filters.Remove(parked);
            most = Math.Max(most, before - filters.Count);
        }

        most.Should().BeInRange(1, 2, "nobody pays for what many have left");
        filters.Count.Should().BeLessThan(20);
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
        ParkedQueue elsewhere = new(Recheck);

        elsewhere.Remove(parked).Should().BeFalse();
        _queue.Remove(parked).Should().BeTrue();
        _queue.Remove(parked).Should().BeFalse();
        elsewhere.TryAdd(parked, Most);
        _queue.Remove(parked).Should().BeFalse();
    }

    private static string Tag(int number) => string.Create(CultureInfo.InvariantCulture, $"t{number}");

    private static ParkedPull NewPull(IMessageFilter? filter, long offset = 0, long since = 0, long deadline = long.MaxValue)
    {
        ParkedPull parked = new() { Since = since, Deadline = deadline };
        parked.Pull.Ticket = new PullTicket(new SilentSink(), "a consumer", 0);
        parked.Pull.Offset = offset;
        parked.Pull.Filter = filter;
        return parked;
    }

    private ParkedPull Park(IMessageFilter? filter, long offset = 0, long since = 0, long deadline = long.MaxValue)
    {
        ParkedPull parked = NewPull(filter, offset, since, deadline);
        _queue.TryAdd(parked, Most).Should().Be(ParkResult.Parked);
        return parked;
    }

    private ParkResult TryPark(IMessageFilter? filter) => _queue.TryAdd(NewPull(filter), Most);

    private void Visit(long now) => _queue.Visit(now, end: 0, keepEmpty: 1_000_000, _woken);

    /// <summary>As a sweep does.</summary>
    private void VisitAll(long now)
    {
        do
        {
            Visit(now);
        }
        while (_queue.NextVisit <= now);
    }

    private void Arrive(string tag, long queueOffset) => _queue.TakeMatching(
        new MessageArrival { Topic = _topic, QueueId = 0, QueueOffset = queueOffset, TagsCode = JavaHash.Compute(tag), Offset = default, Size = 0, StoreTimestamp = 0 }, _woken);

    /// <summary>These, each once, in any order.</summary>
    private void ShouldBeWoken(HashSet<ParkedPull> pulls)
    {
        _woken.Should().HaveCount(pulls.Count);
        pulls.SetEquals(_woken).Should().BeTrue("these are woken and no others");
    }

    /// <summary>How many filters and pulls a message looks at.</summary>
    private long LooksOf(string tag, long queueOffset)
    {
        long before = _queue.Filters.LookedAt;
        Arrive(tag, queueOffset);
        return _queue.Filters.LookedAt - before;
    }

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

        public bool IsLeaving(in PullTicket ticket) => false;

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
