using System.Text.Json.Serialization;

namespace RocketOps.Operator.Entities;

/// <summary>Role of a broker inside its group.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<BrokerMemberRole>))]
public enum BrokerMemberRole
{
    /// <summary>brokerId 0: takes writes.</summary>
    Master,

    /// <summary>brokerId above 0: serves reads.</summary>
    Slave,
}
