using RocketOps.Embedded.Kubelet.Objects;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Embedded.Kubelet.Containers;

/// <summary>Values of a pod's own fields, for env (fieldRef, resourceFieldRef) and downward volumes.</summary>
internal static class DownwardApi
{
    public static string Field(PodIdentity pod, string path) => path switch
    {
        "metadata.name" => pod.Object.Name,
        "metadata.namespace" => pod.Object.Namespace,
        "metadata.uid" => pod.Object.Uid,
        "metadata.labels" => All(pod.Object.Metadata.Labels),
        "metadata.annotations" => All(pod.Object.Metadata.Annotations),
        "spec.nodeName" => pod.NodeName,
        "spec.serviceAccountName" => pod.Object.PodSpec().ServiceAccountName ?? "default",
        "status.podIP" or "status.podIPs" => pod.Address,
        "status.hostIP" or "status.hostIPs" => pod.NodeAddress,
        _ when Key(path, "metadata.labels") is { } label => pod.Object.Label(label) ?? "",
        _ when Key(path, "metadata.annotations") is { } annotation => pod.Object.Annotation(annotation) ?? "",
        _ => throw ContainerConfigException.Unsupported($"fieldRef {path} is not a field of pods."),
    };

    /// <summary>limits.cpu and the like; without a limit the whole machine counts, as on any node.</summary>
    public static string Resource(Container container, ResourceFieldSelector reference)
    {
        string[] path = reference.Resource.Split('.', 2);
        ResourceRequirements? all = container.Resources;
        Dictionary<string, Quantity>? amounts = path[0] switch { "limits" => all?.Limits, "requests" => all?.Requests, _ => null };
        return amounts?.GetValueOrDefault(path[^1])?.ToString() ?? (path[^1].EndsWith("cpu", StringComparison.Ordinal)
            ? Environment.ProcessorCount.ToString()
            : GC.GetGCMemoryInfo().TotalAvailableMemoryBytes.ToString());
    }

    private static string? Key(string path, string field) =>
        path.StartsWith(field + "['", StringComparison.Ordinal) && path.EndsWith("']", StringComparison.Ordinal)
            ? path[(field.Length + 2)..^2]
            : null;

    private static string All(Dictionary<string, string>? entries) =>
        string.Join('\n', (entries ?? []).Select(entry => $"{entry.Key}=\"{entry.Value}\""));
}
