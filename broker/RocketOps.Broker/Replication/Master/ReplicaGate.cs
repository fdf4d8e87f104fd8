using RocketOps.Broker.Configuration;
using RocketOps.Broker.Replies;
using RocketOps.Store.Contracts;

namespace RocketOps.Broker.Replication.Master;

/// <summary>
/// Says for a master what its messages wait for, when it takes none, and at the last moment whether one may be acknowledged: a SYNC_MASTER by the slaves that are in sync now, an elected master by
/// its group's rules. Asked once for each batch of replies; any other broker answers at once. Source: store.md §7.1. Thread-safe.
/// </summary>
/// <param name="settings">Of the broker.</param>
/// <param name="options">Options of replication.</param>
/// <param name="slaves">Those that are connected.</param>
/// <param name="leadership">In the group that elects its master; null where people say who it is.</param>
internal sealed class ReplicaGate(BrokerSettings settings, CurrentOptions<ReplicationOptions> options, SlaveTable slaves, IGroupLeadership? leadership)
{
    /// <summary>True for a configured SYNC_MASTER. What was configured holds until the next start.</summary>
    private readonly bool _isSync = settings.Current.Role == BrokerRole.SyncMaster;

    /// <summary>
    /// Reason why no message is taken, or <see cref="SendStatus.Stored"/>. Asked before the append, so what is refused is not in the log,
    /// and producers send it again.
    /// </summary>
    public SendStatus Refusal
    {
        get
        {
            if (leadership is { } group)
            {
                return group.TakesMessages ? SendStatus.Stored : group.LacksCopies ? SendStatus.TooFewReplicas : SendStatus.NotLeading;
            }

            if (!_isSync)
            {
                return SendStatus.Stored;
            }

            int least = options.Value.MinInSyncReplicas;
            return least > 1 && 1 + slaves.CountInSync() < least ? SendStatus.TooFewReplicas : SendStatus.Stored;
        }
    }

    /// <summary>
    /// True when progress that consumers report with their pulls is kept here: a member that does not lead takes over the master's, which
    /// overwrites it, and the consumer's own commits find the master.
    /// </summary>
    public bool KeepsProgress => leadership is not { Leads: false };

    /// <summary>True when this broker may write messages of its own: delayed ones that are due, ends of transactions.</summary>
    public bool MayWrite => leadership is not { TakesMessages: false };

    public ReplicaNeed Need
    {
        get
        {
            if (leadership is { } group)
            {
                return group.IsSync ? ReplicaNeed.Replicated : ReplicaNeed.None;
            }

            if (!_isSync)
            {
                return ReplicaNeed.None;
            }

            ReplicationOptions now = options.Value;
            int inSync = slaves.CountInSync();
            int needed = SlaveTable.NeededSlaves(now, inSync);
            return inSync < needed ? ReplicaNeed.NoSlave
                : needed > 0 || (now.AllAckInSync && inSync > 0) ? ReplicaNeed.Replicated
                : ReplicaNeed.None;
        }
    }

    /// <summary>
    /// Tells whether a message that has come as far as needed may be acknowledged now: the process can have stood still since it arrived,
    /// and another member may lead.
    /// </summary>
    public bool MayAcknowledge(ReplicaNeed need, PhysicalOffset end) => leadership is not { } group || (need == ReplicaNeed.Replicated ? group.MayAcknowledge(end.Value) : group.Leads);

    /// <summary>
    /// Judges how a wait has ended for the producer: nothing that says "stored" comes from a member that does not lead, as what it has may
    /// be cut off; nor of a message that copies in sync lack, where another one of them may lead.
    /// </summary>
    public WaitOutcome Judge(ReplicaNeed need, PhysicalOffset end, WaitOutcome outcome) => outcome switch
    {
        WaitOutcome.Reached when need == ReplicaNeed.NoSlave => WaitOutcome.NoSlave,
        WaitOutcome.Reached => MayAcknowledge(need, end) ? outcome : WaitOutcome.CutOff,
        WaitOutcome.TimedOut or WaitOutcome.SlaveTimedOut or WaitOutcome.NotWritten when leadership is { Leads: false } => WaitOutcome.CutOff,
        WaitOutcome.TimedOut or WaitOutcome.SlaveTimedOut when leadership is not null && need == ReplicaNeed.Replicated => WaitOutcome.NotConfirmed,
        _ => outcome,
    };
}

/// <summary>Need of a message of a SYNC_MASTER: what it waits for besides this broker's own store.</summary>
internal enum ReplicaNeed
{
    /// <summary>Nothing: this is no SYNC_MASTER, or it is to wait for nobody.</summary>
    None = 0,

    /// <summary>The position <see cref="RocketOps.Store.Contracts.LogPosition.Replicated"/>.</summary>
    Replicated,

    /// <summary>There are too few slaves that could have it in time: it is stored and answered SLAVE_NOT_AVAILABLE.</summary>
    NoSlave,
}
