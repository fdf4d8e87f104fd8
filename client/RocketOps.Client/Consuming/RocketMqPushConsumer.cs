using System.Collections.Concurrent;
using RocketOps.Client.Calls;
using RocketOps.Client.Connections;
using RocketOps.Client.Consuming;
using RocketOps.Client.Consuming.Answers;
using RocketOps.Client.Consuming.Handling;
using RocketOps.Client.Consuming.Offsets;
using RocketOps.Client.Consuming.Polling;
using RocketOps.Client.Consuming.Pulling;
using RocketOps.Client.Consuming.Queues;
using RocketOps.Client.Consuming.Rebalancing;
using RocketOps.Client.Diagnostics;
using RocketOps.Client.Json;
using RocketOps.Client.Subscriptions;
using RocketOps.Client.Tracing;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Names;
using RocketOps.Remoting.Connections;

namespace RocketOps.Client;

/// <summary>
/// A member of a consumer group: reads its share of the queues and hands every message to the handler of its topic, at least once.
/// Subscribe, then start; dispose to leave.
/// Thread-safe.
/// </summary>
public sealed class RocketMqPushConsumer : IAsyncDisposable, IAnsweringConsumer
{
    /// <summary>
    /// Broadcasting members keep offsets of their own in a file named after their client id, which must therefore outlive the process.
    /// Matches the Java client.
    /// </summary>
    private const string BroadcastInstanceName = "DEFAULT";

    private static readonly TimeSpan LongestLockRenewInterval = TimeSpan.FromSeconds(30);

    private readonly PushConsumerOptions _options;
    private readonly ConcurrentDictionary<string, Subscription> _subscriptions = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, MessageHandler> _handlers = new(StringComparer.Ordinal);
    private readonly ClientInstance _client;
    private readonly IOffsetStore _offsets;
    private readonly CancellationTokenSource _stopping = new();
    private readonly SemaphoreSlim _lifecycle = new(1, 1);
    private readonly PausedQueues _paused = new();
    private readonly HeldQueueLocks? _locks;
    private readonly MessageTracer? _tracer;
    private readonly PollingMode? _polling;
    private IConsumeService? _consuming;
    private volatile Rebalancer? _rebalancer;
    private Task _rebalancing = Task.CompletedTask;
    private Task _committing = Task.CompletedTask;
    private Task _renewing = Task.CompletedTask;
    private volatile bool _isAnnounced;
    private bool _stopped;
    private DateTimeOffset _startedAt;
    private HandlerInvoker? _invoker;

    /// <summary>
    /// Connects to nothing yet. Throws <see cref="ArgumentException"/> when the group cannot be one or no name server is given.
    /// </summary>
    public RocketMqPushConsumer(PushConsumerOptions options)
        : this(options, polling: null)
    {
    }

    /// <summary>Makes a consumer; a polled one when <paramref name="polling"/> is not null.</summary>
    internal RocketMqPushConsumer(PushConsumerOptions options, PollingMode? polling)
    {
        ArgumentNullException.ThrowIfNull(options);
        Names.CheckGroup(options.Group, nameof(options));
        if (options.LockRenewInterval <= TimeSpan.Zero || options.LockRenewInterval > LongestLockRenewInterval)
        {
            throw new ArgumentException($"{nameof(options.LockRenewInterval)} is {options.LockRenewInterval}: brokers forget a lock after a minute, so it is to be within 30 s", nameof(options));
        }

        _polling = polling;
        _options = WithStableId(options);
        _startedAt = options.TimeProvider.GetUtcNow();
        RequestHandlerRegistry handlers = new RequestHandlerRegistry()
            .Add(RequestCode.NotifyConsumerIdsChanged, new ConsumerIdsChangedHandler(() => _rebalancer?.Wake()))
            .Add(RequestCode.ResetConsumerClientOffset, new ClientResetOffsetHandler(this))
            .Add(RequestCode.GetConsumerStatusFromClient, new ClientConsumerStatusHandler(this))
            .Add(RequestCode.GetConsumerRunningInfo, new RunningInfoHandler(this))
            .Add(RequestCode.ConsumeMessageDirectly, new ClientConsumeDirectlyHandler(this));
        _client = new ClientInstance(_options, handlers, Heartbeat, readsFromSlaves: true, _options.Group);
        _client.Routes.Watch(OnRouteChanged);
        IOffsetStore offsets = _options.MessageModel == MessageModel.Clustering
            ? new BrokerOffsetStore(_client, _options)
            : new FileOffsetStore(FileOffsetStore.PathFor(_options, _client.ClientId), _options.ConsumeFromWhere, _client.Logger);
        _offsets = polling?.Attach(offsets) ?? offsets;
        _locks = _options.IsLocking ? new HeldQueueLocks(_client, _options) : null;
        _tracer = _options.EnableTrace ? new MessageTracer(_client, _options, _options.Group, "CONSUME") : null;
    }

    /// <summary>Id by which brokers know this consumer.</summary>
    public string ClientId => _client.ClientId;

    internal PushConsumerOptions Options => _options;

    internal IReadOnlyList<Subscription> Subscriptions => [.. _subscriptions.Values];

    /// <summary>Client of this consumer, for what is built on it.</summary>
    internal ClientInstance Client => _client;

    /// <summary>The queues whose offsets may be committed at this moment.</summary>
    internal IEnumerable<MessageQueue> OwnedQueues => _rebalancer?.Queues ?? [];

    /// <summary>Logger of this consumer, for what is built on it.</summary>
    internal Microsoft.Extensions.Logging.ILogger Logger => _client.Logger;

    string IAnsweringConsumer.Group => _options.Group;

    PushConsumerOptions IAnsweringConsumer.Options => _options;

    string IAnsweringConsumer.NameServers => _client.NameServers;

    DateTimeOffset IAnsweringConsumer.StartedAt => _startedAt;

    HandlerInvoker? IAnsweringConsumer.Invoker => _invoker;

    IReadOnlyList<Subscription> IAnsweringConsumer.Subscriptions => Subscriptions;

    IReadOnlyList<ConsumedQueue> IAnsweringConsumer.Reading => _rebalancer?.Reading ?? [];

    Microsoft.Extensions.Logging.ILogger IAnsweringConsumer.Logger => _client.Logger;

    /// <summary>The queues this member reads, those of the group's retry topic included.</summary>
    public IReadOnlyCollection<MessageQueue> AssignedQueues => _rebalancer?.Assigned ?? [];

    /// <summary>
    /// Subscribes to a topic, before or after the start; a second call for the topic replaces the first. After the start it returns when
    /// the brokers know. Throws
    /// <see cref="ArgumentException"/> when the name or the expression cannot be one.
    /// </summary>
    /// <param name="topic">Name of the topic. It may be created later; that it is missing is logged and reported once.</param>
    /// <param name="expression">Tags: <c>*</c> for all or <c>TagA || TagB</c>.</param>
    /// <param name="handler">Called for every message.</param>
    /// <param name="cancellationToken">Gives up telling the brokers.</param>
    public Task SubscribeAsync(string topic, string expression, MessageHandler handler, CancellationToken cancellationToken = default) =>
        SubscribeAsync(topic, SubscriptionExpression.Tags(expression), handler, cancellationToken);

    /// <summary>
    /// Subscribes like <see cref="SubscribeAsync(string, string, MessageHandler, CancellationToken)"/>, with tags or
    /// <see cref="SubscriptionExpression.Sql"/>. After the start it throws <see cref="SubscriptionRefusedException"/> for an expression
    /// that brokers refuse, and what was subscribed before stays; before the start, <see cref="StartAsync"/> throws it.
    /// </summary>
    public async Task SubscribeAsync(string topic, SubscriptionExpression expression, MessageHandler handler, CancellationToken cancellationToken = default)
    {
        Names.CheckTopic(topic, nameof(topic));
        ArgumentNullException.ThrowIfNull(expression);
        ArgumentNullException.ThrowIfNull(handler);
        Subscription subscription = NewSubscription(topic, expression);
        if (_rebalancer is not null)
        {
            await new ExpressionCheck(_client, _options).CheckAsync(subscription, cancellationToken).ConfigureAwait(false);
        }

        // The handler first: once there is a subscription, messages of it may come.
        _handlers[topic] = handler;
        _subscriptions[topic] = subscription;
        if (_rebalancer is not null)
        {
            await AnnounceAsync(cancellationToken).ConfigureAwait(false);
            _rebalancer.Wake();
        }
    }

    /// <summary>
    /// Joins the group and begins to read. Returns when the brokers that are known so far were told. Waits for the cluster: tries again for
    /// <see cref="ConnectionOptions.StartTimeout"/> while no name server answers, and throws <see cref="RocketMqException"/> afterwards.
    /// Throws <see cref="SubscriptionRefusedException"/> when a broker does not take an expression and
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

            if (_options.MessageModel == MessageModel.Clustering && _polling is null)
            {
                string retry = TopicNames.RetryTopicOf(_options.Group);
                _subscriptions[retry] = NewSubscription(retry, SubscriptionExpression.All);
            }

            ClusterWait cluster = new(_client, _options);
            await cluster.UntilDoneAsync($"the start of group {_options.Group}", JoinAsync, cancellationToken).ConfigureAwait(false);

            HandlerInvoker invoker = new(_client, _options, _handlers, _tracer);
            _startedAt = _options.TimeProvider.GetUtcNow();

            // What an administrator has handled once more is not traced, as with Java's clients.
            _invoker = _polling is null ? new HandlerInvoker(_client, _options, _handlers) : null;
            _consuming = _polling is not null ? _polling.Begin(_options, _paused)
                : _options.IsOrderly
                ? new OrderlyConsumeService(_client, _options, invoker, _paused, _locks, queue => _rebalancer?.GiveUp(queue.Queue))
                : new HandlerPool(_client, _options, invoker, _paused);
            _rebalancer = new Rebalancer(_client, _options, _subscriptions, _offsets, _consuming, _paused, _locks, () => _polling?.Assigned, _stopping.Token);
            _rebalancing = Task.Run(_rebalancer.RunAsync, CancellationToken.None);
            _committing = CommitPeriodicallyAsync();
            _renewing = _locks is null ? Task.CompletedTask : RenewLocksPeriodicallyAsync(_locks);
        }
        finally
        {
            _lifecycle.Release();
        }
    }

    /// <summary>
    /// Hands out no further message of a topic until <see cref="Resume(string)"/>, now or after a rebalance; handlers at work go on, and
    /// what was pulled waits. Redeliveries come by
    /// the group's retry topic, which can be paused like any other.
    /// </summary>
    public void Pause(string topic)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(topic);
        _paused.Pause(topic);
    }

    /// <summary>Pauses one queue, like <see cref="Pause(string)"/>.</summary>
    public void Pause(MessageQueue queue)
    {
        ArgumentNullException.ThrowIfNull(queue);
        _paused.Pause(queue);
    }

    /// <summary>Goes on with a topic, also with queues of it that were paused by themselves.</summary>
    public void Resume(string topic)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(topic);
        _paused.Resume(topic);
    }

    /// <summary>Goes on with a queue, unless its topic is paused.</summary>
    public void Resume(MessageQueue queue)
    {
        ArgumentNullException.ThrowIfNull(queue);
        _paused.Resume(queue);
    }

    /// <summary>
    /// Goes on with a queue at an offset, which is committed at once. Messages pulled before are not handled any more, unless a handler
    /// has one already; what that says is not noted.
    /// Throws <see cref="InvalidOperationException"/> when this member does not read the queue at the moment. An offset outside the queue
    /// is corrected by the broker.
    /// </summary>
    /// <param name="queue">One of <see cref="AssignedQueues"/>.</param>
    /// <param name="offset">First offset to read, not negative.</param>
    /// <param name="cancellationToken">Gives up before anything has changed.</param>
    public Task SeekAsync(MessageQueue queue, long offset, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        return MoveAsync(queue, (_, _) => Task.FromResult(offset), cancellationToken);
    }

    /// <summary>
    /// Moves a queue to its oldest message, like <see cref="SeekAsync(MessageQueue, long, CancellationToken)"/>. Throws
    /// <see cref="RocketMqException"/> when no broker says where it is.
    /// </summary>
    public Task SeekToBeginAsync(MessageQueue queue, CancellationToken cancellationToken = default) =>
        MoveAsync(queue, (offsets, token) => offsets.BeginAsync(queue, token), cancellationToken);

    /// <summary>
    /// Moves a queue behind its newest message, like <see cref="SeekAsync(MessageQueue, long, CancellationToken)"/>. Throws
    /// <see cref="RocketMqException"/> when no broker says where it is.
    /// </summary>
    public Task SeekToEndAsync(MessageQueue queue, CancellationToken cancellationToken = default) =>
        MoveAsync(queue, (offsets, token) => offsets.EndAsync(queue, token), cancellationToken);

    /// <summary>
    /// Moves a queue to the first message stored at that time or later, like
    /// <see cref="SeekAsync(MessageQueue, long, CancellationToken)"/>. Throws <see cref="RocketMqException"/> when no broker says where it
    /// is.
    /// </summary>
    public Task SeekToTimeAsync(MessageQueue queue, DateTimeOffset time, CancellationToken cancellationToken = default) =>
        MoveAsync(queue, (offsets, token) => offsets.AtAsync(queue, time, token), cancellationToken);

    /// <summary>
    /// Leaves: no further pull, handlers at work are waited for, offsets are committed, the brokers are told so that the others take over
    /// at once. Idempotent.
    /// </summary>
    /// <param name="cancellationToken">Ends the wait for handlers before <see cref="PushConsumerOptions.ShutdownTimeout"/>; the rest is
    /// done all the same.</param>
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
            if (_consuming is not null)
            {
                await _consuming.StopAsync(cancellationToken).ConfigureAwait(false);
            }

            await _committing.ConfigureAwait(false);
            await _renewing.ConfigureAwait(false);
            if (_rebalancer is not null)
            {
                await _rebalancer.LeaveAsync().ConfigureAwait(false);
            }

            if (_tracer is not null)
            {
                await _tracer.StopAsync().ConfigureAwait(false);
            }

            _client.Routes.Unwatch(OnRouteChanged);
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

    /// <summary>Has the queues looked at anew, soon.</summary>
    internal void Rebalance() => _rebalancer?.Wake();

    bool IAnsweringConsumer.Reads(MessageQueue queue) => Reads(queue);

    /// <summary>True when <see cref="SeekAsync"/> can move the queue at this moment.</summary>
    internal bool Reads(MessageQueue queue) => _rebalancer?.Reads(queue) == true;

    /// <inheritdoc cref="Rebalancer.HasEnded"/>
    internal bool HasEnded(MessageQueue queue) => _rebalancer?.HasEnded(queue) == true;

    private static PushConsumerOptions WithStableId(PushConsumerOptions options)
    {
        if (options.MessageModel != MessageModel.Broadcasting || (options.Client?.Connections.Options.InstanceName ?? options.InstanceName) is not null)
        {
            return options;
        }

        return options.Client is null
            ? options with { InstanceName = BroadcastInstanceName }
            : throw new ArgumentException($"a broadcasting consumer keeps its offsets under its client id, which must outlive the process: give the shared {nameof(options.Client)} an {nameof(options.InstanceName)}", nameof(options));
    }

    private Task MoveAsync(MessageQueue queue, Func<StartOffsets, CancellationToken, Task<long>> find, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(queue);
        return _rebalancer?.SeekAsync(queue, find, cancellationToken) ?? throw new InvalidOperationException($"group {_options.Group} reads nothing before {nameof(StartAsync)}");
    }

    // Brokers take a subscription only when its version is higher than the one they have, and two calls may share a millisecond.
    private Subscription NewSubscription(string topic, SubscriptionExpression expression)
    {
        long now = _options.TimeProvider.GetUtcNow().ToUnixTimeMilliseconds();
        return Subscription.Of(topic, expression, _subscriptions.TryGetValue(topic, out Subscription? old) ? Math.Max(now, old.Version + 1) : now);
    }

    // A broker refuses pulls of a group it has not heard from, so it must hear before the first.
    private async Task JoinAsync(CancellationToken cancellationToken)
    {
        ExpressionCheck check = new(_client, _options);
        foreach (Subscription subscription in _subscriptions.Values)
        {
            await check.CheckAsync(subscription, cancellationToken).ConfigureAwait(false);
        }

        try
        {
            await AnnounceAsync(cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            // Given up half way: in further heartbeats the others of the group would go on leaving queues to a member that reads nothing.
            _isAnnounced = false;
            throw;
        }
    }

    private async Task AnnounceAsync(CancellationToken cancellationToken)
    {
        foreach (string topic in _subscriptions.Keys)
        {
            await _client.Routes.GetAsync(topic, cancellationToken).ConfigureAwait(false);
        }

        _isAnnounced = true;
        await _client.SendHeartbeatsAsync(cancellationToken).ConfigureAwait(false);
    }

    private void OnRouteChanged(string topic) => _rebalancer?.Wake();

    // A member that does not read yet must not be in a heartbeat: the others would leave queues to it.
    private HeartbeatBody Heartbeat(string clientId) => new()
    {
        ClientId = clientId,
        Consumers = !_isAnnounced ? [] :
        [
            new ConsumerBody
            {
                Group = _options.Group,
                ConsumeType = _polling is null ? ConsumerBody.Passively : ConsumerBody.Actively,
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
                await GuardAsync("the committing of offsets", () => _offsets.CommitAsync(_rebalancer!.Queues, _stopping.Token)).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // The stop commits by itself.
        }
    }

    // A bug in this client must not end what goes on all the time, and keep the stop from leaving the group.
    private async Task GuardAsync(string task, Func<Task> act)
    {
        try
        {
            await act().ConfigureAwait(false);
        }
        catch (Exception unforeseen) when (unforeseen is not OperationCanceledException)
        {
            ClientLog.BackgroundBroken(_client.Logger, unforeseen, task);
        }
    }

    private async Task RenewLocksPeriodicallyAsync(HeldQueueLocks locks)
    {
        using PeriodicTimer timer = new(_options.LockRenewInterval, _options.TimeProvider);
        try
        {
            while (await timer.WaitForNextTickAsync(_stopping.Token).ConfigureAwait(false))
            {
                await GuardAsync("the renewal of locks", async () =>
                {
                    foreach (MessageQueue lost in await locks.RenewAsync(_stopping.Token).ConfigureAwait(false))
                    {
                        _rebalancer!.GiveUp(lost);
                    }
                }).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // Handlers at work have the rest of the locks' time.
        }
    }
}
