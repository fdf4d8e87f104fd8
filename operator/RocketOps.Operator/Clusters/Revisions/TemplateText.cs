using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using RocketOps.Kubernetes.Apply;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Operator.Clusters.Revisions;

/// <summary>A pod template as one text per meaning, to be kept in an annotation and compared.</summary>
internal static class TemplateText
{
    private static readonly JsonTypeInfo<PodTemplateSpec> Json = (JsonTypeInfo<PodTemplateSpec>)KubernetesJsonContext.Default.GetTypeInfo(typeof(PodTemplateSpec))!;

    public static string Write(PodTemplateSpec template) => Encoding.UTF8.GetString(CanonicalJson.Serialize(JsonSerializer.SerializeToNode(template, Json)));

    /// <returns>Null for a text that is no template: somebody has changed it.</returns>
    public static PodTemplateSpec? Read(string text)
    {
        try
        {
            return JsonSerializer.Deserialize(text, Json);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Short enough to stand for the text.</summary>
    public static string Hash(string text) => ContentHash.Of([new("template", text)]);
}
