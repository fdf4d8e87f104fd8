using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using RocketOps.Protocol.Bodies;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Json;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Json;

/// <summary>Bodies and files that are plain JSON; members are declared in alphabetical order as fastjson writes them, nulls are left out. Those of a feature are named by a context in its folder, with the same options.</summary>
[JsonSourceGenerationOptions(
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    NumberHandling = JsonNumberHandling.AllowReadingFromString,
    RespectNullableAnnotations = true,
    WriteIndented = false)]
[JsonSerializable(typeof(KeyValueTable))]
[JsonSerializable(typeof(DataVersion))]
internal sealed partial class BrokerJson : JsonSerializerContext
{
    /// <summary>Indented by tabs as Java writes its files.</summary>
    private static readonly JsonWriterOptions FileFormat = new()
    {
        Indented = true,
        IndentCharacter = '\t',
        IndentSize = 1,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Reads a body or file in fastjson's dialect. Throws <see cref="JsonException"/> when it is not what it should be.</summary>
    public static T Read<T>(ReadOnlySpan<byte> utf8, JsonTypeInfo<T> type)
        where T : class =>
        JsonSerializer.Deserialize(LenientJson.ToStrict(utf8), type) ?? throw new JsonException("null instead of an object");

    /// <summary>
    /// The body of a request as objects, which count as held by its connection until the result is disposed; what is no such body is refused with code 1 as Java's parser does, in words that help.
    /// </summary>
    public static HeldBytes ReadBody<T>(RemotingConnection connection, RemotingCommand request, JsonTypeInfo<T> type, out T body)
        where T : class
    {
        HeldBytes held = connection.Hold(CostOf(request));
        try
        {
            if (connection.IsAborted)
            {
                // For what it holds, perhaps for this: it is not made as well. Nobody is left to answer.
                throw new RemotingCommandException(ResponseCode.SystemBusy, "the connection is closed for what it holds");
            }

            body = Parse(request, type);
            return held;
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <summary>The same for a request whose answer is built in turns and counts what is held for it.</summary>
    public static T ReadBody<T>(HeavyAnswer answer, RemotingCommand request, JsonTypeInfo<T> type)
        where T : class
    {
        answer.Add(CostOf(request));
        return Parse(request, type);
    }

    public static byte[] Write<T>(T value, JsonTypeInfo<T> type) => JsonSerializer.SerializeToUtf8Bytes(value, type);

    /// <summary>The same where it may be much.</summary>
    public static void Write<T>(IBufferWriter<byte> output, T value, JsonTypeInfo<T> type)
    {
        using Utf8JsonWriter json = new(output);
        JsonSerializer.Serialize(json, value, type);
    }

    /// <summary>Writes an object as it stands in a file; its members are those of a context for files.</summary>
    public static void WriteFile<T>(IBufferWriter<byte> output, T value, JsonTypeInfo<T> type)
        where T : class
    {
        using Utf8JsonWriter json = new(output, FileFormat);
        JsonSerializer.Serialize(json, value, type);
    }

    private static long CostOf(RemotingCommand request)
    {
        if (request.Body.IsEmpty)
        {
            throw new RemotingCommandException(ResponseCode.SystemError, "the request has no body");
        }

        long cost = JsonCost.Of(request.Body.Span);
        return cost <= JsonCost.Most
            ? cost
            : throw new RemotingCommandException(ResponseCode.SystemError, $"the body would take about {cost} bytes as objects, more than {JsonCost.Most}");
    }

    private static T Parse<T>(RemotingCommand request, JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return Read(request.Body.Span, type);
        }
        catch (JsonException malformed)
        {
            throw new RemotingCommandException(ResponseCode.SystemError, $"the body is no valid JSON: {malformed.Message}");
        }
    }
}
