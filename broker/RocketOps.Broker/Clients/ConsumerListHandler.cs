using RocketOps.Broker.Json;
using RocketOps.Remoting.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Clients;

/// <summary>
/// GET_CONSUMER_LIST_BY_GROUP (38): the client ids among which a group's members share the queues. Whose group was one too many to be made learns it here: it asks before it pulls, and all of Java's clients log the
/// answer; those before 5.x do not log that of a heartbeat.
/// </summary>
internal sealed class ConsumerListHandler(ConsumerTable consumers, GroupMaker groups) : AsyncRequestHandler
{
    public override ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
    {
        string name = request.GetRequired("consumerGroup");
        string[] ids = consumers.TryGet(name, out ConsumerGroup? group)
            ? group.ClientIds
            : [];
        if (ids.Length == 0)
        {
            string none = $"no consumer for this group, {name}";
            throw new RemotingCommandException(ResponseCode.SystemError, groups.FindRemark(connection, name) is { } why ? $"{none}: {why}" : none);
        }

        RemotingCommand response = RemotingCommand.CreateResponse(request, ResponseCode.Success);
        response.Body = BrokerJson.Write(new ConsumerListBody { ClientIds = ids }, BrokerJson.Default.ConsumerListBody);
        return new ValueTask<RemotingCommand?>(response);
    }
}
