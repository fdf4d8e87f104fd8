using System.Text.Json.Nodes;

namespace RocketOps.Kubernetes.Client;

/// <summary>A patch and its kind.</summary>
public sealed class KubernetesPatch
{
    private KubernetesPatch(string contentType, JsonNode body, bool repeatable)
    {
        ContentType = contentType;
        Body = body;
        Repeatable = repeatable;
    }

    public string ContentType { get; }

    public JsonNode Body { get; }

    /// <summary>True when doing it twice is the same as doing it once.</summary>
    internal bool Repeatable { get; }

    /// <summary>
    /// Objects merge, null deletes, lists are replaced whole. With <c>metadata.resourceVersion</c> inside it is a compare-and-swap.
    /// </summary>
    public static KubernetesPatch Merge(JsonObject body) => new(KubernetesMediaTypes.MergePatch, body, repeatable: !IsCompareAndSwap(body));

    /// <summary>Ordered operations (RFC 6902). Not repeated after an ambiguous failure: removing index 0 twice removes two.</summary>
    public static KubernetesPatch Json(JsonArray operations) => new(KubernetesMediaTypes.JsonPatch, operations, repeatable: false);

    /// <summary>The second attempt of a compare-and-swap would fail because of the first.</summary>
    private static bool IsCompareAndSwap(JsonObject body) => body["metadata"] is JsonObject metadata && metadata["resourceVersion"] is not null;
}
