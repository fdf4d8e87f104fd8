using RocketOps.Broker.Offsets;
using RocketOps.Broker.Topics;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;
using RocketOps.Store;

namespace RocketOps.Broker.Handlers.Offsets;

/// <summary>GET_MAX_OFFSET (30): exclusive end of a queue, 0 for unknown ones.</summary>
internal sealed class MaxOffsetHandler(TopicTable topics, MessageStore store) : AsyncRequestHandler
{
    public override async ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
    {
        OffsetHeader queue = OffsetHeader.Read(request);
        long offset = topics.TryGet(queue.Topic, out TopicState? topic) ? (await store.Reader.GetOffsetsAsync(topic.StoreTopic, queue.QueueId, cancellationToken)).Max : 0;
        return RemotingCommand.CreateResponse(request, ResponseCode.Success).Set("offset", offset);
    }
}
