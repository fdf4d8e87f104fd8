using RocketOps.Client;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Entities;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Masters;
using RocketOps.Operator.Reporting;
using RocketOps.Operator.Settings;

namespace RocketOps.Operator.Topics;

/// <summary>Takes a topic away from one broker that its object does not name any more, as far as one pass may go. Each request has a deadline of its own.</summary>
internal sealed class TopicRemoval(IKubernetesClient client, MasterCalls calls, TopicDrain drains, OperatorOptions options, TimeProvider time)
{
    // A name server keeps queues of a broker that has the topic no more, so clients are told before it goes that they may do nothing there.
    private const int Nothing = 0;

    /// <param name="admin">Client of the cluster.</param>
    /// <param name="master">A broker with a known address.</param>
    /// <param name="topic">The object.</param>
    /// <param name="mayClose">The topic is everywhere it is asked for.</param>
    /// <param name="cancellationToken">Ends the pass.</param>
    public async Task<TopicOutcome> StepAsync(IRocketMqAdmin admin, GroupMaster master, Topic topic, bool mayClose, CancellationToken cancellationToken)
    {
        string address = master.Address ?? throw new ArgumentException("The broker has no address.", nameof(master));
        string name = EffectiveName.Of(topic);
        TopicBrokerStatus last = TopicClaims.Find(topic, master.Broker) ?? throw new ArgumentException("The topic there is not the object's.", nameof(topic));

        TopicConfig? config = await calls.WithDeadlineAsync(token => admin.GetTopicConfigAsync(address, name, token), cancellationToken);
        TopicSettings? found = BrokerTopics.Settings(config);

        // The time counts for the permission it was noted with; that of queues that were to go says nothing of the others.
        DateTimeOffset? since = last.Removal is null || found?.Permission != last.Permission ? null : last.DrainingSince;
        bool isNoticed = since is { } start && time.GetUtcNow() - start >= options.RouteRefreshGrace;
        DrainReport drain = isNoticed && found is { IsWritable: false }
            ? await drains.AskAsync(admin, topic.Uid()!, master, name, 0, Math.Max(found.ReadQueues, found.WriteQueues), cancellationToken)
            : new DrainReport(false, null);
        RemovalStep step = RemovalPlanner.Next(found, (int)topic.Spec.Permission, mayClose, isNoticed, drain.Drained);
        switch (step.Action)
        {
            case RemovalAction.Done:
                return new TopicOutcome(master.Broker, null, Removed: true);
            case RemovalAction.WaitForOthers:
                return Waits(TopicRemovalPhase.Waiting, null, "waits until it is as asked for on the groups that are named");
            case RemovalAction.WaitForClients:
                return Waits(found!.Permission == Nothing ? TopicRemovalPhase.Removing : TopicRemovalPhase.Closing, since ?? Now(), "waits for clients that may still know it there");
            case RemovalAction.Drain:
                return Waits(TopicRemovalPhase.Draining, since, $"waits for {drain.BlockedBy}");
            case RemovalAction.Permit:
                return await PermitAsync(admin, master, config!, step.Permission, cancellationToken);
            default:
                return await RemoveAsync();
        }

        TopicOutcome Waits(TopicRemovalPhase phase, DateTimeOffset? drainingSince, string what) =>
            new(master.Broker, found, DrainingSince: drainingSince, Pending: Pending(master.Broker, what), Removal: phase);

        async Task<TopicOutcome> RemoveAsync()
        {
            // What is deleted for good is not decided on a cache that lags: somebody may want it back since.
            Topic? asked = await client.GetAsync<Topic>(topic.Name(), topic.Namespace()!, cancellationToken);
            if (asked?.Uid() != topic.Uid() || asked.IsDeleting() || asked.Metadata.Generation != topic.Metadata.Generation)
            {
                return Waits(TopicRemovalPhase.Removing, since, "is about to go");
            }

            await calls.WithDeadlineAsync(token => admin.DeleteTopicOnBrokerAsync(address, name, token), cancellationToken);
            return new TopicOutcome(master.Broker, null, Written: true, Removed: true);
        }
    }

    private async Task<TopicOutcome> PermitAsync(IRocketMqAdmin admin, GroupMaster master, TopicConfig config, int permission, CancellationToken cancellationToken)
    {
        TopicConfig permitted = config with { Permission = (Client.TopicPermission)permission, Attributes = null };
        await calls.WithDeadlineAsync(token => admin.CreateOrUpdateTopicAsync(master.Address!, permitted, token), cancellationToken);
        TopicSettings? kept = BrokerTopics.Settings(await calls.WithDeadlineAsync(token => admin.GetTopicConfigAsync(master.Address!, config.Name, token), cancellationToken));
        return kept is not null && kept.Permission != permission
            ? new TopicOutcome(master.Broker, kept, Problem: new Problem(Reasons.Refused, $"{master.Broker} accepted permission {permission} of the topic but does not keep it."), Removal: TopicRemovalPhase.Waiting)
            : new TopicOutcome(
                master.Broker, kept, Written: true, DrainingSince: Now(), Pending: Pending(master.Broker, "waits for clients that may still know it there"),
                Removal: permission == Nothing ? TopicRemovalPhase.Removing : TopicRemovalPhase.Closing);
    }

    private static Problem Pending(string broker, string what) => new(Reasons.DrainingQueues, $"The topic is to go from {broker}, and {what}.");

    /// <summary>Returns the current time in whole seconds, as the API keeps times.</summary>
    private DateTimeOffset Now() => DateTimeOffset.FromUnixTimeSeconds(time.GetUtcNow().ToUnixTimeSeconds());
}
