using System.Net;

namespace RocketOps.Remoting.Server.Connections;

/// <summary>The remoting ports of a server, and what carries the connections that come to them.</summary>
internal interface IRemotingPorts
{
    /// <summary>The bound addresses with their real ports, in the order of the options.</summary>
    IReadOnlyList<IPEndPoint> EndPoints { get; }

    /// <summary>Ends, with the reason, when nobody serves the ports any more; otherwise it never ends.</summary>
    Task<Exception> Failed { get; }

    /// <summary>
    /// Stops accepting, lets every connection answer what it has taken, then closes; cuts what is left with
    /// <paramref name="deadline"/>. Idempotent.
    /// </summary>
    Task StopAsync(CancellationToken deadline);
}
