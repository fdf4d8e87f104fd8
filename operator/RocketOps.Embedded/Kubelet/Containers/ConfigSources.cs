using System.Text;
using RocketOps.Embedded.Kubelet.Objects;

namespace RocketOps.Embedded.Kubelet.Containers;

/// <summary>Content of ConfigMaps and Secrets as bytes.</summary>
internal sealed class ConfigSources(ObjectCache configMaps, ObjectCache secrets)
{
    public Dictionary<string, byte[]> Read(ResourceKind kind, string ns, string name, bool optional)
    {
        bool isSecret = kind == ResourceKind.Secret;
        KubeObject? source = (isSecret ? secrets : configMaps).Find(ns, name);
        Dictionary<string, byte[]> result = new(StringComparer.Ordinal);
        if (source is null)
        {
            // Worded as the kubelet words it.
            return optional ? result : throw ContainerConfigException.Config($"{(isSecret ? "secret" : "configmap")} \"{name}\" not found");
        }

        foreach (System.Text.Json.JsonProperty entry in source.Json.Entries("data"))
        {
            result[entry.Name] = isSecret ? entry.Value.GetBytesFromBase64() : Encoding.UTF8.GetBytes(entry.Value.GetString() ?? "");
        }

        foreach (System.Text.Json.JsonProperty entry in source.Json.Entries("binaryData"))
        {
            result[entry.Name] = entry.Value.GetBytesFromBase64();
        }

        return result;
    }
}
