using RocketOps.Broker.Configuration;
using RocketOps.Broker.Json;
using RocketOps.Remoting.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Topics.Admin;

/// <summary>UPDATE_AND_CREATE_TOPIC_LIST (18): all are checked before the first is made.</summary>
internal sealed class UpdateTopicListHandler(BrokerSettings settings, TopicTable topics) : AsyncRequestHandler
{
    public override async ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
    {
        TopicAdminChecks.CheckMaster(settings.Current);
        List<TopicConfig> wanted = BrokerJson.ReadBody(request, BrokerJson.Default.TopicConfigList).Topics ?? [];
        foreach (TopicConfig config in wanted)
        {
            TopicAdminChecks.CheckName(config.Name, settings.Current);
            TopicAdminChecks.CheckSettings(config);
        }

        foreach (TopicConfig config in wanted)
        {
            await topics.CreateOrUpdateAsync(config);
        }

        return RemotingCommand.CreateResponse(request, ResponseCode.Success);
    }
}
