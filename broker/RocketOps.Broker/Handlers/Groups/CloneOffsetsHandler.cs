using RocketOps.Broker.Clients;
using RocketOps.Broker.Groups;
using RocketOps.Broker.Handlers.Topics;
using RocketOps.Broker.Offsets;
using RocketOps.Broker.Roles;
using RocketOps.Broker.Topics;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Handlers.Groups;

/// <summary>
/// CLONE_GROUP_OFFSET (314): a group begins where another one is, on one topic or, without a name, on all the other has offsets on (with RocketMQ nothing is copied then). Of
/// a group that is online only topics it subscribes to are copied, unless <c>offline</c>. The destination must exist: every name would be an entry in a file. Of a static topic each broker copies what is kept beside
/// its queues; one that has nothing of the other group forgets the destination's, which would go before what is copied of older stretches. Source: admin.md §2.5.
/// </summary>
internal sealed class CloneOffsetsHandler(CurrentRole role, TopicTable topics, GroupTable groups, ConsumerTable consumers, ConsumerOffsetTable offsets) : AsyncRequestHandler
{
    public override ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
    {
        TopicAdminChecks.CheckMaster(role);
        string source = request.GetRequired("srcGroup");
        string destination = request.GetRequired("destGroup");
        bool offline = request.GetBoolean("offline", fallback: false);
        if (!groups.TryGet(destination, out _))
        {
            throw new RemotingCommandException(ResponseCode.SubscriptionGroupNotExist, $"Group {destination} not exist!");
        }

        foreach (string topic in request.Get("topic") is { } one && !string.IsNullOrWhiteSpace(one) ? [one] : offsets.TopicsOf(source))
        {
            if (!topics.TryGet(topic, out TopicState? state) || (!offline && consumers.TryGet(source, out OnlineGroup? online) && !online.TryGetSubscription(topic, out _)))
            {
                continue;
            }

            if (!offsets.TryClone(topic, source, destination) && state.Mapping is not null)
            {
                offsets.RemoveQueues(topic, destination);
            }
        }

        return new ValueTask<RemotingCommand?>(RemotingCommand.CreateResponse(request, ResponseCode.Success));
    }
}
