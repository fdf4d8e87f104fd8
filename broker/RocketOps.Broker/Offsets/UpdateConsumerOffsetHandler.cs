using RocketOps.Broker.Groups;
using RocketOps.Broker.Topics;
using RocketOps.Remoting.Commands;
using RocketOps.Remoting.Connections;
using RocketOps.Remoting.Headers;

namespace RocketOps.Broker.Offsets;

/// <summary>UPDATE_CONSUMER_OFFSET (15), usually one-way. On the connection's loop: commits of one client must not overtake each other.</summary>
internal sealed class UpdateConsumerOffsetHandler(ConsumerOffsetTable offsets, TopicTable topics, GroupTable groups) : IRequestHandler
{
    /// <summary>RocketMQ takes any queue id; every one costs an entry that never goes, so there is an end.</summary>
    private const int MaxQueueId = TopicConfig.MaxQueues;

    public void Handle(in RequestFrame frame, RequestBatch batch)
    {
        RemotingCommand request = frame.ToCommand();
        string group = request.GetRequired("consumerGroup");
        string topic = request.GetRequired("topic");
        if (!groups.TryGet(group, out _))
        {
            throw new RemotingCommandException(ResponseCode.SubscriptionGroupNotExist, $"Group {group} not exist!");
        }

        if (!topics.TryGet(topic, out _))
        {
            throw new RemotingCommandException(ResponseCode.TopicNotExist, $"Topic {topic} not exist!");
        }

        int queueId = request.GetInt32("queueId", -1);
        long offset = request.GetInt64("commitOffset", -1);
        if (queueId is < 0 or > MaxQueueId || offset < 0)
        {
            throw new RemotingCommandException(ResponseCode.InvalidParameter, $"queueId {queueId} or commitOffset {offset} is missing or out of range");
        }

        offsets.Commit(topic, group, queueId, offset);
        batch.Connection.Reply(frame, ResponseCode.Success, null);
    }
}
