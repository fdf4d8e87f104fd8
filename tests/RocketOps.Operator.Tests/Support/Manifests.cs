using System.Text.Json;
using System.Text.Json.Nodes;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Entities;

namespace RocketOps.Operator.Tests.Support;

/// <summary>Turns manifests into entities and children into manifests.</summary>
internal static class Manifests
{
    public static BrokerCluster Cluster(string yaml)
    {
        BrokerCluster cluster = Yaml.ReadAll(yaml).Single().Deserialize(OperatorJsonContext.Default.BrokerCluster)!;
        cluster.Metadata.Namespace ??= "default";
        cluster.Metadata.Uid ??= "00000000-0000-0000-0000-000000000001";
        cluster.Metadata.Generation ??= 1;
        return cluster;
    }

    public static string Write(IEnumerable<IKubernetesObject> objects) => string.Join("---\n", objects.Select(static entity => Yaml.Write(ToJson(entity))));

    private static JsonNode ToJson(IKubernetesObject entity) => JsonSerializer.SerializeToNode(entity, KubernetesJsonContext.Default.GetTypeInfo(entity.GetType())!)!;
}
