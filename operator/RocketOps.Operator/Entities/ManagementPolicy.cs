using System.Text.Json.Serialization;

namespace RocketOps.Operator.Entities;

/// <summary>Handling of a topic or consumer group by the operator.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ManagementPolicy>))]
public enum ManagementPolicy
{
    /// <summary>It is created, changed and put back as the object asks for.</summary>
    Manage,

    /// <summary>Nothing is ever written or deleted on a broker; the status tells what is there.</summary>
    Observe,
}
