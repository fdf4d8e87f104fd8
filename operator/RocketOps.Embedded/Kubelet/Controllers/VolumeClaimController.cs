using System.Text.Json.Nodes;
using RocketOps.Embedded.Kubelet.Events;
using RocketOps.Embedded.Kubelet.Objects;
using RocketOps.Embedded.Kubelet.Volumes;

namespace RocketOps.Embedded.Kubelet.Controllers;

/// <summary>
/// Binds claims to local folders at once, grows them on paper, and deletes the folder when the claim is gone. A claim
/// in use is kept by the finalizer kubernetes.io/pvc-protection, which is released here when no pod uses it.
/// </summary>
internal sealed class VolumeClaimController(ClusterClient client, ObjectCache claims, ObjectCache pods, ClaimFolders folders, EventRecorder events)
{
    private const string Protection = "kubernetes.io/pvc-protection";

    public async Task<TimeSpan?> ReconcileAsync(string key, CancellationToken cancellation)
    {
        if (claims.Find(key) is not { } claim)
        {
            return null;
        }

        if (claim.IsDeleting)
        {
            await ReleaseAsync(claim, cancellation);
            return null;
        }

        folders.Create(claim);
        bool isNew = claim.Status.Text("phase") != "Bound";
        if (claim.Spec.Text("volumeName") is null)
        {
            claim = await client.PatchAsync(
                ResourceKind.VolumeClaim,
                claim.Namespace,
                claim.Name,
                null,
                new JsonObject { ["spec"] = new JsonObject { ["volumeName"] = ClaimFolders.VolumeName(claim) } },
                cancellation);
            claims.Observe(claim);
        }

        await StatusWriter.WriteAsync(
            client,
            claims,
            claim,
            new JsonObject
            {
                ["phase"] = "Bound",
                ["accessModes"] = JsonArray.Create(claim.Spec.Field("accessModes")),

                // The size is recorded, not enforced: the folder shares the disk with everything else.
                ["capacity"] = new JsonObject { ["storage"] = claim.Spec.Field("resources").Field("requests").Text("storage") ?? "0" },
            },
            cancellation);
        if (isNew)
        {
            events.Normal(ResourceKind.VolumeClaim, claim, "ProvisioningSucceeded", $"Bound to local folder {folders.PathOf(claim)}");
        }

        return null;
    }

    private async Task ReleaseAsync(KubeObject claim, CancellationToken cancellation)
    {
        JsonArray kept = new();
        bool isProtected = false;
        foreach (System.Text.Json.JsonElement finalizer in claim.Metadata.Items("finalizers"))
        {
            if (finalizer.GetString() == Protection)
            {
                isProtected = true;
            }
            else
            {
                kept.Add((JsonNode)finalizer.GetString()!);
            }
        }

        if (!isProtected || pods.All().Any(pod => Uses(pod, claim)))
        {
            return;
        }

        try
        {
            await client.PatchAsync(
                ResourceKind.VolumeClaim,
                claim.Namespace,
                claim.Name,
                null,
                new JsonObject { ["metadata"] = new JsonObject { ["finalizers"] = kept, ["resourceVersion"] = claim.ResourceVersion } },
                cancellation);
        }
        catch (ClusterApiException refused) when (refused.IsConflict || refused.IsNotFound)
        {
            // A newer version is on its way to the cache, or it is gone.
        }
    }

    private static bool Uses(KubeObject pod, KubeObject claim)
    {
        if (pod.Namespace != claim.Namespace)
        {
            return false;
        }

        foreach (System.Text.Json.JsonElement volume in pod.Spec.Items("volumes"))
        {
            if (volume.Field("persistentVolumeClaim").Text("claimName") == claim.Name)
            {
                return true;
            }
        }

        return false;
    }
}
