using RocketOps.Broker.Configuration;
using RocketOps.Broker.Json;
using RocketOps.Broker.Offsets;
using RocketOps.Broker.Topics;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Json;
using RocketOps.Remoting.Connections;
using RocketOps.Store;

namespace RocketOps.Broker.Handlers.Groups;

/// <summary>QUERY_CONSUME_TIME_SPAN (303): how old the first, the last, the last consumed and the next message of each queue are. Source: admin.md §2.4.</summary>
internal sealed class ConsumeTimeSpanHandler(BrokerSettings settings, TopicTable topics, ConsumerOffsetTable offsets, MessageStore store, TimeProvider time) : HeavyRequestHandler
{
    protected override async ValueTask<RemotingCommand?> BuildAsync(RemotingCommand request, HeavyAnswer answer, CancellationToken cancellationToken)
    {
        string group = request.GetRequired("group");
        TopicState topic = topics.GetOrThrow(request.GetRequired("topic"));
        AnswerBody body = new(answer);
        FastJsonWriter json = new(body);
        json.BeginObject().Name("consumeTimeSpanSet").BeginArray();
        for (int queueId = 0; queueId < topic.Config.WriteQueueNums; queueId++)
        {
            (long min, long max) = await store.Reader.GetOffsetsAsync(topic.StoreTopic, queueId, cancellationToken);
            long consumed = offsets.Query(topic.Name, group, queueId);
            long first = await TimeAtAsync(topic, queueId, min, cancellationToken);
            long last = await TimeAtAsync(topic, queueId, max - 1, cancellationToken);
            long consumedAt = consumed > 0 ? await TimeAtAsync(topic, queueId, consumed - 1, cancellationToken) : first;
            long next = consumed < max ? await TimeAtAsync(topic, queueId, Math.Max(min, consumed), cancellationToken) : -1;
            json.BeginObject()
                .Field("consumeTimeStamp", consumedAt)
                .Field("delayTime", next < 0 ? 0 : Math.Max(0, time.GetUtcNow().ToUnixTimeMilliseconds() - next))
                .Field("maxTimeStamp", last)
                .Name("messageQueue").BeginObject().Field("brokerName", settings.Current.BrokerName).Field("queueId", queueId).Field("topic", topic.Name).EndObject()
                .Field("minTimeStamp", first)
                .EndObject();
        }

        json.EndArray().EndObject();
        RemotingCommand response = RemotingCommand.CreateResponse(request, ResponseCode.Success);
        response.Body = body.Written;
        return response;
    }

    /// <summary>Store time of the message at the offset, −1 when there is none.</summary>
    private async ValueTask<long> TimeAtAsync(TopicState topic, int queueId, long offset, CancellationToken cancellationToken) =>
        offset < 0 ? -1 : await store.Reader.StoreTimestampAtAsync(topic.StoreTopic, queueId, offset, cancellationToken);
}
