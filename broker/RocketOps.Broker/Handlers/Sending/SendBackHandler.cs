using System.Globalization;
using RocketOps.Broker.Clients;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Groups;
using RocketOps.Broker.Messages;
using RocketOps.Broker.Replies;
using RocketOps.Broker.Roles;
using RocketOps.Broker.Sending;
using RocketOps.Broker.Statistics;
using RocketOps.Broker.Topics;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Names;
using RocketOps.Remoting.Connections;
using RocketOps.Store;
using RocketOps.Store.ConsumeQueues;

namespace RocketOps.Broker.Handlers.Sending;

/// <summary>
/// CONSUMER_SEND_MSG_BACK (36): a message that could not be consumed goes to the group's retry topic by way of a delay level, or to its dead-letter topic when its
/// attempts are used up, or its properties leave no room for what a retry adds. Rules by number: remoting.md §5.3.
/// </summary>
internal sealed class SendBackHandler(
    BrokerSettings settings, CurrentRole role, TopicTable topics, GroupMaker groups, MessageStore store, MessageAppender appender, BrokerAddress address, DelayRouter delays, SendRefusals refusals, BrokerStatistics statistics) : AsyncRequestHandler
{
    /// <summary>Delay level of the first retry when the client leaves it to the broker.</summary>
    private const int FirstRetryLevel = 3;

    public override async ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
    {
        string groupName = request.GetRequired("group");
        BrokerOptions options = settings.Current;
        if (role.IsSlave)
        {
            return refusals.Answer(request, SendStatus.Slave);
        }

        // 1, 2, 3
        if (await groups.GetOrMakeAsync(connection, groupName) is not { } group)
        {
            return refusals.Answer(request, SendStatus.GroupMissing, TopicNames.RetryTopicOf(groupName));
        }

        if (!options.IsWriteable)
        {
            return refusals.Answer(request, SendStatus.BrokerNotWriteable);
        }

        if (group.Config.RetryQueueNums <= 0)
        {
            return RemotingCommand.CreateResponse(request, ResponseCode.Success);
        }

        // 4
        TopicState retryTopic = await topics.GetOrCreateInternalAsync(TopicNames.RetryTopicOf(groupName), group.Config.RetryQueueNums);
        if (!retryTopic.Config.IsWriteable)
        {
            throw new RemotingCommandException(ResponseCode.NoPermission, $"the topic[{retryTopic.Name}] sending message is forbidden");
        }

        // 5
        long offset = request.GetRequiredInt64("offset");
        byte[] bytes = await store.Reader.LookMessageAsync(new PhysicalOffset(offset), cancellationToken)
            ?? throw new RemotingCommandException(ResponseCode.SystemError, $"look message by offset failed, {offset}");
        using HeldBytes held = connection.Hold(RecordCost.Of(bytes));
        (TopicState target, int queueId, int delayLevel) = await ChooseAsync(request, groupName, group.Config, retryTopic, RecordView.Read(bytes).ReconsumeTimes);
        OwnedMessage message = Rebuild(bytes, target, queueId, delayLevel);
        if (message.Properties.Length > RecordLayout.MaxPropertiesBytes)
        {
            // What a retry adds has no room, now and whenever it comes back: it would be tried for ever.
            message = Bury(bytes, await topics.GetOrCreateInternalAsync(TopicNames.DeadLetterTopicOf(groupName), 1));
        }

        // As a send waits: the consumer goes on behind the message when it has the answer. Unlike a producer it cannot be told that the message is stored, but not as safe as it should be.
        AppendOutcome outcome = await appender.AppendAsync(message, waitForDisk: true);
        if (!outcome.IsSafe)
        {
            return RemotingCommand.CreateResponse(request, ResponseCode.SystemError, SendRefusals.NameOf(outcome));
        }

        Count(group, bytes);
        return RemotingCommand.CreateResponse(request, ResponseCode.Success);
    }

    /// <summary>Under the topic it was first sent to, as RocketMQ counts it (admin.md §3).</summary>
    private void Count(GroupState group, byte[] bytes)
    {
        RecordView record = RecordView.Read(bytes);
        if (topics.TryGet(MessageProperties.Parse(record.Properties).Get(PropertyNames.RetryTopic) ?? record.TopicName, out TopicState? origin))
        {
            statistics.Of(group, origin)?.CountSentBack();
        }
    }

    // 7, 8, 9
    private async Task<(TopicState Target, int QueueId, int DelayLevel)> ChooseAsync(
        RemotingCommand request, string groupName, SubscriptionGroupConfig group, TopicState retryTopic, int reconsumeTimes)
    {
        int delayLevel = request.GetRequiredInt32("delayLevel");
        int max = request.Version >= MqVersion.ClientMaxReconsumeTimes ? request.GetInt32("maxReconsumeTimes", group.RetryMaxTimes) : group.RetryMaxTimes;
        if (reconsumeTimes >= max || delayLevel < 0)
        {
            return (await topics.GetOrCreateInternalAsync(TopicNames.DeadLetterTopicOf(groupName), 1), 0, 0);
        }

        int queues = Math.Min(group.RetryQueueNums, Math.Max(1, retryTopic.Config.WriteQueueNums));
        return (retryTopic, Random.Shared.Next(queues), delayLevel == 0 ? FirstRetryLevel + reconsumeTimes : delayLevel);
    }

    // 6, 10
    private OwnedMessage Rebuild(byte[] bytes, TopicState target, int queueId, int delayLevel)
    {
        RecordView record = RecordView.Read(bytes);
        MessageProperties properties = MessageProperties.Parse(record.Properties);
        string messageId = OffsetMessageId.Format(record.StoreHost, new PhysicalOffset(record.PhysicalOffset));
        if (properties.Get(PropertyNames.RetryTopic) is null)
        {
            properties.Set(PropertyNames.RetryTopic, record.TopicName);
        }

        if (properties.Get(PropertyNames.OriginMessageId) is null)
        {
            properties.Set(PropertyNames.OriginMessageId, messageId);
        }

        properties.Set(PropertyNames.Wait, "false")
            .Set(PropertyNames.Delay, (delayLevel > 0 ? delays.Clamp(delayLevel) : 0).ToString(CultureInfo.InvariantCulture));
        if (delayLevel > 0)
        {
            // The level goes before a time.
            properties.Remove(PropertyNames.TimerDelaySeconds).Remove(PropertyNames.TimerDelayMs).Remove(PropertyNames.TimerDeliverMs);
        }

        StoreTopic topic = target.StoreTopic;
        if (delayLevel > 0)
        {
            SendRoute.SetTruePlace(properties, target.Name, queueId);
            (topic, queueId) = (delays.Schedule, delays.QueueOf(delayLevel));
        }

        return Again(bytes, topic, queueId, properties.Encode());
    }

    /// <summary>The message as it is, for the dead letters.</summary>
    private OwnedMessage Bury(byte[] bytes, TopicState deadLetters)
    {
        return Again(bytes, deadLetters.StoreTopic, 0, RecordView.Read(bytes).Properties.ToArray());
    }

    private OwnedMessage Again(byte[] bytes, StoreTopic topic, int queueId, byte[] properties)
    {
        RecordView record = RecordView.Read(bytes);
        return new OwnedMessage
        {
            Topic = topic,
            QueueId = queueId,
            Fields = record.Fields with
            {
                StoreHost = address.StoreHost,
                ReconsumeTimes = record.ReconsumeTimes + 1,
                PreparedTransactionOffset = 0,
            },
            Body = bytes.AsMemory(record.BodyAt, record.Body.Length),
            Properties = properties,
        };
    }
}
