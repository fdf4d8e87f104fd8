using System.Text.Json.Serialization;

namespace RocketOps.Operator.Entities;

/// <summary>Source of the user ids that programs run as.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<PodUserIds>))]
public enum PodUserIds
{
    /// <summary>The images: 10001.</summary>
    Image,

    /// <summary>The platform, such as OpenShift, from a range of its own.</summary>
    Platform,
}
