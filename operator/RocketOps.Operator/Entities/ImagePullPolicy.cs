using System.Text.Json.Serialization;

namespace RocketOps.Operator.Entities;

/// <summary>Kubernetes' image pull policies.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ImagePullPolicy>))]
public enum ImagePullPolicy
{
    /// <summary>Pulled when a node has no image of that name.</summary>
    IfNotPresent,

    /// <summary>Asked for at every start.</summary>
    Always,

    /// <summary>The node must have it.</summary>
    Never,
}
