using RocketOps.Broker.Clients;
using RocketOps.Broker.Json;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Handlers.Clients;

/// <summary>
/// GET_CONSUMER_LIST_BY_GROUP (38): the client ids among which a group's members share the queues. Whose group was one too many to be made learns it here: it asks before it pulls, and all of Java's clients log the
/// answer; those before 5.x do not log that of a heartbeat. All members ask for it all the time: only those of large groups take turns.
/// </summary>
/// <param name="consumers">The groups.</param>
/// <param name="groups">Knows which groups were one too many.</param>
/// <param name="awaited">Knows who has yet to come since this broker leads; null where nobody is elected.</param>
/// <param name="few">The most members that take no turn.</param>
internal sealed class ConsumerListHandler(ConsumerTable consumers, GroupMaker groups, AwaitedConsumers? awaited = null, int few = ConsumerListHandler.Few) : HeavyRequestHandler(atOnce: 1, onlyLarge: true)
{
    /// <summary>Their ids have some tens of kilobytes, a megabyte at most.</summary>
    public const int Few = 1000;

    /// <summary>A member while the list is made, without the id, which is the member's.</summary>
    private const int MemberBytes = 64;

    protected override async ValueTask<RemotingCommand?> BuildAsync(RemotingCommand request, HeavyAnswer answer, CancellationToken cancellationToken)
    {
        string name = request.GetRequired("consumerGroup");
        OnlineGroup? group = consumers.TryGet(name, out OnlineGroup? found) ? found : null;
        int members = (group?.MemberCount ?? 0) + (awaited?.CountOf(name) ?? 0);
        if (members > few && !await answer.TakeTurnAsync(cancellationToken))
        {
            return null;
        }

        answer.Add((long)members * MemberBytes);
        string[] ids = group?.ClientIds ?? [];
        ids = awaited?.With(name, ids) ?? ids;
        if (ids.Length == 0)
        {
            string none = $"no consumer for this group, {name}";
            throw new RemotingCommandException(ResponseCode.SystemError, groups.FindRemark(answer.Connection, name) is { } why ? $"{none}: {why}" : none);
        }

        AnswerBody body = new(answer);
        BrokerJson.Write(body, new ConsumerListBody { ClientIds = ids }, ClientJson.Default.ConsumerListBody);
        RemotingCommand response = RemotingCommand.CreateResponse(request, ResponseCode.Success);
        response.Body = body.Written;
        return response;
    }
}
