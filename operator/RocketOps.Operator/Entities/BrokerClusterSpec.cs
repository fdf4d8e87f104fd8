using System.Text.Json.Serialization;
using RocketOps.Kubernetes.Entities.Schema;

namespace RocketOps.Operator.Entities;

/// <summary>Desired state of a cluster, as its user writes it.</summary>
[ValidationRule("self.replication.failover != 'Automatic' || self.brokers.replicas >= 2", "replication.failover Automatic needs brokers.replicas of at least 2: nobody could take over from a group's only member.")]
[ValidationRule("self.replication.minInSync <= self.brokers.replicas || (self.replication.failover == 'Automatic' && self.brokers.replicas < 2)", "replication.minInSync may not be above brokers.replicas: no message could ever be taken. Raise brokers.replicas or lower it.")]
public sealed class BrokerClusterSpec
{
    [Description("Version of RocketOps to run: the tag of the operator's images. If absent the cluster keeps the one it began with, and a new one begins with the operator's. Images that are named count instead.")]
    [Length(1, 128)]
    [Pattern("^[A-Za-z0-9_][A-Za-z0-9._-]*$")]
    public string? Version { get; set; }

    [Description("The name servers, which tell clients where each topic is.")]
    [DefaultValue("{}", IsJson = true)]
    public NameServerSpec NameServer { get; set; } = new();

    [Required]
    [Description("The broker groups, which hold the messages.")]
    public BrokersSpec Brokers { get; set; } = new();

    [Description("How the members of a group work together.")]
    [DefaultValue("{}", IsJson = true)]
    public ReplicationSpec Replication { get; set; } = new();

    [Description("Other namespaces whose Topics and ConsumerGroups may name this cluster; * allows all. None if absent.")]
    [ListSet]
    [Items(max: 64)]
    public List<string>? AllowedNamespaces { get; set; }

    [Description("When nodes ask the registry for the images.")]
    [DefaultValue("IfNotPresent")]
    public ImagePullPolicy ImagePullPolicy { get; set; } = ImagePullPolicy.IfNotPresent;

    [Description("Secrets of the cluster's namespace with which the images are pulled.")]
    [ListMapKeys("name")]
    [Items(max: 16)]
    public List<PullSecretReference>? ImagePullSecrets { get; set; }
}

/// <summary>Kubernetes' image pull policies.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ImagePullPolicy>))]
public enum ImagePullPolicy
{
    /// <summary>Pulled when a node has no image of that name.</summary>
    IfNotPresent,

    /// <summary>Asked for at every start.</summary>
    Always,

    /// <summary>The node must have it.</summary>
    Never,
}

/// <summary>Names a Secret of type kubernetes.io/dockerconfigjson in the cluster's namespace.</summary>
public sealed class PullSecretReference
{
    [Required]
    [Length(1, 253)]
    public string Name { get; set; } = "";
}
