using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Entities.Schema;

namespace RocketOps.Operator.Entities;

/// <summary>A topic of a cluster.</summary>
[KubernetesEntity(Group = EntityGroup.Name, ApiVersion = EntityGroup.Version, Kind = KindName, PluralName = "topics")]
[ShortNames("mqt")]
[Categories(EntityGroup.Category)]
[Description("A topic, kept on every master broker of a cluster.")]
[PrinterColumn("Cluster", JsonPath = ".spec.clusterRef.name", Type = "string")]
[PrinterColumn("Topic", JsonPath = ".status.topicName", Type = "string", Description = "Name on the brokers.")]
[PrinterColumn("Ready", JsonPath = ".status.conditions[?(@.type==\"Ready\")].status", Type = "string", Description = "Whether every master has the topic as asked for.")]
[PrinterColumn("Reason", JsonPath = ".status.conditions[?(@.type==\"Ready\")].reason", Type = "string", Description = "Why it is or is not ready.")]
[PrinterColumn("Read", JsonPath = ".status.readQueues", Type = "integer", Description = "Queues per broker consumers see.")]
[PrinterColumn("Write", JsonPath = ".status.writeQueues", Type = "integer", Description = "Queues per broker producers see.")]
[PrinterColumn("Age", JsonPath = ".metadata.creationTimestamp", Type = "date")]
[PrinterColumn("Permission", JsonPath = ".spec.permission", Type = "string", Priority = 1)]
[PrinterColumn("Type", JsonPath = ".spec.messageType", Type = "string", Priority = 1)]
[PrinterColumn("Message", JsonPath = ".status.conditions[?(@.type==\"Ready\")].message", Type = "string", Priority = 1)]
[ValidationRule(
    "has(self.spec.topicName) || self.metadata.name.matches('^[a-z0-9-]{1,127}$')",
    "metadata.name is no topic name (letters, digits, '-', '_', at most 127 characters): set spec.topicName.")]
[ValidationRule(
    "!has(self.spec.topicName) || (self.spec.topicName != self.spec.clusterRef.name && !self.spec.topicName.matches('^' + self.spec.clusterRef.name + '-[0-9]+$'))",
    "spec.topicName may not be the name of the cluster or of one of its broker groups: brokers make topics of these names themselves. Choose another name.")]
[ValidationRule(
    // Names of objects have no bound that a server's estimate of costs knows: no pattern is made of them.
    "has(self.spec.topicName) || (self.metadata.name != self.spec.clusterRef.name && !(self.metadata.name.startsWith(self.spec.clusterRef.name + '-') && size(self.metadata.name) <= size(self.spec.clusterRef.name) + 3 && self.metadata.name.matches('[^-]-[0-9]{1,2}$')))",
    "metadata.name is the name of the cluster or of one of its broker groups, and brokers make topics of these names themselves: set spec.topicName.")]
public sealed class Topic : CustomEntity<TopicSpec, TopicStatus>
{
    /// <summary>The kind in manifests.</summary>
    public const string KindName = "Topic";

    public Topic()
        : base(EntityGroup.ApiVersion, KindName)
    {
    }
}
