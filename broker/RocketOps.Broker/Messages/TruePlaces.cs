using System.Text;
using RocketOps.Broker.Replies;
using RocketOps.Broker.StaticTopics.Mappings;
using RocketOps.Broker.Topics;
using RocketOps.Protocol.Names;

namespace RocketOps.Broker.Messages;

/// <summary>
/// Places of messages that have waited in a topic of the broker's own: since it was sent its topic may have been deleted or have lost the
/// queue, or its queue have moved to another broker. No other way leads a message into a topic that sends are forbidden to. Thread-safe.
/// </summary>
internal sealed class TruePlaces(TopicTable topics)
{
    /// <summary>The queue as it is in the store now; anything but <see cref="SendStatus.Stored"/> says why there is none.</summary>
    /// <param name="topicName">The topic the message is meant for.</param>
    /// <param name="queueId">The physical queue it was meant for when it was sent.</param>
    /// <param name="topic">The topic.</param>
    /// <param name="storeQueue">The queue it goes into.</param>
    public SendStatus Find(ReadOnlySpan<byte> topicName, int queueId, out TopicState? topic, out int storeQueue)
    {
        storeQueue = queueId;
        if (!topics.TryGet(topicName, out topic))
        {
            return SendStatus.TopicMissing;
        }

        if (topic.IsSendForbidden)
        {
            return SendStatus.TopicForbidden;
        }

        if (topic.Mapping is { } mapping)
        {
            if (!mapping.TryGetSuccessor(queueId, out LogicQueueMappingItem? leader))
            {
                return SendStatus.NotLeader;
            }

            storeQueue = leader.QueueId;
        }

        // As for a send, which may go to a queue that is only read, or only written to. Of a static topic it is the queue that the logical one goes on with.
        TopicConfig config = topic.Config;
        return storeQueue >= Math.Max(config.WriteQueueNums, config.ReadQueueNums) ? SendStatus.BadQueue : SendStatus.Stored;
    }

    /// <summary>
    /// True when a message that waits has no place because the table of topics was lost since it was stored: its topic is missing and was
    /// not deleted, or was made again with the queues that had messages.
    /// </summary>
    /// <param name="topicName">The topic the message is meant for.</param>
    /// <param name="offset">Where the message lies in the log.</param>
    public bool IsLost(ReadOnlySpan<byte> topicName, long offset)
    {
        if (topics.History.LostBefore is not { } end || offset >= end || TopicNames.FindProblem(topicName) is not null)
        {
            return false;
        }

        string name = Encoding.UTF8.GetString(topicName);
        return !TopicNames.IsSendForbidden(name) && !topics.History.Deletions.ContainsKey(name);
    }

    /// <summary>Makes the place of such a message; others have theirs afterwards, too.</summary>
    /// <param name="name">The topic.</param>
    /// <param name="queueId">The queue.</param>
    public async Task MakeAsync(string name, int queueId)
    {
        TopicState topic = await topics.GetOrCreateInternalAsync(name, queueId + 1);
        if (Math.Max(topic.Config.WriteQueueNums, topic.Config.ReadQueueNums) <= queueId)
        {
            await topics.CreateOrUpdateAsync(topic.Config with { ReadQueueNums = queueId + 1, WriteQueueNums = queueId + 1 });
        }
    }
}
