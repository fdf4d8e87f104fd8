using RocketOps.Broker.Configuration;
using RocketOps.Broker.Handlers.Topics;
using RocketOps.Broker.Json;
using RocketOps.Broker.Roles;
using RocketOps.Broker.StaticTopics;
using RocketOps.Broker.StaticTopics.Mappings;
using RocketOps.Broker.Topics;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Handlers.StaticTopics;

/// <summary>
/// UPDATE_AND_CREATE_STATIC_TOPIC (513): a topic and this broker's mapping of it. The mapping comes first, so that no client is told of the topic without it; a mapping that is
/// refused leaves the topic as it was. Source: admin.md §2.2.
/// </summary>
internal sealed class UpdateStaticTopicHandler(BrokerSettings settings, CurrentOptions<TopicTableOptions> options, CurrentRole role, TopicTable topics, TopicQueueMappingTable mappings) : AsyncRequestHandler
{
    public override async ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
    {
        string name = request.GetRequired("topic");
        TopicAdminChecks.CheckMaster(role);
        TopicAdminChecks.CheckName(name, settings.Current, options.Value);
        topics.TryGet(name, out TopicState? existing);
        TopicConfig config = TopicFields.Read(request, name) with { Attributes = existing?.Config.Attributes };
        TopicAdminChecks.CheckConfig(topics, config);
        using HeldBytes held = BrokerJson.ReadBody(connection, request, StaticTopicJson.Default.TopicQueueMapping, out TopicQueueMapping mapping);
        MappingRules.Check(mapping, name, settings.Current.BrokerName);
        await mappings.UpdateAsync(mapping with { LedQueues = [] }, request.GetBoolean("force", fallback: false));
        if (topics.TryGet(name, out existing) && existing.Config.SameAs(config))
        {
            // Name servers take a mapping with a new version of the topics only.
            await topics.TouchAsync();
        }
        else
        {
            await topics.CreateOrUpdateAsync(config);
        }

        return RemotingCommand.CreateResponse(request, ResponseCode.Success);
    }
}
