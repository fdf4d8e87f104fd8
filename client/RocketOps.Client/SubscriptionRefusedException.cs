namespace RocketOps.Client;

/// <summary>
/// A broker does not take the expression of a subscription. <see cref="RocketMqException.Remark"/> has its words: line, column and reason
/// of a mistake, or that it does not filter by
/// properties at all.
/// </summary>
public sealed class SubscriptionRefusedException : RocketMqException
{
    private const string PullPrefix = "parse the consumer's subscription failed, ";

    internal SubscriptionRefusedException(string topic, string expression, int responseCode, string? remark, string address)
        : base(responseCode, remark, address, $"{address} does not take the expression \"{expression}\" for topic {topic}: {WordsOf(responseCode, remark)}{Advice(remark)}")
    {
        Topic = topic;
        Expression = expression;
    }

    public string Topic { get; }

    /// <summary>Expression that was refused.</summary>
    public string Expression { get; }

    // What a pull is refused with says first that it is an expression that is refused, which stands before it already.
    private static string WordsOf(int responseCode, string? remark) => remark switch
    {
        null => $"no reason given (response code {responseCode})",
        _ when remark.StartsWith(PullPrefix, StringComparison.Ordinal) => remark[PullPrefix.Length..],
        _ => remark,
    };

    // Brokers filter by properties only when told to; whoever meets the refusal has to know the key.
    private static string Advice(string? remark) =>
        remark?.Contains("does not support consumer to filter message", StringComparison.Ordinal) == true ? " (set enablePropertyFilter=true in its configuration)" : string.Empty;
}
