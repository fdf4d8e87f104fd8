using RocketOps.Broker.Offsets;
using RocketOps.Broker.Topics;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;
using RocketOps.Store;
using RocketOps.Store.Contracts;

namespace RocketOps.Broker.Handlers.Offsets;

/// <summary>SEARCH_OFFSET_BY_TIMESTAMP (29).</summary>
internal sealed class SearchOffsetHandler(TopicTable topics, MessageStore store) : AsyncRequestHandler
{
    public override async ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
    {
        OffsetHeader queue = OffsetHeader.Read(request);
        TimeBoundary boundary = string.Equals(request.Get("boundaryType"), "upper", StringComparison.OrdinalIgnoreCase) ? TimeBoundary.Upper : TimeBoundary.Lower;
        long offset = topics.TryGet(queue.Topic, out TopicState? topic)
            ? await store.Reader.OffsetByTimeAsync(topic.StoreTopic, queue.QueueId, request.GetRequiredInt64("timestamp"), boundary, cancellationToken)
            : 0;
        return RemotingCommand.CreateResponse(request, ResponseCode.Success).Set("offset", offset);
    }
}
