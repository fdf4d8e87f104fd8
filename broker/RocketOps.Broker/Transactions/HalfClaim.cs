namespace RocketOps.Broker.Transactions;

/// <summary>Result of a claim on a half message.</summary>
internal enum HalfClaim
{
    /// <summary>It is theirs.</summary>
    Taken,

    /// <summary>It is settled already.</summary>
    Settled,

    /// <summary>Somebody else is settling it at this moment, and may fail: nothing can be said yet.</summary>
    UnderWay,
}
