namespace RocketOps.Broker.Pulling;

/// <summary>Reason why a pull could not be served.</summary>
internal enum PullFailure
{
    /// <summary>The store does not serve reads.</summary>
    NotReadable,

    /// <summary>Retention took the messages while they were read: asked again, the consumer is told the new beginning.</summary>
    DeletedMeanwhile,

    ReadFailed,

    /// <summary>Too many reads wait for the disk already.</summary>
    DiskBusy,

    /// <summary>The connection is about to end: asked again, the consumer makes another.</summary>
    ConnectionLeaves,
}
