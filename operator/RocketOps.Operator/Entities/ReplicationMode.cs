using System.Text.Json.Serialization;

namespace RocketOps.Operator.Entities;

/// <summary>Moment at which a master acknowledges a message.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ReplicationMode>))]
public enum ReplicationMode
{
    /// <summary>The master acknowledges as soon as it has the message (RocketMQ's ASYNC_MASTER).</summary>
    Async,

    /// <summary>The master acknowledges once slaves have the message too (RocketMQ's SYNC_MASTER).</summary>
    Sync,
}
