using RocketOps.Client;

namespace RocketOps.Operator.ConsumerGroups;

/// <summary>Number of consumers of a group, and messages that wait.</summary>
/// <param name="Members">On the broker that sees most of them.</param>
/// <param name="Lags">Messages to be consumed, by topic, over all brokers.</param>
internal sealed record ConsumerGroupProgress(int Members, IReadOnlyDictionary<string, long> Lags)
{
    /// <param name="summaries">One of each broker.</param>
    public static ConsumerGroupProgress Of(IReadOnlyCollection<GroupSummary> summaries)
    {
        Dictionary<string, long> lags = new(StringComparer.Ordinal);
        foreach ((string topic, long lag) in summaries.SelectMany(static summary => summary.Lags))
        {
            lags[topic] = lags.GetValueOrDefault(topic) + lag;
        }

        return new ConsumerGroupProgress(summaries.Select(static summary => summary.Members).DefaultIfEmpty().Max(), lags);
    }

    /// <summary>The largest power of ten that is not more: 0, 1, 10, 100 …</summary>
    public static long Magnitude(long count)
    {
        long power = count > 0 ? 1 : 0;
        while (power > 0 && power <= count / 10)
        {
            power *= 10;
        }

        return power;
    }
}
