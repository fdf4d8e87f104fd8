using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Entities.Schema;

namespace RocketOps.Operator.Entities;

/// <summary>A cluster of name servers and broker groups.</summary>
[KubernetesEntity(Group = EntityGroup.Name, ApiVersion = EntityGroup.Version, Kind = KindName, PluralName = "brokerclusters")]
[ShortNames("mqc")]
[Categories(EntityGroup.Category)]
[Description("A cluster of RocketMQ-compatible name servers and broker groups.")]
[ScaleSubresource(".spec.brokers.groups", ".status.readyGroups")]
[PrinterColumn("Ready", JsonPath = ".status.conditions[?(@.type==\"Ready\")].status", Type = "string", Description = "Whether everything asked for is there and serves.")]
[PrinterColumn("Reason", JsonPath = ".status.conditions[?(@.type==\"Ready\")].reason", Type = "string", Description = "Why it is or is not ready.")]
[PrinterColumn("Groups", JsonPath = ".spec.brokers.groups", Type = "integer", Description = "Broker groups asked for.")]
[PrinterColumn("Serving", JsonPath = ".status.readyGroups", Type = "integer", Description = "Broker groups whose master serves.")]
[PrinterColumn("Brokers", JsonPath = ".status.brokers", Type = "string", Description = "Broker pods ready, of those asked for.")]
[PrinterColumn("Version", JsonPath = ".status.version", Type = "string", Description = "Version of the images the operator chooses.")]
[PrinterColumn("Age", JsonPath = ".metadata.creationTimestamp", Type = "date")]
[PrinterColumn("Name-Servers", JsonPath = ".status.nameServers", Type = "string", Priority = 1, Description = "Address for clients.")]
[PrinterColumn("Message", JsonPath = ".status.conditions[?(@.type==\"Ready\")].message", Type = "string", Priority = 1)]
[ValidationRule("size(self.metadata.name) <= 30", "metadata.name may have at most 30 characters, since the names of pods and Services are made from it.")]
[ValidationRule("self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')", "metadata.name must start with a letter and hold only lower-case letters, digits and '-': Services are named after it.")]
public sealed class BrokerCluster : CustomEntity<BrokerClusterSpec, BrokerClusterStatus>
{
    /// <summary>The kind in manifests.</summary>
    public const string KindName = "BrokerCluster";

    public BrokerCluster()
        : base(EntityGroup.ApiVersion, KindName)
    {
    }
}
