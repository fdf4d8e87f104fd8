using RocketOps.Client;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Masters;
using RocketOps.Operator.Reporting;

namespace RocketOps.Operator.ConsumerGroups;

/// <summary>Turns what a pass found into the status a person reads.</summary>
internal static class ConsumerGroupStatusBuilder
{
    private const int MostTopics = 32;

    /// <param name="group">The object.</param>
    /// <param name="outcomes">What was found on each broker; empty when the pass did not come that far.</param>
    /// <param name="progress">Members and lag; null when they are not known anew.</param>
    /// <param name="problem">Why the pass stopped.</param>
    /// <param name="pending">What it waits for.</param>
    /// <param name="now">For conditions that change.</param>
    public static ConsumerGroupStatus Build(
        ConsumerGroup group, IReadOnlyList<ConsumerGroupOutcome> outcomes, ConsumerGroupProgress? progress, Problem? problem, Problem? pending, DateTimeOffset now)
    {
        problem ??= Problem.Join(outcomes.Select(static outcome => outcome.Problem));
        pending ??= Problem.Join(outcomes.Select(static outcome => outcome.Pending));
        bool isObserved = group.Spec.ManagementPolicy == ManagementPolicy.Observe;
        ConditionList conditions = new ConditionList(group.Status?.Conditions, group.Metadata.Generation, now);
        conditions = isObserved
            ? conditions.Outcome(problem, pending, Watched(group, outcomes), Reasons.Observed)
            : conditions.Outcome(problem, pending, "Every master has the group as asked for.");
        return new ConsumerGroupStatus
        {
            ObservedGeneration = group.Metadata.Generation,
            GroupName = isObserved ? null : group.Status?.GroupName,
            Cluster = isObserved ? null : group.Status?.Cluster,
            Members = progress?.Members ?? group.Status?.Members,
            Lag = progress is null ? group.Status?.Lag : ConsumerGroupProgress.Magnitude(progress.Lags.Values.Sum()),
            Topics = progress is null ? group.Status?.Topics : Topics(progress),
            Brokers = Brokers(group, outcomes),
            Conditions = conditions.ToList(),
        };
    }

    /// <summary>The status before the first write on some brokers: whose group it is from now on. What the conditions say stays until the write is done.</summary>
    public static ConsumerGroupStatus Claim(ConsumerGroup group, IReadOnlyCollection<string> claims, DateTimeOffset now) => new()
    {
        ObservedGeneration = group.Status?.ObservedGeneration,
        GroupName = EffectiveName.Of(group),
        Cluster = group.Spec.ClusterRef.Text(group),
        Members = group.Status?.Members,
        Lag = group.Status?.Lag,
        Topics = group.Status?.Topics,
        Brokers =
        [
            .. (group.Status?.Brokers ?? []).Where(broker => !claims.Contains(broker.Name)),
            .. claims.Select(static claim => new ConsumerGroupBrokerStatus { Name = claim }),
        ],
        Conditions = group.Status?.Conditions
            ?? new ConditionList(null, group.Metadata.Generation, now).Outcome(null, new Problem(Reasons.Updating, "The group is being written."), "").ToList(),
    };

    private static string Watched(ConsumerGroup group, IReadOnlyList<ConsumerGroupOutcome> outcomes)
    {
        (string, string)[] differing = [.. outcomes.Select(outcome => (outcome.Broker, Difference(group, outcome.Found) ?? "")).Where(static broker => broker.Item2.Length > 0)];
        return differing.Length == 0
            ? "Every master has the group as described here; it is watched only."
            : $"Every master has the group; it is watched only. It differs from this object on {AlikeBrokers.Describe(differing)}.";
    }

    private static string? Difference(ConsumerGroup group, SubscriptionGroupConfig? found) => found is null ? null : ConsumerGroupSettings.Difference(group.Spec, found);

    private static List<ConsumerGroupTopicStatus>? Topics(ConsumerGroupProgress progress)
    {
        // Of those that are shown the order does not follow the lag, which would change it all the time.
        List<ConsumerGroupTopicStatus> topics =
        [
            .. progress.Lags.OrderByDescending(static topic => topic.Value).ThenBy(static topic => topic.Key, StringComparer.Ordinal).Take(MostTopics)
                .OrderBy(static topic => topic.Key, StringComparer.Ordinal)
                .Select(static topic => new ConsumerGroupTopicStatus { Name = topic.Key, Lag = ConsumerGroupProgress.Magnitude(topic.Value) }),
        ];
        return topics.Count == 0 ? null : topics;
    }

    private static List<ConsumerGroupBrokerStatus>? Brokers(ConsumerGroup group, IReadOnlyList<ConsumerGroupOutcome> outcomes)
    {
        if (outcomes.Count == 0)
        {
            // Nothing was asked: what was known stays.
            return group.Status?.Brokers;
        }

        List<ConsumerGroupBrokerStatus> brokers = [];
        foreach (ConsumerGroupOutcome outcome in outcomes)
        {
            if (outcome.Found is { } found)
            {
                brokers.Add(new ConsumerGroupBrokerStatus { Name = outcome.Broker, Differs = ConsumerGroupSettings.Difference(group.Spec, found), Observed = outcome.Observed ? true : null });
            }
            else if (ConsumerGroupClaims.Entry(group, outcome.Broker) is { } last && !outcome.Observed)
            {
                brokers.Add(last);
            }
        }

        return brokers.Count == 0 ? null : brokers;
    }
}
