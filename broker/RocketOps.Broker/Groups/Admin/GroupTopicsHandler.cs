using RocketOps.Broker.Hosting;
using RocketOps.Broker.Json;
using RocketOps.Broker.Offsets;
using RocketOps.Broker.Topics;
using RocketOps.Remoting.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Groups.Admin;

/// <summary>QUERY_TOPICS_BY_CONSUMER (343): the topics a group has an offset on. Source: admin.md §2.4.</summary>
internal sealed class GroupTopicsHandler(ConsumerOffsetTable offsets, BrokerAddress address) : AsyncRequestHandler
{
    public override ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
    {
        TopicListBody topics = new() { BrokerAddress = address.Text, Topics = [.. offsets.TopicsOf(request.GetRequired("group")).Order(StringComparer.Ordinal)] };
        RemotingCommand response = RemotingCommand.CreateResponse(request, ResponseCode.Success);
        response.Body = BrokerJson.Write(topics, BrokerJson.Default.TopicListBody);
        return new ValueTask<RemotingCommand?>(response);
    }
}
