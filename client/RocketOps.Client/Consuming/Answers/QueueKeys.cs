using RocketOps.Protocol.Json;

namespace RocketOps.Client.Consuming.Answers;

/// <summary>Writes a queue as the key of a map, as fastjson does.</summary>
internal static class QueueKeys
{
    /// <summary>The value follows.</summary>
    public static FastJsonWriter Write(FastJsonWriter json, MessageQueue queue) =>
        json.BeginObjectName().Field("brokerName", queue.BrokerName).Field("queueId", queue.QueueId).Field("topic", queue.Topic).EndObjectName();
}
