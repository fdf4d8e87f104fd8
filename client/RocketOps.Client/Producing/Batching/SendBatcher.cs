using RocketOps.Client.Producing.Sending;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Names;

namespace RocketOps.Client.Producing.Batching;

/// <summary>
/// Has single sends travel together: what comes for a topic or a queue while a request to it is under way waits and leaves with the next
/// one, so that an idle queue delays nothing and a
/// busy one needs few requests. One request at a time for a lane keeps the order in which the messages came. Memory is bounded by
/// <see cref="ProducerOptions.TotalBatchMaxBytes"/>. Thread-safe.
/// </summary>
internal sealed class SendBatcher(MessageSender sender, ProducerOptions options)
{
    // Guards all that follows; held for no longer than it takes to change it.
    private readonly Lock _gate = new();
    private readonly Dictionary<LaneKey, BatchLane> _lanes = [];
    private readonly Dictionary<string, UnroutedTopic> _unrouted = new(StringComparer.Ordinal);
    private long _heldBytes;
    private bool _isClosed;

    /// <summary>Throws <see cref="ArgumentException"/> when the settings contradict each other.</summary>
    public static void Check(ProducerOptions options)
    {
        if (options.BatchMaxBytes < 1 || options.BatchMaxBytes > options.MaxMessageBytes)
        {
            throw new ArgumentException($"{nameof(options.BatchMaxBytes)} is {options.BatchMaxBytes}, expected 1 to {nameof(options.MaxMessageBytes)} ({options.MaxMessageBytes})", nameof(options));
        }

        if (options.BatchMaxDelay < TimeSpan.Zero || options.BatchMaxDelay >= options.SendTimeout)
        {
            throw new ArgumentException($"{nameof(options.BatchMaxDelay)} is {options.BatchMaxDelay}, expected less than {nameof(options.SendTimeout)} ({options.SendTimeout}), which it is part of", nameof(options));
        }

        if (options.TotalBatchMaxBytes < options.BatchMaxBytes)
        {
            throw new ArgumentException($"{nameof(options.TotalBatchMaxBytes)} is {options.TotalBatchMaxBytes}, less than one batch ({options.BatchMaxBytes})", nameof(options));
        }
    }

    /// <summary>True when a message may wait for others; the rest goes its own way.</summary>
    public static bool IsBatchable(Message message) => !message.IsDelayed && !TopicNames.IsRetry(message.Topic);

    /// <summary>
    /// Sends a message, possibly with others. Throws what sending it alone would, <see cref="RocketMqException"/> also when too much
    /// waits already. Cancelled before it left, it is not sent.
    /// </summary>
    /// <param name="send">The message.</param>
    /// <param name="queue">Where to; null for any, or for the one of the key.</param>
    /// <param name="shardingKey">Key; null for none.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public async Task<SendResult> SendAsync(BatchedSend send, MessageQueue? queue, string? shardingKey, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Add(send, queue, shardingKey);
        using CancellationTokenRegistration givingUp = cancellationToken.UnsafeRegister(static (state, token) => ((BatchedSend)state!).GiveUp(token), send);
        return await send.Result.ConfigureAwait(false);
    }

    /// <summary>
    /// Takes no further message and returns when all that wait were sent or have failed, within
    /// <see cref="ProducerOptions.SendTimeout"/>. Idempotent.
    /// </summary>
    public async Task CloseAsync()
    {
        while (true)
        {
            Task[] ending;
            lock (_gate)
            {
                _isClosed = true;
                foreach (BatchLane lane in _lanes.Values)
                {
                    lane.Hurry();
                }

                ending = [.. _lanes.Values.Select(static lane => lane.Ended), .. _unrouted.Values.Select(static topic => topic.Ended)];
            }

            if (ending.Length == 0)
            {
                return;
            }

            // What waited for a route makes lanes when it has one.
            await Task.WhenAll(ending).ConfigureAwait(false);
        }
    }

    private void Add(BatchedSend send, MessageQueue? queue, string? shardingKey)
    {
        BatchLane? started = null;
        UnroutedTopic? unrouted = null;
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isClosed, sender.Owner);
            if (_heldBytes + send.HeldBytes > options.TotalBatchMaxBytes)
            {
                throw new RocketMqException(
                    $"messages of {_heldBytes} bytes wait to be sent, and no more than {options.TotalBatchMaxBytes} may ({nameof(ProducerOptions.TotalBatchMaxBytes)}); wait for earlier sends before making more")
                {
                    Reason = RocketMqErrorReason.ClientBusy,
                };
            }

            _heldBytes += send.HeldBytes;
            if (shardingKey is null)
            {
                started = Place(send, queue);
            }
            else if (!_unrouted.TryGetValue(send.Topic, out UnroutedTopic? waiting) && sender.KnownQueues(send.Topic) is { } queues)
            {
                started = Place(send, MessageSender.QueueOf(shardingKey, queues));
            }
            else
            {
                // Which queue a key belongs to is not known before the route is: until then they wait together, in their order.
                if (waiting is null)
                {
                    _unrouted[send.Topic] = waiting = unrouted = new UnroutedTopic(send.Topic);
                }

                waiting.Waiting.Enqueue((send, shardingKey));
            }
        }

        if (started is not null)
        {
            _ = RunAsync(started);
        }

        if (unrouted is not null)
        {
            _ = RouteAsync(unrouted);
        }
    }

    // Under the gate. The lane, when it is new and has to be run.
    private BatchLane? Place(BatchedSend send, MessageQueue? queue)
    {
        LaneKey key = new(send.Topic, queue);
        bool isNew = !_lanes.TryGetValue(key, out BatchLane? lane);
        if (lane is null)
        {
            _lanes[key] = lane = new BatchLane(key, options);
        }

        lane.Add(send);
        return isNew ? lane : null;
    }

    // Never throws. Its end is what CloseAsync waits for.
    private async Task RouteAsync(UnroutedTopic topic)
    {
        while (await AskAsync(topic).ConfigureAwait(false))
        {
            // Who came after a question that failed has one of its own: it has time left, and the answer may be another.
        }

        topic.End();
    }

    /// <summary>
    /// Asks once for a route, until it is there or the time of everybody who waits is over; each waits as long as its own time. Whether
    /// somebody is left for another question.
    /// </summary>
    private async Task<bool> AskAsync(UnroutedTopic topic)
    {
        lock (_gate)
        {
            topic.BeginQuestion();
        }

        using CancellationTokenSource abandoning = new();
        Task<IReadOnlyList<MessageQueue>> question = sender.GetQueuesAsync(topic.Topic, abandoning.Token);
        while (!question.IsCompleted)
        {
            if (EndLate(topic) is not { } left)
            {
                await abandoning.CancelAsync().ConfigureAwait(false);
                await ((Task)question).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                return false;
            }

            await ((Task)question).WaitAsync(left, options.TimeProvider).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        IReadOnlyList<MessageQueue>? queues = null;
        Exception? failure = null;
        try
        {
            queues = await question.ConfigureAwait(false);
        }
        catch (Exception unrouted)
        {
            failure = unrouted;
        }

        List<BatchLane> started = [];
        List<BatchedSend> failed = [];
        bool isAskedAgain;
        lock (_gate)
        {
            while (topic.Asking.TryDequeue(out (BatchedSend Send, string ShardingKey) waiting) || (queues is not null && topic.Waiting.TryDequeue(out waiting)))
            {
                if (queues is null)
                {
                    _heldBytes -= waiting.Send.HeldBytes;
                    failed.Add(waiting.Send);
                }
                else if (Place(waiting.Send, MessageSender.QueueOf(waiting.ShardingKey, queues)) is { } lane)
                {
                    started.Add(lane);
                }
            }

            isAskedAgain = ForgetUnlessAwaited(topic);
        }

        foreach (BatchLane lane in started)
        {
            _ = RunAsync(lane);
        }

        failed.ForEach(send => send.Fail(failure!));
        return isAskedAgain;
    }

    /// <summary>
    /// Ends those that wait for a route and whose time is over. What is left of the time of the oldest one; null when nobody waits any
    /// more, and the topic is gone then.
    /// </summary>
    private TimeSpan? EndLate(UnroutedTopic topic)
    {
        List<BatchedSend> late = [];
        TimeSpan? left = null;
        lock (_gate)
        {
            foreach (Queue<(BatchedSend Send, string ShardingKey)> sends in new[] { topic.Asking, topic.Waiting })
            {
                while (left is null && sends.TryPeek(out (BatchedSend Send, string ShardingKey) oldest))
                {
                    if (!oldest.Send.IsGivenUp && Left(oldest.Send) is { Ticks: > 0 } rest)
                    {
                        left = rest;
                    }
                    else
                    {
                        _heldBytes -= oldest.Send.HeldBytes;
                        late.Add(oldest.Send);
                        sends.Dequeue();
                    }
                }
            }

            ForgetUnlessAwaited(topic);
        }

        late.ForEach(send => send.Fail(new RocketMqException($"no name server told the route of topic {topic.Topic} within {options.SendTimeout.TotalMilliseconds:0} ms") { Reason = RocketMqErrorReason.Timeout }));
        return left;
    }

    // Under the gate. Whether somebody waits; otherwise the next one that comes for the topic begins anew.
    private bool ForgetUnlessAwaited(UnroutedTopic topic)
    {
        bool isAwaited = topic.Asking.Count + topic.Waiting.Count > 0;
        if (!isAwaited)
        {
            _unrouted.Remove(topic.Topic);
        }

        return isAwaited;
    }

    // Never throws. Runs until nothing waits; the first batch leaves on the thread of whoever sends first.
    private async Task RunAsync(BatchLane lane)
    {
        while (true)
        {
            if (options.BatchMaxDelay > TimeSpan.Zero && Oldest(lane) is { IsAlone: false } oldest)
            {
                await lane.WaitForMoreAsync(oldest).ConfigureAwait(false);
            }

            List<BatchedSend> batch;
            lock (_gate)
            {
                batch = lane.Take(out long dropped);
                _heldBytes -= dropped;
                if (batch.Count == 0)
                {
                    _lanes.Remove(lane.Key);
                    lane.End();
                    return;
                }
            }

            await SendAsync(lane.Key, batch).ConfigureAwait(false);
            lock (_gate)
            {
                _heldBytes -= batch.Sum(static send => send.HeldBytes);
            }
        }
    }

    // Nobody waits for others while the producer closes.
    private BatchedSend? Oldest(BatchLane lane)
    {
        lock (_gate)
        {
            return !_isClosed && lane.TryPeek(out BatchedSend? oldest) ? oldest : null;
        }
    }

    private async Task SendAsync(LaneKey key, List<BatchedSend> batch)
    {
        List<BatchedSend> sends = InTime(batch);
        if (sends.Count == 0)
        {
            return;
        }

        try
        {
            OutgoingMessage outgoing = sends.Count == 1
                ? OutgoingMessage.Pack(key.Topic, sends[0].Part, options)
                : OutgoingMessage.Join(key.Topic, sends[0].WaitStored, [.. sends.Select(static send => send.Part)]);
            SendTrace? trace = sends[0].Trace is null ? null : new SendTrace();
            outgoing = trace is null ? outgoing : outgoing with { Trace = trace };
            SendResult result = await SendAsync(key, outgoing, sends).ConfigureAwait(false);
            string[] places = sends.Count == 1 ? [result.OffsetMessageId] : result.OffsetMessageId.Split(',');
            for (int i = 0; i < sends.Count; i++)
            {
                // A topic of batch consume queues has one place for all.
                string place = places.Length == sends.Count ? places[i] : result.OffsetMessageId;
                if (trace is not null)
                {
                    sends[i].Trace?.Take(trace);
                }

                sends[i].Succeed(result with { MessageId = sends[i].Part.Id, OffsetMessageId = place, QueueOffset = result.QueueOffset + i });
            }
        }
        catch (RocketMqException refused) when (sends.Count > 1 && refused is { ResponseCode: ResponseCode.MessageIllegal, IsOutcomeUnknown: false })
        {
            // One of them is not what the broker takes, and it does not say which: the others must not fail for it.
            foreach (BatchedSend send in sends.Where(static send => !send.IsGivenUp))
            {
                await SendAsync(key, [send]).ConfigureAwait(false);
            }
        }
        catch (Exception failure)
        {
            foreach (BatchedSend send in sends)
            {
                send.Fail(failure);
            }
        }
    }

    /// <summary>
    /// Sends a batch. It has the time of its youngest message, as none is to fail for the waiting of another; those before it that are
    /// older fail when their own time is over, and may be stored all
    /// the same.
    /// </summary>
    private async Task<SendResult> SendAsync(LaneKey key, OutgoingMessage outgoing, List<BatchedSend> sends)
    {
        long youngest = sends[^1].Since;
        Task<SendResult> sending = key.Queue is null
            ? sender.SendToAnyAsync(outgoing, youngest, CancellationToken.None).AsTask()
            : sender.SendToAsync(outgoing, key.Queue, shardingKey: null, youngest, CancellationToken.None).AsTask();
        for (int i = 0; i < sends.Count - 1 && !sending.IsCompleted; i++)
        {
            BatchedSend send = sends[i];
            TimeSpan left = Left(send);
            if (left > TimeSpan.Zero)
            {
                await ((Task)sending).WaitAsync(left, options.TimeProvider).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            if (!sending.IsCompleted)
            {
                send.Fail(new RocketMqException($"no broker told within {options.SendTimeout.TotalMilliseconds:0} ms that it has the message to topic {send.Topic}") { IsOutcomeUnknown = true, Reason = RocketMqErrorReason.Timeout });
            }
        }

        return await sending.ConfigureAwait(false);
    }

    /// <summary>Those whose time is not over yet; the others fail, and are not sent.</summary>
    private List<BatchedSend> InTime(List<BatchedSend> sends)
    {
        if (!sends.Exists(send => Left(send) <= TimeSpan.Zero))
        {
            return sends;
        }

        List<BatchedSend> inTime = [];
        foreach (BatchedSend send in sends)
        {
            if (Left(send) > TimeSpan.Zero)
            {
                inTime.Add(send);
            }
            else
            {
                send.Fail(new RocketMqException($"the message to topic {send.Topic} waited for {options.SendTimeout.TotalMilliseconds:0} ms and was not sent") { Reason = RocketMqErrorReason.Timeout });
            }
        }

        return inTime;
    }

    private TimeSpan Left(BatchedSend send) => options.SendTimeout - options.TimeProvider.GetElapsedTime(send.Since);
}
