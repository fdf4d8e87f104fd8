using RocketOps.Store.Reading;

namespace RocketOps.Broker.Filtering;

/// <summary>
/// Takes messages whose tag's hash is among those subscribed to; the client compares the strings. Immutable, shared by all pulls of a subscription. Those with the same hashes are equal.
/// Source: remoting.md §5.7.
/// </summary>
internal sealed class TagFilter : IMessageFilter
{
    private TagFilter(int[] codes)
    {
        Codes = codes.Length == 1 ? codes : [.. codes.Distinct().Order()];
    }

    /// <summary>The hashes, each once and in order.</summary>
    public int[] Codes { get; }

    public bool NeedsRecord => false;

    /// <summary>The filter of a subscription; null when it takes everything.</summary>
    public static TagFilter? For(SubscriptionData data)
    {
        ArgumentNullException.ThrowIfNull(data);
        if (data.ClassFilterMode || !data.IsTag)
        {
            return null;
        }

        int[] codes = data.CodeSet is { Count: > 0 } given ? [.. given] : Parse(data.SubString);
        return IsAll(data.SubString) || codes.Length == 0 ? null : new TagFilter(codes);
    }

    /// <summary>The filter of an expression such as <c>A || B</c>; null for <c>*</c> or nothing.</summary>
    public static TagFilter? For(string? expression) => IsAll(expression) || Parse(expression) is not { Length: > 0 } codes ? null : new TagFilter(codes);

    public bool MatchesTagsCode(long tagsCode)
    {
        int code = unchecked((int)tagsCode);
        return Codes.AsSpan().Contains(code);
    }

    public bool MatchesRecord(ReadOnlySpan<byte> record) => true;

    public override bool Equals(object? obj) => obj is TagFilter other && Codes.AsSpan().SequenceEqual(other.Codes);

    public override int GetHashCode()
    {
        HashCode hash = default;
        foreach (int code in Codes)
        {
            hash.Add(code);
        }

        return hash.ToHashCode();
    }

    private static bool IsAll(string? expression) => string.IsNullOrEmpty(expression) || string.Equals(expression, SubscriptionData.All, StringComparison.Ordinal);

    private static int[] Parse(string? expression) =>
        expression is null ? [] : [.. expression.Split("||", StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(JavaHash.Compute)];
}
