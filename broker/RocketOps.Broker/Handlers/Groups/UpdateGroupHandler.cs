using RocketOps.Broker.Groups;
using RocketOps.Broker.Handlers.Topics;
using RocketOps.Broker.Json;
using RocketOps.Broker.Roles;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Handlers.Groups;

/// <summary>UPDATE_AND_CREATE_SUBSCRIPTIONGROUP (200).</summary>
internal sealed class UpdateGroupHandler(CurrentRole role, GroupTable groups) : AsyncRequestHandler
{
    public override async ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
    {
        TopicAdminChecks.CheckMaster(role);
        using HeldBytes held = BrokerJson.ReadBody(connection, request, GroupJson.Default.SubscriptionGroupConfig, out SubscriptionGroupConfig config);
        if (GroupChecks.FindProblem(config) is { } problem)
        {
            throw new RemotingCommandException(ResponseCode.InvalidParameter, problem);
        }

        groups.TryGet(config.Name, out GroupState? existing);
        await groups.CreateOrUpdateAsync(config with { Attributes = GroupAttributes.Apply(existing?.Config, config.Attributes) });
        return RemotingCommand.CreateResponse(request, ResponseCode.Success);
    }
}
