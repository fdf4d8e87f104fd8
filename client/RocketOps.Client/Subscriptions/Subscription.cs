using System.Text.Json.Serialization;

namespace RocketOps.Client.Subscriptions;

/// <summary>Subscription of a group to one topic.</summary>
internal sealed record Subscription
{
    private const string Tag = "TAG";
    private const string Sql92 = "SQL92";

    [JsonPropertyName("topic")]
    public required string Topic { get; init; }

    [JsonPropertyName("subString")]
    public required string Expression { get; init; }

    /// <summary>Empty for all tags.</summary>
    [JsonPropertyName("tagsSet")]
    public required IReadOnlyList<string> Tags { get; init; }

    /// <summary>Java hashes of <see cref="Tags"/>, which brokers filter by.</summary>
    [JsonPropertyName("codeSet")]
    public required IReadOnlyList<int> Codes { get; init; }

    /// <summary>Milliseconds since the epoch; a larger one replaces the broker's.</summary>
    [JsonPropertyName("subVersion")]
    public required long Version { get; init; }

    [JsonPropertyName("expressionType")]
    public required string ExpressionType { get; init; }

    [JsonPropertyName("classFilterMode")]
    public bool ClassFilterMode { get; init; }

    /// <summary>True when brokers filter by properties.</summary>
    [JsonIgnore]
    public bool IsSql => ExpressionType == Sql92;

    /// <summary>Makes the subscription that brokers are told from an expression.</summary>
    public static Subscription Of(string topic, SubscriptionExpression expression, long version)
    {
        string[] tags = expression.IsSql ? [] : [.. SubscriptionExpression.Split(expression.Text).Distinct(StringComparer.Ordinal)];
        return new Subscription
        {
            Topic = topic,
            Expression = expression.Text,
            Tags = tags,
            Codes = [.. tags.Select(JavaHash.Compute).Distinct()],
            Version = version,
            ExpressionType = expression.IsSql ? Sql92 : Tag,
        };
    }

    /// <summary>
    /// True when the message is wanted. Brokers compare hashes; two tags may share one, so the client compares the tags. What a broker
    /// found by SQL92 is taken.
    /// </summary>
    public bool Matches(IReadOnlyDictionary<string, string> properties) =>
        Tags.Count == 0 || (properties.TryGetValue(PropertyNames.Tags, out string? tag) && Tags.Contains(tag, StringComparer.Ordinal));
}
