using RocketOps.Broker.Json;
using RocketOps.Broker.Offsets;
using RocketOps.Broker.Topics;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Json;
using RocketOps.Remoting.Connections;
using RocketOps.Store;

namespace RocketOps.Broker.Handlers.Offsets;

/// <summary>
/// QUERY_CORRECTION_OFFSET (308): per queue the least offset of any group on the topic, or the largest number where the group to compare with is behind it. Groups to be passed
/// over are separated by commas; RocketMQ deletes their offsets while it is at it, which nobody means. Source: admin.md §2.4.
/// </summary>
internal sealed class CorrectionOffsetHandler(TopicTable topics, ConsumerOffsetTable offsets, MessageStore store) : HeavyRequestHandler
{
    /// <summary>A queue among the least offsets.</summary>
    private const int QueueBytes = 64;

    protected override async ValueTask<RemotingCommand?> BuildAsync(RemotingCommand request, HeavyAnswer answer, CancellationToken cancellationToken)
    {
        string topicName = request.GetRequired("topic");
        string compared = request.GetRequired("compareGroup");
        HashSet<string> passedOver = new((request.Get("filterGroups") ?? string.Empty).Split(','), StringComparer.Ordinal);
        SortedDictionary<int, long> least = [];
        foreach (string group in offsets.GroupsOf(topicName).Where(group => !passedOver.Contains(group)))
        {
            foreach ((int queueId, long offset) in offsets.QueuesOf(topicName, group))
            {
                if (offset < await MinAsync(topicName, queueId, cancellationToken))
                {
                    continue;
                }

                if (least.TryGetValue(queueId, out long other))
                {
                    least[queueId] = Math.Min(other, offset);
                }
                else
                {
                    answer.Add(QueueBytes);
                    least[queueId] = offset;
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

        AnswerBody body = new(answer);
        FastJsonWriter json = new(body);
        json.BeginObject().Name("correctionOffsets").BeginObject();
        foreach ((int queueId, long offset) in least)
        {
            json.NumberName(queueId).Value(offset);
        }

        json.EndObject().EndObject();
        RemotingCommand response = RemotingCommand.CreateResponse(request, ResponseCode.Success);
        response.Body = body.Written;
        return response;
    }

    private async ValueTask<long> MinAsync(string topicName, int queueId, CancellationToken cancellationToken) =>
        topics.TryGet(topicName, out TopicState? topic) ? (await store.Reader.GetOffsetsAsync(topic.StoreTopic, queueId, cancellationToken)).Min : 0;
}
