using System.Globalization;
using RocketOps.Operator.Entities;

namespace RocketOps.Operator.Clusters;

/// <summary>
/// The configuration file of one broker. Paths and addresses are not in it: they come by the container's environment, which takes
/// precedence over the file, so that the same file serves wherever the member runs.
/// </summary>
internal static class BrokerConfigFile
{
    public static string Render(ClusterContext context, string group, int ordinal)
    {
        var properties = new Dictionary<string, string>(context.Spec.Brokers.Config ?? [], StringComparer.Ordinal)
        {
            ["brokerClusterName"] = context.Names.Cluster,
            ["brokerName"] = group,
            ["brokerId"] = ordinal.ToString(CultureInfo.InvariantCulture),
            ["brokerRole"] = Role(context.Spec.Replication.Mode, ordinal),
            ["namesrvAddr"] = context.Names.NameServerRegistrationAddress,
            ["listenPort"] = Ports.Broker.ToString(CultureInfo.InvariantCulture),
            ["httpPort"] = Ports.Http.ToString(CultureInfo.InvariantCulture),
        };
        return PropertiesFile.Render(properties);
    }

    private static string Role(ReplicationMode mode, int ordinal) => (ordinal, mode) switch
    {
        ( > 0, _) => "SLAVE",
        (_, ReplicationMode.Sync) => "SYNC_MASTER",
        _ => "ASYNC_MASTER",
    };
}
