using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Kubelet.Objects;
using RocketOps.Kubernetes.Dynamic;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Events;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Embedded.Kubelet.Volumes;

/// <summary>
/// Binds claims to local folders at once, grows them on paper, and deletes the folder when the claim is gone. A claim
/// in use is kept by the finalizer kubernetes.io/pvc-protection, which is released here when no pod uses it.
/// </summary>
internal sealed class VolumeClaimController(ObjectCache claims, ObjectCache pods, ClaimFolders folders, IEventRecorder events)
{
    private const string Protection = "kubernetes.io/pvc-protection";

    public async Task<TimeSpan?> ReconcileAsync(ObjectKey key, CancellationToken cancellation)
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
        bool isNew = !claim.IsBound();
        if (claim.ClaimSpec().VolumeName is null)
        {
            claim = await claims.PatchAsync(claim, new JsonObject { ["spec"] = new JsonObject { ["volumeName"] = ClaimFolders.VolumeName(claim) } }, cancellation);
        }

        Quantity? size = claim.ClaimSpec().Resources?.Requests?.GetValueOrDefault("storage");
        await claims.WriteStatusAsync(
            claim,
            new JsonObject
            {
                ["phase"] = "Bound",
                ["accessModes"] = claim.Spec.Field("accessModes").ToNode(),

                // The size is recorded, not enforced: the folder shares the disk with everything else.
                ["capacity"] = new JsonObject { ["storage"] = size?.ToString() ?? "0" },
            },
            cancellation);
        if (isNew)
        {
            events.Record(claim, EventType.Normal, "ProvisioningSucceeded", "Provision", $"Bound to local folder {folders.PathOf(claim)}");
        }

        return null;
    }

    private async Task ReleaseAsync(KubernetesObject claim, CancellationToken cancellation)
    {
        if (!claim.HasFinalizer(Protection) || pods.List(claim.Namespace).Any(pod => Uses(pod, claim)))
        {
            return;
        }

        JsonArray kept = JsonNodes.Array(claim.Metadata.Finalizers!.Where(finalizer => finalizer != Protection));
        JsonObject metadata = new() { ["finalizers"] = kept, ["resourceVersion"] = claim.Metadata.ResourceVersion };
        await claims.TryPatchAsync(claim, new JsonObject { ["metadata"] = metadata }, cancellation);
    }

    private static bool Uses(KubernetesObject pod, KubernetesObject claim) =>
        pod.PodSpec().Volumes?.Exists(volume => volume.PersistentVolumeClaim?.ClaimName == claim.Name) == true;
}
