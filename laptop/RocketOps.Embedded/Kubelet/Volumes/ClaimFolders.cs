using RocketOps.Embedded.Kubelet.Objects;
using RocketOps.Kubernetes.Dynamic;

namespace RocketOps.Embedded.Kubelet.Volumes;

/// <summary>
/// Local folders behind PersistentVolumeClaims. Named after the claim's uid, like the volumes of a provisioner, so that
/// a claim made anew under an old name never finds old data.
/// </summary>
internal sealed class ClaimFolders(string folder, ObjectCache claims)
{
    public static string VolumeName(KubernetesObject claim) => $"pvc-{claim.Uid}";

    /// <summary>Folder of a bound claim, or null.</summary>
    public string? Find(string ns, string name) =>
        claims.Find(ns, name) is { } claim && claim.IsBound() ? Create(claim) : null;

    public string Create(KubernetesObject claim) => Directory.CreateDirectory(PathOf(claim)).FullName;

    public void Delete(KubernetesObject claim)
    {
        if (Directory.Exists(PathOf(claim)))
        {
            Directory.Delete(PathOf(claim), recursive: true);
        }
    }

    public string PathOf(KubernetesObject claim) => Path.Combine(folder, VolumeName(claim));
}
