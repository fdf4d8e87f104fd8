using RocketOps.Operator.Entities;
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
    public static TopicStatus Build(Topic topic, IReadOnlyList<TopicOutcome> outcomes, Problem? problem, Problem? pending, DateTimeOffset now)
    {
        problem ??= Join(outcomes.Select(static outcome => outcome.Problem));
        pending ??= Join(outcomes.Select(static outcome => outcome.Pending));
        return new TopicStatus
        {
            ObservedGeneration = topic.Metadata.Generation,
            TopicName = topic.Status?.TopicName,
            Cluster = topic.Status?.Cluster,
            ReadQueues = topic.Spec.ReadQueues,
            WriteQueues = topic.Spec.WriteQueues ?? topic.Spec.ReadQueues,
            Brokers = Brokers(topic, outcomes),
            Conditions = new ConditionList(topic.Status?.Conditions, topic.Metadata.Generation, now)
                .Outcome(problem, pending, "Every master has the topic as asked for.")
                .ToList(),
        };
    }

    private static List<TopicBrokerStatus>? Brokers(Topic topic, IReadOnlyList<TopicOutcome> outcomes)
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
                brokers.Add(new TopicBrokerStatus
                {
                    Name = outcome.Broker,
                    ReadQueues = found.ReadQueues,
                    WriteQueues = found.WriteQueues,
                    Permission = found.Permission,
                    DrainingSince = outcome.DrainingSince,
                });
            }
            else if (topic.Status?.Brokers?.Find(last => last.Name == outcome.Broker) is { } last)
            {
                brokers.Add(last);
            }
        }

        return brokers.Count == 0 ? null : brokers;
    }

    private static Problem? Join(IEnumerable<Problem?> problems)
    {
        Problem[] all = problems.OfType<Problem>().ToArray();
        return all.Length == 0 ? null : new Problem(all[0].Reason, string.Join(" ", all.Select(static problem => problem.Message).Distinct(StringComparer.Ordinal)));
    }
}
