using System.Globalization;
using RocketOps.Broker.Clients;
using RocketOps.Broker.Filtering;
using RocketOps.Broker.Json;
using RocketOps.Broker.Topics;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Json;
using RocketOps.Remoting.Connections;
using RocketOps.Store;
using RocketOps.Store.Contracts;

namespace RocketOps.Broker.Handlers.Topics;

/// <summary>
/// QUERY_CONSUME_QUEUE (321): entries of a queue as they lie there, with what a group subscribes to. Of entries with an extension the address is shown. Source: admin.md §2.5,
/// apache/rocketmq AdminBrokerProcessor 5.5.0.
/// </summary>
internal sealed class QueryConsumeQueueHandler(TopicTable topics, MessageStore store, ConsumerTable consumers) : HeavyRequestHandler
{
    /// <summary>More are not put into one answer; RocketMQ sends what a queue's file holds.</summary>
    private const int MaxUnits = 10_000;

    protected override async ValueTask<RemotingCommand?> BuildAsync(RemotingCommand request, HeavyAnswer answer, CancellationToken cancellationToken)
    {
        string name = request.GetRequired("topic");
        int queueId = request.GetRequiredInt32("queueId");
        long index = request.GetRequiredInt64("index");
        int count = Math.Clamp(request.GetRequiredInt32("count"), 0, MaxUnits);
        IReadOnlyList<QueueUnit>? units = topics.TryGet(name, out TopicState? topic) ? await store.Reader.ReadUnitsAsync(topic.StoreTopic, queueId, index, count, cancellationToken) : null;
        if (units is null)
        {
            throw new RemotingCommandException(ResponseCode.SystemError, string.Create(CultureInfo.InvariantCulture, $"{queueId}@{name} is not exist!"));
        }

        (long min, long max) = await store.Reader.GetOffsetsAsync(topic!.StoreTopic, queueId, cancellationToken);
        RemotingCommand response = RemotingCommand.CreateResponse(request, ResponseCode.Success);
        if (index < min || index >= max)
        {
            response.Remark = string.Create(CultureInfo.InvariantCulture, $"Index {index} of {queueId}@{name} is not exist!");
            return response;
        }

        FastJsonWriter json = new();
        json.BeginObject();
        WriteSubscription(json, request.Get("consumerGroup"), name);
        json.Field("maxQueueIndex", max).Field("minQueueIndex", min).Name("queueData").BeginArray();
        foreach (QueueUnit unit in units)
        {
            json.BeginObject().Field("eval", false).Field("physicOffset", unit.Offset.Value).Field("physicSize", unit.Size).Field("tagsCode", unit.TagsCode).EndObject();
        }

        json.EndArray().EndObject();
        response.Body = json.Written;
        return response;
    }

    private void WriteSubscription(FastJsonWriter json, string? group, string topic)
    {
        if (group is null)
        {
            return;
        }

        if (consumers.TryGet(group, out OnlineGroup? online) && online.TryGetSubscription(topic, out SubscriptionData? subscription))
        {
            // Filters that RocketMQ keeps beside a subscription are part of it here.
            json.Field("filterData", "null").Name("subscriptionData").Raw(BrokerJson.Write(subscription, ClientJson.Default.SubscriptionData));
        }
        else
        {
            json.Field("filterData", $"{group}@{topic} is not online!");
        }
    }
}
