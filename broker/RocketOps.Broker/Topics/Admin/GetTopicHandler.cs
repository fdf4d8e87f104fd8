using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using RocketOps.Broker.Json;
using RocketOps.Broker.StaticTopics;
using RocketOps.Remoting.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Topics.Admin;

/// <summary>GET_TOPIC_CONFIG (351); with <c>lo=true</c> and a static topic also its mapping. Source: admin.md §2.2.</summary>
internal sealed class GetTopicHandler(TopicTable topics) : AsyncRequestHandler
{
    public override ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
    {
        string name = request.GetRequired("topic");
        if (!topics.TryGet(name, out TopicState? topic))
        {
            throw new RemotingCommandException(ResponseCode.TopicNotExist, $"No topic in this broker. topic: {name}");
        }

        RemotingCommand response = RemotingCommand.CreateResponse(request, ResponseCode.Success);
        response.Body = topic.Mapping is { } mapping && request.GetBoolean(PhysicalRequests.LogicalField, fallback: false)
            ? WithMapping(topic.Config, mapping)
            : BrokerJson.Write(topic.Config, BrokerJson.Default.TopicConfig);
        return new ValueTask<RemotingCommand?>(response);
    }

    private static byte[] WithMapping(TopicConfig config, TopicQueueMapping mapping)
    {
        JsonObject body = JsonSerializer.SerializeToNode(config, BrokerJson.Default.TopicConfig)!.AsObject();
        body["mappingDetail"] = JsonSerializer.SerializeToNode(mapping, BrokerJson.Default.TopicQueueMapping);
        return Encoding.UTF8.GetBytes(body.ToJsonString());
    }
}
