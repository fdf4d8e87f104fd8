using System.Globalization;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Failover;
using RocketOps.Broker.Replication.Slave;
using RocketOps.Broker.Roles;

namespace RocketOps.Broker.Handlers.Replication;

/// <summary>
/// Figures of this broker's group in the runtime information: how it gets its master, what an acknowledgement waits for, and, where it is
/// elected, who leads in which epoch and who is in sync; of a slave, whether it follows.
/// </summary>
internal sealed class ReplicationFigures(
    BrokerSettings settings, CurrentRole role, MasterAddresses master, Following following, StoreGroup origin, MemberStanding? group)
{
    /// <summary>Key of a slave's figures: whether its master's log comes.</summary>
    public const string FollowsKey = "rocketOpsFollows";

    /// <summary>There only while it does not: why, and what to do.</summary>
    public const string NotFollowingKey = "rocketOpsNotFollowing";

    /// <summary>There only while a slave serves no reads: why, and what to do.</summary>
    public const string ReadsRefusedKey = "rocketOpsReadsRefused";

    public void AddTo(SortedDictionary<string, string> figures)
    {
        if (group is null)
        {
            figures["rocketOpsFailover"] = "classic";
            if (settings.Current.Role != BrokerRole.Slave)
            {
                figures["rocketOpsReplicationMode"] = settings.Current.Role == BrokerRole.SyncMaster ? "Sync" : "Async";
            }
        }
        else
        {
            figures["rocketOpsFailover"] = "automatic";
            figures["rocketOpsReplicationMode"] = group.IsSync ? "Sync" : "Async";
            figures["rocketOpsLeads"] = group.Leads ? "true" : "false";
            figures["rocketOpsMember"] = settings.Current.Group!.Options.Member;
            if (group.Lease is { } lease)
            {
                figures["rocketOpsMaster"] = lease.Holder;
                figures["rocketOpsEpoch"] = lease.Epoch.ToString(CultureInfo.InvariantCulture);
                figures["rocketOpsInSync"] = string.Join(',', lease.InSync.Select(static copy => copy.Member));
            }
        }

        AddFollowing(figures);
        if (origin.Refusal is { } refusal)
        {
            figures[ReadsRefusedKey] = refusal;
        }
    }

    /// <summary>
    /// Adds whether a slave follows its master, and why not; the member that has the lease follows nobody, also before it leads.
    /// </summary>
    private void AddFollowing(SortedDictionary<string, string> figures)
    {
        if (role.IsMaster || group is { HeldEpoch: > 0 })
        {
            return;
        }

        string? why = group is { HasFailed: true } ? LogFollower.StoreFailed : following.WhyNot;
        figures[FollowsKey] = why is null ? "true" : "false";
        if (why is not null)
        {
            figures[NotFollowingKey] = why.Length > 0 ? why : Unexplained;
        }
    }

    private string Unexplained => group is not null ? "this slave follows nobody: as far as it knows, nobody leads the group"
        : master.Ha.Length == 0 ? "this slave follows nobody: no name server of namesrvAddr tells where its master is, and haMasterAddress does not either"
        : $"this slave does not follow {master.Ha}, which does not answer";
}
