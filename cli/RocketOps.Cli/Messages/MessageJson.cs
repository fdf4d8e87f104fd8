using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using RocketOps.Client;
using RocketOps.Protocol.Records;

namespace RocketOps.Cli.Messages;

/// <summary>
/// A message as one JSON object: what <c>consume -o json</c> writes and <c>produce --json</c> reads, so that one can be piped into the
/// other. A body that is no
/// UTF-8 text is in <c>base64</c> instead of <c>body</c>.
/// </summary>
internal static class MessageJson
{
    private static readonly JsonSerializerOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Fields that <see cref="Read"/> understands, and fields it passes over because they belong to a stored message.</summary>
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

    /// <summary>
    /// Reads one object; fields it lacks come from <paramref name="defaults"/>. Throws <see cref="FormatException"/> saying what is
    /// wrong.
    /// </summary>
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
                Tag = OptionalText(json, "tag") ?? defaults.Tag,
                Keys = json["keys"] switch
                {
                    null or JsonArray { Count: 0 } => defaults.Keys,
                    JsonArray keys => [.. keys.Select(Key)],
                    _ => throw new FormatException("keys is no array of texts."),
                },
                Properties = json["properties"] switch
                {
                    null or JsonObject { Count: 0 } => defaults.Properties,
                    JsonObject properties => properties.ToDictionary(static property => property.Key, static property => Text($"property {property.Key}", property.Value), StringComparer.Ordinal),
                    _ => throw new FormatException("properties is no object of texts."),
                },
                DelayLevel = json["delayLevel"] switch
                {
                    null => defaults.DelayLevel,
                    JsonValue given when given.TryGetValue(out int level) => level,
                    _ => throw new FormatException("delayLevel is no whole number."),
                },
                ShardingKey = OptionalText(json, "shardingKey") ?? defaults.ShardingKey,
            };
        }
        catch (JsonException malformed)
        {
            // The line is the message, so its number says nothing; the library counts bytes from 0.
            throw new FormatException($"it is no JSON from byte {(malformed.BytePositionInLine ?? 0) + 1} on.", malformed);
        }
        catch (InvalidOperationException malformed)
        {
            throw new FormatException("a text in it ends in the middle of a character (\\ud800 to \\udfff come in pairs).", malformed);
        }
        catch (ArgumentException twice)
        {
            // The only thing that the library's objects do not take.
            throw new FormatException("it has a field more than once.", twice);
        }
    }

    /// <summary>Writes a time to the millisecond, which is all that brokers and clients write down.</summary>
    private static string Time(DateTimeOffset time) => time.ToString("yyyy-MM-dd'T'HH:mm:ss.fffzzz", CultureInfo.InvariantCulture);

    private static string? OptionalText(JsonObject json, string field) => json[field] is { } value ? Text(field, value) : null;

    private static string Text(string field, JsonNode? value) =>
        value is JsonValue given && given.TryGetValue(out string? text) ? text : throw new FormatException(value is null ? $"{field} is null." : $"{field} is no text.");

    private static string Key(JsonNode? value)
    {
        string key = Text("a key", value);
        return MessageKey.FindProblemInArray(key) is { } problem ? throw new FormatException(problem) : key;
    }

    private static byte[] Body(JsonObject json) => (json["body"], json["base64"]) switch
    {
        ({ } text, null) => Encoding.UTF8.GetBytes(Text("body", text)),
        (null, { } packed) => Unpack(Text("base64", packed)),
        (null, null) => throw new FormatException("it has neither body nor base64."),
        _ => throw new FormatException("it has both body and base64."),
    };

    private static byte[] Unpack(string base64)
    {
        byte[] body = new byte[(base64.Length * 3 / 4) + 3];
        return Convert.TryFromBase64String(base64, body, out int length) ? body[..length] : throw new FormatException("what it has in base64 is none.");
    }
}
