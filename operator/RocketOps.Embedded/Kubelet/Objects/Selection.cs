using System.Text.Json;
using RocketOps.Kubernetes.Dynamic;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Embedded.Kubelet.Objects;

/// <summary>Selectors of workloads (matchLabels and matchExpressions) and of Services (a plain map), as they stand in JSON.</summary>
internal static class Selection
{
    /// <summary>By a selector of StatefulSets, ReplicaSets, Deployments and budgets. An empty one matches everything.</summary>
    public static bool IsSelectedBy(this KubernetesObject item, JsonElement selector) =>
        !selector.Exists() || selector.Deserialize(KubernetesJsonContext.Default.LabelSelector)!.Matches(item.Metadata.Labels);

    /// <summary>Whether it has all labels of a map.</summary>
    public static bool HasLabels(this KubernetesObject item, JsonElement labels) =>
        !labels.Exists() || labels.EnumerateObject().All(label => item.Metadata.Labels?.GetValueOrDefault(label.Name) == label.Value.GetString());
}
