using System.Text;
using RocketOps.Broker.Clients;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Groups;
using RocketOps.Broker.Hosting;
using RocketOps.Broker.Offsets;
using RocketOps.Broker.Topics;
using RocketOps.Remoting.Commands;
using RocketOps.Remoting.Connections;
using RocketOps.Remoting.Headers;

namespace RocketOps.Broker.Pulling;

/// <summary>
/// PULL_MESSAGE (11) and LITE_PULL_MESSAGE (361): checks, stores the piggy-backed offset, answers from memory on the connection's loop or parks the request.
/// Order of the checks and codes: remoting.md §5.6.
/// </summary>
internal sealed class PullMessageHandler : IRequestHandler
{
    private readonly BrokerSettings _settings;
    private readonly TopicTable _topics;
    private readonly GroupTable _groups;
    private readonly ConsumerTable _consumers;
    private readonly ConsumerOffsetTable _offsets;
    private readonly PullExecutor _executor;
    private readonly ParkedPulls _parked;
    private readonly BrokerAddress _address;
    private readonly FirstPullHandler _firstPulls;

    public PullMessageHandler(
        BrokerSettings settings, TopicTable topics, GroupTable groups, ConsumerTable consumers, ConsumerOffsetTable offsets, PullExecutor executor, ParkedPulls parked, BrokerAddress address)
    {
        _settings = settings;
        _topics = topics;
        _groups = groups;
        _consumers = consumers;
        _offsets = offsets;
        _executor = executor;
        _parked = parked;
        _address = address;
        _firstPulls = new FirstPullHandler(groups, this);
    }

    public void Handle(in RequestFrame frame, RequestBatch batch)
    {
        PullMessageRequestHeader header = PullMessageRequestHeader.Read(frame, batch);
        CheckBroker(frame.Code, _settings.Current);
        if (_groups.TryGet(header.ConsumerGroup, out GroupState? group))
        {
            Handle(frame, header, group, batch.Connection, flush: false);
        }
        else
        {
            _firstPulls.Handle(frame, batch);
        }
    }

    /// <summary>The rest of a pull whose group is known. <paramref name="flush"/> is false on the connection's own loop only.</summary>
    public void Handle(in RequestFrame frame, scoped in PullMessageRequestHeader header, GroupState group, RemotingConnection connection, bool flush)
    {
        BrokerOptions options = _settings.Current;
        TopicState topic = CheckGroupAndTopic(header, group.Config);
        TagFilter? filter = FindFilter(header, group.Config, options, connection);
        if (header.HasCommitOffset)
        {
            _offsets.Commit(header.Topic, header.ConsumerGroup, header.QueueId, header.CommitOffset);
        }

        PullArguments pull = new()
        {
            Connection = connection,
            SerializeType = frame.SerializeType,
            Opaque = frame.Opaque,
            Topic = topic,
            QueueId = header.QueueId,
            Offset = header.QueueOffset,
            MaxMessages = Math.Max(1, header.MaxMessages),
            // Retries belong to the group whatever their tags.
            Filter = TopicNames.IsRetry(header.Topic) ? null : filter,
            SlowBrokerId = group.Config.WhichBrokerWhenConsumeSlowly,
            BrokerId = group.Config.BrokerId,
            HoldMs = !header.MaySuspend ? 0 : options.LongPolling ? Math.Max(0, header.SuspendTimeoutMs) : options.ShortPollingMs,
        };
        if (!_executor.TryAnswer(pull, flush) && !_parked.TryPark(pull))
        {
            pull.HoldMs = 0;
            _executor.TryAnswer(pull, flush);
        }
    }

    private void CheckBroker(int code, BrokerOptions options)
    {
        if (!options.IsReadable)
        {
            throw new RemotingCommandException(ResponseCode.NoPermission, $"the broker[{_address.Host}] pulling message is forbidden");
        }

        if (code == RequestCode.LitePullMessage && !options.LitePullEnable)
        {
            throw new RemotingCommandException(ResponseCode.NoPermission, $"the broker[{_address.Host}] for lite pull consumer is forbidden");
        }
    }

    private TopicState CheckGroupAndTopic(scoped in PullMessageRequestHeader header, SubscriptionGroupConfig group)
    {
        if (!group.ConsumeEnable)
        {
            throw new RemotingCommandException(ResponseCode.NoPermission, $"subscription group no permission, {group.Name}");
        }

        if (!_topics.TryGet(header.Topic, out TopicState? topic))
        {
            throw new RemotingCommandException(ResponseCode.TopicNotExist, $"topic[{Encoding.UTF8.GetString(header.Topic)}] not exist, apply first please!");
        }

        TopicConfig config = topic.Config;
        if (!config.IsReadable)
        {
            throw new RemotingCommandException(ResponseCode.NoPermission, $"the topic[{topic.Name}] pulling message is forbidden");
        }

        if ((uint)header.QueueId >= (uint)config.ReadQueueNums)
        {
            throw new RemotingCommandException(
                ResponseCode.InvalidParameter, $"queueId[{header.QueueId}] is illegal, topic:[{topic.Name}] topicConfig.readQueueNums:[{config.ReadQueueNums}]");
        }

        return topic;
    }

    private TagFilter? FindFilter(scoped in PullMessageRequestHeader header, SubscriptionGroupConfig group, BrokerOptions options, RemotingConnection connection)
    {
        if (header.HasSubscription)
        {
            if (!header.ExpressionType.IsEmpty && !header.ExpressionType.SequenceEqual("TAG"u8))
            {
                throw new RemotingCommandException(ResponseCode.SystemError, CheckClientHandler.NoSql);
            }

            return header.Subscription.IsEmpty || header.Subscription.SequenceEqual("*"u8) ? null : TagFilter.For(Encoding.UTF8.GetString(header.Subscription));
        }

        if (!_consumers.TryGet(header.ConsumerGroup, out ConsumerGroup? online))
        {
            throw new RemotingCommandException(ResponseCode.SubscriptionNotExist, "the consumer's group info not exist");
        }

        if (online.IsBroadcasting && !group.ConsumeBroadcastEnable)
        {
            throw new RemotingCommandException(ResponseCode.NoPermission, $"the consumer group[{group.Name}] can not consume by broadcast way");
        }

        if (!online.TryGetSubscription(header.Topic, out Subscription? subscription))
        {
            throw new RemotingCommandException(ResponseCode.SubscriptionNotExist, "the consumer's subscription not exist");
        }

        bool outdated = subscription.Version < header.SubscriptionVersion;
        if (outdated && !ComparesTagsItself(header, online, connection))
        {
            throw new RemotingCommandException(ResponseCode.SubscriptionNotLatest, "the consumer's subscription not latest");
        }

        if (!subscription.IsTag)
        {
            throw new RemotingCommandException(ResponseCode.SystemError, CheckClientHandler.NoSql);
        }

        if (options.RejectPullConsumer && online.IsPullConsumer)
        {
            throw new RemotingCommandException(ResponseCode.SubscriptionNotExist, "the consumer group is a pull consumer, which rejectPullConsumerEnable refuses");
        }

        return outdated ? null : subscription.Filter;
    }

    /// <summary>
    /// Whether a pull whose subscription is newer than the last heartbeat can be served without a filter. A Java client of 5.x writes a new version whenever its
    /// share of queues changes and means to send a heartbeat at once, but gives up when another of its threads is sending one: one second after its start both
    /// happen together. RocketMQ refuses its pulls with 25 until the next heartbeat, 20 to 30 s later. The tags are unknown here only, and Java clients compare
    /// them with every message anyway (PullAPIWrapper.processPullResult), so more than they want is as good; other clients may rely on the broker.
    /// </summary>
    private static bool ComparesTagsItself(scoped in PullMessageRequestHeader header, ConsumerGroup online, RemotingConnection connection) =>
        (header.ExpressionType.IsEmpty || header.ExpressionType.SequenceEqual("TAG"u8)) && online.TryGetChannel(connection)?.Language == LanguageCode.Java;
}
