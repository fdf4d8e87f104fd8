namespace RocketOps.Faults.Tests.Histories;

/// <summary>How a release of RocketMQ's client speaks as a member of a group. Source: remoting.md §1.7, §2.4.</summary>
/// <param name="Name">Of the release.</param>
/// <param name="Version">Its ordinal.</param>
/// <param name="LeavesOutSubscriptions">Its heartbeats carry a fingerprint, and no subscriptions while the broker knows it (heartbeat V2).</param>
public sealed record Generation(string Name, int Version, bool LeavesOutSubscriptions)
{
    /// <summary>4.9.7: every heartbeat has all subscriptions.</summary>
    public static readonly Generation Old = new("4.9.7", 407, LeavesOutSubscriptions: false);

    /// <summary>5.5.0 with <c>useHeartbeatV2</c>.</summary>
    public static readonly Generation Young = new("5.5.0", 513, LeavesOutSubscriptions: true);
}
