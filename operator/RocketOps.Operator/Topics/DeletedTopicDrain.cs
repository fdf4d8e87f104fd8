using RocketOps.Client;
using RocketOps.Kubernetes.Entities;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Masters;
using RocketOps.Operator.Reporting;
using RocketOps.Operator.Settings;

namespace RocketOps.Operator.Topics;

/// <summary>Drain of a deleted topic: keeps producers out, waits until they have noticed, then until all is read.</summary>
internal sealed class DeletedTopicDrain(
    RemovalPass removals, MasterCalls calls, TopicDrain drain, OperatorOptions options, TimeProvider time)
{
    /// <param name="claim">The topic; its status gets what the brokers have of it, and since when producers are out.</param>
    /// <param name="place">Where it is.</param>
    /// <param name="cancellationToken">Ends the pass.</param>
    /// <returns>What is waited for; null when everything is read.</returns>
    public async Task<Problem?> RunAsync(RemovalClaim<Topic> claim, RemovalPlace place, CancellationToken cancellationToken)
    {
        Topic topic = claim.Entity;
        DateTimeOffset now = DateTimeOffset.FromUnixTimeSeconds(time.GetUtcNow().ToUnixTimeSeconds());
        List<TopicBrokerStatus> brokers = [];
        Problem? failure = null;
        foreach (GroupMaster master in place.Masters)
        {
            TopicBrokerStatus? closed = null;
            Problem? failed = await removals.TryAsync(
                claim.What,
                claim.Name,
                master,
                async () =>
                {
                    TopicBrokerStatus last = TopicClaims.Find(topic, master.Broker)!;
                    closed = await CloseAsync(place.Admin, master.Address!, claim.Name, last, now, cancellationToken);
                    return null;
                },
                cancellationToken);
            failure ??= failed;
            brokers.Add(closed ?? TopicClaims.Find(topic, master.Broker)!);
        }

        brokers.AddRange(topic.Status!.Brokers!.Where(other => !brokers.Exists(broker => broker.Name == other.Name)));
        topic.Status.Brokers = brokers;
        if (failure is not null)
        {
            return failure;
        }

        if (brokers.Exists(broker => now - broker.DrainingSince < options.RouteRefreshGrace))
        {
            return new Problem(Reasons.WaitingForConsumers, "Producers are kept out; waiting until they have noticed.");
        }

        foreach (GroupMaster master in place.Masters)
        {
            TopicBrokerStatus broker = brokers.Find(broker => broker.Name == master.Broker)!;
            int queues = Math.Max(broker.ReadQueues, broker.WriteQueues);
            if (await removals.TryAsync(claim.What, claim.Name, master, () => AskAsync(master, queues), cancellationToken) is { } waiting)
            {
                return waiting;
            }
        }

        return null;

        async Task<Problem?> AskAsync(GroupMaster master, int queues)
        {
            DrainReport report = await drain.AskAsync(place.Admin, topic.Uid()!, master, claim.Name, 0, queues, cancellationToken);
            return report.Drained ? null : new Problem(Reasons.WaitingForConsumers, $"Waiting for {report.BlockedBy}.");
        }
    }

    /// <summary>Keeps producers out of one master. Each request has a deadline of its own.</summary>
    /// <returns>The topic there, and since when; as it was known last where it is gone already.</returns>
    private async Task<TopicBrokerStatus> CloseAsync(
        IRocketMqAdmin admin, string address, string name, TopicBrokerStatus last, DateTimeOffset now, CancellationToken cancellationToken)
    {
        TopicConfig? config = await calls.WithDeadlineAsync(token => admin.GetTopicConfigAsync(address, name, token), cancellationToken);
        if (config is null)
        {
            return last;
        }

        DateTimeOffset? since = last.DrainingSince;
        if (config.Permission.HasFlag(Client.TopicPermission.Write))
        {
            config = config with { Permission = config.Permission & ~Client.TopicPermission.Write, Attributes = null };
            await calls.WithDeadlineAsync(token => admin.CreateOrUpdateTopicAsync(address, config, token), cancellationToken);
            since = null;
        }

        return new TopicBrokerStatus
        {
            Name = last.Name,
            ReadQueues = config.ReadQueues,
            WriteQueues = config.WriteQueues,
            Permission = (int)config.Permission,
            Order = config.Order ? true : null,
            DrainingSince = since ?? now,
        };
    }
}
