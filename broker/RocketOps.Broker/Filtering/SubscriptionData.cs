using System.Text.Json.Serialization;
using RocketOps.Store.Reading;

namespace RocketOps.Broker.Filtering;

/// <summary>
/// Subscription of a consumer to a topic, as heartbeats carry it; clients other than Java leave members out, which then have what is
/// written here (settable as in <c>SubscriptionGroupConfig</c>). One object from the heartbeat to the pulls, which there may be ten
/// thousand of for each client. Source: remoting.md §2.4.
/// </summary>
internal sealed class SubscriptionData
{
    public const string All = "*";
    public const string TagExpression = "TAG";

    /// <summary>Characters, after each of which a subscription counts once more. A plain one takes half a kilobyte, which an expression of so many characters takes as well once it is compiled.</summary>
    private const int LengthPerWeight = 64;

    /// <summary>Size of a tag beside its characters, in characters.</summary>
    private const int TagLength = 16;

    private const int HashLength = 4;

    [JsonPropertyName("classFilterMode")]
    public bool ClassFilterMode { get; init; }

    /// <summary>Java string hashes of the tags.</summary>
    [JsonPropertyName("codeSet")]
    public IReadOnlyList<int>? CodeSet { get; set; } = [];

    [JsonConverter(typeof(CommonTextConverter))]
    [JsonPropertyName("expressionType")]
    public string? ExpressionType { get; set; } = TagExpression;

    [JsonConverter(typeof(CommonTextConverter))]
    [JsonPropertyName("subString")]
    public string? SubString { get; init; }

    /// <summary>Milliseconds since 1970; a newer one replaces an older one.</summary>
    [JsonPropertyName("subVersion")]
    public long SubVersion { get; init; }

    [JsonPropertyName("tagsSet")]
    public IReadOnlyList<string>? TagsSet { get; set; } = [];

    [JsonPropertyName("topic")]
    public string? Topic { get; init; }

    [JsonIgnore]
    public bool IsTag => string.IsNullOrEmpty(ExpressionType) || string.Equals(ExpressionType, TagExpression, StringComparison.Ordinal);

    /// <summary>
    /// Filter of the pulls of this subscription, once <see cref="MakeFilter"/> has made it: null for every message, unless there is a
    /// problem.
    /// </summary>
    [JsonIgnore]
    public IMessageFilter? Filter { get; private set; }

    /// <summary>Reason why the expression cannot be used; null when it can.</summary>
    [JsonIgnore]
    public string? Problem { get; private set; }

    /// <summary>Makes the filter, before others see this.</summary>
    public void MakeFilter()
    {
        if (IsTag)
        {
            Filter = TagFilter.For(this);
        }
        else
        {
            Filter = ExpressionCache.Compile(ExpressionType, SubString, out string? problem);
            Problem = problem;
        }
    }

    /// <summary>
    /// Returns as how many subscriptions it counts among those that a connection may have: names, expressions and tags are as long as
    /// clients make them.
    /// </summary>
    public int Weigh()
    {
        int length = Length(Topic) + Length(ExpressionType) + Length(SubString) + (HashLength * (CodeSet?.Count ?? 0));
        foreach (string? tag in TagsSet ?? [])
        {
            length += TagLength + Length(tag);
        }

        return 1 + (length / LengthPerWeight);

        static int Length(string? text) => text?.Length ?? 0;
    }
}
