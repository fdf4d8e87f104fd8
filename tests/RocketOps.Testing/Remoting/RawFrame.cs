using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace RocketOps.Testing.Remoting;

/// <summary>
/// A remoting frame with a JSON header, written and read by the tests' own few lines, so that a mistake in the product's codec cannot hide itself.
/// </summary>
public sealed record RawFrame(int Code, int Opaque, int Flag, string? Remark, IReadOnlyDictionary<string, string> ExtFields, ReadOnlyMemory<byte> Body)
{
    // Remoting frame (remoting.md §1.1). All integers big-endian.
    //   off   size  field
    //   0     4     frameLength     bytes after this field
    //   4     1     serializeType   0 = JSON
    //   5     3     headerLength    n
    //   8     n     header
    //   8+n   m     body
    public const int PrefixLength = 8;

    // Where a test does not look at what a client's version decides.
    private const int AnyVersion = 395;

    /// <summary>The sender's release, by RocketMQ's ordinals (remoting.md §1.7).</summary>
    public int Version { get; init; } = AnyVersion;

    public bool IsResponse => (Flag & 1) == 1;

    public static RawFrame Request(int code, int opaque, IReadOnlyDictionary<string, string>? fields = null, ReadOnlyMemory<byte> body = default) =>
        new(code, opaque, 0, null, fields ?? new Dictionary<string, string>(StringComparer.Ordinal), body);

    public byte[] Encode()
    {
        JsonObject fields = [];
        foreach ((string key, string value) in ExtFields)
        {
            fields[key] = value;
        }

        JsonObject header = new()
        {
            ["code"] = Code,
            ["language"] = "JAVA",
            ["version"] = Version,
            ["opaque"] = Opaque,
            ["flag"] = Flag,
            ["extFields"] = fields,
            ["serializeTypeCurrentRPC"] = "JSON",
        };
        return Encode(JsonSerializer.SerializeToUtf8Bytes(header), Body.Span);
    }

    /// <summary>Frames any bytes as header and body, also such that are no header at all.</summary>
    public static byte[] Encode(ReadOnlySpan<byte> header, ReadOnlySpan<byte> body)
    {
        byte[] frame = new byte[PrefixLength + header.Length + body.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, frame.Length - 4);
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(4), header.Length);
        header.CopyTo(frame.AsSpan(PrefixLength));
        body.CopyTo(frame.AsSpan(PrefixLength + header.Length));
        return frame;
    }

    /// <summary>Reads what follows the length field.</summary>
    public static RawFrame Decode(ReadOnlyMemory<byte> afterLength)
    {
        int word = BinaryPrimitives.ReadInt32BigEndian(afterLength.Span);
        if (word >>> 24 != 0)
        {
            throw new InvalidDataException($"serialize type {word >>> 24}, not JSON");
        }

        int headerLength = word & 0xFF_FFFF;
        ReadOnlyMemory<byte> header = afterLength.Slice(4, headerLength);
        using JsonDocument document = JsonDocument.Parse(header);
        JsonElement root = document.RootElement;
        Dictionary<string, string> fields = new(StringComparer.Ordinal);
        if (root.TryGetProperty("extFields", out JsonElement ext) && ext.ValueKind == JsonValueKind.Object)
        {
            foreach (JsonProperty field in ext.EnumerateObject())
            {
                fields[field.Name] = field.Value.ToString();
            }
        }

        return new RawFrame(
            root.GetProperty("code").GetInt32(),
            root.GetProperty("opaque").GetInt32(),
            root.GetProperty("flag").GetInt32(),
            root.TryGetProperty("remark", out JsonElement remark) && remark.ValueKind == JsonValueKind.String ? remark.GetString() : null,
            fields,
            afterLength[(4 + headerLength)..].ToArray());
    }
}
