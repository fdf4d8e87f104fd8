using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Entities.Schema;

namespace RocketOps.Operator.Entities;

/// <summary>A consumer group of a cluster.</summary>
[KubernetesEntity(Group = EntityGroup.Name, ApiVersion = EntityGroup.Version, Kind = KindName, PluralName = "consumergroups")]
[ShortNames("mqg")]
[Categories(EntityGroup.Category)]
[Description("The settings of a consumer group, kept on every master broker of a cluster.")]
[PrinterColumn("Cluster", JsonPath = ".spec.clusterRef.name", Type = "string")]
[PrinterColumn("Group", JsonPath = ".status.groupName", Type = "string", Description = "Name on the brokers.")]
[PrinterColumn("Ready", JsonPath = ".status.conditions[?(@.type==\"Ready\")].status", Type = "string", Description = "Whether every master has the group as asked for.")]
[PrinterColumn("Reason", JsonPath = ".status.conditions[?(@.type==\"Ready\")].reason", Type = "string", Description = "Why it is or is not ready.")]
[PrinterColumn("Members", JsonPath = ".status.members", Type = "integer", Description = "Consumers that are connected.")]
[PrinterColumn("Lag", JsonPath = ".status.lag", Type = "integer", Description = "At least so many messages are waiting: a power of ten.")]
[PrinterColumn("Age", JsonPath = ".metadata.creationTimestamp", Type = "date")]
[PrinterColumn("Enabled", JsonPath = ".spec.consumeEnable", Type = "boolean", Priority = 1)]
[PrinterColumn("Retries", JsonPath = ".spec.retryMaxTimes", Type = "integer", Priority = 1)]
[PrinterColumn("Message", JsonPath = ".status.conditions[?(@.type==\"Ready\")].message", Type = "string", Priority = 1)]
[ValidationRule(
    "has(self.spec.groupName) || self.metadata.name.matches('^[a-z0-9-]{1,120}$')",
    "metadata.name is no name of a consumer group (letters, digits, '-', '_', at most 120 characters): set spec.groupName.")]
public sealed class ConsumerGroup : CustomEntity<ConsumerGroupSpec, ConsumerGroupStatus>
{
    /// <summary>The kind in manifests.</summary>
    public const string KindName = "ConsumerGroup";

    public ConsumerGroup()
        : base(EntityGroup.ApiVersion, KindName)
    {
    }
}
