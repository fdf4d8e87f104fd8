using System.Text.Json;
using RocketOps.Kubernetes.Dynamic;
using RocketOps.Kubernetes.Entities;

namespace RocketOps.Embedded.Kubelet.Containers;

/// <summary>Values of a pod's own fields, for env (fieldRef, resourceFieldRef) and downward volumes.</summary>
internal static class DownwardApi
{
    public static string Field(PodIdentity pod, string path) => path switch
    {
        "metadata.name" => pod.Object.Name,
        "metadata.namespace" => pod.Object.Namespace,
        "metadata.uid" => pod.Object.Uid,
        "metadata.labels" => All(pod.Object, "labels"),
        "metadata.annotations" => All(pod.Object, "annotations"),
        "spec.nodeName" => pod.NodeName,
        "spec.serviceAccountName" => pod.Object.Spec.Text("serviceAccountName") ?? "default",
        "status.podIP" or "status.podIPs" => pod.Address,
        "status.hostIP" or "status.hostIPs" => pod.NodeAddress,
        _ when Key(path, "metadata.labels") is { } label => pod.Object.Label(label) ?? "",
        _ when Key(path, "metadata.annotations") is { } annotation => pod.Object.Annotation(annotation) ?? "",
        _ => throw ContainerConfigException.Unsupported($"fieldRef {path} is not a field of pods."),
    };

    /// <summary>limits.cpu and the like; without a limit the whole machine counts, as on any node.</summary>
    public static string Resource(JsonElement container, JsonElement reference)
    {
        string path = reference.Text("resource") ?? "";
        int dot = path.IndexOf('.', StringComparison.Ordinal);
        string? set = dot < 0 ? null : container.Field("resources").Field(path[..dot]).Text(path[(dot + 1)..]);
        return set ?? (path.EndsWith("cpu", StringComparison.Ordinal)
            ? Environment.ProcessorCount.ToString()
            : GC.GetGCMemoryInfo().TotalAvailableMemoryBytes.ToString());
    }

    private static string? Key(string path, string field) =>
        path.StartsWith(field + "['", StringComparison.Ordinal) && path.EndsWith("']", StringComparison.Ordinal)
            ? path[(field.Length + 2)..^2]
            : null;

    private static string All(KubernetesObject pod, string field)
    {
        IEnumerable<JsonProperty> entries = pod.Json.Field("metadata").Entries(field);
        return string.Join('\n', entries.Select(entry => $"{entry.Name}=\"{entry.Value.GetString()}\""));
    }
}
