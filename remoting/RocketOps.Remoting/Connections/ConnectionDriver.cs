using System.Net;

namespace RocketOps.Remoting.Connections;

/// <summary>
/// Driver of one connection: who reads, when a batch ends and who sends. The protocol above it (<see cref="RemotingConnection"/>) is the
/// same for all of them.
/// </summary>
internal abstract class ConnectionDriver
{
    /// <summary>The protocol this driver carries; set by the driver's constructor.</summary>
    public RemotingConnection Connection { get; protected init; } = null!;

    /// <summary>Unique among the connections of this process.</summary>
    public abstract string Id { get; }

    public abstract IPEndPoint RemoteEndPoint { get; }

    public abstract IPEndPoint LocalEndPoint { get; }

    public abstract ConnectionOutput Output { get; }

    /// <summary>
    /// Bytes that have come of a frame that has not arrived whole; 0 without one, and while whole frames wait before it. Any thread, about.
    /// </summary>
    public abstract long UnfinishedBytes { get; }

    /// <summary>Ends the connection at once. Any thread, also under the output's lease.</summary>
    public abstract void Abort(string reason);

    /// <summary>Takes no more requests; what is being worked on is still answered, then the connection ends. Any thread.</summary>
    public abstract void StopReading();

    /// <summary>Called after <see cref="StopReading"/> when nothing is being worked on any more. Any thread.</summary>
    public abstract void OnDrained();
}
