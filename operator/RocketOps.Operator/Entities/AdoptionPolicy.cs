using System.Text.Json.Serialization;

namespace RocketOps.Operator.Entities;

/// <summary>Handling of a topic or consumer group that was on a broker before its object.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<AdoptionPolicy>))]
public enum AdoptionPolicy
{
    /// <summary>It is taken over when it is as the object asks for; otherwise nothing is changed, and the object says what differs.</summary>
    AdoptIfIdentical,

    /// <summary>It is taken over and changed to what the object asks for.</summary>
    Adopt,

    /// <summary>It is never taken over, also when it is as the object asks for.</summary>
    Fail,
}
