using RocketOps.Broker.Configuration;
using RocketOps.Broker.Topics;
using RocketOps.Remoting.Commands;
using RocketOps.Remoting.Connections;
using RocketOps.Store;

namespace RocketOps.Broker.Offsets;

/// <summary>
/// QUERY_CONSUMER_OFFSET (14). Without a stored offset a queue that still has its first message begins at 0 for everybody; otherwise the client decides (22).
/// Source: remoting.md §5.9.
/// </summary>
internal sealed class QueryConsumerOffsetHandler(ConsumerOffsetTable offsets, TopicTable topics, MessageStore store, BrokerSettings settings) : AsyncRequestHandler
{
    public override async ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
    {
        string group = request.GetRequired("consumerGroup");
        OffsetHeader queue = OffsetHeader.Read(request);
        long offset = offsets.Query(queue.Topic, group, queue.QueueId);
        if (offset < 0 && request.GetBoolean("setZeroIfNotFound", fallback: true) && await StartsAtZeroAsync(queue, cancellationToken))
        {
            offset = 0;
        }

        return offset >= 0
            ? RemotingCommand.CreateResponse(request, ResponseCode.Success).Set("offset", offset)
            : RemotingCommand.CreateResponse(request, ResponseCode.QueryNotFound, "Not found, V3_0_6_SNAPSHOT maybe this group consumer boot first");
    }

    private async ValueTask<bool> StartsAtZeroAsync(OffsetHeader queue, CancellationToken cancellationToken)
    {
        if (!topics.TryGet(queue.Topic, out TopicState? topic))
        {
            return false;
        }

        // RocketMQ asks besides whether message 0 lies within 40 % of the machine's memory of the log's end. The log's first byte is at least as far away.
        StoreStats stats = store.GetStats();
        long memory = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 100 * settings.Current.MemoryRatio;
        return stats.MaxOffset.Value - stats.MinOffset.Value <= memory && (await store.Reader.GetOffsetsAsync(topic.StoreTopic, queue.QueueId, cancellationToken)).Min <= 0;
    }
}
