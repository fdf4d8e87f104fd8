using Microsoft.Extensions.Logging;

namespace RocketOps.Client;

/// <summary>Settings of the connection to a cluster. Defaults are the Java client's.</summary>
public record ConnectionOptions
{
    /// <summary>
    /// <c>host:port;host:port</c>, or with commas; every address a host resolves to counts as a name server. Null takes the environment
    /// variable <c>NAMESRV_ADDR</c>; without either
    /// no client can be made.
    /// </summary>
    public string? NameServers { get; init; }

    /// <summary>
    /// Part of the client id after the address. Null gives every client its own, which members of a clustering group must have.
    /// </summary>
    public string? InstanceName { get; init; }

    /// <summary>Third part of the client id, <c>ip@instance@unit</c>; null for none. Matches unitName.</summary>
    public string? UnitName { get; init; }

    /// <summary>Time for a connection to be made. Matches connectTimeoutMillis (3 s).</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>
    /// Time for one request that is neither a send nor a pull; of several name servers all but the last one asked have a part of it.
    /// Matches mqClientApiTimeout (3 s).
    /// </summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>
    /// Most time for which a start waits for the cluster: <c>StartAsync</c> of consumers and <see cref="RocketMqProducer.ConnectAsync"/>
    /// try again while no server answers (30 s). Zero fails at the first silence, as Java's clients do.
    /// </summary>
    public TimeSpan StartTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Interval between route refreshes. Matches pollNameServerInterval (30 s).</summary>
    public TimeSpan RouteRefreshInterval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Interval between heartbeats to brokers; they forget the client after 120 s without one. Matches heartbeatBrokerInterval (30 s).
    /// </summary>
    public TimeSpan HeartbeatInterval { get; init; } = TimeSpan.FromSeconds(30);

    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>
    /// Factory of the client's loggers. When it and <see cref="OnError"/> are both null, warnings and errors go to standard error, a line
    /// each, so that no failure is silent; <c>NullLoggerFactory.Instance</c> silences them.
    /// </summary>
    public ILoggerFactory? LoggerFactory { get; init; }

    /// <summary>
    /// Called for everything that is logged as a warning or an error, beside the log: handlers that threw, pulls and heartbeats that
    /// failed, topics that are missing.
    /// Called on the client's own threads, possibly several at a time: it must be quick and thread-safe. An exception of it is logged and
    /// goes no further.
    /// </summary>
    public Action<ClientError>? OnError { get; init; }

    /// <summary>
    /// Called when a name server or broker cannot be reached any more, and when it answers again. Called by threads of the pool, possibly
    /// several at a time and seldom in another order. An exception of it is logged and goes no further. Of members of a
    /// <see cref="RocketMqClient"/> the client's counts.
    /// </summary>
    public Action<ServerState>? OnServerState { get; init; }
}
