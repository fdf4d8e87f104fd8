using RocketOps.Broker.Json;
using RocketOps.Remoting.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Topics.Admin;

/// <summary>GET_TOPIC_CONFIG (351).</summary>
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
        response.Body = BrokerJson.Write(topic.Config, BrokerJson.Default.TopicConfig);
        return new ValueTask<RemotingCommand?>(response);
    }
}
