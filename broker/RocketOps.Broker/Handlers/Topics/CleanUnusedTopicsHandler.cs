using RocketOps.Broker.Roles;
using RocketOps.Broker.Topics;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Names;
using RocketOps.Remoting.Connections;
using RocketOps.Store;
using RocketOps.Store.ConsumeQueues;

namespace RocketOps.Broker.Handlers.Topics;

/// <summary>
/// CLEAN_UNUSED_TOPIC (316): queues of topics that the broker does not have any more go; RocketMQ's own topics and light queues stay. Not on a slave, which may have messages of a topic
/// before it knows the topic. Source: admin.md §2.2.
/// </summary>
internal sealed class CleanUnusedTopicsHandler(CurrentRole role, TopicTable topics, MessageStore store) : AsyncRequestHandler
{
    public override async ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
    {
        TopicAdminChecks.CheckMaster(role);
        foreach (StoreTopic topic in store.Topics)
        {
            bool isKept = topics.TryGet(topic.Name, out _) || TopicNames.IsSystem(topic.Name) || TopicNames.IsLight(topic.Name);
            if (!isKept && store.GetQueueIds(topic).Count > 0)
            {
                await store.DeleteTopicAsync(topic, cancellationToken);
            }
        }

        return RemotingCommand.CreateResponse(request, ResponseCode.Success);
    }
}
