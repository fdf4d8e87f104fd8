using System.Text.Json.Serialization;

namespace RocketOps.Protocol.Bodies;

/// <summary>
/// Version of a broker's table, which name servers and slaves compare by equality of all three numbers: every change takes a new counter
/// and time. Source: admin.md §2.0, remoting.md §3.3 (apache/rocketmq DataVersion).
/// </summary>
public sealed record DataVersion
{
    [JsonPropertyName("counter")]
    public long Counter { get; init; }

    /// <summary>Epoch of a broker that is elected; else 0.</summary>
    [JsonPropertyName("stateVersion")]
    public long StateVersion { get; init; }

    /// <summary>Time of the last change, in ms since 1970.</summary>
    [JsonPropertyName("timestamp")]
    public long Timestamp { get; init; }

    public DataVersion Next(TimeProvider time) => this with { Counter = Counter + 1, Timestamp = time.GetUtcNow().ToUnixTimeMilliseconds() };
}
