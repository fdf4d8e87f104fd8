using System.Collections.Concurrent;
using System.Text;
using RocketOps.Client;
using RocketOps.Faults.Tests.Loads;
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
/// <param name="events">How much of it happens. Behind it a group is always set back, and while its messages come again a member joins or leaves and the broker is killed.</param>
public sealed class RandomRun(RocketOpsServer server, int seed, int events) : IAsyncDisposable
{
    public const string DelayLevels = "1s 2s 1s 1s 1s 1s 1s 1s 1s 1s 1s 1s 1s 1s 1s 1s 1s 1s";

    private const int MostMembers = 3;
    private const int MessagesPerEvent = 40;
    private const int Queues = 4;
    private const int MostQueues = 8;
    private const int LongestRewindMs = 5_000;
    private const int MoreRewindMs = 500;

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
    private static readonly GroupOfHistory Remade = new("remade", "Remade");

    private static readonly GroupOfHistory[] Groups = [Pushed, Pulled, Ordered, Late, Settled, Timed, Moved, Mixed, Remade];

    // Those whose members share their queues from the beginning: of one member none can leave.
    private static readonly GroupOfHistory[] Shared = [Pushed, Ordered];
    private static readonly GroupOfHistory[] Rewound = [Pushed, Ordered, Pushed, Mixed];
    private static readonly Generation[] Generations = [Generation.Old, Generation.Young, Generation.Young, Generation.Young];

    private readonly Random _events = new(seed);
    private readonly ConcurrentQueue<SentMessage> _sent = [];
    private readonly ReceiptLog _receipts = new();
    private readonly ConcurrentQueue<CommittedOffset> _offsets = [];
    private readonly List<OffsetLife> _lives = [];
    private readonly List<Deletion> _deletions = [];
    private readonly ConcurrentDictionary<string, Hold> _holds = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<Member>> _members = Groups.ToDictionary(static group => group.Name, static _ => new List<Member>(), StringComparer.Ordinal);
    private readonly List<WireMember> _mixed = [];
    private readonly ConcurrentQueue<string> _refusals = [];
    private readonly List<string> _told = [];
    private readonly StaticTopic _static = new(server);
    private readonly MadeAgainFiles _files = new(server.StoreDirectory, Path.Combine(server.WorkDirectory, "copies"));
    private readonly CancellationTokenSource _stopPulling = new();
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
        foreach (GroupOfHistory group in Groups.Where(static group => group != Pulled && group != Mixed).Concat(Shared))
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
                await HappenAsync(producers);
            }

            await UntilServedAsync();
            await RewindAsync(Rewound[_events.Next(Rewound.Length)], changesMembers: true, kills: true);
            await UntilServedAsync();
            await Eventually.TrueAsync(
                () => Groups.All(group => _receipts.All.Any(receipt => receipt.Group == group.Name)) && _sent.Any(static message => message.IsRolledBack && message.IsAcknowledged),
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
        await AskOffsetsAsync();
        return new RandomHistory([.. _sent], [.. _receipts.All], Groups, [.. _offsets], _lives, [.. _static.FindHoles()], _deletions);
    }

    public async ValueTask DisposeAsync()
    {
        await _stopPulling.CancelAsync();
        foreach (Member member in _members.Values.SelectMany(static members => members))
        {
            await member.Consumer.DisposeAsync();
        }

        foreach (WireMember member in _mixed)
        {
            await member.DisposeAsync();
        }

        _stopPulling.Dispose();
    }

    /// <summary>Milliseconds since 1970.</summary>
    internal static long Now() => DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();

    private async Task HappenAsync(RandomProducers producers)
    {
        int choice = _events.Next(23);
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
                await await JoinOrLeaveAsync(Pushed);
                break;
            case 6:
            case 7:
                _told.Add($"queue moved to {await _static.MoveAsync()}");
                break;
            case 8:
                await await JoinOrLeaveAsync(Moved);
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
                await RewindByWhimAsync(Pushed);
                break;
            case 15:
                await RewindByWhimAsync(Ordered);
                break;
            case 16:
                await RewindByWhimAsync(Mixed);
                break;
            case 17:
            case 18:
                await RemakeAsync(producers);
                break;
            case 19:
            case 20:
            case 21:
                await DisturbFilesAsync();
                break;
            default:
                await await JoinOrLeaveAsync(Ordered);
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

    /// <summary>The broker ends, some files that its log can make again are removed or become older ones, and it starts.</summary>
    private async Task DisturbFilesAsync()
    {
        bool kills = _events.Next(2) == 0;
        if (kills)
        {
            await server.KillBrokerAsync();
            Interlocked.Increment(ref _kills);
        }
        else
        {
            await server.StopBrokerAsync();
        }

        _told.Add($"broker {(kills ? "killed" : "stopped")}, {_files.Disturb(_events)}");
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

    private Task RewindByWhimAsync(GroupOfHistory group)
    {
        int whim = _events.Next(1, 4);
        return RewindAsync(group, changesMembers: (whim & 1) != 0, kills: (whim & 2) != 0);
    }

    /// <summary>
    /// Sets the offsets of a group back to a time. When each queue that went back has come to a message in the midst of what comes again, a member joins or leaves, or the broker is killed, or both, and
    /// only then the group gets on with those messages. Returns when it has all again.
    /// </summary>
    private async Task RewindAsync(GroupOfHistory group, bool changesMembers, bool kills)
    {
        if (group.Topic == Pulled.Topic)
        {
            // A queue that nobody is to read is not set back.
            _readQueues = MostQueues;
            await SetQueuesAsync(1 + _events.Next(MostQueues));
        }

        // The broker tells it once, to whoever pulls next: while a queue changes hands that may be the member that is about to let it go.
        await UntilOwnedAsync(group);
        IReadOnlyList<OffsetLife> lives = await SetBackAsync(group);
        Hold hold = _holds[group.Name];
        Task leaving = Task.CompletedTask;
        try
        {
            // Now all of its members have been told, and have left what they had before.
            await Eventually.TrueAsync(() => hold.IsReached, $"seed {seed}: {group.Name} comes to what it has to handle again after {Story}", Patience);
            await AskOffsetsAsync();
            if (changesMembers)
            {
                leaving = await ChangeMembersAsync(group);
                await AskOffsetsAsync();
            }

            // Who leaves an ordered group with a handler at work leaves its locks to the broker, which keeps them for a minute, as RocketMQ's does.
            if (kills || (changesMembers && group.IsOrderly))
            {
                await UntilKeptAsync(group, lives);
                await KillAsync();
                await AskOffsetsAsync();
            }
        }
        finally
        {
            hold.Release();
            await leaving;
        }

        try
        {
            await Eventually.TrueAsync(() => !RandomHistoryCheck.NotAgain(lives, _receipts.All).Any(), $"{group.Name} has all again", Patience);
        }
        catch (TimeoutException)
        {
            // The check names what is missing.
        }
    }

    /// <summary>Back by a time that no queue goes forward by, and one by some messages, which are held up by the one in their midst.</summary>
    private async Task<IReadOnlyList<OffsetLife>> SetBackAsync(GroupOfHistory group)
    {
        await using RawConnection broker = await RawConnection.ConnectAsync(server.BrokerAddress);
        GroupOffsets offsets = new(broker, group);
        int back = _events.Next(LongestRewindMs);
        long time = 0;
        IReadOnlyList<OffsetLife> lives = [];
        await Eventually.TrueAsync(
            async () =>
            {
                back += MoreRewindMs;
                time = Now() - back;
                lives = await offsets.FindRewindAsync(QueuesOf(group), time);
                return lives.Count > 0;
            },
            $"seed {seed}: {group.Name} can be set back after {Story}",
            Patience);
        _told.Add($"{group.Name} set back by {back} ms");

        // What is to come again was committed, and so handled, before this moment.
        long number = _receipts.Mark();
        lives = [.. lives.Select(life => life with { Number = number })];
        _holds[group.Name] = new Hold(lives.ToDictionary(static life => life.QueueId, static life => MidstOf(life)));
        IReadOnlyDictionary<int, long> begun = await offsets.SetBackAsync(time);
        lives.Should().OnlyContain(life => begun[life.QueueId] == life.From, "a group is set back to where the broker says that the time is");
        _lives.AddRange(lives);
        return lives;
    }

    private static long MidstOf(OffsetLife life) => life.From + ((life.Below - life.From) / 2);

    /// <summary>A group's offsets are in memory, and saved now and then; before that a kill undoes that they were set back, as with RocketMQ.</summary>
    private Task UntilKeptAsync(GroupOfHistory group, IReadOnlyList<OffsetLife> lives) => Eventually.TrueAsync(
        async () => await GroupOffsets.ReadKeptAsync(server.StoreDirectory, group) is var kept && lives.All(life => kept.TryGetValue(life.QueueId, out long offset) && offset <= MidstOf(life)),
        $"seed {seed}: the broker has saved where {group.Name} is after {Story}",
        Patience);

    private Task UntilOwnedAsync(GroupOfHistory group) => Eventually.TrueAsync(
        () => SharesOf(group) is var shares && shares.All(static share => share.Length > 0) && shares.SelectMany(static share => share).Order().SequenceEqual(Enumerable.Range(0, QueuesOf(group))),
        $"seed {seed}: each queue of {group.Topic} has one owner in {group.Name}, and each member one queue, after {Story}",
        Patience);

    /// <summary>The queues of the group's topic that each member reads.</summary>
    private int[][] SharesOf(GroupOfHistory group) => group == Mixed
        ? [.. _mixed.Select(static member => member.Queues.ToArray())]
        : [.. _members[group.Name].Select(member => member.Consumer.AssignedQueues.Where(queue => queue.Topic == group.Topic).Select(static queue => queue.QueueId).ToArray())];

    private int QueuesOf(GroupOfHistory group) => group == Moved ? StaticTopic.LogicalQueues : group.Topic == Pulled.Topic ? _readQueues : Queues;

    /// <summary>Somebody comes or goes while messages are held up; returns the going that waits for them. Otherwise the queues have been shared out anew.</summary>
    private async Task<Task> ChangeMembersAsync(GroupOfHistory group)
    {
        Task leaving = Task.CompletedTask;
        if (group == Mixed)
        {
            await ReplaceAsync(_events.Next(_mixed.Count), unregisters: _events.Next(2) == 0);
        }
        else
        {
            leaving = await JoinOrLeaveAsync(group);
        }

        // An ordered queue changes hands when its handler has ended.
        if (leaving.IsCompleted && !group.IsOrderly)
        {
            await UntilOwnedAsync(group);
        }

        return leaving;
    }

    /// <summary>Deletes a topic and makes it again while its group works. Its producer pauses until the group has begun anew; all that it had sent is gone by order.</summary>
    private async Task RemakeAsync(RandomProducers producers)
    {
        _told.Add($"{Remade.Topic} deleted and made again");
        using IDisposable pause = await producers.PauseRemadeAsync();
        await using RawConnection broker = await RawConnection.ConnectAsync(server.BrokerAddress);
        (await RawBroker.DeleteTopicAsync(broker, Remade.Topic)).Code.Should().Be(RawBroker.Success);
        _deletions.Add(new Deletion(Remade.Topic, Now()));
        (await RawBroker.CreateTopicAsync(broker, Remade.Topic, Queues)).Code.Should().Be(RawBroker.Success);
        long number = _receipts.Mark();
        _lives.AddRange(Enumerable.Range(0, Queues).Select(queue => new OffsetLife(Remade.Name, queue, From: 0, Below: long.MaxValue, number)));
        GroupOffsets offsets = new(broker, Remade);
        for (int queue = 0; queue < Queues; queue++)
        {
            await Eventually.TrueAsync(async () => await offsets.CommittedAsync(queue) == 0, $"seed {seed}: {Remade.Name} begins anew in queue {queue} after {Story}", Patience);
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

    private WireMember NewMember(Generation generation) => new(server, Mixed, generation, ++_membersByWire, HandleMixed, _refusals.Enqueue);

    private bool HandleMixed(RawMessage message, int queue)
    {
        bool mayBeHandled = HoldOf(Mixed)?.Stops(queue, message.QueueOffset) != true;
        if (mayBeHandled)
        {
            _receipts.Add(Mixed, Encoding.UTF8.GetString(message.Body.Span), queue, message.QueueOffset);
        }

        return mayBeHandled;
    }

    private Hold? HoldOf(GroupOfHistory group) => _holds.GetValueOrDefault(group.Name);

    /// <summary>Returns the going of a member that waits for its handlers.</summary>
    private async Task<Task> JoinOrLeaveAsync(GroupOfHistory group)
    {
        List<Member> members = _members[group.Name];
        if (members.Count < MostMembers && (members.Count < 2 || _events.Next(2) == 0))
        {
            _told.Add($"{group.Name} joined by one");
            await JoinAsync(group);
            return Task.CompletedTask;
        }

        Member member = members[_events.Next(members.Count)];
        members.Remove(member);
        _told.Add($"{group.Name} left by one{(member.LeavesAtOnce ? " at once" : string.Empty)}");
        Task leaving = member.Consumer.DisposeAsync().AsTask();
        if (member.LeavesAtOnce)
        {
            await leaving;
        }

        return leaving;
    }

    private async Task JoinAsync(GroupOfHistory group)
    {
        // Later by whim: what comes back by way of the retry topic is the same message.
        Random whims = new(_events.Next());
        bool leavesAtOnce = _events.Next(2) == 0;
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
            ShutdownTimeout = leavesAtOnce ? TimeSpan.Zero : TimeSpan.FromSeconds(10),
            OnError = static _ => { },
        };
        RocketMqPushConsumer member = new(options);
        await member.SubscribeAsync(group.Topic, "*", async (message, _) =>
        {
            bool isRetried = message.Queue.Topic != group.Topic;
            await _receipts.HandleAsync(group, message.GetText(), isRetried ? -1 : message.Queue.QueueId, isRetried ? -1 : message.QueueOffset, HoldOf(group));
            bool isLater;
            lock (whims)
            {
                isLater = !group.IsOrderly && whims.Next(50) == 0;
            }

            return isLater ? ConsumeResult.Later : ConsumeResult.Success;
        });
        await member.StartAsync();
        _members[group.Name].Add(new Member(member, leavesAtOnce));
    }

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
        foreach (GroupOfHistory group in Groups.Where(static group => group != Pulled))
        {
            for (int queue = 0; queue < (group.Topic == Pulled.Topic ? MostQueues : QueuesOf(group)); queue++)
            {
                await AskOffsetAsync(broker, group, queue, Volatile.Read(ref _kills));
            }
        }
    }

    /// <summary>The committed offset; 0 when there is none.</summary>
    private async Task<long> AskOffsetAsync(RawConnection broker, GroupOfHistory group, int queue, int kills)
    {
        long offset = await new GroupOffsets(broker, group).CommittedAsync(queue) ?? 0;
        _offsets.Enqueue(new CommittedOffset(group.Name, queue, offset, kills, _receipts.Last));
        return offset;
    }

    private async Task UntilCompleteAsync()
    {
        try
        {
            await Eventually.TrueAsync(() => Groups.All(group => !RandomHistoryCheck.Missing(group, _sent, _receipts.All, _deletions).Any()), "every group has all", Patience);
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
            catch (Exception exception) when (LostConnection.Is(exception))
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
                _receipts.Add(Pulled, Encoding.UTF8.GetString(message.Body.Span), queue, message.QueueOffset);
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
            RawFrame committed = await RawBroker.UpdateOffsetAsync(broker, Pulled.Name, Pulled.Topic, queue, next[queue]);
            if (committed.Code == RawBroker.Success)
            {
                _offsets.Enqueue(new CommittedOffset(Pulled.Name, queue, next[queue], kills, _receipts.Last));
            }
        }
    }

    /// <param name="Consumer">Of a group of this library.</param>
    /// <param name="LeavesAtOnce">It leaves without an end of what it handles.</param>
    private sealed record Member(RocketMqPushConsumer Consumer, bool LeavesAtOnce);
}
