using System.Globalization;
using System.Text;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Json;
using RocketOps.Broker.Roles;
using RocketOps.Election.Members;
using RocketOps.Hosting.Properties;
using RocketOps.Protocol.Bodies;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Handlers.Admin;

/// <summary>GET_BROKER_CONFIG (26): every key in force, as lines. Values found at start (names, addresses, ports) and the role are those in use. Source: admin.md §2.7.</summary>
internal sealed class GetConfigHandler(BrokerSettings settings, CurrentRole role, BrokerAddress address, Func<int> replicationPort) : AsyncRequestHandler
{
    public override ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
    {
        BrokerOptions options = settings.Current;
        SortedDictionary<string, string> values = new(StringComparer.Ordinal);
        foreach ((string name, string value) in options.Values.Enumerate())
        {
            values[name] = value;
        }

        values[BrokerOptions.Keys.BrokerName.Name] = options.BrokerName;
        RoleTerm term = role.Term;
        values[BrokerOptions.Keys.BrokerId.Name] = term.BrokerId.ToString(CultureInfo.InvariantCulture);
        values[BrokerOptions.Keys.Role.Name] = !term.IsMaster ? "SLAVE" : (options.Group?.Options.Mode is { } mode ? mode == ReplicationMode.Sync : options.Role == BrokerRole.SyncMaster) ? "SYNC_MASTER" : "ASYNC_MASTER";
        values[BrokerOptions.Keys.BrokerIP1.Name] = options.BrokerIP1;
        values[BrokerOptions.Keys.BrokerIP2.Name] = options.BrokerIP2;
        values[BrokerOptions.Keys.ListenPort.Name] = address.Port.ToString(CultureInfo.InvariantCulture);
        values[BrokerOptions.Keys.HaListenPort.Name] = replicationPort().ToString(CultureInfo.InvariantCulture);
        values[BrokerOptions.Keys.StorePathRootDir.Name] = options.StoreRoot;
        values[BrokerOptions.Keys.StorePathCommitLog.Name] = options.CommitLogFolder;
        // mqadmin exportMetrics takes this for the number of processors.
        values["clientCallbackExecutorThreads"] = Environment.ProcessorCount.ToString(CultureInfo.InvariantCulture);
        // mqadmin exportConfigs takes these for granted; the 4.9 one ends with a NullPointerException where one is missing.
        values["filterServerNums"] = "0";
        values["useTLS"] = "false";
        RemotingCommand response = RemotingCommand.CreateResponse(request, ResponseCode.Success)
            .Set("version", Encoding.UTF8.GetString(BrokerJson.Write(new DataVersion(), BrokerJson.Default.DataVersion)));
        response.Body = Encoding.UTF8.GetBytes(JavaPropertiesWriter.Write(values));
        return new ValueTask<RemotingCommand?>(response);
    }
}
