using System.Globalization;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Context;
using RocketOps.Operator.Clusters.Leadership;
using RocketOps.Operator.Clusters.LiveConfig;
using RocketOps.Operator.Clusters.Pods;
using RocketOps.Operator.Entities;

namespace RocketOps.Operator.Clusters.Children;

/// <summary>
/// The configuration file of one broker, without what a running one takes (<see cref="LiveConfigMap"/>). Paths and addresses are not in it: they come by the container's environment, which takes
/// precedence over the file, so that the same file serves wherever the member runs.
/// </summary>
internal static class BrokerConfigFile
{
    /// <summary>RocketMQ 5's default of 1 would have SYNC_MASTER wait for nobody.</summary>
    private const int FewestCopies = 2;

    private const string LeaseDuration = "leaseDurationMillis";

    /// <summary>They have to fit each other: whoever sets one of them has chosen all.</summary>
    private static readonly IReadOnlyList<string> LeaseTimes = [LeaseDuration, "leaseRenewMillis", "leaseMarginMillis"];

    public static string Render(ClusterContext context, string group, int ordinal)
    {
        Dictionary<string, string> properties = new Dictionary<string, string>(LiveKeys.NotIn(context.Spec.Brokers.Config), StringComparer.Ordinal)
        {
            ["brokerClusterName"] = context.Names.Cluster,
            ["brokerName"] = group,
            ["namesrvAddr"] = context.Names.NameServerRegistrationAddress,
            ["listenPort"] = Ports.Broker.ToString(CultureInfo.InvariantCulture),

            // All members of a group have log files of the same length, whatever their nodes' disks are.
            ["storeVolumeBytes"] = VolumeBytes(context.StoreSizeOf(group)),
            ["httpPort"] = Ports.Http.ToString(CultureInfo.InvariantCulture),
        };
        if (context.IsAutomatic)
        {
            AddElected(context, group, ordinal, properties);
        }
        else
        {
            AddFixed(context, group, ordinal, properties);
        }

        return PropertiesFile.Render(properties);
    }

    private static void AddFixed(ClusterContext context, string group, int ordinal, Dictionary<string, string> properties)
    {
        MemberRank rank = context.Roles.RankOf(group, ordinal);
        properties["brokerId"] = rank.BrokerId.ToString(CultureInfo.InvariantCulture);
        properties["brokerRole"] = Role(rank.Role, context.Spec.Replication.Mode);
        if (context.Spec.Replication is { Mode: ReplicationMode.Sync } sync)
        {
            // On slaves too: one of them may be the next master.
            properties["inSyncReplicas"] = Math.Max(FewestCopies, sync.MinInSync).ToString(CultureInfo.InvariantCulture);
            properties["minInSyncReplicas"] = sync.MinInSync.ToString(CultureInfo.InvariantCulture);
        }
    }

    /// <summary>Nothing of who leads: that is for the members to find out.</summary>
    private static void AddElected(ClusterContext context, string group, int ordinal, Dictionary<string, string> properties)
    {
        properties["failover"] = nameof(FailoverMode.Automatic);
        properties["memberName"] = ClusterNames.Member(group, ordinal);
        properties["groupMembers"] = string.Join(',', Enumerable.Range(0, context.ListedOf(group)).Select(member => $"{ClusterNames.Member(group, member)}@{AddressOf(context, group, member)}"));
        properties["leaseStore"] = $"kubernetes:{context.Names.Namespace}/{group}";
        properties["kubernetesCredentials"] = PodParts.CredentialsDirectory;
        if (context.GroupLease is { } lease && !LeaseTimes.Any(properties.ContainsKey))
        {
            properties[LeaseDuration] = lease.TotalMilliseconds.ToString(CultureInfo.InvariantCulture);
        }

        properties["replicationMode"] = context.Spec.Replication.Mode.ToString();
        properties["minInSyncReplicas"] = context.Spec.Replication.MinInSync.ToString(CultureInfo.InvariantCulture);
        if (context.Spec.Replication is { Mode: ReplicationMode.Async, ApiOutage: ApiOutageMode.Serve })
        {
            // Not otherwise, where it means nothing: brokers of earlier versions do not know it, and each change of the file is a restart.
            properties["apiOutage"] = nameof(ApiOutageMode.Serve);
        }

        if (context.UsesServiceAddresses)
        {
            properties["brokerIP1"] = context.MemberAddress(group, ordinal)!;
            properties["masterIP1"] = context.MasterAddress(group)!;
            properties["masterSlice"] = ClusterNames.GroupMaster(group);
        }
    }

    /// <summary>Returns the address at which other members reach one.</summary>
    private static string AddressOf(ClusterContext context, string group, int ordinal)
    {
        string host = context.UsesServiceAddresses ? context.MemberAddress(group, ordinal)! : $"{ClusterNames.Member(group, ordinal)}.{ClusterNames.GroupHeadless(group)}.{context.Names.Namespace}.svc";
        return string.Create(CultureInfo.InvariantCulture, $"{(host.Contains(':', StringComparison.Ordinal) ? $"[{host}]" : host)}:{Ports.Broker}");
    }

    private static string VolumeBytes(Quantity size) => ((long)Math.Min(size.Value, long.MaxValue)).ToString(CultureInfo.InvariantCulture);

    private static string Role(BrokerMemberRole role, ReplicationMode mode) =>
        role == BrokerMemberRole.Slave ? "SLAVE" : mode == ReplicationMode.Sync ? "SYNC_MASTER" : "ASYNC_MASTER";
}
