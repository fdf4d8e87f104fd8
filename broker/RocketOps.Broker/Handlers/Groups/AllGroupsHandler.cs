using RocketOps.Broker.Groups;
using RocketOps.Broker.Json;
using RocketOps.Protocol.Bodies;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Handlers.Groups;

/// <summary>GET_ALL_SUBSCRIPTIONGROUP_CONFIG (201): all groups, or the page asked for, see <see cref="TablePage"/>.</summary>
internal sealed class AllGroupsHandler(GroupTable groups) : HeavyRequestHandler(atOnce: 1)
{
    private const string Sequence = "groupSeq";

    protected override ValueTask<RemotingCommand?> BuildAsync(RemotingCommand request, HeavyAnswer answer, CancellationToken cancellationToken)
    {
        // Read first: a change in between makes the next page begin anew.
        DataVersion version = groups.Version;
        answer.Add((long)groups.Count * TablePage.EntryBytes);
        GroupTableFile all = groups.Snapshot();
        Dictionary<string, SubscriptionGroupConfig> page = TablePage.Select(request, Sequence, "maxGroupNum", all.Groups!, version);
        RemotingCommand response = RemotingCommand.CreateResponse(request, ResponseCode.Success).Set("totalGroupNum", all.Groups!.Count);
        AnswerBody body = new(answer, $"ask for its pages ({Sequence})");
        BrokerJson.Write(body, new GroupTableFile { DataVersion = version, Forbidden = all.Forbidden, Groups = page }, GroupJson.Default.GroupTableFile);
        response.Body = body.Written;
        return new ValueTask<RemotingCommand?>(response);
    }
}
