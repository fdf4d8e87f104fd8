using System.Text;
using System.Text.Json;
using RocketOps.Embedded.Kubelet.Objects;
using RocketOps.Kubernetes;
using RocketOps.Kubernetes.Dynamic;

namespace RocketOps.Embedded.Kubelet.Containers;

/// <summary>Content of ConfigMaps and Secrets as bytes.</summary>
internal sealed class ConfigSources(ObjectCache configMaps, ObjectCache secrets)
{
    public Dictionary<string, byte[]> Read(KubernetesType kind, string ns, string name, bool optional)
    {
        bool isSecret = kind == Kinds.Secret;
        KubernetesObject? source = (isSecret ? secrets : configMaps).Find(ns, name);
        Dictionary<string, byte[]> result = new(StringComparer.Ordinal);
        if (source is null)
        {
            // Worded as the kubelet words it.
            return optional ? result : throw ContainerConfigException.Config($"{(isSecret ? "secret" : "configmap")} \"{name}\" not found");
        }

        foreach (JsonProperty entry in source.Json.Entries("data"))
        {
            result[entry.Name] = isSecret ? entry.Value.GetBytesFromBase64() : Encoding.UTF8.GetBytes(entry.Value.GetString() ?? "");
        }

        foreach (JsonProperty entry in source.Json.Entries("binaryData"))
        {
            result[entry.Name] = entry.Value.GetBytesFromBase64();
        }

        return result;
    }
}
