using System.Diagnostics;
using System.Text;
using RocketOps.Client.Diagnostics;
using RocketOps.Client.Messages;
using RocketOps.Protocol.Names;

namespace RocketOps.Client.Producing.Sending;

/// <summary>A message or batch in the form it travels in, made once and used by every attempt.</summary>
/// <param name="Topic">Its topic.</param>
/// <param name="Body">Body as sent: compressed, or the encoded batch.</param>
/// <param name="SysFlag">Bits of <see cref="SysFlags"/>.</param>
/// <param name="Flag">The application's number.</param>
/// <param name="Properties">Property string as UTF-8.</param>
/// <param name="MessageId">Unique key; of a batch all, joined by commas.</param>
/// <param name="Kind">What the broker is to take it for.</param>
/// <param name="Retry">For a message that a consumer sends to its retry topic; null otherwise.</param>
/// <param name="NeedsHeartbeat">Whether the broker must know this producer first.</param>
/// <param name="IsTimed">Whether only brokers from 5.0 on understand its delay.</param>
internal sealed record OutgoingMessage(
    string Topic, ReadOnlyMemory<byte> Body, int SysFlag, int Flag, ReadOnlyMemory<byte> Properties, string MessageId, OutgoingKind Kind, RetryCount? Retry = null,
    bool NeedsHeartbeat = false, bool IsTimed = false)
{
    /// <summary>Attempts before this one; 0 for all but retries.</summary>
    public int ReconsumeTimes => Retry?.ReconsumeTimes ?? 0;

    /// <summary>Notes of the sender for the trace of a send; null when nobody traces.</summary>
    public SendTrace? Trace { get; init; }

    /// <summary>Throws <see cref="ArgumentException"/> when the message is larger than allowed, or delayed in two ways.</summary>
    /// <param name="message">What to send.</param>
    /// <param name="options">Limits.</param>
    /// <param name="keys">Gives it an id.</param>
    /// <param name="span">Whose context travels with it; null for the current one.</param>
    /// <param name="extras">What the kind of send adds; null for nothing.</param>
    /// <param name="shardingKey">What it must keep its order with; null for nothing.</param>
    public static OutgoingMessage Create(Message message, ProducerOptions options, UniqueKeys keys, Activity? span, SendExtras? extras = null, string? shardingKey = null)
    {
        CheckSize(message, options);
        if (message.IsDelayedTwice)
        {
            throw new ArgumentException($"the message has more than one of {nameof(Message.DelayLevel)}, {nameof(Message.DeliverAt)} and {nameof(Message.DeliverAfter)}", nameof(message));
        }

        (byte[] properties, string id) = Complete(message, keys, span, extras, shardingKey);
        return Pack(message.Topic, new BatchPart(message.Body, properties, message.Flag, id), options, extras, message.IsTimed);
    }

    /// <summary>A message whose properties are encoded, by itself.</summary>
    public static OutgoingMessage Pack(string topic, BatchPart message, ProducerOptions options, SendExtras? extras = null, bool isTimed = false)
    {
        ReadOnlyMemory<byte> body = message.Body;
        int sysFlag = extras?.SysFlag ?? 0;
        if (body.Length >= options.CompressBodyOverBytes && BodyCompression.TryCompress(body, options.CompressionType) is { } packed)
        {
            body = packed;
            sysFlag |= SysFlags.Compressed | (options.CompressionType == CompressionType.Lz4 ? SysFlags.Lz4 : SysFlags.Zlib);
        }

        OutgoingKind kind = extras?.IsReply == true ? OutgoingKind.Reply : OutgoingKind.Message;
        return new OutgoingMessage(
            topic, body, sysFlag, message.Flag, message.Properties, message.Id, kind, NeedsHeartbeat: extras?.NeedsHeartbeat == true, IsTimed: isTimed);
    }

    /// <summary>
    /// A message with its properties encoded, to travel in a batch. Throws <see cref="ArgumentException"/> as <see cref="Create"/>.
    /// </summary>
    public static BatchPart CreatePart(Message message, ProducerOptions options, UniqueKeys keys, Activity? span, string? shardingKey = null)
    {
        CheckSize(message, options);
        (byte[] properties, string id) = Complete(message, keys, span, extras: null, shardingKey);
        return new BatchPart(message.Body, properties, message.Flag, id);
    }

    /// <summary>
    /// Several messages of one topic as one. Throws <see cref="ArgumentException"/> when they do not go together: another topic, a delay,
    /// a different wish to wait
    /// (remoting.md §4.6), or more than allowed.
    /// </summary>
    /// <param name="messages">Not empty.</param>
    /// <param name="options">Limits.</param>
    /// <param name="keys">Gives each an id.</param>
    /// <param name="span">Whose context travels with them; null for the current one.</param>
    public static OutgoingMessage CreateBatch(IReadOnlyList<Message> messages, ProducerOptions options, UniqueKeys keys, Activity? span)
    {
        Message first = messages[0];
        List<BatchPart> parts = new(messages.Count);
        int total = 0;
        int fitting = 0;
        foreach (Message message in messages)
        {
            if (message.Topic != first.Topic || message.WaitStored != first.WaitStored || message.IsDelayed || TopicNames.IsRetry(message.Topic))
            {
                throw new ArgumentException("the messages of a batch share one topic and one wish to wait, and none is delayed or a retry", nameof(messages));
            }

            BatchPart part = CreatePart(message, options, keys, span);
            total = checked(total + part.Bytes);
            parts.Add(part);
            fitting = total <= options.MaxMessageBytes ? parts.Count : fitting;
        }

        return total <= options.MaxMessageBytes
            ? Join(first.Topic, first.WaitStored, parts)
            : throw new ArgumentException($"the batch takes {total} bytes, more than {options.MaxMessageBytes} ({nameof(ProducerOptions.MaxMessageBytes)}): the first {fitting} of its {parts.Count} messages fit; {nameof(RocketMqProducer.CreateBatch)} makes one that takes as many as fit", nameof(messages));
    }

    /// <summary>Messages of one topic as one; they may take no more bytes than a message.</summary>
    public static OutgoingMessage Join(string topic, bool waitStored, IReadOnlyList<BatchPart> parts)
    {
        byte[] body = new byte[parts.Sum(static part => part.Bytes)];
        Span<byte> rest = body;
        foreach (BatchPart part in parts)
        {
            part.WriteTo(rest);
            rest = rest[part.Bytes..];
        }

        string joined = string.Join(',', parts.Select(static part => part.Id));
        byte[] wait = Encoding.UTF8.GetBytes(MessagePropertiesCodec.Write([KeyValuePair.Create(PropertyNames.Wait, waitStored ? "true" : "false")]));
        return new OutgoingMessage(topic, body, 0, 0, wait, joined, OutgoingKind.Batch);
    }

    private static void CheckSize(Message message, ProducerOptions options)
    {
        if (message.Body.IsEmpty)
        {
            throw new ArgumentException("the body is empty, which brokers refuse", nameof(message));
        }

        if (message.Body.Length > options.MaxMessageBytes)
        {
            throw new ArgumentException($"the body has {message.Body.Length} bytes, more than {options.MaxMessageBytes} ({nameof(ProducerOptions.MaxMessageBytes)})", nameof(message));
        }
    }

    // The message's own properties and what every send adds to them.
    private static (byte[] Properties, string Id) Complete(Message message, UniqueKeys keys, Activity? span, SendExtras? extras, string? shardingKey)
    {
        Dictionary<string, string> own = message.AllProperties;
        string wait = message.WaitStored ? "true" : "false";
        string? id = own.GetValueOrDefault(PropertyNames.UniqKey);
        string? added = id is null ? id = keys.Next() : null;
        (string? parent, string? state) = ClientTelemetry.ContextFor(span, own);
        int bytes = Size(PropertyNames.Wait, wait) + Size(PropertyNames.UniqKey, added) + Size(PropertyNames.ShardingKey, shardingKey)
            + Size(ClientTelemetry.TraceParent, parent) + Size(ClientTelemetry.TraceState, state);
        foreach ((string name, string value) in own)
        {
            bytes = checked(bytes + Size(name, value));
        }

        IReadOnlyList<KeyValuePair<string, string>> extra = extras?.Properties ?? [];
        for (int i = 0; i < extra.Count; i++)
        {
            bytes = checked(bytes + Size(extra[i].Key, extra[i].Value));
        }

        if (bytes > MessagePropertiesCodec.MaxBytes)
        {
            throw new ArgumentException($"the properties take {bytes} bytes, more than {MessagePropertiesCodec.MaxBytes}", nameof(message));
        }

        byte[] encoded = new byte[bytes];
        int at = 0;
        foreach ((string name, string value) in own)
        {
            at += MessagePropertiesCodec.Write(name, value, encoded.AsSpan(at));
        }

        for (int i = 0; i < extra.Count; i++)
        {
            at += MessagePropertiesCodec.Write(extra[i].Key, extra[i].Value, encoded.AsSpan(at));
        }

        at += MessagePropertiesCodec.Write(PropertyNames.Wait, wait, encoded.AsSpan(at));
        at += MessagePropertiesCodec.Write(PropertyNames.UniqKey, added, encoded.AsSpan(at));
        at += MessagePropertiesCodec.Write(PropertyNames.ShardingKey, shardingKey, encoded.AsSpan(at));
        at += MessagePropertiesCodec.Write(ClientTelemetry.TraceParent, parent, encoded.AsSpan(at));
        _ = MessagePropertiesCodec.Write(ClientTelemetry.TraceState, state, encoded.AsSpan(at));
        return (encoded, id);
    }

    private static int Size(string name, string? value) => MessagePropertiesCodec.Size(name, value);
}

/// <summary>Kind of an <see cref="OutgoingMessage"/>, by which its request is chosen.</summary>
internal enum OutgoingKind
{
    /// <summary>One message.</summary>
    Message,

    /// <summary>The body is a batch.</summary>
    Batch,

    /// <summary>One message that the broker hands on to the client that waits for it.</summary>
    Reply,
}

/// <summary>Count of a message's attempts in its group, and the most it gets.</summary>
internal readonly record struct RetryCount(int ReconsumeTimes, int MaxReconsumeTimes);

/// <summary>Properties and flags that a kind of send adds to the message the user gave, which stays as it is.</summary>
/// <param name="Properties">Names of the protocol, in none of which the message has a property of its own.</param>
/// <param name="SysFlag">Bits of <see cref="SysFlags"/>.</param>
/// <param name="NeedsHeartbeat">Whether the broker must know this producer before it gets the message, as it will send something to it by
/// itself.</param>
/// <param name="IsReply">Whether the broker is to hand it on to the client that waits for it.</param>
internal sealed record SendExtras(IReadOnlyList<KeyValuePair<string, string>> Properties, int SysFlag = 0, bool NeedsHeartbeat = false, bool IsReply = false);
