using System.Text.Json.Nodes;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Settings;

namespace RocketOps.Operator.Clusters;

/// <summary>Changes with whom an object goes.</summary>
internal static class Owners
{
    public static Task RemoveAsync<T>(IKubernetesClient client, T entity, string ownerUid, CancellationToken cancellationToken)
        where T : class, IKubernetesObject =>
        SetAsync(client, entity, (entity.Metadata.OwnerReferences ?? []).Where(owner => owner.Uid != ownerUid), cancellationToken);

    /// <summary>Adds an owner to those that the object has; the one that manages it stays the same.</summary>
    public static Task AddAsync<T>(IKubernetesClient client, T entity, IKubernetesObject owner, CancellationToken cancellationToken)
        where T : class, IKubernetesObject
    {
        OwnerReference added = new() { ApiVersion = owner.ApiVersion, Kind = owner.Kind, Name = owner.Name(), Uid = owner.Uid() };
        return SetAsync(client, entity, [.. entity.Metadata.OwnerReferences ?? [], added], cancellationToken);
    }

    /// <exception cref="KubernetesException">A conflict when the object has changed since it was read.</exception>
    private static async Task SetAsync<T>(IKubernetesClient client, T entity, IEnumerable<OwnerReference> owners, CancellationToken cancellationToken)
        where T : class, IKubernetesObject
    {
        JsonArray references = [];
        foreach (OwnerReference owner in owners)
        {
            JsonObject reference = new() { ["apiVersion"] = owner.ApiVersion, ["kind"] = owner.Kind, ["name"] = owner.Name, ["uid"] = owner.Uid };
            if (owner.Controller is { } controller)
            {
                reference["controller"] = controller;
            }

            if (owner.BlockOwnerDeletion is { } blocks)
            {
                reference["blockOwnerDeletion"] = blocks;
            }

            references.Add((JsonNode)reference);
        }

        JsonObject patch = new() { ["metadata"] = new JsonObject { ["resourceVersion"] = entity.Metadata.ResourceVersion, ["ownerReferences"] = references } };
        await client.PatchAsync<T>(entity.Name(), entity.Namespace(), KubernetesPatch.Merge(patch), new WriteOptions { FieldManager = FieldManager.Name }, cancellationToken);
    }
}
