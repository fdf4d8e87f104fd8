using RocketOps.Kubernetes.Dynamic;
using RocketOps.Kubernetes.Entities;

namespace RocketOps.Cli.Up;

/// <summary>View of one ConsumerGroup in the table.</summary>
/// <param name="Key">Namespace and name.</param>
/// <param name="Cluster">Namespace and name of its cluster.</param>
/// <param name="GroupName">What brokers call it.</param>
/// <param name="IsReady">Its condition.</param>
/// <param name="Reason">Of the condition.</param>
/// <param name="Message">Of the condition.</param>
/// <param name="Members">Consumers that are online.</param>
/// <param name="Lag">Messages that wait for it; null when no master has told.</param>
internal sealed record GroupView(string Key, string Cluster, string GroupName, bool IsReady, string Reason, string Message, int Members, long? Lag)
{
    public static readonly KubernetesType<KubernetesObject> Kind = ResourceKind.Of("rocketops.io", "v1beta1", "ConsumerGroup", "consumergroups");

    public static GroupView Of(KubernetesObject group)
    {
        ReadyCondition ready = ReadyCondition.Of(group);
        return new GroupView(
            group.Key().ToString(),
            new ObjectKey(group.Spec.Field("clusterRef").Text("namespace") ?? group.Namespace, group.Spec.Field("clusterRef").Text("name") ?? "").ToString(),
            group.Status.Text("groupName") ?? group.Spec.Text("groupName") ?? group.Name,
            ready.IsTrue,
            ready.Reason,
            ready.Message,
            group.Status.Int("members") ?? 0,
            group.Status.Number("lag"));
    }
}
