using RocketOps.Broker.Json;
using RocketOps.Remoting.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Topics.Admin;

/// <summary>
/// GET_ALL_TOPIC_CONFIG (21). 5.3.4 asks in pages; an answer with everything and the total ends its loop at once, which admin.md §2.2 allows.
/// </summary>
internal sealed class AllTopicsHandler(TopicTable topics) : AsyncRequestHandler
{
    public override ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
    {
        SortedDictionary<string, TopicConfig> snapshot = topics.Snapshot();
        RemotingCommand response = RemotingCommand.CreateResponse(request, ResponseCode.Success).Set("totalTopicNum", snapshot.Count);
        response.Body = BrokerJson.Write(new AllTopicsBody { DataVersion = topics.Version, Topics = snapshot }, BrokerJson.Default.AllTopicsBody);
        return new ValueTask<RemotingCommand?>(response);
    }
}
