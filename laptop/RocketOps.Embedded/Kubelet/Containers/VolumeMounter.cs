using System.Text;
using RocketOps.Embedded.Kubelet.Objects;
using RocketOps.Embedded.Kubelet.Volumes;
using RocketOps.Hosting.Files;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Embedded.Kubelet.Containers;

/// <summary>
/// Makes a pod's volumes into local folders and maps its containers' mount paths to them. Config files are written
/// anew at each start of a container, with mount paths in their text replaced as in arguments. A service account's token is the server's own: it knows one user.
/// </summary>
internal sealed class VolumeMounter(ConfigSources sources, ClaimFolders claims, string? token)
{
    public PathMap Mount(PodIdentity pod, Container container)
    {
        List<Volume> volumes = pod.Object.PodSpec().Volumes ?? [];
        Dictionary<string, string> folders = volumes
            .DistinctBy(volume => volume.Name).ToDictionary(volume => volume.Name, volume => FolderOf(pod, volume), StringComparer.Ordinal);

        PathMap map = new();
        foreach (VolumeMount mount in container.VolumeMounts ?? [])
        {
            if (!folders.TryGetValue(mount.Name, out string? folder))
            {
                throw ContainerConfigException.Unsupported($"volumeMounts names volume {mount.Name}, which the pod does not have.");
            }

            map.Add(mount.MountPath, string.IsNullOrEmpty(mount.SubPath) ? folder : Below(folder, mount.SubPath));
        }

        foreach (Volume volume in volumes)
        {
            foreach (VolumeProjection source in volume.Projected?.Sources ?? [AsProjection(volume)])
            {
                WriteSource(pod, source, folders[volume.Name], map);
            }
        }

        return map;
    }

    private static VolumeProjection AsProjection(Volume volume) => new()
    {
        ConfigMap = volume.ConfigMap is { } map ? new() { Name = map.Name, Items = map.Items, Optional = map.Optional } : null,
        Secret = volume.Secret is { } secret ? new() { Name = secret.SecretName, Items = secret.Items, Optional = secret.Optional } : null,
        DownwardAPI = volume.DownwardAPI is { } fields ? new() { Items = fields.Items } : null,
    };

    private string FolderOf(PodIdentity pod, Volume volume)
    {
        if (volume.PersistentVolumeClaim is { ClaimName: var claim })
        {
            return claims.Find(pod.Object.Namespace, claim)
                ?? throw ContainerConfigException.Volume($"persistentvolumeclaim \"{claim}\" is not bound");
        }

        if (volume.HostPath is { } host)
        {
            return host.Path;
        }

        if (volume is { EmptyDir: null, ConfigMap: null, Secret: null, DownwardAPI: null, Projected: null })
        {
            throw ContainerConfigException.Unsupported(
                $"volume {volume.Name}: "
                + "only configMap, secret, emptyDir, persistentVolumeClaim, downwardAPI, projected and hostPath volumes exist here.");
        }

        string folder = Path.Combine(pod.Folder, "volumes", volume.Name);
        Directory.CreateDirectory(folder);
        return folder;
    }

    private void WriteSource(PodIdentity pod, VolumeProjection source, string folder, PathMap map)
    {
        if (token is not null && source.ServiceAccountToken is { } own)
        {
            WriteFile(folder, own.Path, Encoding.UTF8.GetBytes(token), isSecret: true);
        }

        if (source.ConfigMap is { } config)
        {
            WriteKeys(pod, Kinds.ConfigMap, config, folder, map);
        }

        if (source.Secret is { } secret)
        {
            WriteKeys(pod, Kinds.Secret, new() { Name = secret.Name, Items = secret.Items, Optional = secret.Optional }, folder, map: null);
        }

        foreach (DownwardApiVolumeFile item in source.DownwardAPI?.Items ?? [])
        {
            string value = item.FieldRef is { } field ? DownwardApi.Field(pod, field.FieldPath) : "";
            WriteFile(folder, item.Path, Encoding.UTF8.GetBytes(value), isSecret: false);
        }
    }

    private void WriteKeys(PodIdentity pod, KubernetesType kind, ConfigMapProjection source, string folder, PathMap? map)
    {
        Dictionary<string, byte[]> content = sources.Read(kind, pod.Object.Namespace, source.Name, source.Optional == true);
        IEnumerable<KeyToPath> files = source.Items ?? content.Keys.Select(static key => new KeyToPath { Key = key, Path = key });
        foreach (KeyToPath file in files)
        {
            if (!content.TryGetValue(file.Key, out byte[]? bytes))
            {
                throw ContainerConfigException.Config($"{kind.Kind} {source.Name} has no key {file.Key}");
            }

            WriteFile(folder, file.Path, Rewritten(bytes, map), map is null);
        }
    }

    private static byte[] Rewritten(byte[] bytes, PathMap? map) =>
        map is null || !System.Text.Unicode.Utf8.IsValid(bytes) ? bytes : Encoding.UTF8.GetBytes(map.Rewrite(Encoding.UTF8.GetString(bytes)));

    private static void WriteFile(string folder, string path, byte[] bytes, bool isSecret)
    {
        string file = Below(folder, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        WholeFile.Write(file, bytes, isSecret);
    }

    /// <summary>A path below a folder; a spec that points outside of it is refused.</summary>
    private static string Below(string folder, string path)
    {
        string root = Path.GetFullPath(folder);
        string full = Path.GetFullPath(Path.Combine(root, path));
        return full.StartsWith(root + Path.DirectorySeparatorChar, StringComparison.Ordinal)
            ? full
            : throw ContainerConfigException.Unsupported($"Path {path} leaves its volume.");
    }
}
