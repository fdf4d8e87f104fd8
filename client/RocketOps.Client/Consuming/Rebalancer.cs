using System.Collections.Concurrent;
using RocketOps.Client.Heartbeats;
using RocketOps.Client.Internal;
using RocketOps.Client.Json;
using RocketOps.Client.Routing;
using RocketOps.Remoting.Commands;

namespace RocketOps.Client.Consuming;

/// <summary>
/// Decides which queues this member of the group reads and runs a <see cref="PullLoop"/> for each: every 20 s, and at once when a broker says that the group changed or a route did.
/// Runs on one loop; others read <see cref="Queues"/> and <see cref="Assigned"/>.
/// </summary>
internal sealed class Rebalancer
{
    private readonly ClientInstance _client;
    private readonly PushConsumerOptions _options;
    private readonly ConcurrentDictionary<string, Subscription> _subscriptions;
    private readonly IOffsetStore _offsets;
    private readonly StartOffsets _startOffsets;
    private readonly Puller _puller;
    private readonly HandlerPool _handlers;
    private readonly WakeSignal _wake;
    private readonly HashSet<string> _missing = new(StringComparer.Ordinal);
    private volatile IReadOnlyCollection<MessageQueue> _assigned = [];
    private readonly ConcurrentDictionary<MessageQueue, (ProcessQueue Processing, Subscription Subscription, Task Loop)> _reading = new();

    public Rebalancer(
        ClientInstance client, PushConsumerOptions options, ConcurrentDictionary<string, Subscription> subscriptions, IOffsetStore offsets, HandlerPool handlers)
    {
        _client = client;
        _options = options;
        _subscriptions = subscriptions;
        _offsets = offsets;
        _handlers = handlers;
        _startOffsets = new StartOffsets(client, options, offsets);
        _puller = new Puller(client, options);
        _wake = new WakeSignal(options.TimeProvider);
    }

    /// <summary>The queues read at this moment, also in the middle of a change.</summary>
    public ICollection<MessageQueue> Queues => _reading.Keys;

    /// <summary>The queues read after the last change was complete: whoever waits for a balanced group must not see half of one.</summary>
    public IReadOnlyCollection<MessageQueue> Assigned => _assigned;

    public void Wake() => _wake.Wake();

    /// <summary>Runs until cancelled, then ends every pull. What was pulled may still be finished and committed. Never throws.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                foreach (Subscription subscription in _subscriptions.Values)
                {
                    await RebalanceAsync(subscription, cancellationToken).ConfigureAwait(false);
                }

                await _wake.WaitAsync(_options.RebalanceInterval, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The consumer stops.
        }

        await Task.WhenAll(_reading.Values.Select(static reading => reading.Loop)).ConfigureAwait(false);
    }

    private async Task RebalanceAsync(Subscription subscription, CancellationToken cancellationToken)
    {
        string topic = subscription.Topic;
        try
        {
            if (await _client.Routes.GetAsync(topic, cancellationToken).ConfigureAwait(false) is not { } route)
            {
                // The group's retry topic is created by the first broker that hears of the group; any other topic somebody has to create.
                if (!topic.StartsWith(RetryTopic.Prefix, StringComparison.Ordinal) && _missing.Add(topic))
                {
                    ClientLog.TopicMissing(_client.Logger, topic, _options.Group);
                }

                return;
            }

            _missing.Remove(topic);

            IReadOnlyList<MessageQueue> all = TopicQueueLists.ForRead(topic, route);
            IReadOnlyList<MessageQueue> mine = _options.MessageModel == MessageModel.Broadcasting
                ? all
                : AverageAllocation.Allocate(all, await GetMembersAsync(route, cancellationToken).ConfigureAwait(false), _client.ClientId);
            await ApplyAsync(subscription, all, mine, cancellationToken).ConfigureAwait(false);
        }
        catch (RocketMqException failure)
        {
            // The queues read now stay assigned until a later rebalance succeeds.
            ClientLog.RebalanceFailed(_client.Logger, _options.Group, topic, failure.Message);
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
        foreach (string address in addresses)
        {
            try
            {
                RemotingCommand request = RemotingCommand.CreateRequest(RequestCode.GetConsumerListByGroup).Set("consumerGroup", _options.Group);
                RemotingCommand response = await _client.Caller.InvokeSuccessAsync(address, request, _options.RequestTimeout, cancellationToken).ConfigureAwait(false);
                return ClientJson.Read(response, ClientJson.Default.NameList, address).ConsumerIds ?? [];
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

        throw failure ?? new RocketMqException("no broker is in the route");
    }

    private async Task ApplyAsync(Subscription subscription, IReadOnlyList<MessageQueue> all, IReadOnlyList<MessageQueue> mine, CancellationToken cancellationToken)
    {
        bool changed = false;
        HashSet<MessageQueue> wanted = [.. mine];
        foreach ((MessageQueue queue, (ProcessQueue processing, Subscription readFor, Task loop)) in _reading)
        {
            // A new expression begins with a new pull too.
            if (queue.Topic == subscription.Topic && (!wanted.Contains(queue) || !ReferenceEquals(readFor, subscription)))
            {
                changed = true;
                processing.Drop();
                await loop.ConfigureAwait(false);
                await _offsets.CommitAsync([queue], acknowledged: true, cancellationToken).ConfigureAwait(false);
                _offsets.Forget(queue);
                _reading.TryRemove(queue, out _);
            }
        }

        foreach (MessageQueue queue in mine.Where(queue => !_reading.ContainsKey(queue)))
        {
            try
            {
                long offset = await _startOffsets.FindAsync(queue, cancellationToken).ConfigureAwait(false);
                Start(subscription, queue, offset, cancellationToken);
                changed = true;
            }
            catch (RocketMqException failure)
            {
                ClientLog.RebalanceFailed(_client.Logger, _options.Group, queue.ToString(), failure.Message);
            }
        }

        if (changed)
        {
            _assigned = [.. _reading.Keys];
            ClientLog.Rebalanced(_client.Logger, _options.Group, mine.Count, all.Count, subscription.Topic);
        }
    }

    private void Start(Subscription subscription, MessageQueue queue, long offset, CancellationToken cancellationToken)
    {
        ProcessQueue processing = new(queue, _options);
        PullLoop loop = new(processing, subscription, offset, _client, _options, _puller, _offsets, _handlers);
        _reading[queue] = (processing, subscription, RunAsync(loop, processing, cancellationToken));
    }

    private static async Task RunAsync(PullLoop loop, ProcessQueue processing, CancellationToken cancellationToken)
    {
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, processing.Dropped);
        await loop.RunAsync(either.Token).ConfigureAwait(false);
    }
}
