using RocketOps.Kubernetes;
using RocketOps.Kubernetes.Dynamic;

namespace RocketOps.Cli.Up;

/// <summary>What the table shows of one ConsumerGroup.</summary>
internal sealed record GroupView(string Key, string Cluster, string GroupName, bool IsReady, string Reason, string Message, int Members)
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
            group.Status.Int("members") ?? 0);
    }
}
