using RocketOps.Broker.Filtering;
using RocketOps.Broker.Filtering.Sql92;
using RocketOps.Store;

namespace RocketOps.Broker.Clients;

/// <summary>A subscription ready for pulls: its filter is made once. A null filter takes every message, unless there is a problem.</summary>
internal sealed class Subscription
{
    public Subscription(SubscriptionData data)
    {
        Data = data;
        if (data.IsTag)
        {
            Filter = TagFilter.For(data);
        }
        else
        {
            Filter = Compile(data.ExpressionType, data.SubString, out string? problem);
            Problem = problem;
        }
    }

    public SubscriptionData Data { get; }

    public long Version => Data.SubVersion;

    public bool IsTag => Data.IsTag;

    public IMessageFilter? Filter { get; }

    /// <summary>Why the expression cannot be used; null when it can.</summary>
    public string? Problem { get; }

    /// <summary>The filter of an expression of another type than tags; null with the reason when there is none.</summary>
    public static SqlExpression? Compile(string? type, string? text, out string? problem)
    {
        if (!string.Equals(type, SqlExpression.TypeName, StringComparison.Ordinal))
        {
            problem = $"the expression type {type} is not known";
            return null;
        }

        SqlExpression.TryCompile(text, out SqlExpression? expression, out problem);
        return expression;
    }
}
