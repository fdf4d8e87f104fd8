using System.Collections.Frozen;
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

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <exception cref="FormatException">The bytes are no such message, or have a field that is not known: nothing sent is dropped silently.</exception>
    /// <exception cref="ApiErrorException">415, messages of this kind are not decoded here.</exception>
    public static JsonObject Read(ReadOnlySpan<byte> body)
    {
        if (!body.StartsWith("k8s\0"u8))
        {
            throw new FormatException("provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]");
        }

        JsonObject envelope = ReadMessage(body[4..], Messages.Part("Unknown"), "the envelope");
        if (envelope.ContainsKey("contentEncoding") || envelope.ContainsKey("contentType"))
        {
            throw new FormatException("protobuf: an encoded object within the envelope is not supported");
        }

        string apiVersion = envelope.Child("typeMeta")?.Text("apiVersion") ?? string.Empty;
        string kind = envelope.Child("typeMeta")?.Text("kind") ?? string.Empty;
        JsonObject obj = new() { ["apiVersion"] = apiVersion, ["kind"] = kind };
        foreach ((string name, JsonNode? value) in ReadMessage(
            Convert.FromBase64String(envelope.Text("raw") ?? string.Empty), Messages.Find(apiVersion, kind) ?? throw ApiErrors.UnsupportedMessage(apiVersion, kind), kind))
        {
            obj[name] = value?.DeepClone();
        }

        return obj;
    }

    // As deep as the messages' table: nothing in it contains itself.
    private static JsonObject ReadMessage(ReadOnlySpan<byte> bytes, FrozenDictionary<int, MessageField> fields, string path)
    {
        JsonObject message = [];
        WireReader reader = new(bytes);
        while (!reader.IsAtEnd)
        {
            (int number, int type) = reader.ReadTag();
            if (!fields.TryGetValue(number, out MessageField? field))
            {
                throw new FormatException($"protobuf: field {number} of {path} is not known");
            }

            if (type != (field.IsVarint ? WireReader.Varint : WireReader.Bytes))
            {
                throw new FormatException($"protobuf: wrong wireType = {type} for field {path}.{field.Name}");
            }

            if (!field.IsVarint)
            {
                PutBytes(message, field, reader.ReadBytes(), $"{path}.{field.Name}");
            }
            else if (reader.ReadVarint() is var value && (value != 0 || field.IsOptional))
            {
                message[field.Name] = field.Kind == "flag" ? value != 0 : (long)value;
            }
        }

        return message;
    }

    private static void PutBytes(JsonObject into, MessageField field, ReadOnlySpan<byte> bytes, string path)
    {
        if (field.IsMap)
        {
            JsonObject entry = ReadMessage(bytes, Messages.Part(field.Kind), path);
            into.EnsureChild(field.Name)[entry.Text("key") ?? string.Empty] = entry.Text("value") ?? string.Empty;
            return;
        }

        JsonNode? value = field.Kind switch
        {
            "text" => bytes.IsEmpty && !field.IsList ? null : Text(bytes),
            "bytes" => bytes.IsEmpty ? null : Convert.ToBase64String(bytes),
            "Time" => Time(ReadMessage(bytes, Messages.Part(field.Kind), path), path),
            "FieldsV1" => ReadMessage(bytes, Messages.Part(field.Kind), path).Text("Raw") is { } raw ? JsonReading.Parse(Utf8.GetBytes(raw)) : null,
            _ => ReadMessage(bytes, Messages.Part(field.Kind), path) is { Count: > 0 } message ? message : null,
        };
        if (field.IsList)
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

    private static JsonValue? Time(JsonObject time, string path)
    {
        long seconds = time.Integer("seconds") ?? 0;
        try
        {
            return time.Count == 0 ? null : JsonValue.Create(JsonNodes.Timestamp(DateTimeOffset.FromUnixTimeSeconds(seconds)));
        }
        catch (ArgumentOutOfRangeException e)
        {
            throw new FormatException($"protobuf: {path} is no time: {seconds} s", e);
        }
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
