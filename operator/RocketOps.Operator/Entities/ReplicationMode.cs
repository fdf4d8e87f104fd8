using System.Text.Json.Serialization;

namespace RocketOps.Operator.Entities;

/// <summary>When a master acknowledges a message.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ReplicationMode>))]
public enum ReplicationMode
{
    /// <summary>As soon as the master has it (RocketMQ's ASYNC_MASTER).</summary>
    Async,

    /// <summary>Once slaves have it too (RocketMQ's SYNC_MASTER).</summary>
    Sync,
}
