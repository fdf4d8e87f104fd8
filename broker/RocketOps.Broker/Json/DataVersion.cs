using System.Text.Json.Serialization;

namespace RocketOps.Broker.Json;

/// <summary>
/// Version of a table that name servers and slaves compare by equality of all three numbers: every change takes a new counter and time.
/// Source: admin.md §2.0 (apache/rocketmq DataVersion).
/// </summary>
internal sealed record DataVersion
{
    [JsonPropertyName("counter")]
    public long Counter { get; init; }

    [JsonPropertyName("stateVersion")]
    public long StateVersion { get; init; }

    [JsonPropertyName("timestamp")]
    public long Timestamp { get; init; }

    public DataVersion Next(TimeProvider time) => this with { Counter = Counter + 1, Timestamp = time.GetUtcNow().ToUnixTimeMilliseconds() };
}
