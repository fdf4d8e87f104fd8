using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Text;
using RocketOps.Client.Calls;
using RocketOps.Client.Connections;
using RocketOps.Client.Diagnostics;
using RocketOps.Client.Routing;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Names;

namespace RocketOps.Client.Producing.Sending;

/// <summary>
/// Gets a message that is ready to travel to a broker: picks the queue, tries again elsewhere, reads the answer. Thread-safe.
/// </summary>
internal sealed class MessageSender(ClientInstance client, ProducerOptions options, Type owner)
{
    private readonly AvoidedBrokers _avoided = new(client.ProbeAsync, options.TimeProvider, client.Logger);
    private readonly BrokerFaults? _faults = options.SendLatencyFaultEnable ? new BrokerFaults(options.TimeProvider) : null;
    private readonly ConcurrentDictionary<string, QueueSelector> _selectors = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, (TopicRoute Route, IReadOnlyList<MessageQueue> Queues)> _queues = new(StringComparer.Ordinal);
    private volatile bool _closed;

    /// <summary>Whom sends after the end are told of.</summary>
    public Type Owner => owner;

    /// <summary>Sends from now on end with <see cref="ObjectDisposedException"/>.</summary>
    public void Close()
    {
        _closed = true;
        _avoided.Close();
    }

    /// <summary>The queues a topic can be sent to at this moment. Throws <see cref="RocketMqException"/> when there are none.</summary>
    public async Task<IReadOnlyList<MessageQueue>> GetQueuesAsync(string topic, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_closed, owner);
        TopicRoute? route = await client.Routes.GetForSendAsync(topic, options.DefaultTopicQueues, cancellationToken).ConfigureAwait(false);
        IReadOnlyList<MessageQueue> queues = QueuesOf(topic, route);
        if (queues.Count == 0)
        {
            // The route may date from a moment without masters: ask again rather than wait for the next refresh.
            route = await client.Routes.RefreshAsync(topic, cancellationToken).ConfigureAwait(false);
            queues = QueuesOf(topic, route);
        }

        if (queues.Count == 0)
        {
            throw new RocketMqException(route is null
                ? $"no route for topic {topic}: it does not exist and no broker creates topics by itself"
                : $"topic {topic} cannot be written: no broker with write permission has a master")
            {
                Reason = RocketMqErrorReason.NoRoute,
            };
        }

        return queues;
    }

    /// <summary>The queues, while the topic is known and can be written: nothing is asked and nothing allocated. Null otherwise.</summary>
    public IReadOnlyList<MessageQueue>? KnownQueues(string topic)
    {
        ObjectDisposedException.ThrowIf(_closed, owner);
        return client.Routes.Find(topic) is { } route && QueuesOf(topic, route) is { Count: > 0 } queues ? queues : null;
    }

    /// <summary>The queue of a key. As SelectMessageQueueByHash, so that Java and this client agree.</summary>
    public static MessageQueue QueueOf(string shardingKey, IReadOnlyList<MessageQueue> queues) => queues[Math.Abs(JavaHash.Compute(shardingKey) % queues.Count)];

    /// <summary>
    /// Sends to any queue, with further attempts elsewhere; each has its share of the time that is left. Throws <see
    /// cref="RocketMqException"/> when none succeeded within
    /// <see cref="ProducerOptions.SendTimeout"/>.
    /// </summary>
    /// <param name="message">The message.</param>
    /// <param name="begin">Timestamp that the time counts from; null: the call.</param>
    /// <param name="cancellationToken">Gives up.</param>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<SendResult> SendToAnyAsync(OutgoingMessage message, long? begin, CancellationToken cancellationToken)
    {
        SendTime sendTime = TimeOf(begin);
        int attempts = 1 + Math.Max(0, options.RetryTimes);
        string? failedBroker = null;
        FailedAttempts? failed = null;
        SendResult? lessSafe = null;
        try
        {
            for (int attempt = 1; attempt <= attempts && sendTime.IsEnough; attempt++)
            {
                IReadOnlyList<MessageQueue> queues = KnownQueues(message.Topic) ?? await FindQueuesAsync(message.Topic, sendTime, cancellationToken).ConfigureAwait(false);
                Predicate<MessageQueue>? isAvoided = _avoided.IsEmpty ? null : IsAvoided;
                MessageQueue queue = SelectorOf(message.Topic).Select(queues, failedBroker, _faults, isAvoided);
                bool hasOther = HasOther(queues, queue, isAvoided);
                TimeSpan time = sendTime.ShareOf(hasOther ? attempts - attempt + 1 : 1);
                long attemptBegin = options.TimeProvider.GetTimestamp();
                string? address = null;
                try
                {
                    address = MasterOf(queue);
                    SendResult result = await SendOnceAsync(message, queue, address, time, cancellationToken).ConfigureAwait(false);
                    _faults?.Note(queue.BrokerName, options.TimeProvider.GetElapsedTime(attemptBegin), failed: false);
                    _avoided.NoteSuccess(address);
                    if (result.Status == SendStatus.SendOk || !options.RetryAnotherBrokerWhenNotStoreOk)
                    {
                        return result;
                    }

                    lessSafe = result;
                    failedBroker = queue.BrokerName;
                }
                catch (RocketMqException failure) when (IsWorthRetrying(failure.ResponseCode))
                {
                    _faults?.Note(queue.BrokerName, options.TimeProvider.GetElapsedTime(attemptBegin), failed: true);
                    NoteFailure(queue, address, time, failure);
                    failed ??= new FailedAttempts();
                    failed.Add(queue.BrokerName, address, options.TimeProvider.GetElapsedTime(attemptBegin), failure);
                    ClientLog.SendFailed(client.Logger, queue, failure.Message, attempt, attempts);
                    failedBroker = queue.BrokerName;
                    if (!hasOther && attempt < attempts && !await sendTime.PauseAsync(failed.Count, cancellationToken).ConfigureAwait(false))
                    {
                        break;
                    }
                }
            }
        }
        catch (RocketMqException) when (lessSafe is not null)
        {
            // A broker has it, whatever became of the attempts to put it where it is safer.
            return lessSafe;
        }
        catch (RocketMqException last) when (failed is not null)
        {
            // A broker that refuses the message for good has the last word; that there was no route for a further attempt says less than
            // why the first one failed.
            last.IsOutcomeUnknown |= failed.IsOutcomeUnknown;
            last.Attempts = failed.Attempts;
            if (last.ResponseCode is null)
            {
                throw failed.ToException(message.Topic, sendTime.Elapsed);
            }

            throw;
        }

        return lessSafe ?? throw failed?.ToException(message.Topic, sendTime.Elapsed) ?? OutOfTime(message.Topic);
    }

    /// <summary>
    /// Sends to one queue, or to the one of a key. An attempt that did not leave this program is made again while there is time, as it
    /// cannot disturb the order of the queue. Throws
    /// <see cref="RocketMqException"/> when it failed.
    /// </summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<SendResult> SendToAsync(OutgoingMessage message, MessageQueue? queue, string? shardingKey, long? begin, CancellationToken cancellationToken)
    {
        SendTime sendTime = TimeOf(begin);
        IReadOnlyList<MessageQueue> queues = KnownQueues(message.Topic) ?? await FindQueuesAsync(message.Topic, sendTime, cancellationToken).ConfigureAwait(false);
        queue ??= QueueOf(shardingKey!, queues);
        FailedAttempts? failed = null;
        while (true)
        {
            string? address = null;
            TimeSpan time = sendTime.Left;
            long attemptBegin = options.TimeProvider.GetTimestamp();
            try
            {
                address = MasterOf(queue);
                SendResult result = await SendOnceAsync(message, queue, address, time, cancellationToken).ConfigureAwait(false);
                _avoided.NoteSuccess(address);
                return result;
            }
            catch (RocketMqException failure) when (failure.ResponseCode is null)
            {
                NoteFailure(queue, address, time, failure);
                failed ??= new FailedAttempts();
                failed.Add(queue.BrokerName, address, options.TimeProvider.GetElapsedTime(attemptBegin), failure);
                if (failure.IsOutcomeUnknown || !await sendTime.PauseAsync(failed.Count, cancellationToken).ConfigureAwait(false))
                {
                    throw failed.ToException(message.Topic, sendTime.Elapsed);
                }
            }
        }
    }

    /// <summary>
    /// Finds the queues like <see cref="GetQueuesAsync"/>, within what is left of the time of a send that began at a timestamp.
    /// </summary>
    public Task<IReadOnlyList<MessageQueue>> FindQueuesAsync(string topic, long since, CancellationToken cancellationToken) => FindQueuesAsync(topic, TimeOf(since), cancellationToken);

    private Task<IReadOnlyList<MessageQueue>> FindQueuesAsync(string topic, SendTime sendTime, CancellationToken cancellationToken) =>
        WithinAsync(sendTime.Left, $"no name server told the route of topic {topic}", token => GetQueuesAsync(topic, token), cancellationToken);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<SendResult> SendOnceAsync(OutgoingMessage message, MessageQueue queue, string address, TimeSpan time, CancellationToken cancellationToken)
    {
        if (message.NeedsHeartbeat)
        {
            long begin = options.TimeProvider.GetTimestamp();
            await IntroduceAsync(address, time, cancellationToken).ConfigureAwait(false);
            time -= options.TimeProvider.GetElapsedTime(begin);
        }

        if (time <= TimeSpan.Zero)
        {
            throw OutOfTime(message.Topic);
        }

        SendAnswer answer = await client.Caller.InvokeAsync(address, new SendCall(message, queue, options), time, cancellationToken).ConfigureAwait(false);
        if (message.Trace is { } trace)
        {
            trace.Address = address;
        }

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
            throw new RocketMqException($"{address} answered a send without saying where the message is") { IsOutcomeUnknown = true, Reason = RocketMqErrorReason.InvalidAnswer };
        }

        if (message.IsTimed && answer.Version < MqVersion.V500)
        {
            ClientLog.TimeIgnored(client.Logger, message.MessageId, address);
        }

        return new SendResult(status, message.MessageId, offsetId, answer.QueueId == queue.QueueId ? queue : queue with { QueueId = answer.QueueId }, answer.QueueOffset)
        {
            RecallHandle = answer.RecallHandle,
        };
    }

    /// <summary>
    /// Hands a message to the network. Throws <see cref="RocketMqException"/> when no broker can be reached within
    /// <see cref="ProducerOptions.SendTimeout"/>.
    /// </summary>
    public async Task SendOneWayAsync(OutgoingMessage message, CancellationToken cancellationToken)
    {
        SendTime sendTime = TimeOf(begin: null);
        IReadOnlyList<MessageQueue> queues = KnownQueues(message.Topic) ?? await FindQueuesAsync(message.Topic, sendTime, cancellationToken).ConfigureAwait(false);
        MessageQueue queue = SelectorOf(message.Topic).Select(queues, failedBroker: null, _faults, _avoided.IsEmpty ? null : IsAvoided);
        string address = MasterOf(queue);
        TimeSpan left = sendTime.Left;
        if (left == TimeSpan.Zero)
        {
            throw OutOfTime(message.Topic);
        }

        try
        {
            await client.Caller.SendOneWayAsync(address, OneWayRequest(message, queue), left, cancellationToken).ConfigureAwait(false);
        }
        catch (RocketMqException failure)
        {
            NoteFailure(queue, address, left, failure);
            throw;
        }
    }

    /// <summary>True when another broker may do what one refused with this code. Source: remoting.md §1.10 (5.3).</summary>
    private static bool IsWorthRetrying(int? responseCode) => responseCode is null
        or ResponseCode.SystemError or ResponseCode.SystemBusy or ResponseCode.ServiceNotAvailable or ResponseCode.NoPermission or ResponseCode.TopicNotExist
        or ResponseCode.NoBuyerId or ResponseCode.NotInCurrentUnit or ResponseCode.GoAway;

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
        if (_queues.Count > client.Routes.Count)
        {
            ForgetUnknown();
        }

        return queues;
    }

    // Of topics whose routes were forgotten nothing else is kept.
    private void ForgetUnknown()
    {
        foreach (string topic in _queues.Keys.Where(topic => !client.Routes.Knows(topic)))
        {
            _queues.TryRemove(topic, out _);
            _selectors.TryRemove(topic, out _);
        }
    }

    /// <summary>
    /// Remembers a broker that cannot be reached, and asks for the route in the background: when a broker is gone, the route soon lacks
    /// it or names another master.
    /// </summary>
    private void NoteFailure(MessageQueue queue, string? address, TimeSpan time, RocketMqException failure)
    {
        // An attempt that had no time tells nothing of its broker.
        bool isAway = failure.Reason == RocketMqErrorReason.Unreachable || (failure.Reason == RocketMqErrorReason.Timeout && time >= SendTime.LeastShare);
        if (isAway && address is not null)
        {
            _avoided.NoteFailure(queue.BrokerName, address, failure.Message);
        }

        if (failure.ResponseCode is null or ResponseCode.TopicNotExist or ResponseCode.ServiceNotAvailable)
        {
            client.RefreshSoon(queue.Topic);
        }
    }

    private bool IsAvoided(MessageQueue queue) => client.Routes.FindMaster(queue.BrokerName) is { } address && _avoided.IsAvoided(address);

    /// <summary>
    /// True when another broker is there for the next attempt; one that is avoided counts only while this one is avoided too.
    /// </summary>
    private static bool HasOther(IReadOnlyList<MessageQueue> queues, MessageQueue queue, Predicate<MessageQueue>? isAvoided)
    {
        bool countsAll = isAvoided?.Invoke(queue) != false;
        for (int i = 0; i < queues.Count; i++)
        {
            if (!string.Equals(queues[i].BrokerName, queue.BrokerName, StringComparison.Ordinal) && (countsAll || !isAvoided!(queues[i])))
            {
                return true;
            }
        }

        return false;
    }

    private Task<bool> IntroduceAsync(string address, TimeSpan time, CancellationToken cancellationToken) => WithinAsync(
        time,
        $"{address} took no heartbeat",
        async token =>
        {
            await client.IntroduceAsync(address, token).ConfigureAwait(false);
            return true;
        },
        cancellationToken);

    private SendTime TimeOf(long? begin) => new(begin ?? options.TimeProvider.GetTimestamp(), options.SendTimeout, options.TimeProvider);

    private RocketMqException OutOfTime(string topic) => new($"no attempt to send to topic {topic} could be made within {options.SendTimeout.TotalMilliseconds:0} ms")
    {
        Reason = RocketMqErrorReason.Timeout,
    };

    /// <summary>
    /// Does what a send needs before its next attempt, within what is left of its time. Throws <see cref="RocketMqException"/> when that
    /// ends first.
    /// </summary>
    /// <param name="time">Time left.</param>
    /// <param name="failure">What did not happen in time.</param>
    /// <param name="act">What is to be done.</param>
    /// <param name="cancellationToken">The caller's.</param>
    private async Task<T> WithinAsync<T>(TimeSpan time, string failure, Func<CancellationToken, Task<T>> act, CancellationToken cancellationToken)
    {
        using CancellationTokenSource deadline = new(time, options.TimeProvider);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            return await act(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException late) when (!cancellationToken.IsCancellationRequested)
        {
            throw new RocketMqException($"{failure} within {time.TotalMilliseconds:0} ms", late) { Reason = RocketMqErrorReason.Timeout };
        }
    }

    private string MasterOf(MessageQueue queue) =>
        client.Routes.FindMaster(queue.BrokerName) ?? throw new RocketMqException($"broker {queue.BrokerName} of topic {queue.Topic} has no master") { Reason = RocketMqErrorReason.NoRoute };

    private QueueSelector SelectorOf(string topic) => _selectors.GetOrAdd(topic, static _ => new QueueSelector());

    // The same header as a SendCall writes, for a request that is not answered (remoting.md §2.2).
    private RemotingCommand OneWayRequest(OutgoingMessage message, MessageQueue queue)
    {
        RemotingCommand request = RemotingCommand.CreateRequest(RequestCode.SendMessageV2)
            .Set("a", options.Group)
            .Set("b", message.Topic)
            .Set("c", TopicNames.AutoCreateTemplate)
            .Set("d", options.DefaultTopicQueues)
            .Set("e", queue.QueueId)
            .Set("f", message.SysFlag)
            .Set("g", options.TimeProvider.GetUtcNow().ToUnixTimeMilliseconds())
            .Set("h", message.Flag)
            .Set("i", Encoding.UTF8.GetString(message.Properties.Span))
            .Set("j", message.ReconsumeTimes)
            .Set("k", false)
            .Set("m", message.Kind == OutgoingKind.Batch)
            .Set("n", queue.BrokerName);
        request.Body = message.Body;
        return request;
    }
}
