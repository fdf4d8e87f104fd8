using System.Text.Json;
using System.Text.Json.Nodes;
using RocketOps.Kubernetes.Entities;

namespace RocketOps.Kubernetes.Client;

/// <summary>Body of a server-side apply: the intent, without anything only the server sets.</summary>
internal static class ApplyBody
{
    private static readonly string[] ServerSetMetadata =
        ["uid", "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "managedFields", "generateName"];

    public static JsonObject ForObject<T>(T entity, KubernetesType<T> type, ApplyOptions options)
        where T : class, IKubernetesObject
    {
        JsonObject body = Serialize(entity, type);
        body.Remove("status");
        JsonObject metadata = StripMetadata(entity, body, options);
        PruneEmpty(metadata, "labels");
        PruneEmpty(metadata, "annotations");
        PruneEmpty(metadata, "ownerReferences");
        PruneEmpty(metadata, "finalizers");
        return body;
    }

    public static JsonObject ForStatus<T>(T entity, KubernetesType<T> type, ApplyOptions options)
        where T : class, IKubernetesObject
    {
        JsonObject body = Serialize(entity, type);
        foreach (string key in body.Select(p => p.Key).Where(k => k is not ("apiVersion" or "kind" or "metadata" or "status")).ToList())
        {
            body.Remove(key);
        }

        JsonObject metadata = StripMetadata(entity, body, options);

        // Labels, owners and the like are not part of a status.
        foreach (string key in metadata.Select(p => p.Key).Where(k => k is not ("name" or "namespace" or "uid" or "resourceVersion")).ToList())
        {
            metadata.Remove(key);
        }

        return body;
    }

    private static JsonObject Serialize<T>(T entity, KubernetesType<T> type)
        where T : class, IKubernetesObject
    {
        JsonObject body = JsonSerializer.SerializeToNode(entity, type.Json)!.AsObject();
        body["apiVersion"] = type.ApiVersion;
        body["kind"] = type.Kind;
        return body;
    }

    private static JsonObject StripMetadata(IKubernetesObject entity, JsonObject body, ApplyOptions options)
    {
        JsonObject metadata = body["metadata"]!.AsObject();
        foreach (string key in ServerSetMetadata)
        {
            metadata.Remove(key);
        }

        if (options.OnlyIfSameObject && entity.Metadata.Uid is { } uid)
        {
            metadata["uid"] = uid;
        }

        if (options.OnlyIfUnchanged && entity.Metadata.ResourceVersion is { } version)
        {
            metadata["resourceVersion"] = version;
        }

        return metadata;
    }

    /// <summary>An empty map or list would be owned as such.</summary>
    private static void PruneEmpty(JsonObject metadata, string key)
    {
        if (metadata[key] is JsonObject { Count: 0 } or JsonArray { Count: 0 })
        {
            metadata.Remove(key);
        }
    }
}
