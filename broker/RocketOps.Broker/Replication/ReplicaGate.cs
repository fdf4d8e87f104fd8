using RocketOps.Broker.Configuration;

namespace RocketOps.Broker.Replication;

/// <summary>
/// Says for a SYNC_MASTER what its messages wait for, and when it takes none: by the slaves that are in sync now. Asked once for each batch of replies; any other broker
/// answers at once. Source: store.md §7.1. Thread-safe.
/// </summary>
internal sealed class ReplicaGate(BrokerSettings settings, SlaveTable slaves)
{
    /// <summary>What was configured holds until the next start.</summary>
    private readonly bool _isSync = settings.Current.Role == BrokerRole.SyncMaster;

    /// <summary>
    /// Too few members are in sync for messages to be taken (<c>minInSyncReplicas</c>). Asked before the append, so what is refused is not in the log, and producers send it again.
    /// </summary>
    public bool Refuses
    {
        get
        {
            if (!_isSync)
            {
                return false;
            }

            int least = settings.Current.MinInSyncReplicas;
            return least > 1 && 1 + slaves.CountInSync() < least;
        }
    }

    public ReplicaNeed Need
    {
        get
        {
            if (!_isSync)
            {
                return ReplicaNeed.None;
            }

            BrokerOptions options = settings.Current;
            int inSync = slaves.CountInSync();
            int needed = SlaveTable.NeededSlaves(options, inSync);
            return inSync < needed ? ReplicaNeed.NoSlave
                : needed > 0 || (options.AllAckInSync && inSync > 0) ? ReplicaNeed.Replicated
                : ReplicaNeed.None;
        }
    }
}
