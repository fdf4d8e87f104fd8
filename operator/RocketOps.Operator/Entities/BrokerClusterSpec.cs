using RocketOps.Kubernetes;

namespace RocketOps.Operator.Entities;

/// <summary>What a user wants of a cluster.</summary>
[ValidationRule("self.replication.failover != 'Automatic' || self.brokers.replicas >= 2", "replication.failover Automatic needs brokers.replicas of at least 2: nobody could take over from a group's only member.")]
[ValidationRule("self.replication.failover != 'Automatic' || self.brokers.replicas == oldSelf.brokers.replicas", "brokers.replicas cannot change with replication.failover Automatic in this version: the members of a group know each other by name. Set it back.")]
public sealed class BrokerClusterSpec
{
    [Description("The name servers, which tell clients where each topic is.")]
    [DefaultValue("{}", IsJson = true)]
    public NameServerSpec NameServer { get; set; } = new();

    [Required]
    [Description("The broker groups, which hold the messages.")]
    public BrokersSpec Brokers { get; set; } = new();

    [Description("How the members of a group work together.")]
    [DefaultValue("{}", IsJson = true)]
    public ReplicationSpec Replication { get; set; } = new();

    [Description("When nodes ask the registry for the images.")]
    [DefaultValue("IfNotPresent")]
    public ImagePullPolicy ImagePullPolicy { get; set; } = ImagePullPolicy.IfNotPresent;

    [Description("Secrets of the cluster's namespace with which the images are pulled.")]
    [ListMapKeys("name")]
    [Items(max: 16)]
    public List<PullSecretReference>? ImagePullSecrets { get; set; }
}
