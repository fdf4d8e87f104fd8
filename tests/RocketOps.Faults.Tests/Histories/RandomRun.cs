using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using RocketOps.Client;
using RocketOps.Testing;
using RocketOps.Testing.Remoting;
using RocketOps.Testing.Servers;

namespace RocketOps.Faults.Tests.Histories;

/// <summary>
/// One random history: producers of every kind and groups of every kind work while a seeded sequence of events ends and starts brokers and members. The seed decides what
/// happens, the machine when: the same seed is the same story, not the same interleaving.
/// </summary>
/// <param name="server">Running.</param>
/// <param name="seed">Of the story.</param>
/// <param name="events">How much of it happens. A broker that was not killed in it is killed in the end.</param>
public sealed class RandomRun(RocketOpsServer server, int seed, int events) : IAsyncDisposable
{
    public const string DelayLevels = "1s 2s 1s 1s 1s 1s 1s 1s 1s 1s 1s 1s 1s 1s 1s 1s 1s 1s";

    private const int MostMembers = 3;
    private const int MessagesPerEvent = 40;
    private const int Queues = 4;
    private const int MostQueues = 8;
    private const int UpdateConsumerOffset = 15;
    private const int QueryConsumerOffset = 14;
    private const int ResetOffset = 222;
    private const int LongestRewindMs = 5_000;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    // As long as the outer limit: a machine that is slow makes nobody send or ask again.
    internal static readonly TimeSpan AnswerPatience = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan ReconnectPause = TimeSpan.FromMilliseconds(50);

    private static readonly GroupOfHistory Pushed = new("pushed", "Plain");
    private static readonly GroupOfHistory Pulled = new("pulled", "Plain", IsAlone: true);
    private static readonly GroupOfHistory Ordered = new("ordered", "Ordered", IsOrderly: true);
    private static readonly GroupOfHistory Late = new("late", "Late");
    private static readonly GroupOfHistory Settled = new("settled", "Paid");
    private static readonly GroupOfHistory Timed = new("timed", "Timed");
    private static readonly GroupOfHistory Moved = new("moved", StaticTopic.Name, IsOrderly: true);
    private static readonly GroupOfHistory Mixed = new("mixed", "Plain");

    // Those of members of this library whose progress is asked for, beside what the puller notes itself.
    private static readonly GroupOfHistory[] Asked = [Pushed, Ordered];
    private static readonly GroupOfHistory[] Groups = [Pushed, Pulled, Ordered, Late, Settled, Timed, Moved, Mixed];
    private static readonly Generation[] Generations = [Generation.Old, Generation.Young, Generation.Young, Generation.Young];

    private readonly Random _events = new(seed);
    private readonly ConcurrentQueue<SentMessage> _sent = [];
    private readonly ConcurrentQueue<Receipt> _receipts = [];
    private readonly ConcurrentQueue<CommittedOffset> _offsets = [];
    private readonly List<Rewind> _rewinds = [];
    private readonly Dictionary<string, List<RocketMqPushConsumer>> _members = Groups.ToDictionary(static group => group.Name, static _ => new List<RocketMqPushConsumer>(), StringComparer.Ordinal);
    private readonly List<WireMember> _mixed = [];
    private readonly ConcurrentQueue<string> _refusals = [];
    private readonly List<string> _told = [];
    private readonly StaticTopic _static = new(server);
    private readonly CancellationTokenSource _stopPulling = new();
    private long _receiptNumber;
    private int _kills;
    private volatile bool _pullerDies;
    private int _readQueues = Queues;
    private int _membersByWire;

    /// <summary>What happened, for the message of a failure.</summary>
    public string Story => string.Join(", ", _told);

    /// <summary>Pulls of members by plain frames that were refused for their subscription, which the broker had taken. Members of one group do not disturb each other, whatever their release.</summary>
    public IReadOnlyCollection<string> Refusals => _refusals;

    /// <summary>Runs it to its end: all events, then until every group has all.</summary>
    public async Task<RandomHistory> RunAsync()
    {
        await using (RawConnection broker = await RawConnection.ConnectAsync(server.BrokerAddress))
        {
            foreach (string topic in Groups.Select(static group => group.Topic).Distinct(StringComparer.Ordinal).Where(static topic => topic != StaticTopic.Name))
            {
                (await RawBroker.CreateTopicAsync(broker, topic, Queues)).Code.Should().Be(RawBroker.Success);
            }
        }

        await _static.MakeAsync();

        Task pulling = PullAsync();
        foreach (GroupOfHistory group in Groups.Where(static group => group != Pulled && group != Mixed))
        {
            await JoinAsync(group);
        }

        _mixed.AddRange(Generations.Select(NewMember));

        await using RandomProducers producers = new(server, seed, _sent);
        producers.Start();
        try
        {
            await Eventually.TrueAsync(() => _mixed.All(static member => member.Count > 0), "members of both generations have messages", Patience);
            for (int i = 0; i < events; i++)
            {
                await UntilServedAsync();
                await HappenAsync();
            }

            await UntilServedAsync();
            if (_kills == 0)
            {
                await KillAsync();
                await UntilServedAsync();
            }

            await Eventually.TrueAsync(
                () => Groups.All(group => _receipts.Any(receipt => receipt.Group == group.Name)) && _sent.Any(static message => message.IsRolledBack && message.IsAcknowledged),
                "every group has taken part, and a transaction that is rolled back",
                Patience);
        }
        finally
        {
            await producers.StopAsync();
        }

        // What lies in queues that nobody was to read any more is still there.
        _readQueues = MostQueues;
        await SetQueuesAsync(write: 1);
        await UntilCompleteAsync();
        await _stopPulling.CancelAsync();
        await pulling;
        return new RandomHistory([.. _sent], [.. _receipts], Groups, [.. _offsets], _rewinds);
    }

    public async ValueTask DisposeAsync()
    {
        await _stopPulling.CancelAsync();
        foreach (RocketMqPushConsumer member in _members.Values.SelectMany(static members => members))
        {
            await member.DisposeAsync();
        }

        foreach (WireMember member in _mixed)
        {
            await member.DisposeAsync();
        }

        _stopPulling.Dispose();
    }

    /// <summary>Milliseconds since 1970.</summary>
    internal static long Now() => DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();

    private async Task HappenAsync()
    {
        int choice = _events.Next(17);
        switch (choice)
        {
            case 0:
            case 1:
                await KillAsync();
                break;
            case 2:
                _told.Add("broker restarted");
                await server.StopBrokerAsync();
                await server.StartBrokerAsync();
                break;
            case 3:
                _told.Add("puller killed");
                _pullerDies = true;
                break;
            case 4:
            case 5:
                await JoinOrLeaveAsync(Pushed);
                break;
            case 6:
            case 7:
                _told.Add($"queue moved to {await _static.MoveAsync()}");
                break;
            case 8:
                await JoinOrLeaveAsync(Moved);
                break;
            case 9:
            case 10:
                await AlterQueuesAsync();
                break;
            case 11:
            case 12:
                await ReplaceAsync(_events.Next(_mixed.Count), unregisters: _events.Next(2) == 0);
                break;
            case 13:
            case 14:
                await RewindAsync(Pushed);
                break;
            case 15:
                await RewindAsync(Ordered);
                break;
            default:
                await JoinOrLeaveAsync(Ordered);
                break;
        }
    }

    private async Task KillAsync()
    {
        _told.Add("broker killed");
        await server.KillBrokerAsync();
        Interlocked.Increment(ref _kills);
        await server.StartBrokerAsync();
    }

    /// <summary>
    /// Plain messages get more queues or fewer. Of those that get none any more, what is in them is mostly still read, as whoever shrinks a topic should see to it; now and then it is not, until
    /// there are as many to read from again.
    /// </summary>
    private async Task AlterQueuesAsync()
    {
        int write = 1 + _events.Next(MostQueues);
        _readQueues = _events.Next(3) == 0 ? 1 + _events.Next(MostQueues) : Math.Max(_readQueues, write);
        await SetQueuesAsync(write);
    }

    private async Task SetQueuesAsync(int write)
    {
        _told.Add($"{write} queues to write to, {_readQueues} to read from");
        await using RawConnection broker = await RawConnection.ConnectAsync(server.BrokerAddress);
        (await RawBroker.CreateTopicAsync(broker, Pulled.Topic, _readQueues, write)).Code.Should().Be(RawBroker.Success);
    }

    /// <summary>Sets the offsets of a group back to a time, and waits until it has again what came since.</summary>
    private async Task RewindAsync(GroupOfHistory group)
    {
        int queues = Queues;
        if (group.Topic == Pulled.Topic)
        {
            // A queue that nobody is to read is not set back.
            queues = _readQueues = MostQueues;
            await SetQueuesAsync(1 + _events.Next(MostQueues));
        }

        // The broker tells it once, to whoever pulls next: while a queue changes hands that may be the member that is about to let it go.
        await Eventually.TrueAsync(
            () => _members[group.Name].SelectMany(static member => member.AssignedQueues).Where(queue => queue.Topic == group.Topic).ToArray() is var owned && owned.Length == queues && owned.Distinct().Count() == queues,
            $"seed {seed}: each queue of {group.Topic} has one owner in {group.Name} after {Story}",
            Patience);
        int back = _events.Next(LongestRewindMs);
        _told.Add($"{group.Name} set back by {back} ms");
        long now = Now();
        Rewind rewind = new(group.Name, now - back, now, Interlocked.Read(ref _receiptNumber));
        await using (RawConnection broker = await RawConnection.ConnectAsync(server.BrokerAddress))
        {
            Dictionary<string, string> fields = new(StringComparer.Ordinal) { ["topic"] = group.Topic, ["group"] = group.Name, ["timestamp"] = $"{rewind.To}", ["isForce"] = "true" };
            (await broker.RequestAsync(ResetOffset, fields)).Code.Should().Be(RawBroker.Success);
        }

        _rewinds.Add(rewind);
        try
        {
            await Eventually.TrueAsync(() => !RandomHistoryCheck.Missing(group, _sent, _receipts, rewind).Any(), $"{group.Name} has all again", Patience);
        }
        catch (TimeoutException)
        {
            // The check names what is missing.
        }
    }

    /// <summary>A member by plain frames stops or is killed, and another client of its generation comes.</summary>
    private async Task ReplaceAsync(int index, bool unregisters)
    {
        WireMember member = _mixed[index];
        _told.Add($"member of {member.Generation.Name} {(unregisters ? "left" : "was killed")} and another came");
        await member.EndAsync(unregisters);
        await member.DisposeAsync();
        _mixed[index] = NewMember(member.Generation);
    }

    private WireMember NewMember(Generation generation) => new(server, Mixed, generation, ++_membersByWire, body => Receive(Mixed, body), _refusals.Enqueue);

    private async Task JoinOrLeaveAsync(GroupOfHistory group)
    {
        List<RocketMqPushConsumer> members = _members[group.Name];
        if (members.Count < MostMembers && (members.Count < 2 || _events.Next(2) == 0))
        {
            _told.Add($"{group.Name} joined by one");
            await JoinAsync(group);
            return;
        }

        RocketMqPushConsumer member = members[_events.Next(members.Count)];
        members.Remove(member);
        _told.Add($"{group.Name} left by one");
        await member.DisposeAsync();
    }

    private async Task JoinAsync(GroupOfHistory group)
    {
        // Later by whim: what comes back by way of the retry topic is the same message.
        Random whims = new(_events.Next());
        PushConsumerOptions options = new()
        {
            NameServers = server.NameServerAddress,
            Group = group.Name,
            RequestTimeout = AnswerPatience,
            InstanceName = $"{group.Name}-{_events.Next()}",
            IsOrderly = group.IsOrderly,
            ConsumeFromWhere = ConsumeFromWhere.FirstOffset,
            RebalanceInterval = TimeSpan.FromSeconds(1),
            HeartbeatInterval = TimeSpan.FromSeconds(1),
            RouteRefreshInterval = TimeSpan.FromSeconds(1),
            LockRenewInterval = TimeSpan.FromSeconds(1),
            CommitInterval = TimeSpan.FromMilliseconds(500),
            PullRetryDelay = TimeSpan.FromMilliseconds(200),
            // One of two leaves without an end of what it handles, as if it were pulled away.
            ShutdownTimeout = _events.Next(2) == 0 ? TimeSpan.Zero : TimeSpan.FromSeconds(10),
            OnError = static _ => { },
        };
        RocketMqPushConsumer member = new(options);
        await member.SubscribeAsync(group.Topic, "*", (message, _) =>
        {
            bool isRetried = message.Queue.Topic != group.Topic;
            Receive(group, message.GetText(), isRetried ? -1 : message.Queue.QueueId, isRetried ? -1 : message.QueueOffset);
            bool isLater;
            lock (whims)
            {
                isLater = !group.IsOrderly && whims.Next(50) == 0;
            }

            return ValueTask.FromResult(isLater ? ConsumeResult.Later : ConsumeResult.Success);
        });
        await member.StartAsync();
        _members[group.Name].Add(member);
    }

    private void Receive(GroupOfHistory group, string body, int queueId = -1, long queueOffset = -1) =>
        _receipts.Enqueue(new Receipt(Interlocked.Increment(ref _receiptNumber), group.Name, body, Now(), queueId, queueOffset));

    private async Task UntilServedAsync()
    {
        int sent = _sent.Count(static message => message.IsAcknowledged) + MessagesPerEvent;
        int received = _receipts.Count + MessagesPerEvent;
        await Eventually.TrueAsync(
            () => _sent.Count(static message => message.IsAcknowledged) >= sent && _receipts.Count >= received, $"seed {seed}: producers and consumers are served after {Story}", Patience);
        await AskOffsetsAsync();
    }

    /// <summary>Notes how far the broker says that groups are.</summary>
    private async Task AskOffsetsAsync()
    {
        await using RawConnection broker = await RawConnection.ConnectAsync(server.BrokerAddress);
        foreach (GroupOfHistory group in Asked)
        {
            for (int queue = 0; queue < MostQueues; queue++)
            {
                await AskOffsetAsync(broker, group, queue, Volatile.Read(ref _kills));
            }
        }
    }

    /// <summary>The committed offset; 0 when there is none.</summary>
    private async Task<long> AskOffsetAsync(RawConnection broker, GroupOfHistory group, int queue, int kills)
    {
        RawFrame answer = await broker.RequestAsync(QueryConsumerOffset, OffsetFields(group, queue));
        long offset = answer.Code == RawBroker.Success ? long.Parse(answer.ExtFields["offset"], CultureInfo.InvariantCulture) : 0;
        _offsets.Enqueue(new CommittedOffset(group.Name, queue, offset, kills, Interlocked.Read(ref _receiptNumber)));
        return offset;
    }

    private async Task UntilCompleteAsync()
    {
        try
        {
            await Eventually.TrueAsync(() => Groups.All(group => !RandomHistoryCheck.Missing(group, _sent, _receipts).Any()), "every group has all", Patience);
        }
        catch (TimeoutException)
        {
            // The check names what is missing.
        }
    }

    /// <summary>A group of one that keeps its own offsets, by plain frames; killed, it goes on where it last said it was.</summary>
    private async Task PullAsync()
    {
        while (!_stopPulling.IsCancellationRequested)
        {
            try
            {
                await using RawConnection broker = await RawConnection.ConnectAsync(server.BrokerAddress);
                await LiveAsync(broker, Volatile.Read(ref _kills));
            }
            catch (Exception exception) when (exception is SocketException or IOException)
            {
                await Task.Delay(ReconnectPause);
            }
        }
    }

    private async Task LiveAsync(RawConnection broker, int kills)
    {
        long[] next = new long[MostQueues];
        for (int queue = 0; queue < MostQueues; queue++)
        {
            next[queue] = await AskOffsetAsync(broker, Pulled, queue, kills);
        }

        for (int queue = 0; !_stopPulling.IsCancellationRequested; queue = (queue + 1) % MostQueues)
        {
            RawFrame answer = await RawBroker.PullAsync(broker, Pulled.Topic, queue, next[queue], maxMessages: 16);
            IReadOnlyList<RawMessage> page = answer.Code == RawBroker.Success ? RawMessage.DecodeAll(answer.Body) : [];
            foreach (RawMessage message in page)
            {
                Receive(Pulled, Encoding.UTF8.GetString(message.Body.Span), queue, message.QueueOffset);
            }

            if (_pullerDies)
            {
                _pullerDies = false;
                return;
            }

            if (page.Count == 0)
            {
                await Task.Delay(ReconnectPause);
                continue;
            }

            next[queue] = page[^1].QueueOffset + 1;
            Dictionary<string, string> fields = OffsetFields(Pulled, queue);
            fields["commitOffset"] = next[queue].ToString(CultureInfo.InvariantCulture);
            RawFrame committed = await broker.RequestAsync(UpdateConsumerOffset, fields);
            if (committed.Code == RawBroker.Success)
            {
                _offsets.Enqueue(new CommittedOffset(Pulled.Name, queue, next[queue], kills, Interlocked.Read(ref _receiptNumber)));
            }
        }
    }

    private static Dictionary<string, string> OffsetFields(GroupOfHistory group, int queue) => new(StringComparer.Ordinal)
    {
        ["consumerGroup"] = group.Name,
        ["topic"] = group.Topic,
        ["queueId"] = queue.ToString(CultureInfo.InvariantCulture),
    };
}
