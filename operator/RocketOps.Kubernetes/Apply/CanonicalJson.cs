using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace RocketOps.Kubernetes.Apply;

/// <summary>One text per meaning: keys sorted, nulls left out, no blanks.</summary>
public static class CanonicalJson
{
    /// <summary>Letters and digits without vowels, so that a hash spells nothing; as Kubernetes' own safe encoding.</summary>
    private const string Alphabet = "bcdfghjklmnpqrstvwxz2456789";

    private const int HashLength = 10;

    public static byte[] Serialize(JsonNode? node)
    {
        using MemoryStream buffer = new();
        using (Utf8JsonWriter writer = new(buffer))
        {
            Write(writer, node);
        }

        return buffer.ToArray();
    }

    /// <summary>A short text that is the same for the same meaning: fits a label, and is stable across versions of this program.</summary>
    public static string Hash(JsonNode? node)
    {
        byte[] digest = SHA256.HashData(Serialize(node));
        return string.Create(HashLength, digest, static (text, bytes) =>
        {
            for (int i = 0; i < text.Length; i++)
            {
                text[i] = Alphabet[((bytes[2 * i] << 8) | bytes[(2 * i) + 1]) % Alphabet.Length];
            }
        });
    }

    private static void Write(Utf8JsonWriter writer, JsonNode? node)
    {
        switch (node)
        {
            case JsonObject map:
                writer.WriteStartObject();
                foreach ((string? key, JsonNode? value) in map.Where(p => p.Value is not null).OrderBy(p => p.Key, StringComparer.Ordinal))
                {
                    writer.WritePropertyName(key);
                    Write(writer, value);
                }

                writer.WriteEndObject();
                break;
            case JsonArray list:
                writer.WriteStartArray();
                foreach (JsonNode? item in list)
                {
                    Write(writer, item);
                }

                writer.WriteEndArray();
                break;
            case null:
                writer.WriteNullValue();
                break;
            default:
                node.WriteTo(writer);
                break;
        }
    }
}
