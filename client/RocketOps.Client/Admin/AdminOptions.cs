using Microsoft.Extensions.Logging;

namespace RocketOps.Client;

/// <summary>Settings by which an admin client reaches a cluster.</summary>
public sealed record AdminOptions
{
    /// <summary>
    /// <c>host:port;host:port</c>; every address a host resolves to counts as a name server. Null takes the environment variable <c>NAMESRV_ADDR</c>. None at all is
    /// allowed when only brokers are asked.
    /// </summary>
    public string? NameServers { get; init; }

    /// <summary>Time for one request, connecting included; of several name servers all but the last one asked have a part of it. Matches mqadmin's default of 5 s.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Time for a connection to be made. Matches connectTimeoutMillis (3 s).</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(3);

    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Null logs nothing: whatever an administration request meets is thrown.</summary>
    public ILoggerFactory? LoggerFactory { get; init; }
}
