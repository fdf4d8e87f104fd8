using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace RocketOps.Embedded.Api.Json;

/// <summary>
/// Reads JSON into fully built nodes. Unlike <see cref="JsonNode.Parse(ref Utf8JsonReader, JsonNodeOptions?)"/> it reports duplicate keys (the last one
/// wins, as in Go) and gives numbers the two types Kubernetes knows: <see cref="long"/> and <see cref="double"/>.
/// </summary>
internal static class JsonReading
{
    /// <summary>Deepest nesting accepted; schemas of real objects stay below 40.</summary>
    public const int MaxDepth = 128;

    private static readonly JsonReaderOptions ReaderOptions = new() { MaxDepth = MaxDepth, CommentHandling = JsonCommentHandling.Disallow };

    /// <exception cref="FormatException">The text is not one JSON value; the message is worded as Go's encoding/json words it.</exception>
    public static JsonNode? Parse(ReadOnlySpan<byte> utf8, ICollection<string>? duplicates = null)
    {
        Utf8JsonReader reader = new(utf8, ReaderOptions);
        try
        {
            if (!reader.Read())
            {
                throw new FormatException("unexpected end of JSON input");
            }

            JsonNode? node = ReadValue(ref reader, duplicates, duplicates is null ? null : []);
            if (reader.Read())
            {
                throw new FormatException("invalid character after top-level value");
            }

            return node;
        }
        catch (JsonException e)
        {
            throw new FormatException(Describe(utf8, reader, e), e);
        }
        catch (InvalidOperationException e)
        {
            // Strings that are not valid UTF-8 or hold half a surrogate pair.
            throw new FormatException("invalid character in string literal", e);
        }
    }

    public static JsonNode? From(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => ObjectFrom(element),
        JsonValueKind.Array => JsonNodes.Array(element.EnumerateArray().Select(From)),
        JsonValueKind.String => JsonValue.Create(element.GetString()),
        JsonValueKind.Number => element.TryGetInt64(out long integer) ? JsonValue.Create(integer) : JsonValue.Create(element.GetDouble()),
        JsonValueKind.True => JsonValue.Create(true),
        JsonValueKind.False => JsonValue.Create(false),
        _ => null,
    };

    public static JsonObject ObjectFrom(JsonElement element)
    {
        JsonObject result = [];
        foreach (JsonProperty property in element.EnumerateObject())
        {
            result[property.Name] = From(property.Value);
        }

        return result;
    }

    private static JsonNode? ReadValue(ref Utf8JsonReader reader, ICollection<string>? duplicates, List<string>? path)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                return ReadObject(ref reader, duplicates, path);
            case JsonTokenType.StartArray:
                return ReadArray(ref reader, duplicates, path);
            case JsonTokenType.String:
                return JsonValue.Create(reader.GetString());
            case JsonTokenType.Number when reader.TryGetInt64(out long integer):
                return JsonValue.Create(integer);
            case JsonTokenType.Number:
                double number = reader.GetDouble();
                return double.IsFinite(number)
                    ? JsonValue.Create(number)
                    : throw new FormatException($"json: cannot unmarshal number {Encoding.UTF8.GetString(reader.ValueSpan)} into Go value of type float64");
            case JsonTokenType.True or JsonTokenType.False:
                return JsonValue.Create(reader.TokenType is JsonTokenType.True);
            default:
                return null;
        }
    }

    private static JsonObject ReadObject(ref Utf8JsonReader reader, ICollection<string>? duplicates, List<string>? path)
    {
        JsonObject result = [];
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            string name = reader.GetString()!;
            path?.Add(path.Count == 0 ? name : "." + name);
            if (duplicates is not null && result.ContainsKey(name))
            {
                duplicates.Add(string.Concat(path!));
            }

            reader.Read();
            result[name] = ReadValue(ref reader, duplicates, path);
            path?.RemoveAt(path.Count - 1);
        }

        return result;
    }

    private static JsonArray ReadArray(ref Utf8JsonReader reader, ICollection<string>? duplicates, List<string>? path)
    {
        JsonArray result = [];
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            path?.Add($"[{result.Count}]");
            result.Add(ReadValue(ref reader, duplicates, path));
            path?.RemoveAt(path.Count - 1);
        }

        return result;
    }

    private static string Describe(ReadOnlySpan<byte> utf8, Utf8JsonReader reader, JsonException e)
    {
        if (e.Message.Contains("maximum configured depth", StringComparison.Ordinal))
        {
            return "exceeded max depth";
        }

        ReadOnlySpan<byte> rest = utf8[(int)Math.Min(reader.BytesConsumed, utf8.Length)..];
        int skip = rest.IndexOfAnyExcept(" \t\r\n"u8);
        if (skip < 0)
        {
            return "unexpected end of JSON input";
        }

        rest = rest[skip..];
        if (Rune.DecodeFromUtf8(rest, out Rune rune, out _) != OperationStatus.Done)
        {
            return "invalid character in JSON input";
        }

        // Inside a token the reader stands at its first byte; a token that never ends is the end of the input for Go.
        bool startsToken = rune.Value is '"' or '{' or '[' or '-' or (>= '0' and <= '9');
        return startsToken ? "unexpected end of JSON input" : $"invalid character '{rune}' looking for beginning of value";
    }
}
