using System.Text.Json.Serialization;

namespace RocketOps.Operator.Entities;

/// <summary>What happens on the brokers when the object of a topic or consumer group is deleted.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<DeletionPolicy>))]
public enum DeletionPolicy
{
    /// <summary>What it stands for stays on the brokers; nothing delays the deletion of the object.</summary>
    Retain,

    /// <summary>It is deleted on every broker before the object goes.</summary>
    Delete,

    /// <summary>As Delete, but only after everything was consumed.</summary>
    DeleteIfDrained,
}
