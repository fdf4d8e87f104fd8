using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using RocketOps.NameServer.Routing;
using RocketOps.Protocol.Bodies;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Json;

namespace RocketOps.NameServer.Json;

/// <summary>The JSON bodies a name server reads, without reflection.</summary>
[JsonSourceGenerationOptions(NumberHandling = JsonNumberHandling.AllowReadingFromString, RespectNullableAnnotations = true, MaxDepth = 32)]
[JsonSerializable(typeof(RegisterBrokerBody))]
[JsonSerializable(typeof(TopicRouteBody))]
[JsonSerializable(typeof(TopicQueueMappingInfo))]
[JsonSerializable(typeof(DataVersion))]
[JsonSerializable(typeof(KeyValueFile))]
[JsonSerializable(typeof(PeerBrokersBody))]
internal sealed partial class NameServerJson : JsonSerializerContext
{
    /// <summary>
    /// Reads a body that may be strict JSON or fastjson's dialect; almost all are strict, so the other reading is tried only after the first failed.
    /// Throws <see cref="RemotingCommandException"/> when it is neither.
    /// </summary>
    public static T Read<T>(ReadOnlySpan<byte> body, JsonTypeInfo<T> type)
    {
        try
        {
            return Deserialize(body, type);
        }
        catch (JsonException)
        {
            try
            {
                return Deserialize(LenientJson.ToStrict(body), type);
            }
            catch (JsonException malformed)
            {
                throw new RemotingCommandException(ResponseCode.SystemError, $"the body is no {type.Type.Name}: {malformed.Message}");
            }
        }
    }

    private static T Deserialize<T>(ReadOnlySpan<byte> json, JsonTypeInfo<T> type) =>
        JsonSerializer.Deserialize(json, type) ?? throw new JsonException("null");
}
