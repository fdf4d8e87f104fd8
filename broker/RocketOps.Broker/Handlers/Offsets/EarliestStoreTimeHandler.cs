using RocketOps.Broker.Offsets;
using RocketOps.Broker.Topics;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;
using RocketOps.Store;

namespace RocketOps.Broker.Handlers.Offsets;

/// <summary>GET_EARLIEST_MSG_STORETIME (32): store time of a queue's first message, −1 when there is none.</summary>
internal sealed class EarliestStoreTimeHandler(TopicTable topics, MessageStore store) : AsyncRequestHandler
{
    public override async ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
    {
        OffsetHeader queue = OffsetHeader.Read(request);
        long timestamp = -1;
        if (topics.TryGet(queue.Topic, out TopicState? topic))
        {
            long min = (await store.Reader.GetOffsetsAsync(topic.StoreTopic, queue.QueueId, cancellationToken)).Min;
            timestamp = await store.Reader.StoreTimestampAtAsync(topic.StoreTopic, queue.QueueId, min, cancellationToken);
        }

        return RemotingCommand.CreateResponse(request, ResponseCode.Success).Set("timestamp", timestamp);
    }
}
