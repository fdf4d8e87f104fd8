using System.Text.Json.Nodes;
using RocketOps.Embedded.Kubelet.Objects;

namespace RocketOps.Embedded.Kubelet.Controllers;

/// <summary>
/// Takes over objects that match a selector and have no controller: what <c>kubectl delete --cascade=orphan</c> left
/// behind belongs to the next owner of its kind, as in Kubernetes.
/// </summary>
internal static class Adoption
{
    /// <param name="client">Writes the owner reference.</param>
    /// <param name="candidates">Objects of the kind the owner controls.</param>
    /// <param name="ownerKind">The owner's kind.</param>
    /// <param name="owner">Its <c>spec.selector</c> decides.</param>
    /// <param name="isWanted">What else an object must be, as a name of the right form.</param>
    /// <param name="cancellation">Ends it.</param>
    public static async Task AdoptAsync(
        ClusterClient client, ObjectCache candidates, ResourceKind ownerKind, KubeObject owner, Func<KubeObject, bool> isWanted, CancellationToken cancellation)
    {
        foreach (KubeObject orphan in candidates.All())
        {
            if (orphan.Namespace == owner.Namespace
                && !orphan.IsDeleting
                && !orphan.Controller.Exists()
                && LabelSelector.Matches(owner.Spec.Field("selector"), orphan)
                && isWanted(orphan))
            {
                await AdoptAsync(client, candidates, ownerKind, owner, orphan, cancellation);
            }
        }
    }

    private static async Task AdoptAsync(
        ClusterClient client, ObjectCache candidates, ResourceKind ownerKind, KubeObject owner, KubeObject orphan, CancellationToken cancellation)
    {
        JsonArray references = new([.. orphan.Metadata.Items("ownerReferences").Select(reference => (JsonNode?)JsonObject.Create(reference))]);
        references.Add((JsonNode)PodFactory.OwnerReference(ownerKind, owner));
        JsonObject metadata = new() { ["uid"] = orphan.Uid, ["resourceVersion"] = orphan.ResourceVersion, ["ownerReferences"] = references };
        try
        {
            candidates.Observe(await client.PatchAsync(
                candidates.Kind, orphan.Namespace, orphan.Name, null, new JsonObject { ["metadata"] = metadata }, cancellation));
        }
        catch (ClusterApiException changed) when (changed.IsConflict || changed.IsNotFound)
        {
            // Somebody was faster; the object's event brings the owner back.
        }
    }
}
