using RocketOps.Kubernetes;

namespace RocketOps.Operator.Entities;

/// <summary>What a user wants of a cluster.</summary>
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
