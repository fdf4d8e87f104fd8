using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text;
using RocketOps.Client.Heartbeats;
using RocketOps.Client.Internal;
using RocketOps.Client.Producing;
using RocketOps.Client.Routing;
using RocketOps.Remoting.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Client;

/// <summary>
/// Sends messages. Queues are used in turn; a send that fails is tried again on another broker within <see cref="ProducerOptions.SendTimeout"/>, so a message can be stored twice
/// when only its answer was lost. Thread-safe; one per application is enough.
/// </summary>
public sealed class RocketMqProducer : IRocketMqProducer
{
    private readonly ProducerOptions _options;
    private readonly ClientInstance _client;
    private readonly UniqueKeys _keys;
    private readonly ConcurrentDictionary<string, QueueSelector> _selectors = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, (TopicRoute Route, IReadOnlyList<MessageQueue> Queues)> _queues = new(StringComparer.Ordinal);
    private int _disposed;

    /// <summary>Connects to nothing yet. Throws <see cref="ArgumentException"/> when the group cannot be one or no name server is given.</summary>
    public RocketMqProducer(ProducerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        Names.CheckGroup(options.Group, nameof(options));
        _options = options;
        _client = new ClientInstance(
            options, new RequestHandlerRegistry(), clientId => new HeartbeatBody { ClientId = clientId, Producers = [new ProducerBody(options.Group)] }, readsFromSlaves: false);
        _keys = new UniqueKeys(options.TimeProvider, _client.Address);
    }

    /// <summary>
    /// Sends a message to the next queue and waits until the broker has it. Throws <see cref="RocketMqException"/> when no attempt succeeded and
    /// <see cref="ArgumentException"/> when the message is too large.
    /// </summary>
    public Task<SendResult> SendAsync(Message message, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(message);
        return SendAsync(message, batch: null, queue: null, shardingKey: null, cancellationToken);
    }

    /// <summary>Sends a message to one queue, without a second attempt: order within the queue would be lost by it.</summary>
    public Task<SendResult> SendAsync(Message message, MessageQueue queue, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(message);
        ArgumentNullException.ThrowIfNull(queue);
        return SendAsync(message, batch: null, queue, shardingKey: null, cancellationToken);
    }

    /// <summary>Sends a message to the queue that its key belongs to, so that messages of one key keep their order while the number of queues stays.</summary>
    public Task<SendResult> SendAsync(Message message, string shardingKey, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(message);
        ArgumentException.ThrowIfNullOrEmpty(shardingKey);
        message.SetReserved(PropertyNames.ShardingKey, shardingKey);
        return SendAsync(message, batch: null, queue: null, shardingKey, cancellationToken);
    }

    /// <summary>
    /// Sends messages of one topic together: one request, one queue, stored one after another. Throws <see cref="ArgumentException"/> when they do not go together, are too
    /// large together, or there are none.
    /// </summary>
    public Task<SendResult> SendBatchAsync(IReadOnlyList<Message> messages, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(messages);
        return messages.Count > 0
            ? SendAsync(messages[0], messages, queue: null, shardingKey: null, cancellationToken)
            : throw new ArgumentException("a batch needs a message", nameof(messages));
    }

    /// <summary>Hands a message to the network without waiting for an answer; a loss is not reported. Throws when no broker can be reached.</summary>
    public async Task SendOneWayAsync(Message message, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(message);
        long begin = _options.TimeProvider.GetTimestamp();
        Activity? span = ClientTelemetry.StartSend(message.Topic, _client.ClientId);
        Exception? failure = null;
        try
        {
            OutgoingMessage outgoing = OutgoingMessage.Create(message, _options, _keys, span);
            IReadOnlyList<MessageQueue> queues = await GetQueuesAsync(outgoing.Topic, cancellationToken).ConfigureAwait(false);
            MessageQueue queue = SelectorOf(outgoing.Topic).Select(queues, avoidedBroker: null);
            await _client.Caller.SendOneWayAsync(MasterOf(queue), OneWayRequest(outgoing, queue), cancellationToken).ConfigureAwait(false);
        }
        catch (Exception thrown)
        {
            failure = thrown;
            throw;
        }
        finally
        {
            ClientTelemetry.EndSend(span, message.Topic, 1, _options.TimeProvider.GetElapsedTime(begin), result: null, failure);
        }
    }

    /// <summary>The queues a topic can be sent to at this moment. Throws <see cref="RocketMqException"/> when there are none.</summary>
    public async Task<IReadOnlyList<MessageQueue>> GetQueuesAsync(string topic, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed) != 0, this);
        TopicRoute? route = await _client.Routes.GetForSendAsync(topic, _options.DefaultTopicQueues, cancellationToken).ConfigureAwait(false);
        IReadOnlyList<MessageQueue> queues = QueuesOf(topic, route);
        if (queues.Count == 0)
        {
            // The route may date from a moment without masters: ask again rather than wait for the next refresh.
            route = await _client.Routes.RefreshAsync(topic, cancellationToken).ConfigureAwait(false);
            queues = QueuesOf(topic, route);
        }

        if (queues.Count == 0)
        {
            throw new RocketMqException(route is null
                ? $"no route for topic {topic}: it does not exist and no broker creates topics by itself"
                : $"topic {topic} cannot be written: no broker with write permission has a master");
        }

        return queues;
    }

    /// <summary>Tells the brokers that this producer leaves, and closes. Sends under way end with an error. Idempotent.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            await _client.LeaveAsync(_options.Group, consumerGroup: null).ConfigureAwait(false);
            await _client.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Whether another broker may do what one refused with this code. Source: remoting.md §1.10 (5.3).</summary>
    private static bool IsWorthRetrying(int? responseCode) => responseCode is null
        or ResponseCode.SystemError or ResponseCode.SystemBusy or ResponseCode.ServiceNotAvailable or ResponseCode.NoPermission or ResponseCode.TopicNotExist
        or ResponseCode.NoBuyerId or ResponseCode.NotInCurrentUnit or ResponseCode.GoAway;

    // Nothing is asked and nothing allocated while the topic is known and can be written.
    private IReadOnlyList<MessageQueue>? KnownQueues(string topic)
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed) != 0, this);
        return _client.Routes.Find(topic) is { } route && QueuesOf(topic, route) is { Count: > 0 } queues ? queues : null;
    }

    // A route is replaced when it changes, so the list made of it holds as long as the route is the same object.
    private IReadOnlyList<MessageQueue> QueuesOf(string topic, TopicRoute? route)
    {
        if (route is null)
        {
            return [];
        }

        if (_queues.TryGetValue(topic, out (TopicRoute Route, IReadOnlyList<MessageQueue> Queues) known) && ReferenceEquals(known.Route, route))
        {
            return known.Queues;
        }

        IReadOnlyList<MessageQueue> queues = TopicQueueLists.ForWrite(topic, route);
        _queues[topic] = (route, queues);
        return queues;
    }

    // One message, or a batch that begins with it; to one queue, to the one of a key, or to any.
    private async Task<SendResult> SendAsync(Message first, IReadOnlyList<Message>? batch, MessageQueue? queue, string? shardingKey, CancellationToken cancellationToken)
    {
        long begin = _options.TimeProvider.GetTimestamp();
        Activity? span = ClientTelemetry.StartSend(first.Topic, _client.ClientId);
        SendResult? result = null;
        Exception? failure = null;
        try
        {
            OutgoingMessage outgoing = batch is null ? OutgoingMessage.Create(first, _options, _keys, span) : OutgoingMessage.CreateBatch(batch, _options, _keys, span);
            result = queue is null && shardingKey is null
                ? await SendToAnyAsync(outgoing, cancellationToken).ConfigureAwait(false)
                : await SendToAsync(outgoing, queue, shardingKey, cancellationToken).ConfigureAwait(false);
            if (result.Status != SendStatus.SendOk)
            {
                ClientLog.StoredLessSafely(_client.Logger, result.MessageId, result.Queue, result.Status);
            }

            return result;
        }
        catch (Exception thrown)
        {
            failure = thrown;
            throw;
        }
        finally
        {
            ClientTelemetry.EndSend(span, first.Topic, batch?.Count ?? 1, _options.TimeProvider.GetElapsedTime(begin), result, failure);
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<SendResult> SendToAnyAsync(OutgoingMessage message, CancellationToken cancellationToken)
    {
        long begin = _options.TimeProvider.GetTimestamp();
        int attempts = 1 + Math.Max(0, _options.RetryTimes);
        string? failedBroker = null;
        RocketMqException? failure = null;
        try
        {
            for (int attempt = 1; attempt <= attempts; attempt++)
            {
                TimeSpan left = _options.SendTimeout - _options.TimeProvider.GetElapsedTime(begin);
                if (left <= TimeSpan.Zero)
                {
                    break;
                }

                IReadOnlyList<MessageQueue> queues = KnownQueues(message.Topic) ?? await GetQueuesAsync(message.Topic, cancellationToken).ConfigureAwait(false);
                MessageQueue queue = SelectorOf(message.Topic).Select(queues, failedBroker);
                try
                {
                    return await SendOnceAsync(message, queue, left, cancellationToken).ConfigureAwait(false);
                }
                catch (RocketMqException failed) when (IsWorthRetrying(failed.ResponseCode))
                {
                    ClientLog.SendFailed(_client.Logger, queue, failed.Message, attempt, attempts);
                    failed.IsOutcomeUnknown |= failure?.IsOutcomeUnknown == true;
                    failure = failed;
                    failedBroker = queue.BrokerName;
                    await RefreshAfterFailureAsync(message.Topic, failed, cancellationToken).ConfigureAwait(false);
                }
            }
        }
        catch (RocketMqException last) when (failure?.IsOutcomeUnknown == true)
        {
            // An earlier attempt may have stored the message, whatever ended this one.
            last.IsOutcomeUnknown = true;
            throw;
        }

        throw failure ?? new RocketMqException($"no attempt to send to topic {message.Topic} could be made within {_options.SendTimeout.TotalMilliseconds:0} ms");
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<SendResult> SendToAsync(OutgoingMessage message, MessageQueue? queue, string? shardingKey, CancellationToken cancellationToken)
    {
        long begin = _options.TimeProvider.GetTimestamp();
        IReadOnlyList<MessageQueue> queues = KnownQueues(message.Topic) ?? await GetQueuesAsync(message.Topic, cancellationToken).ConfigureAwait(false);

        // As SelectMessageQueueByHash, so that Java and this client agree on the queue of a key.
        queue ??= queues[Math.Abs(JavaHash.Compute(shardingKey!) % queues.Count)];
        TimeSpan left = _options.SendTimeout - _options.TimeProvider.GetElapsedTime(begin);
        return await SendOnceAsync(message, queue, left > TimeSpan.Zero ? left : TimeSpan.Zero, cancellationToken).ConfigureAwait(false);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<SendResult> SendOnceAsync(OutgoingMessage message, MessageQueue queue, TimeSpan timeout, CancellationToken cancellationToken)
    {
        string address = MasterOf(queue);
        SendAnswer answer = await _client.Caller.InvokeAsync(address, new SendCall(message, queue, _options), timeout, cancellationToken).ConfigureAwait(false);
        SendStatus status = answer.Code switch
        {
            ResponseCode.Success => SendStatus.SendOk,
            ResponseCode.FlushDiskTimeout => SendStatus.FlushDiskTimeout,
            ResponseCode.FlushSlaveTimeout => SendStatus.FlushSlaveTimeout,
            ResponseCode.SlaveNotAvailable => SendStatus.SlaveNotAvailable,
            _ => throw new RocketMqException(answer.Code, answer.Remark, address),
        };
        if (answer is not { OffsetMessageId: { } offsetId, QueueId: >= 0, QueueOffset: >= 0 })
        {
            throw new RocketMqException($"{address} answered a send without saying where the message is") { IsOutcomeUnknown = true };
        }

        return new SendResult(status, message.MessageId, offsetId, answer.QueueId == queue.QueueId ? queue : queue with { QueueId = answer.QueueId }, answer.QueueOffset);
    }

    // When a broker is gone, the route soon lacks it or names another master, and the retry should use that. A failure here is only logged: the retry reports its own.
    private async Task RefreshAfterFailureAsync(string topic, RocketMqException failure, CancellationToken cancellationToken)
    {
        if (failure.ResponseCode is null or ResponseCode.TopicNotExist or ResponseCode.ServiceNotAvailable)
        {
            try
            {
                await _client.Routes.RefreshAsync(topic, cancellationToken).ConfigureAwait(false);
            }
            catch (RocketMqException unanswered)
            {
                ClientLog.RouteRefreshFailed(_client.Logger, topic, unanswered.Message);
            }
        }
    }

    private string MasterOf(MessageQueue queue) =>
        _client.Routes.FindMaster(queue.BrokerName) ?? throw new RocketMqException($"broker {queue.BrokerName} of topic {queue.Topic} has no master");

    private QueueSelector SelectorOf(string topic) => _selectors.GetOrAdd(topic, static _ => new QueueSelector());

    // The same header as a SendCall writes, for a request that is not answered (remoting.md §2.2).
    private RemotingCommand OneWayRequest(OutgoingMessage message, MessageQueue queue)
    {
        RemotingCommand request = RemotingCommand.CreateRequest(RequestCode.SendMessageV2)
            .Set("a", _options.Group)
            .Set("b", message.Topic)
            .Set("c", RouteCache.DefaultTopic)
            .Set("d", _options.DefaultTopicQueues)
            .Set("e", queue.QueueId)
            .Set("f", message.SysFlag)
            .Set("g", _options.TimeProvider.GetUtcNow().ToUnixTimeMilliseconds())
            .Set("h", message.Flag)
            .Set("i", Encoding.UTF8.GetString(message.Properties.Span))
            .Set("j", message.ReconsumeTimes)
            .Set("k", false)
            .Set("m", message.IsBatch)
            .Set("n", queue.BrokerName);
        request.Body = message.Body;
        return request;
    }
}
