using System.Text.Json.Serialization;

namespace RocketOps.Operator.Entities;

/// <summary>Handling of a topic or consumer group on the brokers when its object is deleted.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<DeletionPolicy>))]
public enum DeletionPolicy
{
    /// <summary>The topic or consumer group stays on the brokers; nothing delays the deletion of the object.</summary>
    Retain,

    /// <summary>It is deleted on every broker before the object goes.</summary>
    Delete,

    /// <summary>It is deleted as with Delete, but only after everything was consumed.</summary>
    DeleteIfDrained,
}
