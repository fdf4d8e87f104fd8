using RocketOps.Broker.Clients;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Offsets;
using RocketOps.Broker.Topics;
using RocketOps.Remoting.Commands;
using RocketOps.Remoting.Connections;
using RocketOps.Remoting.Json;
using RocketOps.Store;

namespace RocketOps.Broker.Groups.Admin;

/// <summary>GET_CONSUME_STATS (208): how far a group is on every queue. Source: admin.md §2.4.</summary>
internal sealed class ConsumeStatsHandler(BrokerSettings settings, TopicTable topics, ConsumerOffsetTable offsets, ConsumerTable consumers, MessageStore store) : AsyncRequestHandler
{
    public override async ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
    {
        string group = request.GetRequired("consumerGroup");
        FastJsonWriter json = new();
        json.BeginObject().Name("consumeTps").Value(0.0).Name("offsetTable").BeginObject();
        foreach (string name in TopicsAsked(request, group))
        {
            if (topics.TryGet(name, out TopicState? topic) && IsSubscribed(group, name))
            {
                await WriteTopicAsync(json, topic, group, cancellationToken);
            }
        }

        json.EndObject().EndObject();
        RemotingCommand response = RemotingCommand.CreateResponse(request, ResponseCode.Success);
        response.Body = json.Written;
        return response;
    }

    private IEnumerable<string> TopicsAsked(RemotingCommand request, string group)
    {
        if (request.Get("topic") is { Length: > 0 } one)
        {
            return [one];
        }

        return request.Get("topicList") is { Length: > 0 } list
            ? list.Split(';', StringSplitOptions.RemoveEmptyEntries).Distinct(StringComparer.Ordinal)
            : offsets.TopicsOf(group);
    }

    /// <summary>An online group is not asked about topics it has left.</summary>
    private bool IsSubscribed(string group, string topic) => !consumers.TryGet(group, out ConsumerGroup? online) || online.TryGetSubscription(topic, out _);

    private async Task WriteTopicAsync(FastJsonWriter json, TopicState topic, string group, CancellationToken cancellationToken)
    {
        for (int queueId = 0; queueId < topic.Config.ReadQueueNums; queueId++)
        {
            long brokerOffset = Math.Max(0, store.MaxOffset(topic.StoreTopic, queueId));
            long consumerOffset = Math.Max(0, offsets.Query(topic.Name, group, queueId));
            long last = consumerOffset > 0 ? await store.StoreTimestampAtAsync(topic.StoreTopic, queueId, consumerOffset - 1, cancellationToken) : 0;
            json.BeginObjectName().Field("brokerName", settings.Current.BrokerName).Field("queueId", queueId).Field("topic", topic.Name).EndObjectName();
            json.BeginObject()
                .Field("brokerOffset", brokerOffset)
                .Field("consumerOffset", consumerOffset)
                .Field("lastTimestamp", Math.Max(0, last))
                .Field("pullOffset", consumerOffset)
                .EndObject();
        }
    }
}
