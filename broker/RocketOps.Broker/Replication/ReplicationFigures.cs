using System.Globalization;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Replication.Automatic;

namespace RocketOps.Broker.Replication;

/// <summary>What the runtime information tells of this broker's group: how it gets its master, what an acknowledgement waits for, and, where it is elected, who leads in which epoch and who is in sync.</summary>
internal sealed class ReplicationFigures(BrokerSettings settings, ElectedGroup? group)
{
    public void AddTo(SortedDictionary<string, string> figures)
    {
        if (group is null)
        {
            figures["rocketOpsFailover"] = "classic";
            if (settings.Current.Role != BrokerRole.Slave)
            {
                figures["rocketOpsReplicationMode"] = settings.Current.Role == BrokerRole.SyncMaster ? "Sync" : "Async";
            }

            return;
        }

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
}
