using System.Buffers;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace RocketOps.Kubernetes.Apply;

/// <summary>One text per meaning: keys sorted, nulls left out, no blanks.</summary>
public static class CanonicalJson
{
    /// <summary>Letters and digits without vowels, so that a hash spells nothing; as Kubernetes' own safe encoding.</summary>
    private const string Alphabet = "bcdfghjklmnpqrstvwxz2456789";

    private const int HashLength = 10;

    /// <summary>Most objects that are hashed are shorter.</summary>
    private const int UsualBytes = 4096;

    /// <summary>Greatest depth that a <see cref="Utf8JsonWriter"/> writes.</summary>
    private const int MaxDepth = 1000;

    public static byte[] Serialize(JsonNode? node)
    {
        using JsonDocument document = Read(node);
        return Serialize(document.RootElement).WrittenSpan.ToArray();
    }

    /// <summary>A short text that is the same for the same meaning: fits a label, and is stable across versions of this program.</summary>
    public static string Hash(JsonNode? node)
    {
        using JsonDocument document = Read(node);
        return Hash(document.RootElement);
    }

    /// <inheritdoc cref="Hash(JsonNode)"/>
    public static string Hash(JsonElement element)
    {
        byte[] digest = SHA256.HashData(Serialize(element).WrittenSpan);
        return string.Create(HashLength, digest, static (text, bytes) =>
        {
            for (int i = 0; i < text.Length; i++)
            {
                text[i] = Alphabet[((bytes[2 * i] << 8) | bytes[(2 * i) + 1]) % Alphabet.Length];
            }
        });
    }

    /// <summary>The same values as a document: read once, without a dictionary for each object.</summary>
    internal static JsonDocument Read(JsonNode? node)
    {
        ArrayBufferWriter<byte> buffer = new(UsualBytes);
        using (Utf8JsonWriter writer = new(buffer))
        {
            if (node is null)
            {
                writer.WriteNullValue();
            }
            else
            {
                node.WriteTo(writer);
            }
        }

        return JsonDocument.Parse(buffer.WrittenMemory, new JsonDocumentOptions { MaxDepth = MaxDepth });
    }

    private static ArrayBufferWriter<byte> Serialize(JsonElement element)
    {
        ArrayBufferWriter<byte> buffer = new(UsualBytes);
        using Utf8JsonWriter writer = new(buffer);
        Write(writer, element);
        writer.Flush();
        return buffer;
    }

    private static void Write(Utf8JsonWriter writer, JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteStartObject();
                WriteSorted(writer, element);
                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (JsonElement item in element.EnumerateArray())
                {
                    Write(writer, item);
                }

                writer.WriteEndArray();
                break;
            default:
                element.WriteTo(writer);
                break;
        }
    }

    private static void WriteSorted(Utf8JsonWriter writer, JsonElement map)
    {
        int count = 0;
        JsonProperty[] members = ArrayPool<JsonProperty>.Shared.Rent(map.GetPropertyCount());
        try
        {
            foreach (JsonProperty member in map.EnumerateObject())
            {
                if (member.Value.ValueKind != JsonValueKind.Null)
                {
                    members[count++] = member;
                }
            }

            members.AsSpan(0, count).Sort(Order);
            foreach (JsonProperty member in members.AsSpan(0, count))
            {
                ReadOnlySpan<byte> name = JsonMarshal.GetRawUtf8PropertyName(member);
                if (IsPlain(name))
                {
                    writer.WritePropertyName(name);
                }
                else
                {
                    writer.WritePropertyName(member.Name);
                }

                Write(writer, member.Value);
            }
        }
        finally
        {
            ArrayPool<JsonProperty>.Shared.Return(members, clearArray: true);
        }
    }

    /// <summary>Compares names by UTF-16, as texts are: bytes order the same only where all of them are ASCII.</summary>
    private static int Order(JsonProperty left, JsonProperty right)
    {
        ReadOnlySpan<byte> one = JsonMarshal.GetRawUtf8PropertyName(left);
        ReadOnlySpan<byte> other = JsonMarshal.GetRawUtf8PropertyName(right);
        return IsPlain(one) && IsPlain(other) ? one.SequenceCompareTo(other) : string.CompareOrdinal(left.Name, right.Name);
    }

    /// <summary>True when the name stands in the text as it is.</summary>
    private static bool IsPlain(ReadOnlySpan<byte> name) => Ascii.IsValid(name) && !name.Contains((byte)'\\');
}
