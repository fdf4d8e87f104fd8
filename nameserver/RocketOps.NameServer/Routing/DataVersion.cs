using System.Text.Json.Serialization;

namespace RocketOps.NameServer.Routing;

/// <summary>Version of a broker's topic table. Equal only when all three numbers are (remoting.md §3.3).</summary>
internal readonly record struct DataVersion
{
    [JsonPropertyName("stateVersion")]
    public long StateVersion { get; init; }

    [JsonPropertyName("timestamp")]
    public long TimestampMs { get; init; }

    [JsonPropertyName("counter")]
    public long Counter { get; init; }
}
