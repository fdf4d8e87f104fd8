namespace RocketOps.Client;

/// <summary>
/// A broker does not take the expression of a subscription. <see cref="RocketMqException.Remark"/> has its words: line, column and reason of a mistake, or that it does not filter by
/// properties at all.
/// </summary>
public sealed class SubscriptionRefusedException : RocketMqException
{
    internal SubscriptionRefusedException(string topic, string expression, int responseCode, string? remark, string address)
        : base(responseCode, remark, address, $"{address} does not take the expression \"{expression}\" for topic {topic}: {responseCode}: {remark ?? "no reason given"}{Advice(remark)}")
    {
        Topic = topic;
        Expression = expression;
    }

    public string Topic { get; }

    /// <summary>What was refused.</summary>
    public string Expression { get; }

    // Brokers filter by properties only when told to; whoever meets the refusal has to know the key.
    private static string Advice(string? remark) =>
        remark?.Contains("does not support consumer to filter message", StringComparison.Ordinal) == true ? " (set enablePropertyFilter=true in its configuration)" : string.Empty;
}
