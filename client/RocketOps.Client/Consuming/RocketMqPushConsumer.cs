using System.Collections.Concurrent;
using RocketOps.Client.Consuming;
using RocketOps.Client.Heartbeats;
using RocketOps.Client.Internal;
using RocketOps.Remoting.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Client;

/// <summary>
/// A member of a consumer group: reads its share of the queues and hands every message to the handler of its topic, at least once. Subscribe, then start; dispose to leave.
/// Thread-safe.
/// </summary>
public sealed class RocketMqPushConsumer : IAsyncDisposable
{
    /// <summary>Broadcasting members keep offsets of their own in a file named after their client id, which must therefore outlive the process. Matches the Java client.</summary>
    private const string BroadcastInstanceName = "DEFAULT";

    private readonly PushConsumerOptions _options;
    private readonly ConcurrentDictionary<string, Subscription> _subscriptions = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, MessageHandler> _handlers = new(StringComparer.Ordinal);
    private readonly ClientInstance _client;
    private readonly IOffsetStore _offsets;
    private readonly CancellationTokenSource _stopping = new();
    private readonly SemaphoreSlim _lifecycle = new(1, 1);
    private HandlerPool? _pool;
    private volatile Rebalancer? _rebalancer;
    private Task _rebalancing = Task.CompletedTask;
    private Task _committing = Task.CompletedTask;
    private bool _stopped;

    /// <summary>Connects to nothing yet. Throws <see cref="ArgumentException"/> when the group cannot be one or no name server is given.</summary>
    public RocketMqPushConsumer(PushConsumerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        Names.CheckGroup(options.Group, nameof(options));
        _options = options.MessageModel == MessageModel.Broadcasting && options.InstanceName is null ? options with { InstanceName = BroadcastInstanceName } : options;
        RequestHandlerRegistry handlers = new RequestHandlerRegistry().Add(RequestCode.NotifyConsumerIdsChanged, new ConsumerIdsChangedHandler(() => _rebalancer?.Wake()));
        _client = new ClientInstance(_options, handlers, Heartbeat, readsFromSlaves: true);
        _client.Routes.Changed += _ => _rebalancer?.Wake();
        _offsets = _options.MessageModel == MessageModel.Clustering
            ? new BrokerOffsetStore(_client, _options)
            : new FileOffsetStore(FileOffsetStore.PathFor(_options, _client.ClientId), _client.Logger);
    }

    /// <summary>What brokers know this consumer by.</summary>
    public string ClientId => _client.ClientId;

    /// <summary>For what is built on this consumer.</summary>
    internal Microsoft.Extensions.Logging.ILogger Logger => _client.Logger;

    /// <summary>The queues this member reads, those of the group's retry topic included.</summary>
    public IReadOnlyCollection<MessageQueue> AssignedQueues => _rebalancer?.Assigned ?? [];

    /// <summary>
    /// Subscribes to a topic, before or after the start; a second call for the topic replaces the first. After the start it returns when the brokers know. Throws
    /// <see cref="ArgumentException"/> when the name or the expression cannot be one.
    /// </summary>
    /// <param name="topic">Name of the topic. It may be created later; that it is missing is logged and reported once.</param>
    /// <param name="expression">Tags: <c>*</c> for all or <c>TagA || TagB</c>.</param>
    /// <param name="handler">Called for every message.</param>
    /// <param name="cancellationToken">Gives up telling the brokers.</param>
    public async Task SubscribeAsync(string topic, string expression, MessageHandler handler, CancellationToken cancellationToken = default)
    {
        Names.CheckTopic(topic, nameof(topic));
        ArgumentNullException.ThrowIfNull(handler);
        AddSubscription(topic, expression);
        _handlers[topic] = handler;
        if (_rebalancer is not null)
        {
            await AnnounceAsync(cancellationToken).ConfigureAwait(false);
            _rebalancer.Wake();
        }
    }

    /// <summary>
    /// Joins the group and begins to read. Returns when the brokers that are known so far were told. Throws <see cref="RocketMqException"/> when no name server answers and
    /// <see cref="InvalidOperationException"/> when nothing is subscribed. Idempotent.
    /// </summary>
    public async Task StartAsync(CancellationToken cancellationToken = default)
    {
        await _lifecycle.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(_stopped, this);
            if (_rebalancer is not null)
            {
                return;
            }

            if (_handlers.IsEmpty)
            {
                throw new InvalidOperationException($"group {_options.Group} is subscribed to nothing: call {nameof(SubscribeAsync)} before {nameof(StartAsync)}");
            }

            if (_options.MessageModel == MessageModel.Clustering)
            {
                AddSubscription(RetryTopic.Of(_options.Group), "*");
            }

            await AnnounceAsync(cancellationToken).ConfigureAwait(false);
            _pool = new HandlerPool(_client, _options, _offsets, _handlers);
            _rebalancer = new Rebalancer(_client, _options, _subscriptions, _offsets, _pool);
            _rebalancing = Task.Run(() => _rebalancer.RunAsync(_stopping.Token), CancellationToken.None);
            _committing = CommitPeriodicallyAsync();
        }
        finally
        {
            _lifecycle.Release();
        }
    }

    /// <summary>
    /// Leaves: no further pull, handlers at work are waited for, offsets are committed, the brokers are told so that the others take over at once. Idempotent.
    /// </summary>
    /// <param name="cancellationToken">Ends the wait for handlers before <see cref="PushConsumerOptions.ShutdownTimeout"/>; the rest is done all the same.</param>
    public async Task StopAsync(CancellationToken cancellationToken = default)
    {
        await _lifecycle.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            if (_stopped)
            {
                return;
            }

            _stopped = true;
            await _stopping.CancelAsync().ConfigureAwait(false);
            await _rebalancing.ConfigureAwait(false);
            if (_pool is not null)
            {
                await _pool.StopAsync(cancellationToken).ConfigureAwait(false);
            }

            await _committing.ConfigureAwait(false);
            if (_rebalancer is not null)
            {
                await _offsets.CommitAsync(_rebalancer.Queues, acknowledged: true, CancellationToken.None).ConfigureAwait(false);
            }

            await _client.LeaveAsync(producerGroup: null, _options.Group).ConfigureAwait(false);
            await _client.DisposeAsync().ConfigureAwait(false);
        }
        finally
        {
            _lifecycle.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync().ConfigureAwait(false);
        _stopping.Dispose();
    }

    private void AddSubscription(string topic, string expression) =>
        _subscriptions[topic] = Subscription.Parse(topic, expression, _options.TimeProvider.GetUtcNow().ToUnixTimeMilliseconds());

    // A broker refuses pulls of a group it has not heard from, so it must hear before the first.
    private async Task AnnounceAsync(CancellationToken cancellationToken)
    {
        foreach (string topic in _subscriptions.Keys)
        {
            await _client.Routes.GetAsync(topic, cancellationToken).ConfigureAwait(false);
        }

        await _client.SendHeartbeatsAsync(cancellationToken).ConfigureAwait(false);
    }

    private HeartbeatBody Heartbeat(string clientId) => new()
    {
        ClientId = clientId,
        Consumers =
        [
            new ConsumerBody
            {
                Group = _options.Group,
                MessageModel = _options.MessageModel == MessageModel.Clustering ? "CLUSTERING" : "BROADCASTING",
                ConsumeFromWhere = _options.ConsumeFromWhere switch
                {
                    ConsumeFromWhere.FirstOffset => "CONSUME_FROM_FIRST_OFFSET",
                    ConsumeFromWhere.Timestamp => "CONSUME_FROM_TIMESTAMP",
                    _ => "CONSUME_FROM_LAST_OFFSET",
                },
                Subscriptions = [.. _subscriptions.Values],
            },
        ],
    };

    private async Task CommitPeriodicallyAsync()
    {
        using PeriodicTimer timer = new(_options.CommitInterval, _options.TimeProvider);
        try
        {
            while (await timer.WaitForNextTickAsync(_stopping.Token).ConfigureAwait(false))
            {
                await _offsets.CommitAsync(_rebalancer!.Queues, acknowledged: false, _stopping.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // The stop commits by itself.
        }
    }
}
