using RocketOps.Kubernetes;

namespace RocketOps.Operator.Entities;

/// <summary>How the members of a group work together.</summary>
public sealed class ReplicationSpec
{
    [Description("Async acknowledges a message once the master has it, Sync once as many members as minInSync, at least 2, have it.")]
    [DefaultValue("Async")]
    public ReplicationMode Mode { get; set; } = ReplicationMode.Async;

    [Description("Members, the master included, that must be in sync for Sync to take messages. With 1 a master whose slaves are all gone goes on alone and says so with each message (SLAVE_NOT_AVAILABLE).")]
    [DefaultValue(1)]
    [RangeMinimum(1)]
    [RangeMaximum(9)]
    public int MinInSync { get; set; } = 1;

    [Description("None keeps roles fixed. Automatic elects an in-sync slave when a master is lost; not supported by this version.")]
    [DefaultValue("None")]
    public FailoverMode Failover { get; set; } = FailoverMode.None;
}
