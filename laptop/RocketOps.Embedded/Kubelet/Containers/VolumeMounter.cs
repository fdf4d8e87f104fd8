using System.Text;
using System.Text.Json;
using RocketOps.Embedded.Kubelet.Objects;
using RocketOps.Embedded.Kubelet.Volumes;
using RocketOps.Hosting.Files;
using RocketOps.Kubernetes.Dynamic;
using RocketOps.Kubernetes.Entities;

namespace RocketOps.Embedded.Kubelet.Containers;

/// <summary>
/// Makes a pod's volumes into local folders and maps its containers' mount paths to them. Config files are written
/// anew at each start of a container, with mount paths in their text replaced as in arguments. A service account's token is the server's own: it knows one user.
/// </summary>
internal sealed class VolumeMounter(ConfigSources sources, ClaimFolders claims, string? token)
{
    public PathMap Mount(PodIdentity pod, JsonElement container)
    {
        Dictionary<string, string> folders = pod.Object.Spec.Items("volumes")
            .Select(volume => (Name: volume.Text("name") ?? "", Volume: volume))
            .DistinctBy(volume => volume.Name).ToDictionary(volume => volume.Name, volume => FolderOf(pod, volume.Volume, volume.Name), StringComparer.Ordinal);

        PathMap map = new();
        foreach (JsonElement mount in container.Items("volumeMounts"))
        {
            string name = mount.Text("name") ?? "";
            if (!folders.TryGetValue(name, out string? folder))
            {
                throw ContainerConfigException.Unsupported($"volumeMounts names volume {name}, which the pod does not have.");
            }

            string? subPath = mount.Text("subPath");
            map.Add(mount.Text("mountPath") ?? "", string.IsNullOrEmpty(subPath) ? folder : Below(folder, subPath));
        }

        foreach (JsonElement volume in pod.Object.Spec.Items("volumes"))
        {
            foreach (JsonElement source in volume.Field("projected").Items("sources").Prepend(volume))
            {
                WriteSource(pod, source, folders[volume.Text("name") ?? ""], map);
            }
        }

        return map;
    }

    private string FolderOf(PodIdentity pod, JsonElement volume, string name)
    {
        if (volume.Field("persistentVolumeClaim").Text("claimName") is { } claim)
        {
            return claims.Find(pod.Object.Namespace, claim)
                ?? throw ContainerConfigException.Volume($"persistentvolumeclaim \"{claim}\" is not bound");
        }

        if (volume.Field("hostPath").Text("path") is { } hostPath)
        {
            return hostPath;
        }

        bool isKnown = volume.Has("emptyDir") || volume.Has("configMap") || volume.Has("secret") || volume.Has("downwardAPI") || volume.Has("projected");
        if (!isKnown)
        {
            throw ContainerConfigException.Unsupported(
                $"volume {name}: only configMap, secret, emptyDir, persistentVolumeClaim, downwardAPI, projected and hostPath volumes exist here.");
        }

        string folder = Path.Combine(pod.Folder, "volumes", name);
        Directory.CreateDirectory(folder);
        return folder;
    }

    private void WriteSource(PodIdentity pod, JsonElement source, string folder, PathMap map)
    {
        if (token is not null && source.Field("serviceAccountToken").Text("path") is { } tokenPath)
        {
            WriteFile(folder, tokenPath, Encoding.UTF8.GetBytes(token), isSecret: true);
        }

        if (source.Has("configMap"))
        {
            JsonElement config = source.Field("configMap");
            WriteKeys(pod, Kinds.ConfigMap, config, config.Text("name") ?? "", folder, map);
        }

        if (source.Has("secret"))
        {
            // As a volume the field is secretName, in a projection it is name.
            JsonElement secret = source.Field("secret");
            WriteKeys(pod, Kinds.Secret, secret, secret.Text("secretName") ?? secret.Text("name") ?? "", folder, map: null);
        }

        foreach (JsonElement item in source.Field("downwardAPI").Items("items"))
        {
            string value = item.Field("fieldRef").Text("fieldPath") is { } path ? DownwardApi.Field(pod, path) : "";
            WriteFile(folder, item.Text("path") ?? "", Encoding.UTF8.GetBytes(value), isSecret: false);
        }
    }

    private void WriteKeys(PodIdentity pod, KubernetesType kind, JsonElement source, string name, string folder, PathMap? map)
    {
        Dictionary<string, byte[]> content = sources.Read(kind, pod.Object.Namespace, name, source.Flag("optional") == true);
        IEnumerable<(string Key, string Path)> files = source.Has("items")
            ? source.Items("items").Select(item => (item.Text("key") ?? "", item.Text("path") ?? item.Text("key") ?? ""))
            : content.Keys.Select(key => (key, key));
        foreach ((string key, string path) in files)
        {
            if (!content.TryGetValue(key, out byte[]? bytes))
            {
                throw ContainerConfigException.Config($"{kind.Kind} {name} has no key {key}");
            }

            WriteFile(folder, path, Rewritten(bytes, map), map is null);
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
