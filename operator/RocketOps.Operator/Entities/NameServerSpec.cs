using RocketOps.Kubernetes.Entities.Schema;

namespace RocketOps.Operator.Entities;

/// <summary>The name servers of a cluster.</summary>
public sealed class NameServerSpec
{
    [Description("How many name servers run. Clients and brokers use all of them; two survive the loss of one.")]
    [DefaultValue(2)]
    [RangeMinimum(1)]
    [RangeMaximum(9)]
    public int Replicas { get; set; } = 2;

    [Description("Image of the name servers; the operator's own default if absent.")]
    [Length(1, 512)]
    public string? Image { get; set; }

    [Description("RocketMQ name server properties. Ports, addresses and paths are set by the operator.")]
    [PropertyLimits(max: 128)]
    [ValidationRule(
        "!self.exists(k, k in [" + BrokerConfigKeys.NameServerRule + "])",
        "nameServer.config may not set bindAddress, configStorePath, httpPort, kvConfigPath, listenPort, peers or rocketmqHome: the operator does.")]
    public Dictionary<string, string>? Config { get; set; }

    [Description("CPU and memory of each name server.")]
    public ResourcesSpec? Resources { get; set; }

    [Description("Where the pods of the name servers run, and what else is on them.")]
    public PodOptions? Pod { get; set; }
}
