using System.Text.Json.Serialization;

namespace RocketOps.Operator.Entities;

/// <summary>What happens on the brokers when the Topic object is deleted.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<TopicDeletionPolicy>))]
public enum TopicDeletionPolicy
{
    /// <summary>The topic and its messages stay on the brokers; nothing delays the deletion of the object.</summary>
    Retain,

    /// <summary>The topic is deleted on every broker and name server before the object goes.</summary>
    Delete,

    /// <summary>As Delete, but only after every consumer group of the topic has consumed everything.</summary>
    DeleteIfDrained,
}
