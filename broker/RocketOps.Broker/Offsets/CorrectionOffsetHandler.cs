using RocketOps.Broker.Topics;
using RocketOps.Remoting.Commands;
using RocketOps.Remoting.Connections;
using RocketOps.Remoting.Json;
using RocketOps.Store;

namespace RocketOps.Broker.Offsets;

/// <summary>
/// QUERY_CORRECTION_OFFSET (308): per queue the least offset of any group on the topic, or the largest number where the group to compare with is behind it. Groups to be passed
/// over are separated by commas; RocketMQ deletes their offsets while it is at it, which nobody means. Source: admin.md §2.4.
/// </summary>
internal sealed class CorrectionOffsetHandler(TopicTable topics, ConsumerOffsetTable offsets, MessageStore store) : AsyncRequestHandler
{
    public override async ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
    {
        string topicName = request.GetRequired("topic");
        string compared = request.GetRequired("compareGroup");
        HashSet<string> passedOver = new((request.Get("filterGroups") ?? string.Empty).Split(','), StringComparer.Ordinal);
        SortedDictionary<int, long> least = [];
        foreach (string group in offsets.GroupsOf(topicName).Where(group => !passedOver.Contains(group)))
        {
            foreach ((int queueId, long offset) in offsets.QueuesOf(topicName, group))
            {
                if (offset >= await MinAsync(topicName, queueId, cancellationToken))
                {
                    least[queueId] = least.TryGetValue(queueId, out long other) ? Math.Min(other, offset) : offset;
                }
            }
        }

        foreach ((int queueId, long offset) in offsets.QueuesOf(topicName, compared))
        {
            if (least.TryGetValue(queueId, out long other) && other > offset)
            {
                least[queueId] = long.MaxValue;
            }
        }

        FastJsonWriter json = new();
        json.BeginObject().Name("correctionOffsets").BeginObject();
        foreach ((int queueId, long offset) in least)
        {
            json.NumberName(queueId).Value(offset);
        }

        RemotingCommand response = RemotingCommand.CreateResponse(request, ResponseCode.Success);
        response.Body = json.EndObject().EndObject().Written;
        return response;
    }

    private async ValueTask<long> MinAsync(string topicName, int queueId, CancellationToken cancellationToken) =>
        topics.TryGet(topicName, out TopicState? topic) ? (await store.Reader.GetOffsetsAsync(topic.StoreTopic, queueId, cancellationToken)).Min : 0;
}
