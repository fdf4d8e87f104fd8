using System.Text;
using System.Text.Json;
using RocketOps.Embedded.Kubelet.Objects;
using RocketOps.Kubernetes.Dynamic;
using RocketOps.Kubernetes.Entities;

namespace RocketOps.Embedded.Kubelet.Containers;

/// <summary>Content of ConfigMaps and Secrets as bytes. The server's authority is in every namespace, as a cluster publishes it.</summary>
internal sealed class ConfigSources(ObjectCache configMaps, ObjectCache secrets, string? authorityPem)
{
    public Dictionary<string, byte[]> Read(KubernetesType kind, string ns, string name, bool optional)
    {
        bool isSecret = kind == Kinds.Secret;
        KubernetesObject? source = (isSecret ? secrets : configMaps).Find(ns, name);
        Dictionary<string, byte[]> result = new(StringComparer.Ordinal);
        if (source is null)
        {
            if (name == "kube-root-ca.crt" && !isSecret && authorityPem is not null)
            {
                return new(StringComparer.Ordinal) { ["ca.crt"] = Encoding.UTF8.GetBytes(authorityPem) };
            }

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
