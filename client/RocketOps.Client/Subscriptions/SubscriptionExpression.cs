namespace RocketOps.Client;

/// <summary>Selection of the messages of a topic that are wanted. Immutable.</summary>
public sealed record SubscriptionExpression
{
    private SubscriptionExpression(string text, bool isSql)
    {
        Text = text;
        IsSql = isSql;
    }

    /// <summary>Every message.</summary>
    public static SubscriptionExpression All { get; } = Tags("*");

    /// <summary>The expression as it was given, without blanks around it.</summary>
    public string Text { get; }

    /// <summary>True when brokers evaluate it as SQL92 on properties; false: tags.</summary>
    public bool IsSql { get; }

    /// <summary>
    /// Messages with one of these tags. Throws <see cref="ArgumentException"/> for what would silently match nothing: an empty place between the bars, a single bar, a star among tags.
    /// </summary>
    /// <param name="expression"><c>*</c>, empty or null for all, or <c>TagA || TagB</c>.</param>
    public static SubscriptionExpression Tags(string? expression)
    {
        string text = string.IsNullOrWhiteSpace(expression) ? "*" : expression.Trim();
        return text == "*" || Split(text).All(static tag => tag.Length > 0 && tag != "*" && !tag.Contains('|', StringComparison.Ordinal))
            ? new SubscriptionExpression(text, isSql: false)
            : throw new ArgumentException($"\"{expression}\" is no tag expression; write * for all or TagA || TagB", nameof(expression));
    }

    /// <summary>
    /// Messages whose properties make an SQL92 condition true, for example <c>price &gt; 10 AND region = 'eu'</c>; their tag is the property <c>TAGS</c>. Brokers compile it, when a
    /// consumer starts, and need <c>enablePropertyFilter=true</c>. Throws <see cref="ArgumentException"/> when it is empty. Source: remoting.md §2.4.
    /// </summary>
    public static SubscriptionExpression Sql(string expression)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(expression);
        return new SubscriptionExpression(expression.Trim(), isSql: true);
    }

    public override string ToString() => Text;

    internal static string[] Split(string tags) => tags == "*" ? [] : tags.Split("||", StringSplitOptions.TrimEntries);
}
