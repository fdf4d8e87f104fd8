using RocketOps.Broker.Configuration;
using RocketOps.Broker.Json;
using RocketOps.Broker.Roles;
using RocketOps.Broker.Topics;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Handlers.Topics;

/// <summary>UPDATE_AND_CREATE_TOPIC_LIST (18): all are checked before the first is made.</summary>
internal sealed class UpdateTopicListHandler(BrokerSettings settings, CurrentOptions<TopicTableOptions> options, CurrentRole role, TopicTable topics) : AsyncRequestHandler
{
    public override async ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
    {
        TopicAdminChecks.CheckMaster(role);
        using HeldBytes held = BrokerJson.ReadBody(connection, request, TopicJson.Default.TopicConfigList, out TopicConfigList body);
        List<TopicConfig> wanted = [];
        foreach (TopicConfig config in body.Topics ?? [])
        {
            TopicAdminChecks.CheckName(config.Name, settings.Current, options.Value);
            TopicAdminChecks.CheckSettings(config);
            topics.TryGet(config.Name, out TopicState? existing);
            wanted.Add(config with { Attributes = TopicAttributes.Apply(existing?.Config, config.Attributes) });
            TopicAdminChecks.CheckQueueType(topics, wanted[^1]);
        }

        // Together, so that thousands of topics share a few writes of the file instead of having one each.
        await Task.WhenAll(wanted.Select(topics.CreateOrUpdateAsync));

        return RemotingCommand.CreateResponse(request, ResponseCode.Success);
    }
}
