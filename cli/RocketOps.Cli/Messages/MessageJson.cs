using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using RocketOps.Client;
using RocketOps.Messages;

namespace RocketOps.Cli.Messages;

/// <summary>
/// A message as one JSON object: what <c>consume -o json</c> writes and <c>produce --json</c> reads, so that one can be piped into the other. A body that is no
/// UTF-8 text is in <c>base64</c> instead of <c>body</c>.
/// </summary>
internal static class MessageJson
{
    private static readonly JsonSerializerOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>What <see cref="Read"/> understands, and what it passes over because it belongs to a message that was stored.</summary>
    private static readonly string[] KnownFields =
    [
        "body", "base64", "tag", "keys", "properties", "delayLevel", "shardingKey",
        "topic", "broker", "queue", "offset", "messageId", "offsetMessageId", "storeTime", "bornTime", "bornHost", "reconsumeTimes",
    ];

    public static string Line(ReceivedMessage message) => ToObject(message).ToJsonString(Options);

    public static JsonObject ToObject(ReceivedMessage message)
    {
        JsonObject json = new()
        {
            ["topic"] = message.Topic,
            ["broker"] = message.Queue.BrokerName,
            ["queue"] = message.Queue.QueueId,
            ["offset"] = message.QueueOffset,
            ["messageId"] = message.MessageId,
            ["offsetMessageId"] = message.OffsetMessageId,
            ["storeTime"] = Time(message.StoreTime),
            ["bornTime"] = Time(message.BornTime),
            ["bornHost"] = message.BornHost.ToString(),
            ["reconsumeTimes"] = message.ReconsumeTimes,
            ["tag"] = message.Tag,
            ["keys"] = new JsonArray([.. Keys(message).Select(static key => JsonValue.Create(key))]),
            ["shardingKey"] = message.Properties.GetValueOrDefault(PropertyNames.ShardingKey),
            ["properties"] = new JsonObject(message.UserProperties.Select(static property => KeyValuePair.Create(property.Key, (JsonNode?)property.Value))),
        };
        if (Text(message.Body) is { } text)
        {
            json["body"] = text;
        }
        else
        {
            json["base64"] = Convert.ToBase64String(message.Body.Span);
        }

        return json;
    }

    /// <summary>The body as text; null when it is none.</summary>
    public static string? Text(ReadOnlyMemory<byte> body)
    {
        try
        {
            return Strict.GetString(body.Span);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }

    public static string[] Keys(ReceivedMessage message) => message.Keys?.Split(PropertyNames.KeySeparator, StringSplitOptions.RemoveEmptyEntries) ?? [];

    /// <summary>Reads one object; fields it lacks come from <paramref name="defaults"/>. Throws <see cref="FormatException"/> saying what is wrong.</summary>
    public static MessageDraft Read(ReadOnlySpan<byte> line, MessageDraft defaults)
    {
        JsonObject json;
        try
        {
            json = JsonNode.Parse(line) as JsonObject ?? throw new FormatException("it is no JSON object.");
            if (json.Select(static field => field.Key).FirstOrDefault(static name => !KnownFields.Contains(name, StringComparer.Ordinal)) is { } unknown)
            {
                throw new FormatException($"it has a field {unknown}.{Running.NearestWord.Hint(unknown, KnownFields)}");
            }

            return new MessageDraft
            {
                Body = Body(json),
                Tag = json["tag"]?.GetValue<string>() ?? defaults.Tag,
                Keys = json["keys"] is JsonArray { Count: > 0 } keys ? [.. keys.Select(static key => Text("keys", key))] : defaults.Keys,
                Properties = json["properties"] is JsonObject { Count: > 0 } properties
                    ? properties.ToDictionary(static property => property.Key, static property => Text($"property {property.Key}", property.Value), StringComparer.Ordinal)
                    : defaults.Properties,
                DelayLevel = json["delayLevel"]?.GetValue<int>() ?? defaults.DelayLevel,
                ShardingKey = json["shardingKey"]?.GetValue<string>() ?? defaults.ShardingKey,
            };
        }
        catch (JsonException malformed)
        {
            // The line is the message, so its number says nothing; the library counts bytes from 0.
            throw new FormatException($"it is no JSON from byte {(malformed.BytePositionInLine ?? 0) + 1} on.", malformed);
        }
        catch (Exception malformed) when (malformed is InvalidOperationException or ArgumentException)
        {
            throw new FormatException($"it cannot be read: {malformed.Message}", malformed);
        }
    }

    /// <summary>To the millisecond, which is all that brokers and clients write down.</summary>
    private static string Time(DateTimeOffset time) => time.ToString("yyyy-MM-dd'T'HH:mm:ss.fffzzz", CultureInfo.InvariantCulture);

    private static string Text(string field, JsonNode? value) => value?.GetValue<string>() ?? throw new FormatException($"{field} is null.");

    private static byte[] Body(JsonObject json) => (json["body"], json["base64"]) switch
    {
        (JsonValue text, null) => Encoding.UTF8.GetBytes(text.GetValue<string>()),
        (null, JsonValue packed) => Convert.FromBase64String(packed.GetValue<string>()),
        (null, null) => throw new FormatException("it has neither body nor base64."),
        ({ }, { }) => throw new FormatException("it has both body and base64."),
        _ => throw new FormatException("body and base64 are texts."),
    };
}
