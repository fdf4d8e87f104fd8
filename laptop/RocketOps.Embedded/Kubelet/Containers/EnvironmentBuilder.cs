using System.Text;
using RocketOps.Embedded.Kubelet.Objects;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Embedded.Kubelet.Containers;

/// <summary>Environment of a container from env and envFrom, in order, with <c>$(NAME)</c> expanded.</summary>
internal sealed class EnvironmentBuilder(ConfigSources sources)
{
    public Dictionary<string, string> Build(PodIdentity pod, Container container, IReadOnlyDictionary<string, string> given)
    {
        Dictionary<string, string> result = new(given, StringComparer.Ordinal);
        foreach (EnvFromSource source in container.EnvFrom ?? [])
        {
            AddAll(pod.Object.Namespace, source, result);
        }

        foreach (EnvVar variable in container.Env ?? [])
        {
            if (Value(pod, container, variable, result) is { } value)
            {
                result[variable.Name] = value;
            }
        }

        return result;
    }

    private void AddAll(string ns, EnvFromSource source, Dictionary<string, string> result)
    {
        (KubernetesType kind, string? from, bool? optional) = source.ConfigMapRef is { } map
            ? (Kinds.ConfigMap, map.Name, map.Optional)
            : (Kinds.Secret, source.SecretRef?.Name, source.SecretRef?.Optional);
        foreach ((string name, byte[] bytes) in sources.Read(kind, ns, from ?? "", optional == true))
        {
            result[source.Prefix + name] = Encoding.UTF8.GetString(bytes);
        }
    }

    private string? Value(PodIdentity pod, Container container, EnvVar variable, Dictionary<string, string> known)
    {
        if (variable.ValueFrom is not { } from)
        {
            return VariableExpansion.Expand(variable.Value ?? "", known);
        }

        if (from.FieldRef is { } field)
        {
            return DownwardApi.Field(pod, field.FieldPath);
        }

        if (from.ResourceFieldRef is { } resource)
        {
            return DownwardApi.Resource(container, resource);
        }

        (KubernetesType kind, string name, string key, bool optional) = from.ConfigMapKeyRef is { } map
            ? (Kinds.ConfigMap, map.Name, map.Key, map.Optional == true)
            : (Kinds.Secret, from.SecretKeyRef?.Name ?? "", from.SecretKeyRef?.Key ?? "", from.SecretKeyRef?.Optional == true);
        if (sources.Read(kind, pod.Object.Namespace, name, optional).TryGetValue(key, out byte[]? bytes))
        {
            return Encoding.UTF8.GetString(bytes);
        }

        return optional ? null : throw ContainerConfigException.Config($"couldn't find key {key} in {kind.Kind} {pod.Object.Namespace}/{name}");
    }
}
