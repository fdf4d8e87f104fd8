using System.Text.Json.Serialization;

namespace RocketOps.Operator.Entities;

/// <summary>Reason why a broker's pod came back as another one.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RestartReason>))]
public enum RestartReason
{
    /// <summary>The pod before was made from an older template: the operator restarts such, also when somebody else was faster.</summary>
    Outdated,

    /// <summary>The pod before was up to date: it was evicted or deleted by somebody else, or its node has gone.</summary>
    Replaced,
}
