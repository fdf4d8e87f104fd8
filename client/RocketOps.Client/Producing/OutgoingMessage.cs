using System.Buffers.Binary;
using System.Diagnostics;
using System.Text;
using RocketOps.Client.Internal;

namespace RocketOps.Client.Producing;

/// <summary>A message or batch in the form it travels in, made once and used by every attempt.</summary>
/// <param name="Topic">Its topic.</param>
/// <param name="Body">Body as sent: compressed, or the encoded batch.</param>
/// <param name="SysFlag">Bits of <see cref="SysFlags"/>.</param>
/// <param name="Flag">The application's number.</param>
/// <param name="Properties">Property string as UTF-8.</param>
/// <param name="MessageId">Unique key; of a batch all, joined by commas.</param>
/// <param name="IsBatch">Whether the body is a batch.</param>
/// <param name="ReconsumeTimes">For a message that a consumer sends to its retry topic.</param>
/// <param name="MaxReconsumeTimes">Likewise; null otherwise.</param>
/// <param name="NeedsHeartbeat">Whether the broker must know this producer first.</param>
/// <param name="IsReply">Whether the broker is to hand it on to the client that waits for it.</param>
/// <param name="IsTimed">Whether only brokers from 5.0 on understand its delay.</param>
internal sealed record OutgoingMessage(
    string Topic, ReadOnlyMemory<byte> Body, int SysFlag, int Flag, ReadOnlyMemory<byte> Properties, string MessageId, bool IsBatch, int ReconsumeTimes = 0, int? MaxReconsumeTimes = null,
    bool NeedsHeartbeat = false, bool IsReply = false, bool IsTimed = false)
{
    // 4.6: total size, magic 0, CRC 0, flag, body length; then the body, 2 bytes of length and the properties.
    private const int BatchFixedBytes = 20 + sizeof(short);

    /// <summary>Throws <see cref="ArgumentException"/> when the message is larger than allowed, or delayed in two ways.</summary>
    /// <param name="message">What to send.</param>
    /// <param name="options">Limits.</param>
    /// <param name="keys">Gives it an id.</param>
    /// <param name="span">Whose context travels with it; null for the current one.</param>
    /// <param name="extras">What the kind of send adds; null for nothing.</param>
    public static OutgoingMessage Create(Message message, ProducerOptions options, UniqueKeys keys, Activity? span, SendExtras? extras = null)
    {
        CheckSize(message, options);
        if (message.IsDelayedTwice)
        {
            throw new ArgumentException($"the message has more than one of {nameof(Message.DelayLevel)}, {nameof(Message.DeliverAt)} and {nameof(Message.DeliverAfter)}", nameof(message));
        }

        (byte[] properties, string id) = Complete(message, keys, span, extras);
        ReadOnlyMemory<byte> body = message.Body;
        int sysFlag = extras?.SysFlag ?? 0;
        if (body.Length >= options.CompressBodyOverBytes && BodyCompression.TryCompress(body, options.CompressionType) is { } packed)
        {
            body = packed;
            sysFlag |= SysFlags.Compressed | (options.CompressionType == CompressionType.Lz4 ? SysFlags.Lz4 : SysFlags.Zlib);
        }

        return new OutgoingMessage(message.Topic, body, sysFlag, message.Flag, properties, id, IsBatch: false, NeedsHeartbeat: extras?.NeedsHeartbeat == true, IsReply: extras?.IsReply == true, IsTimed: message.IsTimed);
    }

    /// <summary>
    /// Several messages of one topic as one. Throws <see cref="ArgumentException"/> when they do not go together: another topic, a delay, a different wish to wait
    /// (remoting.md §4.6), or more than allowed.
    /// </summary>
    /// <param name="messages">Not empty.</param>
    /// <param name="options">Limits.</param>
    /// <param name="keys">Gives each an id.</param>
    /// <param name="span">Whose context travels with them; null for the current one.</param>
    public static OutgoingMessage CreateBatch(IReadOnlyList<Message> messages, ProducerOptions options, UniqueKeys keys, Activity? span)
    {
        Message first = messages[0];
        List<(ReadOnlyMemory<byte> Body, byte[] Properties, int Flag)> parts = new(messages.Count);
        List<string> ids = new(messages.Count);
        int total = 0;
        foreach (Message message in messages)
        {
            if (message.Topic != first.Topic || message.WaitStored != first.WaitStored || message.IsDelayed || message.Topic.StartsWith("%RETRY%", StringComparison.Ordinal))
            {
                throw new ArgumentException("the messages of a batch share one topic and one wish to wait, and none is delayed or a retry", nameof(messages));
            }

            CheckSize(message, options);
            (byte[] encoded, string id) = Complete(message, keys, span, extras: null);
            total = checked(total + BatchFixedBytes + message.Body.Length + encoded.Length);
            parts.Add((message.Body, encoded, message.Flag));
            ids.Add(id);
        }

        if (total > options.MaxMessageBytes)
        {
            throw new ArgumentException($"the batch takes {total} bytes, more than {options.MaxMessageBytes} ({nameof(ProducerOptions.MaxMessageBytes)})", nameof(messages));
        }

        byte[] body = new byte[total];
        Span<byte> rest = body;
        foreach ((ReadOnlyMemory<byte> part, byte[] properties, int flag) in parts)
        {
            BinaryPrimitives.WriteInt32BigEndian(rest, BatchFixedBytes + part.Length + properties.Length);
            BinaryPrimitives.WriteInt32BigEndian(rest[12..], flag);
            BinaryPrimitives.WriteInt32BigEndian(rest[16..], part.Length);
            part.Span.CopyTo(rest[20..]);
            rest = rest[(20 + part.Length)..];
            BinaryPrimitives.WriteInt16BigEndian(rest, (short)properties.Length);
            properties.CopyTo(rest[2..]);
            rest = rest[(2 + properties.Length)..];
        }

        string joined = string.Join(',', ids);
        byte[] wait = Encoding.UTF8.GetBytes(MessagePropertiesCodec.Write([KeyValuePair.Create(PropertyNames.Wait, first.WaitStored ? "true" : "false")]));
        return new OutgoingMessage(first.Topic, body, 0, 0, wait, joined, IsBatch: true);
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
    private static (byte[] Properties, string Id) Complete(Message message, UniqueKeys keys, Activity? span, SendExtras? extras)
    {
        Dictionary<string, string> own = message.AllProperties;
        string wait = message.WaitStored ? "true" : "false";
        string? id = own.GetValueOrDefault(PropertyNames.UniqKey);
        string? added = id is null ? id = keys.Next() : null;
        (string? parent, string? state) = ClientTelemetry.ContextFor(span, own);
        int bytes = Size(PropertyNames.Wait, wait) + Size(PropertyNames.UniqKey, added) + Size(ClientTelemetry.TraceParent, parent) + Size(ClientTelemetry.TraceState, state);
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
        at += MessagePropertiesCodec.Write(ClientTelemetry.TraceParent, parent, encoded.AsSpan(at));
        _ = MessagePropertiesCodec.Write(ClientTelemetry.TraceState, state, encoded.AsSpan(at));
        return (encoded, id);
    }

    private static int Size(string name, string? value) => MessagePropertiesCodec.Size(name, value);
}
