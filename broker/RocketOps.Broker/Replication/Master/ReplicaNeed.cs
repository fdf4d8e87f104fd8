namespace RocketOps.Broker.Replication.Master;

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
