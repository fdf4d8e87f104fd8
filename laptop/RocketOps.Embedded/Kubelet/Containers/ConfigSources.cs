using System.Text;
using System.Text.Json;
using RocketOps.Embedded.Kubelet.Objects;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Embedded.Kubelet.Containers;

/// <summary>Content of ConfigMaps and Secrets as bytes. The server's authority is in every namespace, as a cluster publishes it.</summary>
internal sealed class ConfigSources(ObjectCache configMaps, ObjectCache secrets, string? authorityPem)
{
    public Dictionary<string, byte[]> Read(KubernetesType kind, string ns, string name, bool optional)
    {
        bool isSecret = kind == Kinds.Secret;
        if ((isSecret ? secrets : configMaps).Find(ns, name) is not { } source)
        {
            if (name == "kube-root-ca.crt" && !isSecret && authorityPem is not null)
            {
                return new() { ["ca.crt"] = Encoding.UTF8.GetBytes(authorityPem) };
            }

            // Worded as the kubelet words it.
            return optional ? [] : throw ContainerConfigException.Config($"{(isSecret ? "secret" : "configmap")} \"{name}\" not found");
        }

        if (isSecret)
        {
            return source.Json.Deserialize(KubernetesJsonContext.Default.Secret)!.Data ?? [];
        }

        ConfigMap map = source.Json.Deserialize(KubernetesJsonContext.Default.ConfigMap)!;
        Dictionary<string, byte[]> result = map.BinaryData ?? [];
        foreach ((string key, string text) in map.Data ?? [])
        {
            result.TryAdd(key, Encoding.UTF8.GetBytes(text));
        }

        return result;
    }
}
