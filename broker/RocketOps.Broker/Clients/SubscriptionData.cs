using System.Text.Json.Serialization;

namespace RocketOps.Broker.Clients;

/// <summary>What a consumer wants of a topic, as heartbeats carry it; clients other than Java leave members out. Source: remoting.md §2.4.</summary>
internal sealed record SubscriptionData
{
    public const string All = "*";
    public const string TagExpression = "TAG";

    [JsonPropertyName("classFilterMode")]
    public bool ClassFilterMode { get; init; }

    /// <summary>Java string hashes of the tags.</summary>
    [JsonPropertyName("codeSet")]
    public IReadOnlyList<int>? CodeSet { get; init; } = [];

    [JsonPropertyName("expressionType")]
    public string? ExpressionType { get; init; } = TagExpression;

    [JsonPropertyName("subString")]
    public string? SubString { get; init; }

    /// <summary>Milliseconds since 1970; a newer one replaces an older one.</summary>
    [JsonPropertyName("subVersion")]
    public long SubVersion { get; init; }

    [JsonPropertyName("tagsSet")]
    public IReadOnlyList<string>? TagsSet { get; init; } = [];

    [JsonPropertyName("topic")]
    public string? Topic { get; init; }

    [JsonIgnore]
    public bool IsTag => string.IsNullOrEmpty(ExpressionType) || string.Equals(ExpressionType, TagExpression, StringComparison.Ordinal);
}
