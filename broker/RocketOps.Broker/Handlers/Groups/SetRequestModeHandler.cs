using RocketOps.Broker.Clients;
using RocketOps.Broker.Groups;
using RocketOps.Broker.Handlers.Topics;
using RocketOps.Broker.Json;
using RocketOps.Broker.Roles;
using RocketOps.Broker.Topics;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Names;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Handlers.Groups;

/// <summary>
/// SET_MESSAGE_REQUEST_MODE (401): a group is to pull a topic. Mode POP is refused while this broker serves none: members that were told to pop would get nothing. Codes and texts of
/// Apache's 5.5.0. Source: admin.md §2.4, apache/rocketmq QueryAssignmentProcessor.setMessageRequestMode.
/// </summary>
internal sealed class SetRequestModeHandler(CurrentRole role, TopicTable topics, GroupMaker groups, RequestModeTable modes) : AsyncRequestHandler
{
    public override async ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
    {
        TopicAdminChecks.CheckMaster(role);
        using HeldBytes held = BrokerJson.ReadBody(connection, request, GroupJson.Default.RequestMode, out RequestMode mode);
        string topic = mode.Topic ?? throw new RemotingCommandException(ResponseCode.SystemError, "the body's field <topic> is null");
        string group = mode.ConsumerGroup ?? throw new RemotingCommandException(ResponseCode.SystemError, "the body's field <consumerGroup> is null");
        if (TopicNames.IsRetry(topic))
        {
            throw new RemotingCommandException(ResponseCode.NoPermission, "retry topic is not allowed to set mode");
        }

        topics.GetOrThrow(topic);
        if (await groups.GetOrMakeAsync(connection, group) is null)
        {
            throw new RemotingCommandException(ResponseCode.SubscriptionGroupNotExist, "subscription group does not exist");
        }

        if (!mode.IsPull)
        {
            throw new RemotingCommandException(ResponseCode.RequestCodeNotSupported, $"mode {mode.Mode} is not served by this broker, only {RequestMode.Pull} is");
        }

        await modes.SetAsync(topic, group, mode);
        return RemotingCommand.CreateResponse(request, ResponseCode.Success);
    }
}
