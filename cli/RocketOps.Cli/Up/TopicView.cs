using RocketOps.Kubernetes.Dynamic;
using RocketOps.Kubernetes.Entities;

namespace RocketOps.Cli.Up;

/// <summary>View of one Topic in the table.</summary>
internal sealed record TopicView(string Key, string Cluster, string TopicName, bool IsReady, string Reason, string Message, int ReadQueues, int WriteQueues)
{
    public static readonly KubernetesType<KubernetesObject> Kind = ResourceKind.Of("rocketops.io", "v1beta1", "Topic", "topics");

    public static TopicView Of(KubernetesObject topic)
    {
        ReadyCondition ready = ReadyCondition.Of(topic);
        return new TopicView(
            topic.Key().ToString(),
            new ObjectKey(topic.Spec.Field("clusterRef").Text("namespace") ?? topic.Namespace, topic.Spec.Field("clusterRef").Text("name") ?? "").ToString(),
            topic.Status.Text("topicName") ?? topic.Spec.Text("topicName") ?? topic.Name,
            ready.IsTrue,
            ready.Reason,
            ready.Message,
            topic.Status.Int("readQueues") ?? 0,
            topic.Status.Int("writeQueues") ?? 0);
    }
}
