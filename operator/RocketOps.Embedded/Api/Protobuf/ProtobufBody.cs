using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Errors;
using RocketOps.Embedded.Api.Json;

namespace RocketOps.Embedded.Api.Protobuf;

/// <summary>
/// An object of content type application/vnd.kubernetes.protobuf, turned into the JSON it stands for.
/// <code>
/// 6b 38 73 00                    "k8s\0"
/// message Unknown {
///   1 typeMeta { 1 apiVersion, 2 kind }
///   2 raw                        the object's message
///   3 contentEncoding            empty
///   4 contentType                empty
/// }
/// </code>
/// Source: k8s.io/apimachinery pkg/runtime/serializer/protobuf.
/// </summary>
internal static class ProtobufBody
{
    public const string MediaType = "application/vnd.kubernetes.protobuf";

    private static readonly Dictionary<int, MessageField> TimeFields = new() { [1] = new("seconds", FieldKind.Number), [2] = new("nanos", FieldKind.Number) };

    private static readonly Dictionary<int, MessageField> FieldsV1Fields = new() { [1] = new("Raw", FieldKind.Text) };

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <exception cref="FormatException">The bytes are no such message, or have a field that is not known: nothing sent is dropped silently.</exception>
    /// <exception cref="ApiErrorException">415, messages of this kind are not decoded here.</exception>
    public static JsonObject Read(ReadOnlySpan<byte> body)
    {
        if (!body.StartsWith("k8s\0"u8))
        {
            throw new FormatException("provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]");
        }

        string apiVersion = string.Empty;
        string kind = string.Empty;
        ReadOnlySpan<byte> raw = [];
        WireReader reader = new(body[4..]);
        while (!reader.IsAtEnd)
        {
            (int number, WireType type) = reader.ReadTag();
            if (type != WireType.Bytes || number > 4)
            {
                throw new FormatException($"protobuf: field {number} of the envelope is not known");
            }

            ReadOnlySpan<byte> value = reader.ReadBytes();
            switch (number)
            {
                case 1:
                    (apiVersion, kind) = ReadTypeMeta(value);
                    break;
                case 2:
                    raw = value;
                    break;
                default:
                    if (value.Length > 0)
                    {
                        throw new FormatException("protobuf: an encoded object within the envelope is not supported");
                    }

                    break;
            }
        }

        IReadOnlyDictionary<int, MessageField> fields = Messages.Find(apiVersion, kind) ?? throw ApiErrors.UnsupportedMessage(apiVersion, kind);
        JsonObject obj = new() { ["apiVersion"] = apiVersion, ["kind"] = kind };
        ReadMessage(raw, fields, obj, kind);
        return obj;
    }

    private static (string ApiVersion, string Kind) ReadTypeMeta(ReadOnlySpan<byte> bytes)
    {
        string apiVersion = string.Empty;
        string kind = string.Empty;
        WireReader reader = new(bytes);
        while (!reader.IsAtEnd)
        {
            (int number, WireType type) = reader.ReadTag();
            if (type != WireType.Bytes || number > 2)
            {
                throw new FormatException($"protobuf: field {number} of typeMeta is not known");
            }

            string text = Text(reader.ReadBytes());
            (apiVersion, kind) = number == 1 ? (text, kind) : (apiVersion, text);
        }

        return (apiVersion, kind);
    }

    // As deep as the messages' table: nothing in it contains itself.
    private static void ReadMessage(ReadOnlySpan<byte> bytes, IReadOnlyDictionary<int, MessageField> fields, JsonObject into, string path)
    {
        WireReader reader = new(bytes);
        while (!reader.IsAtEnd)
        {
            (int number, WireType type) = reader.ReadTag();
            if (!fields.TryGetValue(number, out MessageField? field))
            {
                throw new FormatException($"protobuf: field {number} of {path} is not known");
            }

            bool isVarint = field.Kind is FieldKind.Number or FieldKind.OptionalNumber or FieldKind.Flag or FieldKind.OptionalFlag;
            if (type != (isVarint ? WireType.Varint : WireType.Bytes))
            {
                throw new FormatException($"protobuf: wrong wireType = {(int)type} for field {path}.{field.Name}");
            }

            if (isVarint)
            {
                PutVarint(into, field, reader.ReadVarint());
            }
            else
            {
                PutBytes(into, field, reader.ReadBytes(), $"{path}.{field.Name}");
            }
        }
    }

    private static void PutVarint(JsonObject into, MessageField field, ulong value)
    {
        if (value == 0 && field.Kind is FieldKind.Number or FieldKind.Flag)
        {
            return;
        }

        into[field.Name] = field.Kind is FieldKind.Flag or FieldKind.OptionalFlag ? value != 0 : (long)value;
    }

    private static void PutBytes(JsonObject into, MessageField field, ReadOnlySpan<byte> bytes, string path)
    {
        if (field.Kind is FieldKind.TextMap or FieldKind.BytesMap)
        {
            JsonObject map = into[field.Name] as JsonObject ?? [];
            into[field.Name] = map;
            PutEntry(map, field.Kind, bytes, path);
            return;
        }

        JsonNode? value = field.Kind switch
        {
            FieldKind.Text => bytes.IsEmpty && !field.Repeated ? null : Text(bytes),
            FieldKind.Time => Time(bytes, path),
            FieldKind.Json => FieldsV1(bytes, path),
            _ => Message(bytes, field.Message!, path),
        };
        if (field.Repeated)
        {
            JsonArray list = into[field.Name] as JsonArray ?? [];
            into[field.Name] = list;
            list.Append(value ?? new JsonObject());
        }
        else if (value is not null)
        {
            into[field.Name] = value;
        }
    }

    private static JsonObject? Message(ReadOnlySpan<byte> bytes, IReadOnlyDictionary<int, MessageField> fields, string path)
    {
        JsonObject message = [];
        ReadMessage(bytes, fields, message, path);
        return message.Count > 0 ? message : null;
    }

    private static void PutEntry(JsonObject map, FieldKind kind, ReadOnlySpan<byte> entry, string path)
    {
        ReadOnlySpan<byte> key = [];
        ReadOnlySpan<byte> value = [];
        WireReader reader = new(entry);
        while (!reader.IsAtEnd)
        {
            (int number, WireType type) = reader.ReadTag();
            if (type != WireType.Bytes || number > 2)
            {
                throw new FormatException($"protobuf: field {number} of an entry of {path} is not known");
            }

            ReadOnlySpan<byte> read = reader.ReadBytes();
            if (number == 1)
            {
                key = read;
            }
            else
            {
                value = read;
            }
        }

        map[Text(key)] = kind == FieldKind.TextMap ? Text(value) : Convert.ToBase64String(value);
    }

    private static JsonValue? Time(ReadOnlySpan<byte> bytes, string path)
    {
        JsonObject time = [];
        ReadMessage(bytes, TimeFields, time, path);
        if (time.Count == 0)
        {
            return null;
        }

        long seconds = time["seconds"]?.GetValue<long>() ?? 0;
        try
        {
            return JsonValue.Create(DateTimeOffset.FromUnixTimeSeconds(seconds).ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture));
        }
        catch (ArgumentOutOfRangeException e)
        {
            throw new FormatException($"protobuf: {path} is no time: {seconds} s", e);
        }
    }

    private static JsonNode? FieldsV1(ReadOnlySpan<byte> bytes, string path)
    {
        JsonObject wrapper = [];
        ReadMessage(bytes, FieldsV1Fields, wrapper, path);
        return wrapper.Text("Raw") is { } raw ? JsonReading.Parse(Utf8.GetBytes(raw)) : null;
    }

    private static string Text(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return Utf8.GetString(bytes);
        }
        catch (DecoderFallbackException e)
        {
            throw new FormatException("protobuf: a string is not UTF-8", e);
        }
    }
}
