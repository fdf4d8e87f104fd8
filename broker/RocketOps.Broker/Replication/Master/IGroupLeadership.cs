namespace RocketOps.Broker.Replication.Master;

/// <summary>
/// Leadership in a group that elects its master: whether this member may take and acknowledge messages at this moment. Asked for each
/// message; thread-safe.
/// </summary>
internal interface IGroupLeadership
{
    /// <summary>Acknowledgements wait for all copies that are in sync.</summary>
    bool IsSync { get; }

    /// <summary>It is the master, its lease holds, its epoch has begun, enough copies are in sync and no switchover is under way.</summary>
    bool TakesMessages { get; }

    /// <summary>It is the master and its lease holds.</summary>
    bool Leads { get; }

    /// <summary>It is the master, but fewer copies are in sync than must be, and not just for a moment.</summary>
    bool LacksCopies { get; }

    /// <summary>Tells whether what ends there may be acknowledged now.</summary>
    bool MayAcknowledge(long offset);
}
