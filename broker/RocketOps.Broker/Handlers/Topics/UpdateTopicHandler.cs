using RocketOps.Broker.Configuration;
using RocketOps.Broker.Roles;
using RocketOps.Broker.Topics;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Handlers.Topics;

/// <summary>UPDATE_AND_CREATE_TOPIC (17).</summary>
internal sealed class UpdateTopicHandler(BrokerSettings settings, CurrentOptions<TopicTableOptions> options, CurrentRole role, TopicTable topics) : AsyncRequestHandler
{
    public override async ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
    {
        string name = request.GetRequired("topic");
        TopicAdminChecks.CheckMaster(role);
        TopicAdminChecks.CheckName(name, settings.Current, options.Value);
        topics.TryGet(name, out TopicState? existing);
        TopicConfig config = TopicFields.Read(request, name) with
        {
            Order = request.GetBoolean("order", fallback: false),
            Attributes = TopicAttributes.Apply(existing?.Config, request.Get("attributes")),
        };
        TopicAdminChecks.CheckConfig(topics, config);
        await topics.CreateOrUpdateAsync(config);
        return RemotingCommand.CreateResponse(request, ResponseCode.Success);
    }
}
