using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace RocketOps.Client;

/// <summary>A message as a consumer gets it. Immutable; owns its body.</summary>
public sealed record ReceivedMessage
{
    /// <summary>The topic it was sent to, also when it comes from the group's retry topic.</summary>
    public required string Topic { get; init; }

    /// <summary>The queue it was read from: of the retry topic when it is redelivered.</summary>
    public required MessageQueue Queue { get; init; }

    /// <summary>Position in <see cref="Queue"/>.</summary>
    public required long QueueOffset { get; init; }

    /// <summary>Unpacked body.</summary>
    public required ReadOnlyMemory<byte> Body { get; init; }

    public required IReadOnlyDictionary<string, string> Properties { get; init; }

    /// <summary>The id the producer gave it; the offset id when it gave none.</summary>
    public required string MessageId { get; init; }

    /// <summary>The id that says where it is stored.</summary>
    public required string OffsetMessageId { get; init; }

    /// <summary>Byte offset in the broker's commit log.</summary>
    public required long CommitLogOffset { get; init; }

    /// <summary>Number of times the message was given back.</summary>
    public required int ReconsumeTimes { get; init; }

    public required DateTimeOffset BornTime { get; init; }

    public required DateTimeOffset StoreTime { get; init; }

    public required IPEndPoint BornHost { get; init; }

    public required IPEndPoint StoreHost { get; init; }

    public required int Flag { get; init; }

    /// <summary>
    /// A message as a consumer gets it once this one was sent, for tests of handlers: no broker has it, and it lies at offset 0 of queue 0. What else a test needs, such as
    /// <see cref="ReconsumeTimes"/>, is set by <c>with</c>.
    /// </summary>
    public static ReceivedMessage Of(Message message)
    {
        ArgumentNullException.ThrowIfNull(message);
        IPEndPoint nowhere = new(IPAddress.Loopback, 0);
        DateTimeOffset now = DateTimeOffset.UnixEpoch;
        return new ReceivedMessage
        {
            Topic = message.Topic,
            Queue = new MessageQueue(message.Topic, "broker-a", 0),
            QueueOffset = 0,
            Body = message.Body,
            Properties = message.Properties.ToDictionary(StringComparer.Ordinal),
            MessageId = "00000000000000000000000000000000",
            OffsetMessageId = "00000000000000000000000000000000",
            CommitLogOffset = 0,
            ReconsumeTimes = 0,
            BornTime = now,
            StoreTime = now,
            BornHost = nowhere,
            StoreHost = nowhere,
            Flag = message.Flag,
        };
    }

    /// <summary>The properties the application set; those of the protocol are left out.</summary>
    public IReadOnlyDictionary<string, string> UserProperties => Properties
        .Where(static property => !ReservedProperties.Names.Contains(property.Key))
        .ToDictionary(StringComparer.Ordinal);

    public string? Tag => Properties.GetValueOrDefault(PropertyNames.Tags);

    /// <summary>Keys separated by a blank; null for none.</summary>
    public string? Keys => Properties.GetValueOrDefault(PropertyNames.Keys);

    /// <summary>True when its sender waits for a reply: <c>IRocketMqProducer.ReplyAsync</c>.</summary>
    public bool IsRequest => Properties.ContainsKey(PropertyNames.ReplyToClient);

    /// <summary>The body as UTF-8; bytes that are none become U+FFFD.</summary>
    public string GetText() => Encoding.UTF8.GetString(Body.Span);

    /// <summary>The body as JSON, read without reflection by what a <c>JsonSerializerContext</c> generated. Throws <see cref="JsonException"/> when it is none of this type.</summary>
    public T? ReadJson<T>(JsonTypeInfo<T> type) => JsonSerializer.Deserialize(Body.Span, type);
}
