using System.Collections.Concurrent;
using RocketOps.Client.Connections;
using RocketOps.Client.Consuming.Offsets;
using RocketOps.Client.Consuming.Options;
using RocketOps.Client.Consuming.Pulling;
using RocketOps.Client.Consuming.Queues;
using RocketOps.Client.Diagnostics;
using RocketOps.Client.Json;
using RocketOps.Client.Routing;
using RocketOps.Client.Subscriptions;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Names;

namespace RocketOps.Client.Consuming.Rebalancing;

/// <summary>
/// Decides which queues this member of the group reads and runs a <see cref="PullLoop"/> for each: every 20 s, and at once when a broker
/// says that the group changed or a route did.
/// Runs on one loop; others read <see cref="Queues"/> and <see cref="Assigned"/>.
/// </summary>
internal sealed class Rebalancer
{
    /// <summary>
    /// Delay before another request for a lock that another member still had. Matches minInterval of the RebalanceService (1 s).
    /// </summary>
    private static readonly TimeSpan LockRetryDelay = TimeSpan.FromSeconds(1);

    /// <summary>Topics that are balanced at a time.</summary>
    private const int MaxTopics = 16;

    /// <summary>
    /// Parts of the time for a request, at most, of which a broker that others follow has one, when the group's members are asked for.
    /// </summary>
    private const int MaxParts = 3;

    private readonly ClientInstance _client;
    private readonly PushConsumerOptions _options;
    private readonly ConcurrentDictionary<string, Subscription> _subscriptions;
    private readonly IOffsetStore _offsets;
    private readonly StartOffsets _startOffsets;
    private readonly QueueStarts _starts;
    private readonly Puller _puller;
    private readonly IConsumeService _handlers;
    private readonly PausedQueues _paused;
    private readonly HeldQueueLocks? _locks;
    private readonly Func<IReadOnlyList<MessageQueue>?> _assignedByHand;
    private readonly BufferLimits _limits;
    private readonly RebalanceEvents _events;
    private readonly CancellationToken _stopping;
    private readonly WakeSignal _wake;
    private readonly ConcurrentDictionary<string, bool> _missing = new(StringComparer.Ordinal);

    // Held while queues come and go and while one is moved; not while the user's code runs.
    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly ConcurrentDictionary<MessageQueue, ReadQueue> _reading = new();
    private volatile IReadOnlyCollection<MessageQueue> _assigned = [];

    public Rebalancer(
        ClientInstance client, PushConsumerOptions options, ConcurrentDictionary<string, Subscription> subscriptions, IOffsetStore offsets, IConsumeService handlers, PausedQueues paused,
        HeldQueueLocks? locks, Func<IReadOnlyList<MessageQueue>?> assignedByHand, CancellationToken stopping)
    {
        _client = client;
        _options = options;
        _subscriptions = subscriptions;
        _offsets = offsets;
        _handlers = handlers;
        _paused = paused;
        _locks = locks;
        _assignedByHand = assignedByHand;
        _limits = new BufferLimits(options);
        _stopping = stopping;
        _events = new RebalanceEvents(client, options);
        _startOffsets = new StartOffsets(client, options, offsets);
        _starts = new QueueStarts(client, options, _startOffsets, locks);
        _puller = new Puller(client, options);
        _wake = new WakeSignal(options.TimeProvider);
    }

    /// <summary>
    /// The queues whose offsets may be committed at this moment, also in the middle of a change: those that are lost are not among them.
    /// </summary>
    public IEnumerable<MessageQueue> Queues => _reading.Values.Where(static reading => !reading.Processing.IsDropped).Select(static reading => reading.Queue);

    /// <summary>The queues read after the last change was complete: whoever waits for a balanced group must not see half of one.</summary>
    public IReadOnlyCollection<MessageQueue> Assigned => _assigned;

    /// <summary>The queues as they are at this moment, those that are given up included.</summary>
    public IReadOnlyList<ConsumedQueue> Reading =>
        [.. _reading.Values.Select(reading => new ConsumedQueue(reading.Processing, _offsets.Find(reading.Queue), _locks?.IsHeld(reading.Queue) == true))];

    /// <summary>True when a <see cref="SeekAsync"/> can move the queue.</summary>
    public bool Reads(MessageQueue queue) => _reading.TryGetValue(queue, out ReadQueue? reading) && reading.Releasing is null && !reading.Processing.IsDropped;

    /// <summary>True when the queue was read here and no handler works on it any more.</summary>
    public bool HasEnded(MessageQueue queue) =>
        _reading.TryGetValue(queue, out ReadQueue? reading) && _handlers.HasEnded(reading.Processing);

    public void Wake() => _wake.Wake();

    /// <summary>
    /// Runs until the consumer stops, then ends every pull. What was pulled may still be finished and committed. Never throws.
    /// </summary>
    public async Task RunAsync()
    {
        try
        {
            while (true)
            {
                await ReleaseLostAsync().ConfigureAwait(false);

                // Side by side: a broker that does not answer takes its time in each topic.
                await Parallel.ForEachAsync(
                    _subscriptions.Values,
                    new ParallelOptions { MaxDegreeOfParallelism = MaxTopics, CancellationToken = _stopping },
                    async (subscription, token) => await RebalanceAsync(subscription, token).ConfigureAwait(false)).ConfigureAwait(false);
                await _wake.WaitAsync(_starts.TakeAwaitsLocks() ? LockRetryDelay : _options.RebalanceInterval, _stopping).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // The consumer stops.
        }

        // No queue is between two lives while the gate is held, and pulls that begin from now on end at once.
        Task[] ending;
        await _gate.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            ending = [.. _reading.Values.SelectMany(static reading => new[] { reading.Following, reading.Releasing }).OfType<Task>()];
        }
        finally
        {
            _gate.Release();
        }

        await Task.WhenAll(ending).ConfigureAwait(false);
    }

    /// <summary>
    /// Commits after <see cref="RunAsync"/>, when the handlers have ended or are given up; then tells the user of every queue that no
    /// handler works on any more and gives its lock back.
    /// </summary>
    public async Task LeaveAsync()
    {
        await _offsets.CommitAsync(Queues, CancellationToken.None).ConfigureAwait(false);
        MessageQueue[] ended = [.. _reading.Values.Where(reading => !reading.Processing.IsDropped && _handlers.HasEnded(reading.Processing)).Select(static reading => reading.Queue)];
        using CancellationTokenSource patience = new(_options.ShutdownTimeout, _options.TimeProvider);
        await _events.RevokedAsync(ended, patience.Token).ConfigureAwait(false);
        if (_locks is not null)
        {
            await _locks.UnlockAsync(ended).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// The lock of a queue is lost, or its order would be: nothing more of it is handled or committed, and it is read again when its lock
    /// was got again.
    /// </summary>
    public void GiveUp(MessageQueue queue)
    {
        if (_reading.TryGetValue(queue, out ReadQueue? reading))
        {
            reading.Processing.Drop();
            Wake();
        }
    }

    /// <summary>
    /// Goes on reading a queue elsewhere. Messages pulled before are not handled any more, unless a handler has them already. Throws
    /// <see cref="InvalidOperationException"/> when
    /// this member does not read the queue, and what <paramref name="find"/> throws.
    /// </summary>
    public async Task SeekAsync(MessageQueue queue, Func<StartOffsets, CancellationToken, Task<long>> find, CancellationToken cancellationToken)
    {
        Find(queue);

        // No request to a broker under the gate: one that does not answer would hold up all queues.
        long offset = await find(_startOffsets, cancellationToken).ConfigureAwait(false);
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ReadQueue reading = Find(queue);
            if (reading.Pulling is null)
            {
                // It was just assigned and begins afterwards.
                reading.StartOffset = offset;
                _offsets.Move(queue, offset, byBroker: false);
            }
            else
            {
                reading.Processing.Drop();
                await reading.Pulling.ConfigureAwait(false);
                BeginElsewhere(reading, offset, byBroker: false);
            }
        }
        finally
        {
            _gate.Release();
        }

        // Not given up half way: a queue that is given back later is to be where the program has put it.
        await _offsets.CommitAsync([queue], CancellationToken.None).ConfigureAwait(false);
    }

    private ReadQueue Find(MessageQueue queue) =>
        _reading.TryGetValue(queue, out ReadQueue? reading) && reading.Releasing is null && !reading.Processing.IsDropped
            ? reading
            : throw new InvalidOperationException($"{queue} is not read by this member of group {_options.Group}");

    /// <summary>Has a queue whose messages here were dropped go on at another offset. Under the gate.</summary>
    private void BeginElsewhere(ReadQueue reading, long offset, bool byBroker)
    {
        _offsets.Move(reading.Queue, offset, byBroker);
        ReadQueue moved = new(new ProcessQueue(reading.Queue, _options, _limits, _offsets), reading.Subscription, offset);
        _reading[reading.Queue] = moved;
        Begin(moved, reading.Processing);
    }

    /// <summary>
    /// Ends with the pulling. When the broker said that the group is elsewhere, the queue goes on there as after a seek: what handlers
    /// still have of it notes nothing over what the broker said. Never
    /// throws.
    /// </summary>
    private async Task FollowAsync(ReadQueue reading, Task<long?> pulling)
    {
        try
        {
            if (await pulling.ConfigureAwait(false) is { } offset)
            {
                await FollowAsync(reading, offset).ConfigureAwait(false);
            }
        }
        catch (Exception unforeseen)
        {
            // A bug in this client must not end the reading of a queue unnoticed: it is given up, and read anew.
            ClientLog.PullBroken(_client.Logger, unforeseen, reading.Queue);
            GiveUp(reading.Queue);
        }
    }

    private async Task FollowAsync(ReadQueue reading, long offset)
    {
        await _gate.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            if (reading.Processing.IsDropped)
            {
                // It is lost, or was moved by the program, whose word is the later one.
                return;
            }

            reading.Processing.Drop();
            if (reading.Releasing is null)
            {
                BeginElsewhere(reading, offset, byBroker: true);
            }
            else
            {
                // Whoever reads it next begins there.
                _offsets.Move(reading.Queue, offset, byBroker: true);
                return;
            }
        }
        finally
        {
            _gate.Release();
        }

        await _offsets.CommitAsync([reading.Queue], CancellationToken.None).ConfigureAwait(false);
    }

    private async Task RebalanceAsync(Subscription subscription, CancellationToken cancellationToken)
    {
        string topic = subscription.Topic;
        try
        {
            if (await _client.Routes.GetAsync(topic, cancellationToken).ConfigureAwait(false) is not { } route)
            {
                // The group's retry topic is created by the first broker that hears of the group; any other topic somebody has to create.
                if (!TopicNames.IsRetry(topic) && _missing.TryAdd(topic, true))
                {
                    ClientLog.TopicMissing(_client.Logger, topic, _options.Group);
                }

                return;
            }

            _missing.TryRemove(topic, out _);

            IReadOnlyList<MessageQueue> all = TopicQueueLists.ForRead(topic, route);
            IReadOnlyList<MessageQueue> mine = _assignedByHand() is { } given ? [.. given.Where(queue => queue.Topic == topic)]
                : _options.MessageModel == MessageModel.Broadcasting
                    ? all
                    : AverageAllocation.Allocate(all, await GetMembersAsync(route, cancellationToken).ConfigureAwait(false), _client.ClientId);
            await ApplyAsync(subscription, all, mine).ConfigureAwait(false);
        }
        catch (RocketMqException failure)
        {
            // The queues read now stay assigned until a later rebalance succeeds.
            ClientLog.RebalanceFailed(_client.Logger, failure.LogLevel, _options.Group, topic, failure.Message);
        }
        catch (Exception unforeseen) when (unforeseen is not OperationCanceledException)
        {
            // A bug in this client must not end the balancing of all topics unnoticed.
            ClientLog.RebalanceBroken(_client.Logger, unforeseen, _options.Group, topic);
        }
    }

    // Members heartbeat to every broker, so any may be asked.
    private async Task<IReadOnlyList<string>> GetMembersAsync(TopicRoute route, CancellationToken cancellationToken)
    {
        string[] addresses = [.. route.Brokers.Select(broker => broker.MasterAddress ?? broker.Addresses.Values.FirstOrDefault()).OfType<string>()];
        Random.Shared.Shuffle(addresses);
        RocketMqException? failure = null;
        for (int i = 0; i < addresses.Length; i++)
        {
            string address = addresses[i];
            TimeSpan timeout = i < addresses.Length - 1 ? _options.RequestTimeout / Math.Min(addresses.Length, MaxParts) : _options.RequestTimeout;
            try
            {
                RemotingCommand request = RemotingCommand.CreateRequest(RequestCode.GetConsumerListByGroup).Set("consumerGroup", _options.Group);
                RemotingCommand response = await _client.Caller.InvokeSuccessAsync(address, request, timeout, cancellationToken).ConfigureAwait(false);
                return WireJson.Read(response, WireJson.Default.NameList, address).ConsumerIds ?? [];
            }
            catch (RocketMqException failed)
            {
                failure = failed;
                if (failed.ResponseCode is not null)
                {
                    // The broker lives but does not know the group: it missed the heartbeat.
                    _client.GreetAgain(address);
                }
            }
        }

        throw failure ?? new RocketMqException("no broker is in the route") { Reason = RocketMqErrorReason.NoRoute };
    }

    private async Task ApplyAsync(Subscription subscription, IReadOnlyList<MessageQueue> all, IReadOnlyList<MessageQueue> mine)
    {
        IReadOnlyList<Task> releasing = await ReleaseUnwantedAsync(subscription, [.. mine]).ConfigureAwait(false);
        if (!_options.IsOrderly)
        {
            // What is given up has no handler to wait for, and may come back at once with another expression.
            await Task.WhenAll(releasing).ConfigureAwait(false);
        }

        _limits.SetQueues(subscription.Topic, mine.Count);
        bool hasChanged = releasing.Count > 0;
        MessageQueue[] missing = [.. mine.Where(queue => !_reading.ContainsKey(queue))];
        await foreach (IReadOnlyList<QueueStart> starts in _starts.FindAsync(subscription.Topic, missing, _stopping).ConfigureAwait(false))
        {
            IReadOnlyList<ReadQueue> added = await AddAsync(subscription, starts).ConfigureAwait(false);
            await _events.AssignedAsync([.. added.Select(static reading => reading.Queue)], _stopping).ConfigureAwait(false);
            await BeginAsync(added).ConfigureAwait(false);
            hasChanged |= added.Count > 0;
        }

        if (hasChanged)
        {
            _assigned = [.. _reading.Values.Where(static reading => reading.Releasing is null).Select(static reading => reading.Queue)];
            ClientLog.Rebalanced(_client.Logger, _options.Group, mine.Count, all.Count, subscription.Topic);
        }
    }

    private async Task<IReadOnlyList<Task>> ReleaseUnwantedAsync(Subscription subscription, HashSet<MessageQueue> wanted)
    {
        await _gate.WaitAsync(_stopping).ConfigureAwait(false);
        try
        {
            // A new expression begins with a new pull too.
            return Release([.. _reading.Values.Where(reading =>
                reading.Queue.Topic == subscription.Topic && (!wanted.Contains(reading.Queue) || !ReferenceEquals(reading.Subscription, subscription)))]);
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task<IReadOnlyList<ReadQueue>> AddAsync(Subscription subscription, IReadOnlyList<QueueStart> starts)
    {
        await _gate.WaitAsync(_stopping).ConfigureAwait(false);
        try
        {
            List<ReadQueue> added = [];
            foreach (QueueStart start in starts.Where(start => !_reading.ContainsKey(start.Queue)))
            {
                ReadQueue reading = new(new ProcessQueue(start.Queue, _options, _limits, _offsets), subscription, start.Offset);
                _reading[start.Queue] = reading;
                added.Add(reading);
            }

            return added;
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task BeginAsync(IReadOnlyList<ReadQueue> added)
    {
        await _gate.WaitAsync(_stopping).ConfigureAwait(false);
        try
        {
            foreach (ReadQueue reading in added.Where(reading => reading.Releasing is null && IsCurrent(reading)))
            {
                Begin(reading, predecessor: null);
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    private bool IsCurrent(ReadQueue reading) => _reading.TryGetValue(reading.Queue, out ReadQueue? current) && ReferenceEquals(current, reading);

    private void Begin(ReadQueue reading, ProcessQueue? predecessor)
    {
        _handlers.Begin(reading.Processing, predecessor);
        reading.Pulling = PullAsync(
            new PullLoop(reading.Processing, reading.Subscription, reading.StartOffset, _client, _options, _puller, _handlers, _paused), reading.Processing);
        reading.Following = FollowAsync(reading, reading.Pulling);
    }

    private async Task<long?> PullAsync(PullLoop loop, ProcessQueue processing)
    {
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(_stopping, processing.Closed);
        return await loop.RunAsync(either.Token).ConfigureAwait(false);
    }

    /// <summary>Gives up what an orderly group may not handle any further: its lock is lost, or its order would be.</summary>
    private async Task ReleaseLostAsync()
    {
        await _gate.WaitAsync(_stopping).ConfigureAwait(false);
        try
        {
            Release([.. _reading.Values.Where(static reading => reading.Processing.IsDropped)]);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>
    /// Begins to give queues up: all of an ordinary group together, each of an orderly one by itself, as its handler may take its time.
    /// Under the gate.
    /// </summary>
    private List<Task> Release(IReadOnlyList<ReadQueue> readings)
    {
        List<Task> releasing = [];
        ReadQueue[] open = [.. readings.Where(static reading => reading.Releasing is null)];
        foreach (IReadOnlyList<ReadQueue> part in _options.IsOrderly ? open.Select(static reading => (IReadOnlyList<ReadQueue>)[reading]) : open.Length > 0 ? [open] : [])
        {
            Task release = ReleaseAsync(part, isLost: part[0].Processing.IsDropped);
            foreach (ReadQueue reading in part)
            {
                reading.Releasing = release;
            }

            releasing.Add(release);
        }

        return releasing;
    }

    private async Task ReleaseAsync(IReadOnlyList<ReadQueue> readings, bool isLost)
    {
        IReadOnlyList<MessageQueue> queues = [.. readings.Select(static reading => reading.Queue)];
        try
        {
            foreach (ReadQueue reading in readings)
            {
                reading.Processing.Close();
            }

            // Nothing of what follows runs under the gate, the user's code least of all.
            await Task.Yield();
            await Task.WhenAll(readings.Select(static reading => reading.Following ?? Task.CompletedTask)).ConfigureAwait(false);
            await Task.WhenAll(readings.Select(reading => _handlers.EndAsync(reading.Processing))).WaitAsync(_stopping).ConfigureAwait(false);

            // From here on to the end, as a half given up queue belongs to nobody. Every step has its own time limit.
            foreach (ReadQueue reading in readings)
            {
                reading.Processing.Drop();
            }

            if (!isLost)
            {
                await _offsets.CommitAsync(queues, CancellationToken.None).ConfigureAwait(false);
            }

            foreach (MessageQueue queue in queues)
            {
                _offsets.Forget(queue);
            }

            await (isLost ? _events.LostAsync(queues, _stopping) : _events.RevokedAsync(queues, _stopping)).ConfigureAwait(false);
            if (_locks is not null)
            {
                // Also what was lost because its order would have been: the broker still keeps it for this member.
                await _locks.UnlockAsync(queues).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // The stop waits for the handlers, and does the rest.
            return;
        }
        catch (Exception unforeseen)
        {
            ClientLog.RebalanceBroken(_client.Logger, unforeseen, _options.Group, queues[0].Topic);
        }

        foreach (MessageQueue queue in queues)
        {
            _reading.TryRemove(queue, out _);
        }

        if (_options.IsOrderly)
        {
            // It may have become this member's again meanwhile.
            _assigned = [.. _assigned.Except(queues)];
            Wake();
        }
    }
}
