using RocketOps.Broker.Clients;
using RocketOps.Broker.Json;
using RocketOps.Broker.Offsets;
using RocketOps.Remoting.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Groups.Admin;

/// <summary>QUERY_TOPIC_CONSUME_BY_WHO (300): groups that subscribe to a topic or have an offset on it.</summary>
internal sealed class TopicConsumersHandler(ConsumerTable consumers, ConsumerOffsetTable offsets) : HeavyRequestHandler(atOnce: 1)
{
    protected override ValueTask<RemotingCommand?> BuildAsync(RemotingCommand request, HeavyAnswer answer, CancellationToken cancellationToken)
    {
        string topic = request.GetRequired("topic");
        SortedSet<string> names = new(offsets.GroupsOf(topic), StringComparer.Ordinal);
        names.UnionWith(consumers.All.Where(group => group.TryGetSubscription(topic, out _)).Select(static group => group.Name));
        AnswerBody body = new(answer);
        BrokerJson.Write(body, new GroupListBody { Groups = [.. names] }, BrokerJson.Default.GroupListBody);
        RemotingCommand response = RemotingCommand.CreateResponse(request, ResponseCode.Success);
        response.Body = body.Written;
        return new ValueTask<RemotingCommand?>(response);
    }
}
