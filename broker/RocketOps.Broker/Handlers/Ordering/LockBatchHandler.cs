using RocketOps.Broker.Groups;
using RocketOps.Broker.Json;
using RocketOps.Broker.Ordering;
using RocketOps.Broker.Topics;
using RocketOps.Protocol.Bodies;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Handlers.Ordering;

/// <summary>LOCK_BATCH_MQ (41). Queues of topics this broker does not have are never locked, and the table has a limit against made-up broker names.</summary>
internal sealed class LockBatchHandler(QueueLocks locks, TopicTable topics, GroupTable groups) : AsyncRequestHandler
{
    public override ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
    {
        using HeldBytes held = BrokerJson.ReadBody(connection, request, LockJson.Default.LockBody, out LockBody body);
        IReadOnlyList<MessageQueueKey> locked = [];
        if (body.ClientId is { Length: > 0 } clientId && body.ConsumerGroup is { } group && groups.TryGet(group, out _))
        {
            locked = locks.TryLock(group, clientId, (body.Queues ?? []).Where(IsKnown));
        }

        RemotingCommand response = RemotingCommand.CreateResponse(request, ResponseCode.Success);
        response.Body = BrokerJson.Write(new LockResultBody { Locked = locked }, LockJson.Default.LockResultBody);
        return new ValueTask<RemotingCommand?>(response);
    }

    private bool IsKnown(MessageQueueKey queue) =>
        queue.Topic is not null && topics.TryGet(queue.Topic, out TopicState? topic)
        && (topic.Mapping is { } mapping
            ? mapping.TryGetLed(queue.QueueId, out _)
            : (uint)queue.QueueId < (uint)Math.Max(topic.Config.ReadQueueNums, topic.Config.WriteQueueNums));
}
