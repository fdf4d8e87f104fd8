using System.Text.Json.Serialization;

namespace RocketOps.Operator.Entities;

/// <summary>What an operator does in several steps.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<OperationType>))]
public enum OperationType
{
    /// <summary>Members leave a group.</summary>
    ScaleIn,
}
