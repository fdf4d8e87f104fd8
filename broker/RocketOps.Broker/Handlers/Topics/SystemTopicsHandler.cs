using RocketOps.Broker.Configuration;
using RocketOps.Broker.Json;
using RocketOps.Broker.Topics;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Names;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Handlers.Topics;

/// <summary>GET_SYSTEM_TOPIC_LIST_FROM_BROKER (305).</summary>
internal sealed class SystemTopicsHandler(BrokerSettings settings, CurrentOptions<TopicTableOptions> topicOptions, TopicTable topics) : AsyncRequestHandler
{
    public override ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
    {
        BrokerOptions options = settings.Current;
        string[] own = [options.ClusterName, options.BrokerName, TopicNames.ReplyTopicOf(options.ClusterName), topicOptions.Value.TraceTopicName];
        RemotingCommand response = RemotingCommand.CreateResponse(request, ResponseCode.Success);
        response.Body = BrokerJson.Write(
            new TopicListBody { Topics = [.. topics.All.Select(static topic => topic.Name).Where(name => TopicNames.IsSystem(name) || own.Contains(name, StringComparer.Ordinal)).Order(StringComparer.Ordinal)] },
            TopicJson.Default.TopicListBody);
        return new ValueTask<RemotingCommand?>(response);
    }
}
