using System.Text.Json.Serialization;

namespace RocketOps.Operator.Entities;

/// <summary>Addresses that brokers register with the name servers.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<AddressingMode>))]
public enum AddressingMode
{
    /// <summary>Those of Services, one per member and one that follows the master: no restart changes a route.</summary>
    Service,

    /// <summary>The pods' own: for networks in which clients reach pods and no Services.</summary>
    PodIP,
}
