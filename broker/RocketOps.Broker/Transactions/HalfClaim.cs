namespace RocketOps.Broker.Transactions;

/// <summary>What who wants to settle a half is told.</summary>
internal enum HalfClaim
{
    /// <summary>It is theirs.</summary>
    Taken,

    /// <summary>It is settled already.</summary>
    Settled,

    /// <summary>Somebody else is settling it at this moment, and may fail: nothing can be said yet.</summary>
    UnderWay,
}
