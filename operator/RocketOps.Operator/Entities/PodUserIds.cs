using System.Text.Json.Serialization;

namespace RocketOps.Operator.Entities;

/// <summary>Who says as which user programs run.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<PodUserIds>))]
public enum PodUserIds
{
    /// <summary>The images: 10001.</summary>
    Image,

    /// <summary>The platform, such as OpenShift, from a range of its own.</summary>
    Platform,
}
