using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Kubelet.Objects;
using RocketOps.Kubernetes.Dynamic;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Embedded.Kubelet.Controllers;

/// <summary>
/// Takes over objects that match a selector and have no controller: what <c>kubectl delete --cascade=orphan</c> left
/// behind belongs to the next owner of its kind, as in Kubernetes.
/// </summary>
internal static class Adoption
{
    /// <param name="owners">Objects of the owner's kind.</param>
    /// <param name="candidates">Objects of the kind the owner controls.</param>
    /// <param name="owner">The one that takes them.</param>
    /// <param name="selector">Its own: it decides.</param>
    /// <param name="isWanted">What else an object must be, as a name of the right form.</param>
    /// <param name="cancellation">Ends it.</param>
    public static async Task AdoptAsync(
        ObjectCache owners, ObjectCache candidates, KubernetesObject owner, LabelSelector? selector,
        Func<KubernetesObject, bool> isWanted, CancellationToken cancellation)
    {
        List<KubernetesObject> orphans =
        [
            .. candidates.List(owner.Namespace)
                .Where(item => !item.IsDeleting && item.ControllerOwner() is null && item.IsSelectedBy(selector) && isWanted(item)),
        ];

        // The caches of two kinds lag apart: an owner that is just leaving them behind would take them with it.
        if (orphans.Count == 0 || await owners.ReadAsync(owner, cancellation) is not { IsDeleting: false } live || live.Uid != owner.Uid)
        {
            return;
        }

        foreach (KubernetesObject orphan in orphans)
        {
            JsonArray references = orphan.Json.Field("metadata").Field("ownerReferences").ToNode() as JsonArray ?? [];
            references.Append(PodFactory.OwnerReference(owner));
            JsonObject metadata = new() { ["uid"] = orphan.Uid, ["resourceVersion"] = orphan.Metadata.ResourceVersion, ["ownerReferences"] = references };
            await candidates.TryPatchAsync(orphan, new JsonObject { ["metadata"] = metadata }, cancellation);
        }
    }
}
