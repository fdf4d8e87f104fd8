namespace RocketOps.Client;

/// <summary>A server that cannot be reached, or can again: <see cref="RocketMqClient.UnreachableServers"/>.</summary>
public sealed record ServerState
{
    /// <summary>Its address, <c>host:port</c>.</summary>
    public required string Address { get; init; }

    /// <summary>Name of the broker; null for a name server.</summary>
    public string? BrokerName { get; init; }

    /// <summary>False when it cannot be reached; true when it has just answered again.</summary>
    public required bool IsReachable { get; init; }

    /// <summary>Reason why it cannot, or could not, be reached.</summary>
    public required string Reason { get; init; }

    /// <summary>Time of the first request that failed.</summary>
    public required DateTimeOffset Since { get; init; }

    /// <summary>Time that it has been, or was, away.</summary>
    public required TimeSpan Length { get; init; }

    /// <summary>Requests that failed meanwhile because of it.</summary>
    public required long FailedRequests { get; init; }

    internal string Server => BrokerName is null ? Address : $"broker {BrokerName} ({Address})";
}
