namespace RocketOps.Client;

/// <summary>How far a sent message got. In every state the broker has it.</summary>
public enum SendStatus
{
    /// <summary>As far as the broker is configured to wait.</summary>
    SendOk,

    /// <summary>The broker did not see it on disk in time.</summary>
    FlushDiskTimeout,

    /// <summary>No slave had it in time.</summary>
    FlushSlaveTimeout,

    /// <summary>There was no slave to have it.</summary>
    SlaveNotAvailable,
}
