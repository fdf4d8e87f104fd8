using System.Net;
using Microsoft.AspNetCore.Builder;
using RocketOps.Remoting.Connections;

namespace RocketOps.Remoting.Server;

/// <summary>What a <see cref="RemotingServer"/> listens on and its limits.</summary>
public sealed class RemotingServerOptions
{
    /// <summary>Remoting ports; port 0 takes a free one. All serve the same handlers.</summary>
    public required IReadOnlyList<IPEndPoint> EndPoints { get; init; }

    /// <summary>Optional HTTP port for health and metrics.</summary>
    public IPEndPoint? HttpEndPoint { get; init; }

    /// <summary>What the HTTP port serves.</summary>
    public Action<IApplicationBuilder>? ConfigureHttp { get; init; }

    public RemotingOptions Remoting { get; init; } = new();

    /// <summary>Connections beyond this are closed as they arrive. 20 000 leave room below the usual limit of open files in a container.</summary>
    public long MaxConnections { get; init; } = 20_000;

    /// <summary>How long a stop waits for connections to end before it cuts them.</summary>
    public TimeSpan ShutdownTimeout { get; init; } = TimeSpan.FromSeconds(10);
}
