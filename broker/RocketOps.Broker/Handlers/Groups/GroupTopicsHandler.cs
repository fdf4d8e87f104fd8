using RocketOps.Broker.Configuration;
using RocketOps.Broker.Json;
using RocketOps.Broker.Offsets;
using RocketOps.Broker.Topics;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Handlers.Groups;

/// <summary>QUERY_TOPICS_BY_CONSUMER (343): the topics a group has an offset on. Source: admin.md §2.4.</summary>
internal sealed class GroupTopicsHandler(ConsumerOffsetTable offsets, BrokerAddress address) : HeavyRequestHandler(atOnce: 1)
{
    protected override ValueTask<RemotingCommand?> BuildAsync(RemotingCommand request, HeavyAnswer answer, CancellationToken cancellationToken)
    {
        TopicListBody topics = new() { BrokerAddress = address.Text, Topics = [.. offsets.TopicsOf(request.GetRequired("group")).Order(StringComparer.Ordinal)] };
        AnswerBody body = new(answer);
        BrokerJson.Write(body, topics, TopicJson.Default.TopicListBody);
        RemotingCommand response = RemotingCommand.CreateResponse(request, ResponseCode.Success);
        response.Body = body.Written;
        return new ValueTask<RemotingCommand?>(response);
    }
}
