using RocketOps.Broker.Replication.Frames;

namespace RocketOps.Broker.Replication.Master;

/// <summary>Decides which slaves an elected master serves. Thread-safe.</summary>
internal interface ISlaveAdmission
{
    /// <summary>This master serves its clients at this moment: its followers are told so, and leave the lease to it.</summary>
    bool Serves { get; }

    /// <summary>Longest time between two words by which followers are told so.</summary>
    TimeSpan WordInterval { get; }

    /// <summary>
    /// Reads from a new connection what it says of itself before the first report. Throws <see cref="HaRefusedException"/> for one that has not asked to follow, or asked another epoch's master,
    /// <see cref="IOException"/> when it ends.
    /// </summary>
    ValueTask<IAdmittedSlave> AdmitAsync(Stream stream, CancellationToken cancellationToken);
}

/// <summary>A slave whose acknowledgements count.</summary>
internal interface IAdmittedSlave
{
    /// <summary>It has everything before that offset. Called by one thread at a time; does not block. Throws <see cref="IOException"/> when what it says does not count any more.</summary>
    void OnAcknowledged(long offset);

    /// <summary>Its connection has ended.</summary>
    void OnEnded();
}
