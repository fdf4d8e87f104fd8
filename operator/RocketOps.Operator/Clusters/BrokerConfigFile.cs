using System.Globalization;
using RocketOps.Operator.Clusters.Groups;
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
        MemberRank rank = context.Leadership.RankOf(group, ordinal);
        Dictionary<string, string> properties = new Dictionary<string, string>(context.Spec.Brokers.Config ?? [], StringComparer.Ordinal)
        {
            ["brokerClusterName"] = context.Names.Cluster,
            ["brokerName"] = group,
            ["brokerId"] = rank.BrokerId.ToString(CultureInfo.InvariantCulture),
            ["brokerRole"] = Role(rank.Role),
            ["namesrvAddr"] = context.Names.NameServerRegistrationAddress,
            ["listenPort"] = Ports.Broker.ToString(CultureInfo.InvariantCulture),

            // All members of a group have log files of the same length, whatever their nodes' disks are.
            ["storeVolumeBytes"] = VolumeBytes(context.Spec.Brokers.Storage),
            ["httpPort"] = Ports.Http.ToString(CultureInfo.InvariantCulture),
        };
        return PropertiesFile.Render(properties);
    }

    private static string VolumeBytes(StorageSpec storage) => ((long)Math.Min(storage.Size.Value, long.MaxValue)).ToString(CultureInfo.InvariantCulture);

    // Never SYNC_MASTER: ClusterValidator refuses the mode that would need it.
    private static string Role(BrokerMemberRole role) => role == BrokerMemberRole.Slave ? "SLAVE" : "ASYNC_MASTER";
}
