using System.Text.Json.Serialization;

namespace RocketOps.Client.Heartbeats;

/// <summary>What a group wants of one topic.</summary>
internal sealed record Subscription
{
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
    public string ExpressionType { get; init; } = "TAG";

    [JsonPropertyName("classFilterMode")]
    public bool ClassFilterMode { get; init; }

    /// <summary>
    /// Parses <c>TagA || TagB</c>; <c>*</c>, empty and null mean all. Throws <see cref="ArgumentException"/> for what would silently match nothing: an empty place between
    /// the bars, a single bar, a star among tags.
    /// </summary>
    public static Subscription Parse(string topic, string? expression, long version)
    {
        string text = string.IsNullOrWhiteSpace(expression) ? "*" : expression.Trim();
        string[] tags = text == "*" ? [] : text.Split("||", StringSplitOptions.TrimEntries);
        if (tags.Any(static tag => tag.Length == 0 || tag == "*" || tag.Contains('|', StringComparison.Ordinal)))
        {
            throw new ArgumentException($"\"{expression}\" is no tag expression; write * for all or TagA || TagB", nameof(expression));
        }

        tags = [.. tags.Distinct(StringComparer.Ordinal)];
        return new Subscription { Topic = topic, Expression = text, Tags = tags, Codes = [.. tags.Select(JavaHash.Compute).Distinct()], Version = version };
    }

    /// <summary>Whether the message is wanted. Brokers compare hashes; two tags may share one, so the client compares the tags.</summary>
    public bool Matches(IReadOnlyDictionary<string, string> properties) =>
        Tags.Count == 0 || (properties.TryGetValue(PropertyNames.Tags, out string? tag) && Tags.Contains(tag, StringComparer.Ordinal));
}
