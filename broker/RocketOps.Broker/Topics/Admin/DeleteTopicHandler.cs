using RocketOps.Broker.Configuration;
using RocketOps.Broker.Offsets;
using RocketOps.Broker.Pulling;
using RocketOps.Remoting.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Topics.Admin;

/// <summary>DELETE_TOPIC_IN_BROKER (215): the topic, its queues and the offsets on it. A topic that is not there is success, as for RocketMQ.</summary>
internal sealed class DeleteTopicHandler(BrokerSettings settings, TopicTable topics, ConsumerOffsetTable offsets, ParkedPulls parked) : AsyncRequestHandler
{
    public override async ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
    {
        string name = request.GetRequired("topic");
        TopicAdminChecks.CheckMaster(settings.Current);
        TopicAdminChecks.CheckName(name, settings.Current);
        if (topics.TryGet(name, out TopicState? topic))
        {
            // Not bound to the client's connection: half a deletion helps nobody.
            await topics.DeleteAsync(name, CancellationToken.None);
            offsets.RemoveTopic(name);
            await offsets.PersistAsync();
            parked.Forget(topic.StoreTopic);
        }

        return RemotingCommand.CreateResponse(request, ResponseCode.Success);
    }
}
