using RocketOps.Client.Diagnostics;
using RocketOps.Client.Producing.Sending;
using RocketOps.Protocol.Names;

namespace RocketOps.Client;

/// <summary>
/// Messages of one topic that are sent together, as many as fit: made by <see cref="RocketMqProducer.CreateBatch"/> and sent by
/// <see cref="RocketMqProducer.SendBatchAsync(MessageBatch, CancellationToken)"/>. Not thread-safe.
/// </summary>
/// <example><code>
/// MessageBatch batch = producer.CreateBatch("METER_READ");
/// foreach (Message message in messages)
/// {
///     if (!batch.TryAdd(message))
///     {
///         await producer.SendBatchAsync(batch);
///         batch = producer.CreateBatch("METER_READ");
///         batch.TryAdd(message);
///     }
/// }
/// </code></example>
public sealed class MessageBatch
{
    private readonly ProducerOptions _options;
    private readonly UniqueKeys _keys;
    private readonly List<Message> _messages = [];

    internal MessageBatch(string topic, ProducerOptions options, UniqueKeys keys)
    {
        Topic = topic;
        _options = options;
        _keys = keys;
    }

    /// <summary>Topic of all its messages.</summary>
    public string Topic { get; }

    /// <summary>Number of messages.</summary>
    public int Count => _messages.Count;

    /// <summary>
    /// Bytes that it takes, properties and all else that a broker counts included; while spans are recorded, with room for their context.
    /// </summary>
    public int SizeInBytes { get; private set; }

    /// <summary>Most that it may take: <see cref="ProducerOptions.MaxMessageBytes"/>.</summary>
    public int MaxSizeInBytes => _options.MaxMessageBytes;

    internal IReadOnlyList<Message> Messages => _messages;

    /// <summary>
    /// Adds a message, or returns false when it does not fit beside the others. Throws <see cref="ArgumentException"/> when it can be in no
    /// such batch: it has another topic or another <see cref="Message.WaitStored"/>, is delayed, or is too large by itself.
    /// </summary>
    public bool TryAdd(Message message)
    {
        ArgumentNullException.ThrowIfNull(message);
        if (message.Topic != Topic)
        {
            throw new ArgumentException($"the batch is for topic {Topic}, the message for {message.Topic}", nameof(message));
        }

        if (message.IsDelayed || TopicNames.IsRetry(message.Topic) || (_messages.Count > 0 && message.WaitStored != _messages[0].WaitStored))
        {
            throw new ArgumentException("the messages of a batch share one wish to wait, and none is delayed or a retry", nameof(message));
        }

        int bytes = OutgoingMessage.CreatePart(message, _options, _keys, span: null).Bytes + ClientTelemetry.BytesToReserve(message.AllProperties);
        if (bytes > MaxSizeInBytes)
        {
            throw new ArgumentException($"the message takes {bytes} bytes in a batch, more than {MaxSizeInBytes} ({nameof(ProducerOptions.MaxMessageBytes)})", nameof(message));
        }

        if (bytes > MaxSizeInBytes - SizeInBytes)
        {
            return false;
        }

        _messages.Add(message);
        SizeInBytes += bytes;
        return true;
    }
}
