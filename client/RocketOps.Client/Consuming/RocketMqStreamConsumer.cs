using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using RocketOps.Client.Diagnostics;

namespace RocketOps.Client;

/// <summary>
/// A member of a consumer group whose messages the program asks for, one at a time or as a stream, and completes one by one. Everything else is as with
/// <see cref="RocketMqPushConsumer"/>: at least once, retries, dead letters. At most <see cref="PushConsumerOptions.MaxConcurrency"/> messages are received and not completed
/// at a time; no further one comes before. Thread-safe: several readers share the stream.
/// </summary>
public sealed class RocketMqStreamConsumer : IAsyncDisposable
{
    private readonly PushConsumerOptions _options;
    private readonly RocketMqPushConsumer _consumer;

    // Bounded by the number of handlers at work.
    private readonly Channel<Delivery> _arrived = Channel.CreateUnbounded<Delivery>();
    private readonly ConcurrentDictionary<Delivery, bool> _open = new();
    private volatile bool _closed;

    /// <summary>Connects to nothing yet. Throws <see cref="ArgumentException"/> when the group cannot be one or no name server is given.</summary>
    public RocketMqStreamConsumer(PushConsumerOptions options)
    {
        _consumer = new RocketMqPushConsumer(options);
        _options = options;
    }

    /// <summary>Id by which brokers know this consumer.</summary>
    public string ClientId => _consumer.ClientId;

    /// <summary>The queues this member reads, those of the group's retry topic included.</summary>
    public IReadOnlyCollection<MessageQueue> AssignedQueues => _consumer.AssignedQueues;

    /// <summary>
    /// Subscribes like <see cref="RocketMqPushConsumer.SubscribeAsync(string, string, MessageHandler, CancellationToken)"/>; the messages
    /// come by <see cref="ReceiveAsync"/> and <see cref="ReadAllAsync"/>.
    /// </summary>
    public Task SubscribeAsync(string topic, string expression = "*", CancellationToken cancellationToken = default) =>
        _consumer.SubscribeAsync(topic, expression, HandOverAsync, cancellationToken);

    /// <summary>
    /// Subscribes like the other overload, with tags or <see cref="SubscriptionExpression.Sql"/>; the first <see cref="ReceiveAsync"/>
    /// throws when brokers refuse the expression.
    /// </summary>
    public Task SubscribeAsync(string topic, SubscriptionExpression expression, CancellationToken cancellationToken = default) =>
        _consumer.SubscribeAsync(topic, expression, HandOverAsync, cancellationToken);

    /// <inheritdoc cref="RocketMqPushConsumer.Pause(string)"/>
    /// <remarks>What has been handed over to this stream already, <see cref="PushConsumerOptions.MaxConcurrency"/> messages at most, still comes.</remarks>
    public void Pause(string topic) => _consumer.Pause(topic);

    /// <inheritdoc cref="Pause(string)"/>
    public void Pause(MessageQueue queue) => _consumer.Pause(queue);

    /// <inheritdoc cref="RocketMqPushConsumer.Resume(string)"/>
    public void Resume(string topic) => _consumer.Resume(topic);

    /// <inheritdoc cref="RocketMqPushConsumer.Resume(MessageQueue)"/>
    public void Resume(MessageQueue queue) => _consumer.Resume(queue);

    /// <inheritdoc cref="RocketMqPushConsumer.SeekAsync"/>
    public Task SeekAsync(MessageQueue queue, long offset, CancellationToken cancellationToken = default) => _consumer.SeekAsync(queue, offset, cancellationToken);

    /// <inheritdoc cref="RocketMqPushConsumer.SeekToBeginAsync"/>
    public Task SeekToBeginAsync(MessageQueue queue, CancellationToken cancellationToken = default) => _consumer.SeekToBeginAsync(queue, cancellationToken);

    /// <inheritdoc cref="RocketMqPushConsumer.SeekToEndAsync"/>
    public Task SeekToEndAsync(MessageQueue queue, CancellationToken cancellationToken = default) => _consumer.SeekToEndAsync(queue, cancellationToken);

    /// <inheritdoc cref="RocketMqPushConsumer.SeekToTimeAsync"/>
    public Task SeekToTimeAsync(MessageQueue queue, DateTimeOffset time, CancellationToken cancellationToken = default) => _consumer.SeekToTimeAsync(queue, time, cancellationToken);

    /// <summary>
    /// Waits for the next message; the first call joins the group. Throws what <see cref="RocketMqPushConsumer.StartAsync"/> throws,
    /// <see cref="OperationCanceledException"/> when the caller gave up, which loses no message, and <see cref="ObjectDisposedException"/> when the consumer was disposed.
    /// </summary>
    public async ValueTask<Delivery> ReceiveAsync(CancellationToken cancellationToken = default)
    {
        await _consumer.StartAsync(cancellationToken).ConfigureAwait(false);
        if (_arrived.Reader.TryRead(out Delivery? waiting))
        {
            return waiting;
        }

        if (_open.Count >= _options.MaxConcurrency)
        {
            ClientLog.NothingCompleted(_consumer.Logger, _options.MaxConcurrency, _options.Group);
        }

        try
        {
            return await _arrived.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (ChannelClosedException closed)
        {
            throw new ObjectDisposedException($"the consumer of group {_options.Group} was disposed", closed);
        }
    }

    /// <summary>
    /// The messages as they come, without an end: by cancelling (which throws <see cref="OperationCanceledException"/>), by leaving the loop or by disposing the consumer.
    /// </summary>
    public async IAsyncEnumerable<Delivery> ReadAllAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        while (!_closed)
        {
            Delivery next;
            try
            {
                next = await ReceiveAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (ObjectDisposedException) when (_closed)
            {
                yield break;
            }

            yield return next;
        }
    }

    /// <summary>
    /// Leaves the group at once: what was not received or not completed comes again, to whoever reads its queue then. Completed messages are committed. Idempotent.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        _closed = true;
        _arrived.Writer.TryComplete();
        foreach (Delivery delivery in _open.Keys)
        {
            delivery.Complete(ConsumeResult.Abandoned);
        }

        await _consumer.DisposeAsync().ConfigureAwait(false);
    }

    private async ValueTask<ConsumeResult> HandOverAsync(ReceivedMessage message, CancellationToken cancellationToken)
    {
        Delivery delivery = new(message);
        _open[delivery] = true;
        try
        {
            // Closing completes what it finds among the open ones; this one may have come a moment later.
            return !_closed && _arrived.Writer.TryWrite(delivery) ? await delivery.Completed.ConfigureAwait(false) : ConsumeResult.Abandoned;
        }
        finally
        {
            _open.TryRemove(delivery, out _);
        }
    }
}
