using System.Text;
using RocketOps.Broker.Clients;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Filtering;
using RocketOps.Broker.Filtering.BitMaps;
using RocketOps.Broker.Filtering.Sql92;
using RocketOps.Broker.Groups;
using RocketOps.Broker.Offsets;
using RocketOps.Broker.Pulling;
using RocketOps.Broker.Replication.Master;
using RocketOps.Broker.StaticTopics;
using RocketOps.Broker.StaticTopics.Mappings;
using RocketOps.Broker.Statistics;
using RocketOps.Broker.Topics;
using RocketOps.Protocol.Names;
using RocketOps.Store.Reading;

namespace RocketOps.Broker.Handlers.Pulling;

/// <summary>
/// The checks every pull passes, in RocketMQ's order, for every protocol; stores the piggy-backed progress of those that pass. Never blocks. Order: remoting.md §5.6.
/// Thread-safe.
/// </summary>
internal sealed class PullChecks(
    PullCheckOptions options, TopicTable topics, GroupTable groups, ConsumerTable consumers, ExpressionCache expressions, ConsumerOffsetTable offsets,
    BrokerStatistics statistics, ReplicaGate replicas, ConsumerFilterTable? filters = null, AwaitedConsumers? awaited = null)
{
    /// <summary>Fills <paramref name="pull"/> but for whom to answer; only with <see cref="PullStatus.Ok"/> is it of use.</summary>
    public PullStatus Check(in PullRequest request, out PullArguments pull)
    {
        // Step 4 of a pull.
        pull = default;
        PullOptions pulls = options.Pulls.Value;
        if (!options.Broker.Current.IsReadable)
        {
            return PullStatus.BrokerNotReadable;
        }

        if (request.IsLite && !pulls.LitePullEnable)
        {
            return PullStatus.LitePullForbidden;
        }

        if (!groups.TryGet(request.ConsumerGroup, out GroupState? state))
        {
            return groups.AutoCreates ? PullStatus.GroupToBeMade : PullStatus.GroupMissing;
        }

        SubscriptionGroupConfig group = state.Config;
        PullStatus status = CheckTopic(request, group, out TopicState? topic, out LogicPull? logic);
        if (status != PullStatus.Ok)
        {
            return status;
        }

        status = FindFilter(request, state, topic!, out IMessageFilter? filter);
        if (status != PullStatus.Ok)
        {
            return status;
        }

        if (pulls.RejectPullConsumer && IsStranger(request, group))
        {
            return PullStatus.PullConsumerRejected;
        }

        int queueId = logic?.Item.QueueId ?? request.QueueId;
        long? resetTo = offsets.Resets.TryTake(request.Topic, request.ConsumerGroup, queueId, out long reset) ? reset : null;
        if (request.CommitOffset is { } progress && progress >= 0 && resetTo is null && replicas.KeepsProgress)
        {
            // A negative one would be kept and count as none: the group would begin anew, at its end.
            Commit(request, logic, progress);
        }

        pull = new PullArguments
        {
            Topic = topic!,
            Traffic = statistics.Of(state, topic!),
            Logic = logic,
            QueueId = queueId,
            Offset = logic?.Offset ?? request.Offset,
            ResetTo = resetTo,
            MaxMessages = Math.Max(1, logic?.Limit(request.MaxMessages) ?? request.MaxMessages),
            Filter = TopicNames.IsRetry(request.Topic) ? RetryFilterOf(request) : filter,
            SubscriptionBytes = request.HasSubscription ? request.Subscription.Length : 0,
            SlowBrokerId = group.WhichBrokerWhenConsumeSlowly,
            BrokerId = group.BrokerId,
            // Nothing comes any more to a stretch that another one follows.
            HoldMs = request.HoldMs is not { } asked || logic is { HasNext: true } ? 0 : pulls.LongPolling ? Math.Max(0, asked) : pulls.ShortPollingMs,
        };
        return PullStatus.Ok;
    }

    /// <summary>
    /// True when the consumer pulls for a group of pull consumers, or one that is not online, without being a member of it. Source:
    /// apache/rocketmq PullMessageProcessor 5.5.0.
    /// </summary>
    private bool IsStranger(in PullRequest request, SubscriptionGroupConfig group) => consumers.TryGet(request.ConsumerGroup, out OnlineGroup? online)
        ? online.IsPullConsumer && (request.Connection is null || online.TryGetChannel(request.Connection) is null)
        : !GroupNames.IsSystem(group.Name) && !IsAwaited(group);

    /// <summary>
    /// True when the master, or the one before this broker, knows members of the group, which may have yet to send this broker their first
    /// heartbeat: that takes them up to 30 s. What they want is not known until then; they are sent everything: brokers compare hashes of
    /// tags only, so clients compare the tags themselves. Consumers that select by properties wait: that only a broker does.
    /// </summary>
    private bool IsAwaited(SubscriptionGroupConfig group) => awaited is not null && awaited.CountOf(group.Name) > 0;

    /// <summary>Retries belong to the group whatever their tags, and unless told otherwise whatever their properties.</summary>
    private RetryFilter? RetryFilterOf(in PullRequest request) =>
        options.Filters.Value.FilterSupportRetry && consumers.TryGet(request.ConsumerGroup, out OnlineGroup? online) ? online.RetryFilter : null;

    /// <summary>Progress in a logical queue is kept beside the physical queue it lies in, where that is here; the consumer's own commits reach all.</summary>
    private void Commit(in PullRequest request, LogicPull? logic, long progress)
    {
        if (logic is null)
        {
            offsets.TryCommit(request.Topic, request.ConsumerGroup, request.QueueId, progress);
        }
        else if (logic.Queue.Find(progress) is { } item && logic.Queue.Mapping.IsHere(item) && item.ToPhysical(progress) >= 0)
        {
            if (offsets.TryCommit(request.Topic, request.ConsumerGroup, item.QueueId, item.ToPhysical(progress)))
            {
                LogicProgress.ForgetBehind(item, logic.Queue, offsets, request.Topic, request.ConsumerGroup);
            }
        }
    }

    private PullStatus CheckTopic(in PullRequest request, SubscriptionGroupConfig group, out TopicState? topic, out LogicPull? logic)
    {
        topic = null;
        logic = null;
        if (!group.ConsumeEnable)
        {
            return PullStatus.GroupForbidden;
        }

        if (!topics.TryGet(request.Topic, out topic))
        {
            return PullStatus.TopicMissing;
        }

        TopicConfig config = topic.Config;
        if (!config.IsReadable)
        {
            return PullStatus.TopicForbidden;
        }

        if (topic.Mapping is { } mapping && !request.IsPhysical)
        {
            if (!mapping.TryGetLed(request.QueueId, out LogicQueue? queue) || queue.Find(request.Offset) is not { } item)
            {
                return PullStatus.NotLeader;
            }

            logic = new LogicPull(queue, item, request.Offset);
            if (!logic.IsHere)
            {
                return PullStatus.HeldElsewhere;
            }
        }

        return (uint)(logic?.Item.QueueId ?? request.QueueId) >= (uint)config.ReadQueueNums ? PullStatus.BadQueue : PullStatus.Ok;
    }

    private PullStatus FindFilter(in PullRequest request, GroupState group, TopicState topic, out IMessageFilter? filter)
    {
        filter = null;
        if (request.HasSubscription)
        {
            if (!request.IsTag)
            {
                filter = expressions.Find(request.ExpressionType, request.Subscription, out _);
                return filter is null ? PullStatus.SubscriptionMalformed : options.Filters.Value.EnablePropertyFilter ? PullStatus.Ok : PullStatus.PropertyFilterOff;
            }

            filter = request.Subscription.IsEmpty || request.Subscription.SequenceEqual("*"u8) ? null : TagFilter.For(Encoding.UTF8.GetString(request.Subscription));
            return PullStatus.Ok;
        }

        if (!consumers.TryGet(request.ConsumerGroup, out OnlineGroup? online))
        {
            return !request.IsTag || !IsAwaited(group.Config) ? PullStatus.GroupNotOnline : group.MayRead(topic) ? PullStatus.Ok : PullStatus.GroupForbiddenForTopic;
        }

        if (online.IsBroadcasting && !group.Config.ConsumeBroadcastEnable)
        {
            return PullStatus.BroadcastForbidden;
        }

        if (!group.MayRead(topic))
        {
            return PullStatus.GroupForbiddenForTopic;
        }

        if (!online.TryGetSubscription(request.Topic, out SubscriptionData? subscription))
        {
            return request.IsTag && IsAwaited(group.Config) ? PullStatus.Ok : PullStatus.SubscriptionMissing;
        }

        bool outdated = subscription.SubVersion < request.SubscriptionVersion;
        if (outdated && !(request.IsTag && (request.FiltersItself || IsAwaited(group.Config))))
        {
            return PullStatus.SubscriptionNotLatest;
        }

        if (subscription.Problem is not null)
        {
            return PullStatus.FilterMissing;
        }

        if (!subscription.IsTag && !options.Filters.Value.EnablePropertyFilter)
        {
            return PullStatus.PropertyFilterOff;
        }

        filter = outdated ? null : subscription.Filter;
        if (filters is not null && filter is SqlExpression)
        {
            filter = filters.Find(request.Topic, request.ConsumerGroup, subscription.SubString) ?? filter;
        }

        return PullStatus.Ok;
    }
}

/// <summary>Options that a pull is checked by.</summary>
internal sealed record PullCheckOptions(BrokerSettings Broker, CurrentOptions<PullOptions> Pulls, CurrentOptions<FilterOptions> Filters);
