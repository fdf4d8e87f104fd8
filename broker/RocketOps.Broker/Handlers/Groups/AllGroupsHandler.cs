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
        answer.Add((long)groups.Count * TablePage.EntryBytes);
        GroupTableFile all = groups.Tell();
        DataVersion version = all.DataVersion!;
        IReadOnlyDictionary<string, SubscriptionGroupConfig> page =
            TablePage.Select(request, Sequence, "maxGroupNum", all.Groups!, version);
        RemotingCommand response = RemotingCommand.CreateResponse(request, ResponseCode.Success).Set("totalGroupNum", all.Groups!.Count);
        AnswerBody body = new(answer, $"ask for its pages ({Sequence})");
        GroupTableFile content = new()
        {
            DataVersion = version,
            Forbidden = all.Forbidden,
            Deletions = TablePage.HasDeletions(request, Sequence, version) ? all.Deletions : null,
            Groups = new Dictionary<string, SubscriptionGroupConfig>(page),
        };
        BrokerJson.Write(body, content, GroupJson.Default.GroupTableFile);
        response.Body = body.Written;
        return new ValueTask<RemotingCommand?>(response);
    }
}
