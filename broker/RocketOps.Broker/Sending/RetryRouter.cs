using RocketOps.Broker.Configuration;
using RocketOps.Broker.Groups;
using RocketOps.Broker.Ordering;
using RocketOps.Broker.Replies;
using RocketOps.Broker.Topics;
using RocketOps.Protocol.Bodies;
using RocketOps.Protocol.Names;

namespace RocketOps.Broker.Sending;

/// <summary>
/// A client may send a message back to its group's retry topic itself. One that has used up its attempts, or that an ordered consumer gives up, goes to the group's
/// dead-letter topic. Rows 9 and 10 of remoting.md §5.1.
/// </summary>
internal sealed class RetryRouter(BrokerSettings settings, TopicTable topics, GroupTable groups, QueueLocks locks) : ISendRouter
{
    public SendStatus Route(in SendRequest request, in SendProperties properties, ref SendRoute route)
    {
        if (!TopicNames.IsRetry(request.Topic))
        {
            return SendStatus.Stored;
        }

        ReadOnlySpan<byte> groupName = TopicNames.GroupOfRetry(request.Topic);
        if (!groups.TryGet(groupName, out GroupState? group))
        {
            return SendStatus.GroupMissing;
        }

        route.RewritesProperties = true;
        int max = request.MaxReconsumeTimes ?? group.Config.RetryMaxTimes;
        int times = request.Fields.ReconsumeTimes;
        if (times < max || (times == max && !IsConsumedInOrder(group.Config.Name, properties.RetryTopic)))
        {
            return SendStatus.Stored;
        }

        Span<byte> deadLetters = stackalloc byte[TopicNames.MaxGroupTopicLength];
        if (!topics.TryGet(deadLetters[..TopicNames.WriteDeadLetterTopicOf(groupName, deadLetters)], out TopicState? target))
        {
            return SendStatus.DeadLetterTopicToBeMade;
        }

        route.Redirect(target, 0);
        return SendStatus.Stored;
    }

    /// <summary>True when the group holds the lock of any queue of the topic the message was first sent to.</summary>
    private bool IsConsumedInOrder(string group, ReadOnlySpan<byte> originTopic)
    {
        if (originTopic.IsEmpty || !topics.TryGet(originTopic, out TopicState? origin))
        {
            return false;
        }

        string brokerName = settings.Current.BrokerName;
        for (int queueId = 0; queueId < origin.Config.ReadQueueNums; queueId++)
        {
            if (locks.IsLocked(group, new MessageQueueKey { BrokerName = brokerName, QueueId = queueId, Topic = origin.Name }))
            {
                return true;
            }
        }

        return false;
    }
}
