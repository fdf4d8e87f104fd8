using System.Buffers;
using RocketOps.Broker.Json;
using RocketOps.Broker.StaticTopics;
using RocketOps.Broker.Topics;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Handlers.Topics;

/// <summary>GET_TOPIC_CONFIG (351); with <c>lo=true</c> and a static topic also its mapping, which has all stretches of all its queues. Source: admin.md §2.2.</summary>
internal sealed class GetTopicHandler(TopicTable topics) : HeavyRequestHandler(atOnce: 1)
{
    protected override ValueTask<RemotingCommand?> BuildAsync(RemotingCommand request, HeavyAnswer answer, CancellationToken cancellationToken)
    {
        string name = request.GetRequired("topic");
        if (!topics.TryGet(name, out TopicState? topic))
        {
            throw new RemotingCommandException(ResponseCode.TopicNotExist, $"No topic in this broker. topic: {name}");
        }

        AnswerBody body = new(answer);
        if (topic.Mapping is { } mapping && request.GetBoolean(PhysicalRequests.LogicalField, fallback: false))
        {
            byte[] config = BrokerJson.Write(topic.Config, TopicJson.Default.TopicConfig);
            answer.Add(config.Length);
            body.Write(config.AsSpan(0, config.Length - 1));
            body.Write(",\"mappingDetail\":"u8);
            BrokerJson.Write(body, mapping, StaticTopicJson.Default.TopicQueueMapping);
            body.Write("}"u8);
        }
        else
        {
            BrokerJson.Write(body, topic.Config, TopicJson.Default.TopicConfig);
        }

        RemotingCommand response = RemotingCommand.CreateResponse(request, ResponseCode.Success);
        response.Body = body.Written;
        return new ValueTask<RemotingCommand?>(response);
    }
}
