using RocketOps.Broker.Clients;
using RocketOps.Broker.Json;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Handlers.Failover;

/// <summary>GET_GROUP_CONSUMERS (71006, ours): the members of all consumer groups, for a member of this group that may lead next; nothing when they are as it knows them.</summary>
internal sealed class GroupConsumersHandler(ConsumerTable consumers, AwaitedConsumers awaited) : HeavyRequestHandler(atOnce: 1)
{
    protected override ValueTask<RemotingCommand?> BuildAsync(RemotingCommand request, HeavyAnswer answer, CancellationToken cancellationToken)
    {
        // Before they are looked up: what changes meanwhile is asked for again.
        string version = $"{consumers.Version}/{awaited.Version}";
        RemotingCommand response = RemotingCommand.CreateResponse(request, ResponseCode.Success).Set("version", version);
        if (request.Get("version") != version)
        {
            Dictionary<string, string[]> groups = new(awaited.Groups, StringComparer.Ordinal);
            foreach (OnlineGroup group in consumers.All)
            {
                groups[group.Name] = [.. group.ClientIds.Union(groups.GetValueOrDefault(group.Name, []), StringComparer.Ordinal)];
            }

            AnswerBody body = new(answer);
            BrokerJson.Write(body, new GroupMembersBody { Groups = groups }, ClientJson.Default.GroupMembersBody);
            response.Body = body.Written;
        }

        return new ValueTask<RemotingCommand?>(response);
    }
}
