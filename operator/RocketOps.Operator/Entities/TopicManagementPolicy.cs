using System.Text.Json.Serialization;

namespace RocketOps.Operator.Entities;

/// <summary>What the operator does about a topic.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<TopicManagementPolicy>))]
public enum TopicManagementPolicy
{
    /// <summary>The topic is created, changed and put back as the object asks for.</summary>
    Manage,

    /// <summary>Nothing is ever written or deleted on a broker; the status tells what is there.</summary>
    Observe,
}
