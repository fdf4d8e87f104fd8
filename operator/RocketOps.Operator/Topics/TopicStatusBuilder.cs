using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Masters;
using RocketOps.Operator.Reporting;

namespace RocketOps.Operator.Topics;

/// <summary>Turns what a pass found into the status a person reads.</summary>
internal static class TopicStatusBuilder
{
    /// <param name="topic">The object.</param>
    /// <param name="outcomes">What was found on each broker; empty when the pass did not come that far.</param>
    /// <param name="problem">Why the pass stopped.</param>
    /// <param name="pending">What it waits for.</param>
    /// <param name="now">For conditions that change.</param>
    /// <param name="leaving">Groups on their way out: whose topic it is there stays known until they have gone, as they may stay after all.</param>
    public static TopicStatus Build(Topic topic, IReadOnlyList<TopicOutcome> outcomes, Problem? problem, Problem? pending, DateTimeOffset now, IEnumerable<string>? leaving = null)
    {
        problem ??= Problem.Join(outcomes.Select(static outcome => outcome.Problem));
        pending ??= Problem.Join(outcomes.Select(static outcome => outcome.Pending));
        ConditionList conditions = new ConditionList(topic.Status?.Conditions, topic.Metadata.Generation, now);
        conditions = topic.Spec.ManagementPolicy == ManagementPolicy.Observe
            ? conditions.Outcome(problem, pending, Watched(topic, outcomes), Reasons.Observed)
            : conditions.Outcome(problem, pending, topic.Spec.Groups is null ? "Every master has the topic as asked for." : "The master of every chosen group has the topic as asked for.");
        return Build(topic, Brokers(topic, outcomes, leaving ?? []), conditions.ToList());
    }

    /// <summary>The status before the first write on some brokers: whose topic it is from now on. What the conditions say stays until the write is done.</summary>
    /// <param name="topic">The object.</param>
    /// <param name="claims">What the brokers have; null where there is no topic yet.</param>
    /// <param name="now">For conditions, if there are none yet.</param>
    public static TopicStatus Claim(Topic topic, IReadOnlyDictionary<string, TopicSettings?> claims, DateTimeOffset now)
    {
        List<TopicBrokerStatus> brokers = [.. (topic.Status?.Brokers ?? []).Where(broker => !claims.ContainsKey(broker.Name))];
        brokers.AddRange(claims.Select(static claim => Entry(claim.Key, claim.Value)));
        List<Condition> conditions = topic.Status?.Conditions
            ?? new ConditionList(null, topic.Metadata.Generation, now).Outcome(null, new Problem(Reasons.Updating, "The topic is being written."), "").ToList();
        TopicStatus status = Build(topic, brokers, conditions);
        status.TopicName = EffectiveName.Of(topic);
        status.Cluster = topic.Spec.ClusterRef.Text(topic);
        status.ObservedGeneration = topic.Status?.ObservedGeneration;
        return status;
    }

    private static TopicStatus Build(Topic topic, List<TopicBrokerStatus>? brokers, List<Condition> conditions)
    {
        bool isObserved = topic.Spec.ManagementPolicy == ManagementPolicy.Observe;
        return new TopicStatus
        {
            ObservedGeneration = topic.Metadata.Generation,
            TopicName = isObserved ? null : topic.Status?.TopicName,
            Cluster = isObserved ? null : topic.Status?.Cluster,
            ReadQueues = Fewest(brokers, static broker => broker.ReadQueues),
            WriteQueues = Fewest(brokers, static broker => broker.WriteQueues),
            Brokers = brokers,
            Conditions = conditions,
        };
    }

    private static int? Fewest(List<TopicBrokerStatus>? brokers, Func<TopicBrokerStatus, int> queues) =>
        brokers?.Where(static broker => broker.ReadQueues > 0).Select(broker => (int?)queues(broker)).Min();

    private static string Watched(Topic topic, IReadOnlyList<TopicOutcome> outcomes)
    {
        TopicSettings wanted = TopicSettings.Wanted(topic.Spec);
        (string, TopicSettings)[] differing = [.. outcomes.Where(outcome => outcome.Found is not null && outcome.Found != wanted).Select(static outcome => (outcome.Broker, outcome.Found!))];
        return differing.Length == 0
            ? "Every master has the topic as described here; it is watched only."
            : $"Every master has the topic; it is watched only. It differs from this object on {TopicDifference.Describe(wanted, differing)}.";
    }

    private static List<TopicBrokerStatus>? Brokers(Topic topic, IReadOnlyList<TopicOutcome> outcomes, IEnumerable<string> leaving)
    {
        if (outcomes.Count == 0)
        {
            // Nothing was asked: what was known, and the beginning of a drain above all, stays.
            return topic.Status?.Brokers;
        }

        List<TopicBrokerStatus> brokers = new List<TopicBrokerStatus>(outcomes.Count);
        foreach (TopicOutcome outcome in outcomes)
        {
            if (outcome.Found is { } found)
            {
                TopicBrokerStatus entry = Entry(outcome.Broker, found);
                entry.DrainingSince = outcome.DrainingSince;
                entry.Removal = outcome.Removal;
                entry.Observed = outcome.Observed ? true : null;
                brokers.Add(entry);
            }
            else if (TopicClaims.Entry(topic, outcome.Broker) is { } last && !outcome.Observed && !outcome.Removed)
            {
                brokers.Add(last);
            }
        }

        brokers.AddRange(leaving.Where(group => !outcomes.Any(outcome => outcome.Broker == group)).Select(group => TopicClaims.Entry(topic, group)).OfType<TopicBrokerStatus>());
        return brokers.Count == 0 ? null : brokers;
    }

    private static TopicBrokerStatus Entry(string broker, TopicSettings? found) => new()
    {
        Name = broker,
        ReadQueues = found?.ReadQueues ?? 0,
        WriteQueues = found?.WriteQueues ?? 0,
        Permission = found?.Permission ?? 0,
        MessageType = found is null or { MessageType: TopicSettings.DefaultMessageType } ? null : found.MessageType,
        Order = found?.Order == true ? true : null,
    };
}
