using RocketOps.Broker.Clients;
using RocketOps.Broker.Groups;
using RocketOps.Broker.Json;
using RocketOps.Broker.Offsets;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Handlers.Groups;

/// <summary>QUERY_TOPIC_CONSUME_BY_WHO (300): groups that subscribe to a topic or have an offset on it.</summary>
internal sealed class TopicConsumersHandler(ConsumerTable consumers, ConsumerOffsetTable offsets) : HeavyRequestHandler(atOnce: 1)
{
    protected override ValueTask<RemotingCommand?> BuildAsync(RemotingCommand request, HeavyAnswer answer, CancellationToken cancellationToken)
    {
        string topic = request.GetRequired("topic");
        SortedSet<string> names = new(offsets.GroupsOf(topic), StringComparer.Ordinal);
        names.UnionWith(consumers.All.Where(group => group.TryGetSubscription(topic, out _)).Select(static group => group.Name));
        AnswerBody body = new(answer);
        BrokerJson.Write(body, new GroupListBody { Groups = [.. names] }, GroupJson.Default.GroupListBody);
        RemotingCommand response = RemotingCommand.CreateResponse(request, ResponseCode.Success);
        response.Body = body.Written;
        return new ValueTask<RemotingCommand?>(response);
    }
}
