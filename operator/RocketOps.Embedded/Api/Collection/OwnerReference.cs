using System.Text.Json;
using RocketOps.Embedded.Api.Store;

namespace RocketOps.Embedded.Api.Collection;

/// <summary>An entry of metadata.ownerReferences.</summary>
internal sealed record OwnerReference(string Group, string Version, string Kind, string Name, string Uid, bool BlockOwnerDeletion)
{
    public static IEnumerable<OwnerReference> Of(StoredObject stored)
    {
        if (!stored.TryGetMetadata("ownerReferences", out JsonElement owners) || owners.ValueKind is not JsonValueKind.Array)
        {
            yield break;
        }

        foreach (JsonElement owner in owners.EnumerateArray())
        {
            string apiVersion = Text(owner, "apiVersion");
            int slash = apiVersion.IndexOf('/', StringComparison.Ordinal);
            yield return new OwnerReference(
                slash < 0 ? string.Empty : apiVersion[..slash],
                apiVersion[(slash + 1)..],
                Text(owner, "kind"),
                Text(owner, "name"),
                Text(owner, "uid"),
                owner.TryGetProperty("blockOwnerDeletion", out JsonElement block) && block.ValueKind is JsonValueKind.True);
        }
    }

    private static string Text(JsonElement owner, string name) =>
        owner.TryGetProperty(name, out JsonElement value) && value.ValueKind is JsonValueKind.String ? value.GetString()! : string.Empty;
}
