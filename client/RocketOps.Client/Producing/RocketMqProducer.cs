using System.Diagnostics;
using System.Text;
using RocketOps.Client.Calls;
using RocketOps.Client.Connections;
using RocketOps.Client.Diagnostics;
using RocketOps.Client.Json;
using RocketOps.Client.Messages;
using RocketOps.Client.Producing.Batching;
using RocketOps.Client.Producing.Requests;
using RocketOps.Client.Producing.Sending;
using RocketOps.Client.Producing.Transactions;
using RocketOps.Client.Tracing;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Client;

/// <summary>
/// Sends messages. Queues are used in turn; a send that fails is tried again on another broker within
/// <see cref="ProducerOptions.SendTimeout"/>, so a message can be stored twice
/// when only its answer was lost. Thread-safe; one per application is enough.
/// </summary>
public sealed class RocketMqProducer : IRocketMqProducer
{
    private readonly ProducerOptions _options;
    private readonly ClientInstance _client;
    private readonly UniqueKeys _keys;
    private readonly MessageSender _sender;
    private readonly TransactionChecks _checks;
    private readonly SendExtras _halfExtras;
    private readonly PendingRequests _requests;
    private readonly SendBatcher? _batcher;
    private readonly MessageTracer? _tracer;
    private readonly InFlightLimit _inFlight;
    private readonly CallsUnderWay _calls = new(typeof(RocketMqProducer));
    private int _disposed;

    /// <summary>
    /// Connects to nothing yet. Throws <see cref="ArgumentException"/> when the group cannot be one or no name server is given.
    /// </summary>
    public RocketMqProducer(ProducerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        Names.CheckGroup(options.Group, nameof(options));
        if (options.AutoBatch)
        {
            SendBatcher.Check(options);
        }

        InFlightLimit.Check(options);
        _options = options;
        _inFlight = new InFlightLimit(options);
        _checks = new TransactionChecks(options);
        _requests = new PendingRequests(options);
        RequestHandlerRegistry handlers = new RequestHandlerRegistry().Add(RequestCode.CheckTransactionState, _checks).Add(RequestCode.PushReplyMessageToClient, _requests);
        _client = new ClientInstance(
            options, handlers, clientId => new HeartbeatBody { ClientId = clientId, Producers = [new ProducerBody(options.Group)] }, readsFromSlaves: false);
        _keys = new UniqueKeys(options.TimeProvider, _client.Address);
        _sender = new MessageSender(_client, options, typeof(RocketMqProducer));
        _halfExtras = new SendExtras(
            [KeyValuePair.Create(PropertyNames.TransactionPrepared, "true"), KeyValuePair.Create(PropertyNames.ProducerGroup, options.Group)], SysFlags.TransactionPrepared, NeedsHeartbeat: true);
        _batcher = options.AutoBatch ? new SendBatcher(_sender, options) : null;
        _tracer = options.EnableTrace ? new MessageTracer(_client, options, options.Group, "PRODUCE") : null;
        _checks.Begin(_client, _tracer);
        _requests.Begin(_client);
    }

    /// <summary>
    /// Connects ahead of the first sends, which then wait for nothing but their own answers: finds the topics' routes, and tells the
    /// brokers of this producer's group. A broker that does not answer is left to the sends while each topic has another one. Waits for the
    /// cluster: tries again for <see cref="ConnectionOptions.StartTimeout"/>, and throws <see cref="RocketMqException"/> afterwards. A
    /// topic
    /// that does not exist yet is waited for as well, unless brokers create topics by themselves. Optional, and may be called again.
    /// </summary>
    /// <param name="topics">Topics that will be sent to; at least one.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task ConnectAsync(IReadOnlyCollection<string> topics, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(topics);
        if (topics.Count == 0)
        {
            throw new ArgumentException("name the topics that will be sent to: their routes tell which brokers to connect to", nameof(topics));
        }

        foreach (string topic in topics)
        {
            Names.CheckTopic(topic, nameof(topics));
        }

        _calls.Enter();
        try
        {
            ProducerConnect connect = new(_client, _sender, [.. topics.Distinct(StringComparer.Ordinal)]);
            ClusterWait cluster = new(_client, _options);
            await cluster.UntilDoneAsync($"the connection of producer {_options.Group}", connect.TryAsync, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _calls.Leave();
        }
    }

    /// <summary>
    /// Sends a message to the next queue and waits until the broker has it. Throws <see cref="RocketMqException"/> when no attempt
    /// succeeded and
    /// <see cref="ArgumentException"/> when the message is too large.
    /// </summary>
    public Task<SendResult> SendAsync(Message message, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(message);
        return SendOneAsync(message, queue: null, shardingKey: null, cancellationToken);
    }

    /// <summary>Sends a message to one queue, without a second attempt: order within the queue would be lost by it.</summary>
    public Task<SendResult> SendAsync(Message message, MessageQueue queue, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(message);
        ArgumentNullException.ThrowIfNull(queue);
        return SendOneAsync(message, queue, shardingKey: null, cancellationToken);
    }

    /// <summary>
    /// Sends a message to the queue that its key belongs to, so that messages of one key keep their order while the number of queues
    /// stays.
    /// </summary>
    public Task<SendResult> SendAsync(Message message, string shardingKey, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(message);
        ArgumentException.ThrowIfNullOrEmpty(shardingKey);
        if (MessagePropertiesCodec.ContainsSeparator(shardingKey))
        {
            throw new ArgumentException("U+0001 and U+0002 separate properties and cannot be part of one", nameof(shardingKey));
        }

        return SendOneAsync(message, queue: null, shardingKey, cancellationToken);
    }

    /// <summary>
    /// Sends messages of one topic together: one request, one queue, stored one after another. Throws <see cref="ArgumentException"/>
    /// when they do not go together, are too
    /// large together, or there are none.
    /// </summary>
    public Task<SendResult> SendBatchAsync(IReadOnlyList<Message> messages, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(messages);
        return messages.Count > 0
            ? SendAsync(messages[0], messages, queue: null, shardingKey: null, cancellationToken)
            : throw new ArgumentException("a batch needs a message", nameof(messages));
    }

    /// <summary>Makes an empty batch, which takes messages of the topic as long as they fit.</summary>
    public MessageBatch CreateBatch(string topic)
    {
        Names.CheckTopic(topic, nameof(topic));
        return new MessageBatch(topic, _options, _keys);
    }

    /// <summary>
    /// Sends the messages of a batch together, like <see cref="SendBatchAsync(IReadOnlyList{Message}, CancellationToken)"/>. Throws
    /// <see cref="ArgumentException"/> when it is empty, or messages were changed since and do not fit any more.
    /// </summary>
    public Task<SendResult> SendBatchAsync(MessageBatch batch, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(batch);
        return SendBatchAsync(batch.Messages, cancellationToken);
    }

    /// <summary>
    /// Hands a message to the network without waiting for an answer; a loss is not reported. Throws when no broker can be reached within
    /// <see cref="ProducerOptions.SendTimeout"/>.
    /// </summary>
    public async Task SendOneWayAsync(Message message, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(message);
        _calls.Enter();
        long begin = _options.TimeProvider.GetTimestamp();
        Activity? span = ClientTelemetry.StartSend(message.Topic, _client.ClientId);
        Exception? failure = null;
        try
        {
            OutgoingMessage outgoing = OutgoingMessage.Create(message, _options, _keys, span);
            await _inFlight.EnterAsync(message.Body.Length, begin, cancellationToken).ConfigureAwait(false);
            try
            {
                await _sender.SendOneWayAsync(outgoing, cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                _inFlight.Leave(message.Body.Length);
            }
        }
        catch (Exception thrown)
        {
            failure = thrown;
            throw;
        }
        finally
        {
            ClientTelemetry.EndSend(span, message.Topic, 1, _options.TimeProvider.GetElapsedTime(begin), result: null, failure);
            _calls.Leave();
        }
    }

    /// <summary>
    /// Sends a message that no consumer gets before <see cref="IMessageTransaction.CommitAsync"/>: do the local work in between. Throws
    /// <see cref="RocketMqException"/> when the broker
    /// does not have the message as safely as it is configured to: then do no local work. Throws <see cref="InvalidOperationException"/>
    /// without a
    /// <see cref="ProducerOptions.TransactionChecker"/> and <see cref="ArgumentException"/> for a message that is to be delayed.
    /// </summary>
    /// <example><code>
    /// await using IMessageTransaction transaction = await producer.BeginTransactionAsync(message);
    /// await database.SaveAsync(order);
    /// await transaction.CommitAsync();
    /// </code></example>
    public async Task<IMessageTransaction> BeginTransactionAsync(Message message, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(message);
        if (_options.TransactionChecker is null)
        {
            throw new InvalidOperationException(
                $"producer group {_options.Group} has no {nameof(ProducerOptions.TransactionChecker)}: a transaction that is interrupted could never be settled");
        }

        if (message.IsDelayed)
        {
            throw new ArgumentException("a message of a transaction cannot be delayed", nameof(message));
        }

        // One call to its end: disposing that waited for the half alone would leave it at the broker.
        _calls.Enter();
        try
        {
            SendResult half = await SendAsync(message, batch: null, queue: null, shardingKey: null, cancellationToken, _halfExtras, _options.TimeProvider.GetTimestamp()).ConfigureAwait(false);
            MessageTransaction transaction = new(_client, _options, message, half, _tracer, _calls);
            if (half.Status != SendStatus.SendOk)
            {
                // As the Java client: what a crash of the broker may take away is no ground to begin local work on.
                await transaction.RollbackAsPartAsync(cancellationToken).ConfigureAwait(false);
                throw new RocketMqException($"broker {half.Queue.BrokerName} has the message of the transaction, but not as safely as it is configured to ({half.Status}); it was rolled back") { Reason = RocketMqErrorReason.StoredLessSafely };
            }

            return transaction;
        }
        finally
        {
            _calls.Leave();
        }
    }

    /// <summary>
    /// Takes back a message that waits for its time, and returns its id. Throws <see cref="RocketMqException"/> when the broker does not:
    /// it is too late, the broker does not
    /// allow it (recallMessageEnable) or does not know it. Throws <see cref="ArgumentException"/> for what is no handle.
    /// </summary>
    /// <param name="recallHandle"><see cref="SendResult.RecallHandle"/>, also of another process.</param>
    /// <param name="cancellationToken">Gives up waiting for the broker, which may recall the message all the same.</param>
    public async Task<string> RecallAsync(string recallHandle, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(recallHandle);
        if (RecallHandle.TryParse(recallHandle) is not { Topic.Length: > 0, BrokerName.Length: > 0 } handle)
        {
            string shown = recallHandle.Length <= RecallHandle.MaxChars ? recallHandle : recallHandle[..RecallHandle.MaxChars] + "…";
            throw new ArgumentException(
                $"\"{shown}\" is no handle of a message that can be recalled: take {nameof(SendResult)}.{nameof(SendResult.RecallHandle)}", nameof(recallHandle));
        }

        _calls.Enter();
        try
        {
            return await SendRecallAsync(handle, recallHandle, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _calls.Leave();
        }
    }

    private async Task<string> SendRecallAsync(RecallHandle handle, string recallHandle, CancellationToken cancellationToken)
    {
        CallTime time = new(_options.RequestTimeout, _options.TimeProvider);
        await time.WithinAsync(
            $"no name server told the route of topic {handle.Topic}",
            async token =>
            {
                await _client.Routes.GetAsync(handle.Topic, token).ConfigureAwait(false);
                if (_client.Routes.FindMaster(handle.BrokerName) is null)
                {
                    // The broker may have come, or got its master, since the route was asked for.
                    await _client.Routes.RefreshAsync(handle.Topic, token).ConfigureAwait(false);
                }
            },
            cancellationToken).ConfigureAwait(false);

        string address = _client.Routes.FindMaster(handle.BrokerName) ?? throw new RocketMqException($"broker {handle.BrokerName}, which has the message, is unknown or has no master") { Reason = RocketMqErrorReason.NoRoute };
        RemotingCommand request = RemotingCommand.CreateRequest(RequestCode.RecallMessage)
            .Set("producerGroup", _options.Group).Set("topic", handle.Topic).Set("recallHandle", recallHandle).Set("bname", handle.BrokerName);
        RemotingCommand answer = await _client.Caller.InvokeAsync(address, request, time.Left, cancellationToken).ConfigureAwait(false);
        bool succeeded = answer.Code == ResponseCode.Success;
        _tracer?.Add(new RecallTraceEntry(
            handle.UniqKey, new TraceOrigin(_tracer.NowMs, answer.Get(PropertyNames.Region) ?? SendTrace.DefaultRegion, _options.Group), handle.Topic, succeeded));
        if (!succeeded)
        {
            throw new RocketMqException(answer.Code, answer.Remark, address);
        }

        return answer.Get("msgId") ?? throw new RocketMqException($"{address} answered a recall without an id") { IsOutcomeUnknown = true, Reason = RocketMqErrorReason.InvalidAnswer };
    }

    /// <summary>
    /// Sends a message and waits until a consumer replies to it. Throws <see cref="RequestTimeoutException"/> when nobody did in time,
    /// <see cref="RocketMqException"/> when it could not be
    /// sent, or when the reply cannot be read, and <see cref="ArgumentException"/> when it is too large or delayed.
    /// </summary>
    /// <param name="message">The request. Consumers see <see cref="ReceivedMessage.IsRequest"/>.</param>
    /// <param name="timeout">For sending and waiting together; positive.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>The reply, as its sender wrote it; it is in no queue, its <see cref="ReceivedMessage.QueueOffset"/> is −1.</returns>
    public async Task<ReceivedMessage> RequestAsync(Message message, TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(message);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(timeout, TimeSpan.Zero);
        if (message.IsDelayed)
        {
            throw new ArgumentException("a request cannot be delayed: its sender waits", nameof(message));
        }

        string id = Guid.NewGuid().ToString();
        using CancellationTokenSource deadline = new(timeout, _options.TimeProvider);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        Task<ReceivedMessage> reply = _requests.Add(id);
        SendResult? sent = null;
        try
        {
            SendExtras extras = RequestProperties.OfRequest(id, _client.ClientId, timeout);
            sent = await SendAsync(message, batch: null, queue: null, shardingKey: null, either.Token, extras).ConfigureAwait(false);
            return await reply.WaitAsync(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw sent is null
                ? new RocketMqException($"no broker took the request to topic {message.Topic} within {timeout.TotalMilliseconds:0} ms") { IsOutcomeUnknown = true, Reason = RocketMqErrorReason.Timeout }
                : new RequestTimeoutException(sent, timeout);
        }
        finally
        {
            _requests.Remove(id);
        }
    }

    /// <summary>
    /// Answers a request, by the broker it came from, and returns when its sender has the reply. Throws <see cref="RocketMqException"/>
    /// when it has not, as it waits no longer or is
    /// gone, and <see cref="ArgumentException"/> when the message is no request.
    /// </summary>
    /// <param name="request">What a consumer got, with <see cref="ReceivedMessage.IsRequest"/>.</param>
    /// <param name="body">Borrowed until the reply was sent; not empty.</param>
    /// <param name="cancellationToken">Gives up waiting for the broker.</param>
    public async Task ReplyAsync(ReceivedMessage request, ReadOnlyMemory<byte> body, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        (string topic, SendExtras extras) = RequestProperties.OfReply(request, nameof(request));
        _calls.Enter();
        try
        {
            long begin = _options.TimeProvider.GetTimestamp();
            // Java picks any broker of the cluster. The one that had the request knows its sender for certain.
            IReadOnlyList<MessageQueue> queues = await _sender.FindQueuesAsync(topic, begin, cancellationToken).ConfigureAwait(false);
            MessageQueue queue = queues.FirstOrDefault(queue => queue.BrokerName == request.Queue.BrokerName) ?? queues[0];
            await SendAsync(new Message(topic, body), batch: null, queue, shardingKey: null, cancellationToken, extras, begin).ConfigureAwait(false);
        }
        finally
        {
            _calls.Leave();
        }
    }

    /// <inheritdoc cref="ReplyAsync(ReceivedMessage, ReadOnlyMemory{byte}, CancellationToken)"/>
    public Task ReplyAsync(ReceivedMessage request, string body, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(body);
        return ReplyAsync(request, Encoding.UTF8.GetBytes(body), cancellationToken);
    }

    /// <summary>The queues a topic can be sent to at this moment. Throws <see cref="RocketMqException"/> when there are none.</summary>
    public Task<IReadOnlyList<MessageQueue>> GetQueuesAsync(string topic, CancellationToken cancellationToken = default) => _sender.GetQueuesAsync(topic, cancellationToken);

    /// <summary>
    /// Begins no further call, waits for those under way, up to <see cref="ProducerOptions.SendTimeout"/>, tells the brokers that this
    /// producer leaves, and closes. What waits in batches is sent before;
    /// requests whose reply has not come end with an error. Idempotent.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            Task ended = _calls.CloseAsync();
            if (_batcher is not null)
            {
                await _batcher.CloseAsync().ConfigureAwait(false);
            }

            try
            {
                await ended.WaitAsync(_options.SendTimeout, _options.TimeProvider).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                ClientLog.RequestsCut(_client.Logger, _calls.Count, _options.Group, _options.SendTimeout.TotalSeconds);
            }

            _sender.Close();
            _requests.Stop(nameof(RocketMqProducer));
            await _checks.StopAsync().ConfigureAwait(false);
            if (_tracer is not null)
            {
                await _tracer.StopAsync().ConfigureAwait(false);
            }

            await _client.LeaveAsync(_options.Group, consumerGroup: null).ConfigureAwait(false);
            await _client.DisposeAsync().ConfigureAwait(false);
        }
    }

    private Task<SendResult> SendOneAsync(Message message, MessageQueue? queue, string? shardingKey, CancellationToken cancellationToken) =>
        _batcher is { } batcher && SendBatcher.IsBatchable(message)
            ? SendBatchedAsync(batcher, message, queue, shardingKey, cancellationToken)
            : SendAsync(message, batch: null, queue, shardingKey, cancellationToken);

    private async Task<SendResult> SendBatchedAsync(SendBatcher batcher, Message message, MessageQueue? queue, string? shardingKey, CancellationToken cancellationToken)
    {
        _calls.Enter();
        long begin = _options.TimeProvider.GetTimestamp();
        Activity? span = ClientTelemetry.StartSend(message.Topic, _client.ClientId);
        SendTrace? trace = TraceOf(message);
        SendResult? result = null;
        Exception? failure = null;
        try
        {
            BatchPart part = OutgoingMessage.CreatePart(message, _options, _keys, span, shardingKey);
            bool isAlone = message.Body.Length >= _options.CompressBodyOverBytes || part.Bytes > _options.BatchMaxBytes;
            result = await batcher.SendAsync(new BatchedSend(message.Topic, part, message.WaitStored, isAlone, begin, trace), queue, shardingKey, cancellationToken).ConfigureAwait(false);
            Conclude(result, trace, message, batch: null, begin);
            return result;
        }
        catch (Exception thrown)
        {
            failure = thrown;
            throw;
        }
        finally
        {
            ClientTelemetry.EndSend(span, message.Topic, 1, _options.TimeProvider.GetElapsedTime(begin), result, failure);
            _calls.Leave();
        }
    }

    private SendTrace? TraceOf(Message first) => _tracer?.Traces(first.Topic) == true ? new SendTrace() : null;

    // One message, or a batch that begins with it; to one queue, to the one of a key, or to any. With a timestamp it is part of a call
    // that has entered and began then.
    private async Task<SendResult> SendAsync(
        Message first, IReadOnlyList<Message>? batch, MessageQueue? queue, string? shardingKey, CancellationToken cancellationToken, SendExtras? extras = null, long? since = null)
    {
        if (since is null)
        {
            _calls.Enter();
        }

        long begin = since ?? _options.TimeProvider.GetTimestamp();
        Activity? span = ClientTelemetry.StartSend(first.Topic, _client.ClientId);
        SendTrace? trace = TraceOf(first);
        SendResult? result = null;
        Exception? failure = null;
        try
        {
            OutgoingMessage outgoing = batch is null ? OutgoingMessage.Create(first, _options, _keys, span, extras, shardingKey) : OutgoingMessage.CreateBatch(batch, _options, _keys, span);
            if (trace is not null)
            {
                outgoing = outgoing with { Trace = trace };
            }

            long bytes = BytesOf(first, batch);
            await _inFlight.EnterAsync(bytes, begin, cancellationToken).ConfigureAwait(false);
            try
            {
                result = queue is null && shardingKey is null
                    ? await _sender.SendToAnyAsync(outgoing, begin, cancellationToken).ConfigureAwait(false)
                    : await _sender.SendToAsync(outgoing, queue, shardingKey, begin, cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                _inFlight.Leave(bytes);
            }

            Conclude(result, trace, first, batch, begin, extras);
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
            if (since is null)
            {
                _calls.Leave();
            }
        }
    }

    private static long BytesOf(Message first, IReadOnlyList<Message>? batch)
    {
        if (batch is null)
        {
            return first.Body.Length;
        }

        long bytes = 0;
        for (int i = 0; i < batch.Count; i++)
        {
            bytes += batch[i].Body.Length;
        }

        return bytes;
    }

    private void Conclude(SendResult result, SendTrace? trace, Message first, IReadOnlyList<Message>? batch, long begin, SendExtras? extras = null)
    {
        if (result.Status != SendStatus.SendOk)
        {
            ClientLog.StoredLessSafely(_client.Logger, result.MessageId, result.Queue, result.Status);
        }

        // As with Java's clients: what failed is not traced, nor what the broker does not want traced.
        if (trace is not { IsWanted: true })
        {
            return;
        }

        IReadOnlyList<Message> messages = batch ?? [first];
        string[] ids = batch is null ? [result.MessageId] : result.MessageId.Split(',');
        string[] places = result.OffsetMessageId.Split(',');
        long cost = (long)_options.TimeProvider.GetElapsedTime(begin).TotalMilliseconds;
        for (int i = 0; i < messages.Count; i++)
        {
            Message message = messages[i];
            TracedMessageType type = message.IsDelayed ? TracedMessageType.Delayed : (extras?.SysFlag & SysFlags.TransactionPrepared) != 0 && extras is not null ? TracedMessageType.Half : TracedMessageType.Normal;
            _tracer!.Add(new SendTraceEntry(
                new TracedMessage(ids[i], message.Keys, message.Topic, message.Tag), new TraceOrigin(_tracer.NowMs - cost, trace.Region, _options.Group),
                trace.Address, message.Body.Length, cost, type, places.Length == messages.Count ? places[i] : result.OffsetMessageId, result.Status == SendStatus.SendOk));
        }
    }
}
