using System.Text.Json.Serialization;

namespace RocketOps.Operator.Entities;

/// <summary>Handling of the brokers' claims when the cluster is deleted.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<StorageDeletionPolicy>))]
public enum StorageDeletionPolicy
{
    /// <summary>The claims stay; a cluster of the same name finds its messages again.</summary>
    Retain,

    /// <summary>The claims and the messages in them are deleted with the cluster.</summary>
    Delete,
}
