using RocketOps.Broker.Configuration;
using RocketOps.Broker.Json;
using RocketOps.Broker.Statistics;
using RocketOps.Broker.Topics;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Json;
using RocketOps.Remoting.Connections;
using RocketOps.Store;

namespace RocketOps.Broker.Handlers.Topics;

/// <summary>GET_TOPIC_STATS_INFO (202): bounds and last store time of every queue; the queue itself is the map's key. Source: admin.md §2.2.</summary>
internal sealed class TopicStatsHandler(BrokerSettings settings, TopicTable topics, MessageStore store, BrokerStatistics statistics) : HeavyRequestHandler
{
    protected override async ValueTask<RemotingCommand?> BuildAsync(RemotingCommand request, HeavyAnswer answer, CancellationToken cancellationToken)
    {
        TopicState topic = topics.GetOrThrow(request.GetRequired("topic"));
        int queues = Math.Max(topic.Config.ReadQueueNums, topic.Config.WriteQueueNums);
        AnswerBody body = new(answer);
        FastJsonWriter json = new(body);
        json.BeginObject().Name("offsetTable").BeginObject();
        for (int queueId = 0; queueId < queues; queueId++)
        {
            (long min, long max) = await store.Reader.GetOffsetsAsync(topic.StoreTopic, queueId, cancellationToken);
            long last = max > 0 ? await store.Reader.StoreTimestampAtAsync(topic.StoreTopic, queueId, max - 1, cancellationToken) : 0;
            json.BeginObjectName().Field("brokerName", settings.Current.BrokerName).Field("queueId", queueId).Field("topic", topic.Name).EndObjectName();
            json.BeginObject().Field("lastUpdateTimestamp", Math.Max(0, last)).Field("maxOffset", max).Field("minOffset", min).EndObject();
        }

        json.EndObject().Name("topicPutTps").Value(statistics.PutTpsOf(topic)).EndObject();
        RemotingCommand response = RemotingCommand.CreateResponse(request, ResponseCode.Success);
        response.Body = body.Written;
        return response;
    }
}
