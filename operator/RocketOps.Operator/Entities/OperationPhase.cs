using System.Text.Json.Serialization;

namespace RocketOps.Operator.Entities;

/// <summary>The step an operation is in.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<OperationPhase>))]
public enum OperationPhase
{
    /// <summary>Something has to be so before it goes on.</summary>
    Waiting,

    /// <summary>The operator takes a member out of its set.</summary>
    Removing,

    /// <summary>The member's pod ends.</summary>
    Stopping,
}
