using RocketOps.Broker.Groups;
using RocketOps.Broker.Handlers.Topics;
using RocketOps.Broker.Offsets;
using RocketOps.Broker.Roles;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Handlers.Groups;

/// <summary>DELETE_SUBSCRIPTIONGROUP (207). 4.9 tools say <c>removeOffset</c>, 5.x tools <c>cleanOffset</c>.</summary>
internal sealed class DeleteGroupHandler(CurrentRole role, GroupTable groups, ConsumerOffsetTable offsets) : AsyncRequestHandler
{
    public override async ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
    {
        TopicAdminChecks.CheckMaster(role);
        string name = request.GetRequired("groupName");
        bool withOffsets = request.GetBoolean("cleanOffset", fallback: false) || request.GetBoolean("removeOffset", fallback: false);
        if (withOffsets)
        {
            // First: slaves that hear of the deletion ask for the offsets then.
            offsets.RemoveGroup(name);
            await offsets.PersistAsync();
        }

        await groups.DeleteAsync(name, withOffsets);

        return RemotingCommand.CreateResponse(request, ResponseCode.Success);
    }
}
