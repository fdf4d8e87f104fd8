using RocketOps.Broker.Configuration;
using RocketOps.Broker.Offsets;
using RocketOps.Broker.Pulling;
using RocketOps.Broker.Roles;
using RocketOps.Broker.StaticTopics;
using RocketOps.Broker.Topics;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Handlers.Topics;

/// <summary>DELETE_TOPIC_IN_BROKER (215): the topic, its queues and the offsets on it. A topic that is not there is success, as for RocketMQ.</summary>
internal sealed class DeleteTopicHandler(BrokerSettings settings, CurrentOptions<TopicTableOptions> options, CurrentRole role, TopicTable topics, TopicQueueMappingTable mappings, ConsumerOffsetTable offsets, ParkedPulls parked) : AsyncRequestHandler
{
    public override async ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
    {
        string name = request.GetRequired("topic");
        TopicAdminChecks.CheckMaster(role);
        TopicAdminChecks.CheckName(name, settings.Current, options.Value);
        // Not bound to the client's connection: half a deletion helps nobody.
        await topics.DeleteAsync(name, CleanUpAsync);
        await mappings.RemoveAsync(name);
        return RemotingCommand.CreateResponse(request, ResponseCode.Success);
    }

    /// <summary>Waiting pulls are told that their topic is gone, and whoever makes one of this name anew starts without offsets.</summary>
    private async Task CleanUpAsync(TopicState removed)
    {
        parked.Forget(removed.StoreTopic);
        offsets.RemoveTopic(removed.Name);
        await offsets.PersistAsync();
    }
}
