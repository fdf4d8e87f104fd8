using System.Text.Json.Serialization;

namespace RocketOps.Operator.Entities;

/// <summary>What the operator does about a topic that was on a broker before its object.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<TopicAdoptionPolicy>))]
public enum TopicAdoptionPolicy
{
    /// <summary>It is taken over when it is as the object asks for; otherwise nothing is changed, and the object says what differs.</summary>
    AdoptIfIdentical,

    /// <summary>It is taken over and changed to what the object asks for.</summary>
    Adopt,
}
