using System.Text.Json.Serialization;
using RocketOps.Kubernetes.Entities.Schema;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Operator.Entities;

/// <summary>The claim of each broker.</summary>
[ValidationRule(
    "!has(self.size) || quantity(string(self.size)).compareTo(quantity('1Mi')) >= 0",
    "storage.size must be at least 1Mi: give a unit, as in 20Gi.")]
[ValidationRule(
    "has(self.storageClassName) == has(oldSelf.storageClassName) && (!has(self.storageClassName) || self.storageClassName == oldSelf.storageClassName)",
    "storage.storageClassName cannot change: the claims of the existing brokers keep their class.")]
public sealed class StorageSpec
{
    [Description("Size of each broker's volume. May grow where the storage class allows it; no pod restarts for that. Never shrinks: a smaller one is reported, and what is there stays.")]
    [DefaultValue("10Gi")]
    public Quantity Size { get; set; } = Quantity.Parse("10Gi");

    [Description("Storage class of the volumes; the namespace's default if absent. Cannot change.")]
    [Length(1, 253)]
    [Pattern("^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$")]
    public string? StorageClassName { get; set; }

    [Description("Retain keeps the volumes when the cluster is deleted; Delete removes them and the messages in them.")]
    [DefaultValue("Retain")]
    public StorageDeletionPolicy DeletionPolicy { get; set; } = StorageDeletionPolicy.Retain;
}

/// <summary>Handling of the brokers' claims when the cluster is deleted.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<StorageDeletionPolicy>))]
public enum StorageDeletionPolicy
{
    /// <summary>The claims stay; a cluster of the same name finds its messages again.</summary>
    Retain,

    /// <summary>The claims and the messages in them are deleted with the cluster.</summary>
    Delete,
}
