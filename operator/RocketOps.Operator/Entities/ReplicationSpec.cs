using RocketOps.Kubernetes;

namespace RocketOps.Operator.Entities;

/// <summary>How the members of a group work together.</summary>
public sealed class ReplicationSpec
{
    [Description("Async acknowledges a message once the master has it. Sync also waits for slaves; not supported by this version.")]
    [DefaultValue("Async")]
    public ReplicationMode Mode { get; set; } = ReplicationMode.Async;

    [Description("Members, the master included, that must be in sync for Sync to take writes.")]
    [DefaultValue(1)]
    [RangeMinimum(1)]
    [RangeMaximum(9)]
    public int MinInSync { get; set; } = 1;

    [Description("None keeps roles fixed. Automatic elects an in-sync slave when a master is lost; not supported by this version.")]
    [DefaultValue("None")]
    public FailoverMode Failover { get; set; } = FailoverMode.None;
}
