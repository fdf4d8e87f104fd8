using RocketOps.Remoting.Connections;

namespace RocketOps.Client.Calls;

/// <summary>One attempt to send, as whoever calls servers carries it out.</summary>
internal interface ISendCall
{
    /// <summary>True once the request was handed to the network: the broker may carry it out, whatever becomes of the answer.</summary>
    bool WasSent { get; }

    /// <summary>
    /// Sends and waits. Throws <see cref="TimeoutException"/>, <see cref="OperationCanceledException"/>, <see cref="IOException"/> when the connection is or gets closed, and
    /// <see cref="InvalidOperationException"/> when too many requests are outstanding.
    /// </summary>
    ValueTask<SendAnswer> InvokeAsync(RemotingConnection connection, TimeSpan timeout, CancellationToken cancellationToken);
}
