using RocketOps.Kubernetes.Entities;
using RocketOps.Operator.Clusters;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Masters;
using RocketOps.Protocol.Names;

namespace RocketOps.Operator.Topics;

/// <summary>
/// Counts the topics on a cluster's masters that no Topic object speaks of, by what the masters said in the round of its Topics: nobody is asked for it. So of a cluster without Topics nothing is known. Thread-safe.
/// </summary>
internal sealed class UnmanagedTopics(MasterIndex<Topic> topics, MasterRounds<TopicSettings> rounds)
{
    /// <returns>For the next status; null when there are none. What the last one said while a master has not told.</returns>
    public UnmanagedTopicsStatus? Find(BrokerCluster cluster)
    {
        HashSet<string> managed = topics.Of(cluster).Where(topic => cluster.Admits(topic.Namespace())).Select(EffectiveName.Of).ToHashSet(StringComparer.Ordinal);
        if (managed.Count == 0)
        {
            return null;
        }

        if (rounds.Known(cluster) is not { } masters)
        {
            return cluster.Status?.UnmanagedTopics;
        }

        string name = new ClusterNames(cluster.Name(), cluster.Namespace()!).Cluster;
        HashSet<string> unmanaged = new(StringComparer.Ordinal);
        foreach (RoundMaster<TopicSettings> master in masters)
        {
            unmanaged.UnionWith(master.Table!.Names.Where(topic => !managed.Contains(topic) && !TopicNames.IsOfServers(topic, name, master.Broker)));
        }

        return unmanaged.Count == 0 ? null : new UnmanagedTopicsStatus { Count = unmanaged.Count, Names = [.. unmanaged.Order(StringComparer.Ordinal).Take(UnmanagedTopicsStatus.MaxNames)] };
    }
}
