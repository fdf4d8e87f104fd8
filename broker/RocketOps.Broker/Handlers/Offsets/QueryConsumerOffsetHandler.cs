using RocketOps.Broker.Configuration;
using RocketOps.Broker.Offsets;
using RocketOps.Broker.Pulling;
using RocketOps.Broker.Topics;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;
using RocketOps.Store;
using RocketOps.Store.Contracts;

namespace RocketOps.Broker.Handlers.Offsets;

/// <summary>
/// QUERY_CONSUMER_OFFSET (14). Without a stored offset a queue whose first message is there, and counts as in memory, begins at 0 for everybody; otherwise the client decides (22).
/// Source: remoting.md §5.9; in memory is what 4.9 takes for it, less than <c>accessMessageInMemoryMaxRatio</c> of the machine's memory before the log's end (store.md §5.1).
/// </summary>
/// <param name="offsets">What groups have committed.</param>
/// <param name="topics">The broker's topics.</param>
/// <param name="store">Their messages.</param>
/// <param name="options">The configuration.</param>
/// <param name="machineBytes">The machine's memory.</param>
internal sealed class QueryConsumerOffsetHandler(ConsumerOffsetTable offsets, TopicTable topics, MessageStore store, CurrentOptions<PullOptions> options, long machineBytes) : AsyncRequestHandler
{
    public override async ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
    {
        string group = request.GetRequired("consumerGroup");
        OffsetHeader queue = OffsetHeader.Read(request);
        long offset = offsets.Query(queue.Topic, group, queue.QueueId);
        bool mayBeZero = request.GetBoolean("setZeroIfNotFound", fallback: true);
        if (offset < 0 && mayBeZero && await StartsAtZeroAsync(queue, cancellationToken))
        {
            offset = 0;
        }

        return offset >= 0
            ? RemotingCommand.CreateResponse(request, ResponseCode.Success).Set("offset", offset)
            : RemotingCommand.CreateResponse(
                request, ResponseCode.QueryNotFound, mayBeZero ? "Not found, V3_0_6_SNAPSHOT maybe this group consumer boot first" : "Not found, do not set to zero, maybe this group boot first");
    }

    private async ValueTask<bool> StartsAtZeroAsync(OffsetHeader queue, CancellationToken cancellationToken)
    {
        if (!topics.TryGet(queue.Topic, out TopicState? topic))
        {
            return false;
        }

        (long min, long max) = await store.Reader.GetOffsetsAsync(topic.StoreTopic, queue.QueueId, cancellationToken);
        if (min > 0 || max == 0)
        {
            // Of an empty queue nobody is to miss the first message, whenever it comes.
            return min <= 0;
        }

        return await store.Reader.ReadUnitsAsync(topic.StoreTopic, queue.QueueId, queueOffset: 0, count: 1, cancellationToken) is [QueueUnit first, ..]
            && store.GetStats().MaxOffset.Value - first.Offset.Value <= machineBytes / 100 * options.Value.MemoryRatio;
    }
}
