using RocketOps.Kubernetes;
using RocketOps.Kubernetes.Informers;
using RocketOps.Operator.Entities;

namespace RocketOps.Operator.Topics;

/// <summary>Finds Topic objects in the cache by their cluster, or by the topic they mean, without looking at all of them. Thread-safe; the objects are shared.</summary>
internal sealed class TopicIndex
{
    private const string ByTopic = "topic";
    private const string ByCluster = "cluster";

    private readonly IInformer<Topic> _topics;

    public TopicIndex(IInformer<Topic> topics)
    {
        _topics = topics;
        topics.AddIndex(ByTopic, static topic => [Meaning(topic)]);
        topics.AddIndex(ByCluster, static topic => [Cluster(topic.Namespace(), topic.Spec.ClusterRef.Name)]);
    }

    /// <summary>All objects that mean the same topic of the same cluster, itself among them.</summary>
    public IReadOnlyList<Topic> SameTopic(Topic topic) => _topics.ByIndex(ByTopic, Meaning(topic));

    /// <summary>All objects of a cluster.</summary>
    public IReadOnlyList<Topic> Of(BrokerCluster cluster) => _topics.ByIndex(ByCluster, Cluster(cluster.Namespace(), cluster.Name()));

    private static string Meaning(Topic topic) => $"{Cluster(topic.Namespace(), topic.Spec.ClusterRef.Name)}/{TopicNames.Effective(topic)}";

    private static string Cluster(string? ns, string name) => $"{ns}/{name}";
}
