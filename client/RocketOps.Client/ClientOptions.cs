using Microsoft.Extensions.Logging;

namespace RocketOps.Client;

/// <summary>What producers and consumers have in common. Defaults are the Java client's.</summary>
public abstract record ClientOptions
{
    /// <summary><c>host:port;host:port</c>; every address a host resolves to counts as a name server.</summary>
    public required string NameServers { get; init; }

    /// <summary>Part of the client id after the address. Null gives every client its own, which members of a clustering group must have.</summary>
    public string? InstanceName { get; init; }

    /// <summary>Time for one request that is neither a send nor a pull. Matches mqClientApiTimeout (3 s).</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>How often routes are asked for again. Matches pollNameServerInterval (30 s).</summary>
    public TimeSpan RouteRefreshInterval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How often brokers are told that this client lives; they forget it after 120 s. Matches heartbeatBrokerInterval (30 s).</summary>
    public TimeSpan HeartbeatInterval { get; init; } = TimeSpan.FromSeconds(30);

    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Null logs nothing.</summary>
    public ILoggerFactory? LoggerFactory { get; init; }
}
