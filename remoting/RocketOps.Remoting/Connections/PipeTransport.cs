using System.IO.Pipelines;
using System.Net;

namespace RocketOps.Remoting.Connections;

/// <summary>
/// Transport that a <see cref="PipeDriver"/> runs over: the bytes that come and go, and an end to both. Disposed by whoever made it, after
/// <see cref="PipeDriver.RunAsync"/> has ended.
/// </summary>
internal abstract class PipeTransport : IAsyncDisposable
{
    /// <summary>Unique among the connections of this process.</summary>
    public abstract string Id { get; }

    /// <summary>The peer's address; <see cref="IPAddress.None"/> when the transport has none.</summary>
    public abstract IPEndPoint RemoteEndPoint { get; }

    public abstract IPEndPoint LocalEndPoint { get; }

    public abstract PipeReader Input { get; }

    /// <summary>May be written to while a flush waits for the peer.</summary>
    public abstract PipeWriter Output { get; }

    /// <summary>Cancelled when the transport has ended, for whatever reason.</summary>
    public abstract CancellationToken Closed { get; }

    /// <summary>Ends both directions at once. Any thread. Never throws.</summary>
    public abstract void Abort(string reason);

    public abstract ValueTask DisposeAsync();
}
