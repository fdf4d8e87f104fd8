using System.Text;
using System.Text.Json;
using RocketOps.Embedded.Kubelet.Objects;
using RocketOps.Kubernetes.Dynamic;
using RocketOps.Kubernetes.Entities;

namespace RocketOps.Embedded.Kubelet.Containers;

/// <summary>Environment of a container from env and envFrom, in order, with <c>$(NAME)</c> expanded.</summary>
internal sealed class EnvironmentBuilder(ConfigSources sources)
{
    public Dictionary<string, string> Build(PodIdentity pod, JsonElement container, IReadOnlyDictionary<string, string> given)
    {
        Dictionary<string, string> result = new(given, StringComparer.Ordinal);
        foreach (JsonElement source in container.Items("envFrom"))
        {
            AddAll(pod.Object.Namespace, source, result);
        }

        foreach (JsonElement variable in container.Items("env"))
        {
            if (Value(pod, container, variable, result) is { } value)
            {
                result[variable.Text("name") ?? ""] = value;
            }
        }

        return result;
    }

    private void AddAll(string ns, JsonElement source, Dictionary<string, string> result)
    {
        string prefix = source.Text("prefix") ?? "";
        (KubernetesType kind, JsonElement reference) = source.Has("configMapRef")
            ? (Kinds.ConfigMap, source.Field("configMapRef"))
            : (Kinds.Secret, source.Field("secretRef"));
        foreach ((string name, byte[] bytes) in sources.Read(kind, ns, reference.Text("name") ?? "", reference.Flag("optional") == true))
        {
            result[prefix + name] = Encoding.UTF8.GetString(bytes);
        }
    }

    private string? Value(PodIdentity pod, JsonElement container, JsonElement variable, Dictionary<string, string> known)
    {
        JsonElement from = variable.Field("valueFrom");
        if (!from.Exists())
        {
            return VariableExpansion.Expand(variable.Text("value") ?? "", known);
        }

        if (from.Field("fieldRef").Text("fieldPath") is { } path)
        {
            return DownwardApi.Field(pod, path);
        }

        if (from.Has("resourceFieldRef"))
        {
            return DownwardApi.Resource(container, from.Field("resourceFieldRef"));
        }

        (KubernetesType kind, JsonElement reference) = from.Has("configMapKeyRef")
            ? (Kinds.ConfigMap, from.Field("configMapKeyRef"))
            : (Kinds.Secret, from.Field("secretKeyRef"));
        bool optional = reference.Flag("optional") == true;
        string name = reference.Text("name") ?? "";
        string key = reference.Text("key") ?? "";
        if (sources.Read(kind, pod.Object.Namespace, name, optional).TryGetValue(key, out byte[]? bytes))
        {
            return Encoding.UTF8.GetString(bytes);
        }

        return optional ? null : throw ContainerConfigException.Config($"couldn't find key {key} in {kind.Kind} {pod.Object.Namespace}/{name}");
    }
}
