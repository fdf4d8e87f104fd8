using RocketOps.Client;
using RocketOps.Kubernetes.Entities;
using RocketOps.Operator.Admin;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Masters;
using RocketOps.Operator.Settings;

namespace RocketOps.Operator.ConsumerGroups;

/// <summary>
/// Members and lags of the consumer groups that have objects: each round asks a master once for all of them, and every object takes its own from that. Brokers that do not know the question, Apache's, are asked for
/// each group by itself. Bounded by the number of broker groups. Thread-safe.
/// </summary>
internal sealed class ConsumerGroupSummaries(OperatorOptions options, TimeProvider time, MasterIndex<ConsumerGroup> groups, MasterCalls calls)
{
    private readonly LatestAnswers<(ObjectKey Cluster, string Address), Told> _told = new(time, options.AdminTimeout, options.ProgressInterval, options.ResyncInterval);

    /// <returns>Null when a master does not answer: half the truth is none.</returns>
    public async Task<ConsumerGroupProgress?> ReadAsync(ClusterView<SubscriptionGroupConfig> view, string group, CancellationToken cancellationToken)
    {
        List<GroupSummary> summaries = [];
        foreach (RoundMaster<SubscriptionGroupConfig> master in view.Round.Masters)
        {
            if (master.Address is null || await ReadAsync(view, master.Address, group, cancellationToken) is not { } summary)
            {
                return null;
            }

            summaries.Add(summary);
        }

        return ConsumerGroupProgress.Of(summaries);
    }

    private async Task<GroupSummary?> ReadAsync(ClusterView<SubscriptionGroupConfig> view, string address, string group, CancellationToken cancellationToken)
    {
        Latest<Told> told = await _told.GetAsync((view.Cluster.Key(), address), options.ResyncInterval / 2, token => AskAsync(view, address, token), cancellationToken);
        if (told.IsFailing || told.Answer is null)
        {
            return null;
        }

        if (told.Answer.Groups?.Find(group) is { } known)
        {
            return known;
        }

        try
        {
            GroupSummary? alone = await calls.WithDeadlineAsync(token => told.Answer.Groups is null ? OfApacheAsync(view.Admin, address, group, token) : AloneAsync(view.Admin, address, group, token), cancellationToken);
            told.Answer.Groups?.Set(group, alone);
            return alone;
        }
        catch (Exception failed) when (AdminFailures.IsFailure(failed, cancellationToken))
        {
            return null;
        }
    }

    private async Task<Told> AskAsync(ClusterView<SubscriptionGroupConfig> view, string address, CancellationToken cancellationToken)
    {
        string[] names = [.. groups.Of(view.Cluster).Select(EffectiveName.Of).Distinct(StringComparer.Ordinal)];
        return await view.Admin.GetGroupSummariesAsync(address, names, cancellationToken) is { } all ? new Told(new MasterTable<GroupSummary>(all)) : new Told(null);
    }

    /// <summary>Asks for the group of one object that is newer than the answer for all.</summary>
    private static async Task<GroupSummary?> AloneAsync(IRocketMqAdmin admin, string address, string group, CancellationToken cancellationToken) =>
        (await admin.GetGroupSummariesAsync(address, [group], cancellationToken))?.GetValueOrDefault(group);

    private static async Task<GroupSummary?> OfApacheAsync(IRocketMqAdmin admin, string address, string group, CancellationToken cancellationToken)
    {
        ConsumerConnections? connections = await admin.GetConsumerConnectionsAsync(address, group, cancellationToken);
        ConsumeStats stats = await admin.GetConsumeStatsAsync(address, group, null, cancellationToken);
        return new GroupSummary
        {
            Members = connections?.Connections.Count ?? 0,
            Lags = stats.Queues.GroupBy(static queue => queue.Key.Topic, StringComparer.Ordinal).ToDictionary(static topic => topic.Key, static topic => topic.Sum(static queue => Math.Max(0, queue.Value.Lag)), StringComparer.Ordinal),
        };
    }

    /// <summary>Answer of a master about all groups; null when it does not know the question.</summary>
    private sealed record Told(MasterTable<GroupSummary>? Groups);
}
