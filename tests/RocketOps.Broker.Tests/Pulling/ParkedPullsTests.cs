using System.Collections.Concurrent;
using RocketOps.Broker.Pulling;
using RocketOps.Broker.Tests.Support;
using RocketOps.Broker.Topics;
using RocketOps.Remoting.Connections;
using RocketOps.Store;
using RocketOps.Store.Contracts;
using RocketOps.Store.Reading;
using RocketOps.Testing;
using RocketOps.Testing.Time;

namespace RocketOps.Broker.Tests.Pulling;

/// <summary>Parked pulls against a real store and a clock of the test's, answered into a list.</summary>
public sealed class ParkedPullsTests : IAsyncLifetime
{
    private readonly FakeTimeProvider _time = new();
    private readonly RecordingSink _sink = new();
    private TestBroker _broker = null!;

    private ParkedPulls Parked => _broker.Host.Modules.Pulls.Parked;

    public async Task InitializeAsync() => _broker = await TestBroker.StartAsync(time: _time);

    public async Task DisposeAsync() => await _broker.DisposeAsync();

    /// <summary>There are clients that let a pull run out its time, half a minute, when its connection ends.</summary>
    [Fact]
    public async Task OnConnectionsLeaving_PullsOfTheirConsumersAreRefused_OthersWaitOn()
    {
        await _broker.CreateTopicAsync("Leaving", queues: 2);
        Park(0, "stays", 1);
        Park(0, "leaves", 2);
        Park(1, "leaves", 3);

        _sink.Leaving["leaves"] = true;
        Parked.OnConnectionsLeaving();

        await Eventually.TrueAsync(() => _sink.Failed.Count == 2, "who leaves does not wait here");
        _sink.Failed.Should().BeEquivalentTo([2L, 3L]);
        Parked.Count.Should().Be(1);
        Park(1, "leaves", 4);
        await Eventually.TrueAsync(() => _sink.Failed.Contains(4), "nor does it begin to");
        _sink.Answered.Should().BeEmpty();

        void Park(int queueId, string consumer, long tag) => Parked.TryPark(Pull(Topic("Leaving"), queueId, 0, _sink, tag: tag, consumer: consumer)).Should().BeTrue();
    }

    [Fact]
    public async Task Sweep_QueuesNobodyWaitsForAnyMore_AreLetGoAndTheTimerRests()
    {
        await _broker.CreateTopicAsync("Many", queues: 100);
        for (int queueId = 0; queueId < 100; queueId++)
        {
            Parked.TryPark(Pull("Many", queueId, 0, holdMs: 1_000)).Should().BeTrue();
        }

        Parked.QueueCount.Should().Be(100);
        _time.Advance(TimeSpan.FromSeconds(2));
        await Eventually.TrueAsync(() => _sink.Answered.Count == 100, "all waits have ended");
        _time.Advance(TimeSpan.FromMinutes(3));

        Parked.QueueCount.Should().Be(0);
        Parked.Count.Should().Be(0);
    }

    [Fact]
    public async Task Sweep_PullsThatWaitLong_AreNotLookedAtEveryMoment()
    {
        await _broker.CreateTopicAsync("Long", queues: 2);
        Parked.TryPark(Pull("Long", 0, 0, holdMs: 20_000, tag: 20));

        _time.UntilNextTimer.Should().BeGreaterThan(TimeSpan.FromSeconds(2), "the next look is when something may be due");

        Parked.TryPark(Pull("Long", 1, 0, holdMs: 1_000, tag: 1));
        _time.Advance(TimeSpan.FromSeconds(2));
        await Eventually.TrueAsync(() => _sink.Answered.Contains(1), "the shorter wait ends first");
        _sink.Answered.Should().Equal(1L);
        _time.Advance(TimeSpan.FromSeconds(19));
        await Eventually.TrueAsync(() => _sink.Answered.Contains(20), "the longer one ends as well");
    }

    [Fact]
    public async Task Sweep_MoreAreDueThanOneVisitLooksAt_AllEndWithIt()
    {
        const int Pulls = (2 * ParkedQueue.MaxLooks) + 1;
        await _broker.CreateTopicAsync("Many");
        for (int tag = 0; tag < Pulls; tag++)
        {
            Parked.TryPark(Pull("Many", 0, 0, holdMs: 1_000, tag: tag)).Should().BeTrue();
        }

        // Another sweep would be half a second later.
        _time.Advance(TimeSpan.FromSeconds(1.4));

        await Eventually.TrueAsync(() => _sink.Answered.Count == Pulls, "all waits have ended");
        _sink.Answered.Should().OnlyHaveUniqueItems();
    }

    [Fact]
    public async Task Forget_PullsOfTheTopic_AreAnsweredAndTheNextOnesWaitAnew()
    {
        await _broker.CreateTopicAsync("Gone");
        await _broker.CreateTopicAsync("Stays");
        Parked.TryPark(Pull("Gone", 0, 0));
        Parked.TryPark(Pull("Stays", 0, 0));

        Parked.Forget(Topic("Gone").StoreTopic);

        await Eventually.TrueAsync(() => _sink.Answered.Count == 1, "the pull of the forgotten topic is answered");
        Parked.TryPark(Pull("Gone", 0, 0)).Should().BeTrue();
        Parked.Count.Should().Be(2);
        await _broker.SendAsync("Gone", "there again");
        await Eventually.TrueAsync(() => _sink.Answered.Count == 2, "the new one is woken");
    }

    [Fact]
    public async Task Arrival_WakesManyWhoseAnswersTakeLong_KeepsItsThreadForAFewOfThem()
    {
        const int Pulls = 50;
        await _broker.CreateTopicAsync("T");
        int piece = 0;
        int longest = 0;
        TimeSpan taken = WokenPulls.LongestPiece / 4;
        _sink.Answering = () =>
        {
            _time.Advance(taken);
            piece = DriverThread.MustNotBlock ? piece + 1 : 0;
            longest = Math.Max(longest, piece);
        };

        // Mostly the loop that stores a message dispatches it. A thread of the pool, which does it now and then, may answer as many as it likes.
        int messages = 0;
        await Eventually.TrueAsync(
            async () =>
            {
                _sink.Answered.Clear();
                for (int tag = 0; tag < Pulls; tag++)
                {
                    Parked.TryPark(Pull("T", 0, messages, tag: tag)).Should().BeTrue();
                }

                await _broker.SendAsync("T", "for all of them");
                messages++;

                await Eventually.TrueAsync(() => _sink.Answered.Count == Pulls, "each is answered");
                _sink.Answered.Should().BeEquivalentTo(Enumerable.Range(0, Pulls).Select(static tag => (long)tag));
                return longest > 0;
            },
            "the loop that stored the message answers some");
        longest.Should().BeInRange(1, 4, "it has others to serve");
    }

    [Fact]
    public async Task Visit_GivenUpQueue_TakesNoPull()
    {
        await _broker.CreateTopicAsync("T");
        List<ParkedPull> due = [];
        ParkedQueue queue = new(recheckAfter: 5);
        queue.Visit(now: 100, end: 0, keepEmpty: 10, due).Should().BeTrue();
        queue.Visit(now: 109, end: 0, keepEmpty: 10, due).Should().BeTrue();
        queue.Visit(now: 110, end: 0, keepEmpty: 10, due).Should().BeFalse();

        queue.TryAdd(new ParkedPull(), most: 10).Should().Be(ParkResult.GivenUp);
    }

    [Fact]
    public async Task Visit_NothingDue_IsNotBeforeTheNextOneIs()
    {
        await _broker.CreateTopicAsync("T");
        List<ParkedPull> due = [];
        ParkedQueue queue = new(recheckAfter: 500);
        ParkedPull parked = new() { Since = 100, Deadline = 10_000 };
        parked.Pull = Pull("T", 0, 0);
        queue.TryAdd(parked, most: 10);

        queue.Visit(now: 100, end: 0, keepEmpty: 10, due);

        due.Should().BeEmpty();
        queue.NextVisit.Should().Be(600);
        ParkedPull shorter = new() { Since = 110, Deadline = 200 };
        shorter.Pull = Pull("T", 0, 0);
        queue.TryAdd(shorter, most: 10);
        queue.NextVisit.Should().Be(200);
        queue.Visit(now: 200, end: 0, keepEmpty: 10, due);
        due.Should().Equal(shorter);
    }

    [Fact]
    public async Task Visit_ArrivalNobodyTold_IsNoticedAtTheNextLook()
    {
        await _broker.CreateTopicAsync("T");
        List<ParkedPull> due = [];
        ParkedQueue queue = new(recheckAfter: 500);
        ParkedPull parked = new() { Since = 100, Deadline = 10_000 };
        parked.Pull = Pull("T", 0, 3);
        queue.TryAdd(parked, most: 10);

        queue.Visit(now: 100, end: 3, keepEmpty: 10, due);
        queue.Visit(now: 600, end: 3, keepEmpty: 10, due);
        due.Should().BeEmpty();
        queue.Visit(now: 1_100, end: 4, keepEmpty: 10, due);
        due.Should().Equal(parked);
    }

    [Fact]
    public async Task Answer_SinkFails_OthersAreAnsweredAndTheFailedOneIsTold()
    {
        await _broker.CreateTopicAsync("Fails");
        _sink.FailOn = 1;
        for (int tag = 0; tag < 3; tag++)
        {
            Parked.TryPark(Pull("Fails", 0, 0, tag: tag));
        }

        await _broker.SendAsync("Fails", "x");

        await Eventually.TrueAsync(() => _sink.Answered.Count + _sink.Failed.Count == 3, "every pull is answered");
        _sink.Failed.Should().Equal(1L);
        _sink.Answered.Should().BeEquivalentTo([0L, 2L]);
        Parked.Count.Should().Be(0);
    }

    [Fact]
    public async Task Arrival_FilterThatWantsProperties_WakesOnlyItsPulls()
    {
        await _broker.CreateTopicAsync("Colours");
        Parked.TryPark(Pull("Colours", 0, 0, tag: 1, filter: new PropertyFilter("colour\u0001red")));
        Parked.TryPark(Pull("Colours", 0, 0, tag: 2, filter: new PropertyFilter("colour\u0001blue")));

        await _broker.SendAsync("Colours", "x", properties: Requests.Properties(("colour", "blue")));

        await Eventually.TrueAsync(() => !_sink.Answered.IsEmpty, "the pull is woken");
        _sink.Answered.Should().Equal(2L);
        Parked.Count.Should().Be(1);
    }

    [Fact]
    public async Task Park_MoreThanOneConnectionMay_TheNextIsNotHeldAndOthersAre()
    {
        await using TestBroker broker = await TestBroker.StartAsync(new(StringComparer.Ordinal) { ["maxParkedPullsPerConnection"] = "3" }, time: _time);
        await broker.CreateTopicAsync("T", queues: 2);
        ParkedPulls parked = broker.Host.Modules.Pulls.Parked;
        TopicState topic = broker.Host.Modules.Topics.Topics.GetOrThrow("T");

        // With 64 bytes of a subscription of its own a pull counts for three.
        parked.TryPark(Pull(topic, 0, 0, _sink) with { SubscriptionBytes = 64 }).Should().BeTrue();
        parked.TryPark(Pull(topic, 1, 0, _sink)).Should().BeFalse();
        parked.TryPark(Pull(topic, 1, 0, _sink, consumer: "another")).Should().BeTrue();
        parked.Count.Should().Be(2);

        await broker.SendAsync("T", "x");
        await Eventually.TrueAsync(() => _sink.Answered.Count == 1, "the first is woken");
        for (int i = 0; i < 3; i++)
        {
            parked.TryPark(Pull(topic, 1, 0, _sink)).Should().BeTrue("what it had taken is given back");
        }

        parked.TryPark(Pull(topic, 1, 0, _sink)).Should().BeFalse();
    }

    [Fact]
    public async Task Park_MoreThanMayWaitForOneQueue_TheNextIsNotHeld()
    {
        await using TestBroker broker = await TestBroker.StartAsync(new(StringComparer.Ordinal) { ["maxParkedPullsPerQueue"] = "2" }, time: _time);
        await broker.CreateTopicAsync("T", queues: 2);
        ParkedPulls parked = broker.Host.Modules.Pulls.Parked;
        TopicState topic = broker.Host.Modules.Topics.Topics.GetOrThrow("T");

        bool[] held = [.. Enumerable.Range(0, 3).Select(_ => parked.TryPark(Pull(topic, 0, 0, _sink)))];

        held.Should().Equal(true, true, false);
        parked.TryPark(Pull(topic, 1, 0, _sink)).Should().BeTrue();
        parked.Count.Should().Be(3);
    }

    [Fact]
    public async Task Round_WakesMoreThanOneItemTakes_AllAreAnsweredOnce()
    {
        await _broker.CreateTopicAsync("Crowd");
        for (int tag = 0; tag < 1_000; tag++)
        {
            Parked.TryPark(Pull("Crowd", 0, 0, tag: tag));
        }

        await _broker.SendAsync("Crowd", "x");

        await Eventually.TrueAsync(() => _sink.Answered.Count == 1_000, "all are woken");
        _sink.Answered.Should().OnlyHaveUniqueItems();
    }

    [Fact]
    public async Task Park_Pulls_AreCountedForWhoeverPullsAsLongAsTheyWait()
    {
        await _broker.CreateTopicAsync("Counted");
        Parked.TryPark(Pull("Counted", 0, 0, tag: 1));
        long one = _sink.Held;
        Parked.TryPark(Pull("Counted", 0, 0, tag: 2));

        one.Should().BePositive();
        _sink.Held.Should().Be(2 * one);
        await _broker.SendAsync("Counted", "x");
        await Eventually.TrueAsync(() => _sink.Answered.Count == 2, "both are woken");
        _sink.Held.Should().Be(0);
    }

    /// <summary>Parking, dispatch, Forget, the end of waits and the limit at the same time: every pull that was taken is answered, exactly once.</summary>
    [Fact]
    public async Task Park_RacingDispatchForgetAndTheLimit_EveryPullIsAnsweredExactlyOnce()
    {
        const int Pulls = 30_000;
        const int Queues = 4;
        await using TestBroker broker = await TestBroker.StartAsync(new(StringComparer.Ordinal) { ["maxParkedPulls"] = "50" }, time: _time);
        await broker.CreateTopicAsync("Race", queues: Queues);
        TopicState topic = broker.Host.Modules.Topics.Topics.GetOrThrow("Race");
        ParkedPulls parked = broker.Host.Modules.Pulls.Parked;
        RecordingSink sink = new();
        using CancellationTokenSource parking = new();
        ConcurrentBag<long> taken = [];
        int next = 0;

        Task[] parkers = [.. Enumerable.Range(0, 2).Select(_ => Task.Run(() =>
        {
            for (int tag = Interlocked.Increment(ref next); tag <= Pulls; tag = Interlocked.Increment(ref next))
            {
                int queueId = tag % Queues;
                broker.Host.Modules.Host.Store.Reader.TryGetOffsets(topic.StoreTopic, queueId, out QueueOffsets offsets);
                PullArguments pull = Pull(topic, queueId, offsets.Max, sink, tag: tag);
                if (parked.TryPark(pull))
                {
                    taken.Add(tag);
                }
            }
        }))];
        Task sender = Task.Run(async () =>
        {
            for (int i = 0; !parking.IsCancellationRequested; i++)
            {
                await broker.SendAsync("Race", "x", queueId: i % Queues);
            }
        });
        Task forgetter = Task.Run(() =>
        {
            while (!parking.IsCancellationRequested)
            {
                parked.Forget(topic.StoreTopic);
                _time.Advance(TimeSpan.FromMilliseconds(500));
            }
        });
        await Task.WhenAll(parkers);
        await parking.CancelAsync();
        await Task.WhenAll(sender, forgetter);

        taken.Should().NotBeEmpty();
        await Eventually.TrueAsync(
            () =>
            {
                _time.Advance(TimeSpan.FromMilliseconds(ParkedPulls.MaxHoldMs));
                return parked.Count == 0 && sink.Answered.Count >= taken.Count;
            },
            "every pull that was taken is answered");
        sink.Answered.Should().BeEquivalentTo(taken).And.OnlyHaveUniqueItems();
        sink.Held.Should().Be(0);
    }

    private PullArguments Pull(string topic, int queueId, long offset, long holdMs = ParkedPulls.MaxHoldMs, long tag = 0, IMessageFilter? filter = null) =>
        Pull(Topic(topic), queueId, offset, _sink, holdMs, tag, filter);

    private static PullArguments Pull(
        TopicState topic, int queueId, long offset, RecordingSink sink, long holdMs = ParkedPulls.MaxHoldMs, long tag = 0, IMessageFilter? filter = null, string consumer = "a consumer") => new()
        {
            Ticket = new PullTicket(sink, consumer, tag),
            Topic = topic,
            QueueId = queueId,
            Offset = offset,
            MaxMessages = 32,
            Filter = filter,
            HoldMs = holdMs,
        };

    private TopicState Topic(string name) => _broker.Host.Modules.Topics.Topics.GetOrThrow(name);

    private sealed class RecordingSink : IPullReplySink
    {
        private long _held;

        public ConcurrentQueue<long> Answered { get; } = [];

        public ConcurrentQueue<long> Failed { get; } = [];

        public long FailOn { get; set; } = -1;

        /// <summary>Consumers whose connections are about to end.</summary>
        public ConcurrentDictionary<object, bool> Leaving { get; } = [];

        /// <summary>What happens before an answer is noted.</summary>
        public Action Answering { get; set; } = static () => { };

        /// <summary>Bytes held for whoever pulls.</summary>
        public long Held => Interlocked.Read(ref _held);

        public void Hold(in PullTicket ticket, long bytes) => Interlocked.Add(ref _held, bytes);

        public CancellationToken GoneToken(in PullTicket ticket) => CancellationToken.None;

        public object ConsumerOf(in PullTicket ticket) => ticket.Peer;

        public bool IsLeaving(in PullTicket ticket) => Leaving.ContainsKey(ticket.Peer);

        public bool TryAnswer(in PullTicket ticket, in PullAnswer answer, GetResult result, QueueReader reader, bool flush)
        {
            Answer(ticket, answer, default, flush);
            return true;
        }

        public void Answer(in PullTicket ticket, in PullAnswer answer, ReadOnlySpan<byte> messages, bool flush)
        {
            if (ticket.Tag == FailOn)
            {
                throw new IOException("no way to the consumer");
            }

            Answering();
            Answered.Enqueue(ticket.Tag);
        }

        public void Fail(in PullTicket ticket, PullFailure failure, string? detail = null) => Failed.Enqueue(ticket.Tag);
    }

    private sealed class PropertyFilter(string wanted) : IMessageFilter
    {
        public bool NeedsRecord => true;

        public bool MatchesTagsCode(long tagsCode) => true;

        public bool MatchesProperties(ReadOnlySpan<byte> properties) => properties.IndexOf(System.Text.Encoding.UTF8.GetBytes(wanted)) >= 0;

        public bool MatchesRecord(ReadOnlySpan<byte> record) => MatchesProperties(record);
    }
}
