using System.Text.Json;
using RocketOps.Embedded.Api.Store;
using RocketOps.Kubernetes.Dynamic;

namespace RocketOps.Embedded.Api.Collection;

/// <summary>An entry of metadata.ownerReferences.</summary>
internal sealed record OwnerReference(string Group, string Version, string Kind, string Name, string Uid, bool BlockOwnerDeletion)
{
    public static IEnumerable<OwnerReference> Of(StoredObject stored)
    {
        foreach (JsonElement owner in stored.Metadata.Items("ownerReferences"))
        {
            string apiVersion = owner.Text("apiVersion") ?? string.Empty;
            int slash = apiVersion.IndexOf('/', StringComparison.Ordinal);
            yield return new OwnerReference(
                slash < 0 ? string.Empty : apiVersion[..slash],
                apiVersion[(slash + 1)..],
                owner.Text("kind") ?? string.Empty,
                owner.Text("name") ?? string.Empty,
                owner.Text("uid") ?? string.Empty,
                owner.Flag("blockOwnerDeletion") == true);
        }
    }
}
