using RocketOps.Broker.Configuration;
using RocketOps.Broker.Persistence;
using RocketOps.Broker.Topics;
using RocketOps.Hosting.Properties;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Handlers.Admin;

/// <summary>
/// UPDATE_BROKER_CONFIG (25): live keys take effect at once and are written back to the configuration file. What cannot take effect is refused in words, where RocketMQ
/// answers success and does nothing. Source: admin.md §2.7.
/// </summary>
internal sealed class UpdateConfigHandler(BrokerSettings settings, TopicTable topics, SettingsFile file) : AsyncRequestHandler
{
    public override async ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
    {
        List<PropertyProblem> problems = [];
        IReadOnlyList<PropertyEntry> entries = JavaPropertiesParser.Parse(request.Body.Span, "request", problems);
        BrokerOptions before = settings.Current;
        string[] forbidden = [.. before.Values.Get(BrokerOptions.Keys.ConfigBlackList).Split(';'), "brokerConfigPath", "rocketmqHome", "configBlackList"];
        if (entries.FirstOrDefault(entry => forbidden.Contains(entry.Key, StringComparer.Ordinal)) is { Key: { } key })
        {
            throw new RemotingCommandException(ResponseCode.NoPermission, $"Can not update config in black list: {key}");
        }

        PropertyEntry nameServers = entries.LastOrDefault(static entry => entry.Key == BrokerOptions.Keys.NamesrvAddr.Name);
        if (nameServers.Key is not null && string.IsNullOrWhiteSpace(nameServers.Value) && before.NameServers.Length > 0)
        {
            problems.Add(new PropertyProblem(nameServers.Origin, nameServers.Key, "without name servers no client finds this broker; name at least one"));
        }

        if (problems.Count == 0)
        {
            problems.AddRange(settings.TryUpdate(entries));
        }

        if (problems.Count > 0)
        {
            throw new RemotingCommandException(ResponseCode.InvalidParameter, string.Join("; ", problems.Select(static problem => problem.Text)));
        }

        await file.SaveAsync(settings.Current.Values, entries);
        if (settings.Current.Permission != before.Permission)
        {
            await topics.TouchAsync();
        }

        return RemotingCommand.CreateResponse(request, ResponseCode.Success);
    }
}
