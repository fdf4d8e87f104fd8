using RocketOps.Broker.Groups;
using RocketOps.Broker.Handlers.Topics;
using RocketOps.Broker.Roles;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Json;
using RocketOps.Protocol.Names;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Handlers.Groups;

/// <summary>
/// UPDATE_AND_GET_GROUP_FORBIDDEN (353): whether a group may read one topic; with <c>readable</c> it is changed first. As with Apache's broker neither needs to be there. Source: admin.md
/// §2.3, apache/rocketmq AdminBrokerProcessor.updateAndGetGroupForbidden.
/// </summary>
internal sealed class GroupForbiddenHandler(CurrentRole role, GroupTable groups) : AsyncRequestHandler
{
    public override async ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
    {
        string group = request.GetRequired("group");
        string topic = request.GetRequired("topic");
        if (request.Get("readable") is not null)
        {
            TopicAdminChecks.CheckMaster(role);
            if ((GroupNames.FindProblem(group) ?? TopicNames.FindProblem(topic)) is { } problem)
            {
                throw new RemotingCommandException(ResponseCode.InvalidParameter, problem);
            }

            await groups.SetReadableAsync(group, topic, request.GetBoolean("readable", fallback: true));
        }

        FastJsonWriter json = new();
        json.BeginObject().Field("group", group).Field("readable", groups.MayRead(group, topic)).Field("topic", topic).EndObject();
        RemotingCommand response = RemotingCommand.CreateResponse(request, ResponseCode.Success);
        response.Body = json.Written;
        return response;
    }
}
