using RocketOps.Broker.Groups;
using RocketOps.Broker.Handlers.Topics;
using RocketOps.Broker.Json;
using RocketOps.Broker.Roles;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Handlers.Groups;

/// <summary>UPDATE_AND_CREATE_SUBSCRIPTIONGROUP_LIST (225): all are checked before the first is made.</summary>
internal sealed class UpdateGroupListHandler(CurrentRole role, GroupTable groups) : AsyncRequestHandler
{
    public override async ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
    {
        TopicAdminChecks.CheckMaster(role);
        using HeldBytes held = BrokerJson.ReadBody(connection, request, GroupJson.Default.GroupConfigList, out GroupConfigList wanted);
        List<SubscriptionGroupConfig> changed = [];
        foreach (SubscriptionGroupConfig config in wanted.Groups ?? [])
        {
            if (GroupChecks.FindProblem(config) is { } problem)
            {
                throw new RemotingCommandException(ResponseCode.InvalidParameter, problem);
            }

            groups.TryGet(config.Name, out GroupState? existing);
            changed.Add(config with { Attributes = GroupAttributes.Apply(existing?.Config, config.Attributes) });
        }

        foreach (SubscriptionGroupConfig config in changed)
        {
            await groups.CreateOrUpdateAsync(config);
        }

        return RemotingCommand.CreateResponse(request, ResponseCode.Success);
    }
}
