using RocketOps.Broker.Configuration;
using RocketOps.Broker.Failover;
using RocketOps.Broker.Replication;
using RocketOps.Broker.Replication.Master;
using RocketOps.Broker.Replies;
using RocketOps.Broker.Roles;
using RocketOps.Broker.Sending;
using RocketOps.Store;
using RocketOps.Store.Contracts;

namespace RocketOps.Broker.Handlers.Admin;

/// <summary>
/// Finds why this broker, a master, takes no messages, whichever producer sends them to whichever topic: for the operator and the command line. What is over before a producer that waits is refused, as a change of the master, is
/// not told. Producers are told in words of their own (<see cref="SendRefusals"/>). Thread-safe.
/// </summary>
internal sealed class StandingRefusals(BrokerSettings settings, CurrentOptions<ReplicationOptions> options, CurrentRole role, MessageStore store, ReplicaGate replicas, MemberStanding? group)
{
    /// <summary>Key of the runtime figures; there only while sends are refused. Not in RocketMQ.</summary>
    public const string Key = "rocketOpsSendsRefused";

    /// <summary>The same for the word.</summary>
    public const string ByKey = "rocketOpsSendsRefusedBy";

    /// <summary>There is no room.</summary>
    public const string Disk = "DISK";

    /// <summary>The store cannot be written.</summary>
    public const string Store = "STORE";

    /// <summary>Copies in sync are fewer than must be.</summary>
    public const string Copies = "COPIES";

    /// <summary>The configuration lets nobody write.</summary>
    public const string Permission = "PERMISSION";

    /// <summary>This member of an elected group has the lease and does not lead.</summary>
    public const string NotLeading = "NOT_LEADING";

    /// <summary>Null while messages are taken, and on slaves: what those refuse they refuse by their role.</summary>
    public StandingRefusal? Find()
    {
        if (group is null ? role.IsSlave : group.HeldEpoch == 0)
        {
            return null;
        }

        // Of several the first in this order: what is behind others comes first.
        return FindShortage() is { } shortage ? new StandingRefusal(Disk, shortage)
            : store.FindFailure() is not StoreFlags.None and StoreFlags failed ? new StandingRefusal(
                Store, $"the store cannot be written ({failed}): writing to its disk failed or it was made read-only, and it stays so until this broker is started again")
            : LacksCopies ? new StandingRefusal(Copies, Invariant($"fewer copies are in sync than minInSyncReplicas asks for, which is {options.Value.MinInSyncReplicas}: see why the others do not follow"))
            : !settings.Current.IsWriteable ? new StandingRefusal(Permission, Invariant($"brokerPermission is {settings.Current.Permission}, which lets nobody write: set it to 6"))
            : group is { RefusesMessages: true } ? new StandingRefusal(NotLeading, FindWhyNotLeading(group))
            : null;
    }

    private bool LacksCopies => group is null ? replicas.Refusal == SendStatus.TooFewReplicas : group is { RefusesMessages: true, IsShortOfCopies: true };

    private string? FindShortage() => store.Shortage switch
    {
        DiskShortage.None => null,
        DiskShortage.AboveLimit => Invariant($"the disk is full: more than {store.Tuning.DiskWarningRatio} % of it are used (diskSpaceWarningLevelRatio)"),
        DiskShortage.NoRoomForQueues => "the disk is full: no room for queues and index",
        _ => "the disk is full: no room for the next part of the log",
    };

    private static string FindWhyNotLeading(MemberStanding group) => !group.Leads
        ? "this member has the lease of its group and does not lead: it could not renew it in time, and not every copy in sync follows"
        : group.IsPaused ? "this member has the lease of its group and takes no messages, as it hands over"
        : "this member has the lease of its group and does not lead yet: its epoch has not begun, as its disk is slow or hangs";

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}

/// <summary>Reason why a master takes no messages, and goes on taking none until something is done or comes back.</summary>
/// <param name="By">The kind of the reason, for programs: one of <see cref="StandingRefusals"/>' words.</param>
/// <param name="Why">Text for people; without figures that change, so that two answers differ only when there is a difference.</param>
internal sealed record StandingRefusal(string By, string Why);
