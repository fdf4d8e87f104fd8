using System.Collections.Concurrent;
using System.Globalization;
using System.IO.Pipelines;

namespace RocketOps.Embedded.Kubelet.Logs;

/// <summary>
/// Logs of all containers below one folder: <c>NAMESPACE_POD_UID/CONTAINER/RESTART.log</c>, as kubelets lay them out. The
/// last two runs of a container are kept, so <c>logs --previous</c> works; a pod's folder goes with the pod.
/// </summary>
public sealed class PodLogStore(string folder, long maxFileBytes, TimeProvider time) : IPodLogSource
{
    private readonly ConcurrentDictionary<string, ContainerLog> _live = new(StringComparer.Ordinal);

    /// <summary>Folder name of a pod's logs. Neither namespaces nor names hold underscores.</summary>
    internal static string FolderOf(string ns, string name, string uid) => $"{ns}_{name}_{uid}";

    public async Task WriteLogAsync(PodLogRequest request, Stream destination, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        PipeWriter output = PipeWriter.Create(destination, new StreamPipeWriterOptions(leaveOpen: true));
        bool found = FindPod(request.Namespace, request.Pod) is { } pod
            && await CopyAsync(pod, request, output, cancellationToken);
        if (!found)
        {
            throw new PodLogUnavailableException(request.Previous
                ? $"previous terminated container \"{request.Container}\" in pod \"{request.Pod}\" not found"
                : $"container \"{request.Container}\" in pod \"{request.Pod}\" is waiting to start: it has written no log yet");
        }

        await output.CompleteAsync();
    }

    /// <summary>Begins the log of a run; the caller completes it when the container has ended.</summary>
    internal ContainerLog Begin(string pod, string container, int restart)
    {
        ContainerLog log = new(PathOf(pod, container, restart), maxFileBytes, time);
        string outdated = PathOf(pod, container, restart - 2);
        File.Delete(ContainerLog.RotatedPath(outdated));
        File.Delete(outdated);
        _live[KeyOf(pod, container)] = log;
        return log;
    }

    internal void Remove(string pod)
    {
        foreach (string key in _live.Keys.Where(key => key.StartsWith(pod + "/", StringComparison.Ordinal)))
        {
            _live.TryRemove(key, out _);
        }

        string path = Path.Combine(folder, pod);
        if (Directory.Exists(path))
        {
            Directory.Delete(path, recursive: true);
        }
    }

    /// <summary>Copies the log of the latest run, or of the one before; false when there is none.</summary>
    private async Task<bool> CopyAsync(string pod, PodLogRequest request, PipeWriter output, CancellationToken cancellation)
    {
        if (Latest(pod, request.Container) is not { } latest)
        {
            return false;
        }

        int restart = request.Previous ? latest - 1 : latest;
        string path = PathOf(pod, request.Container, restart);
        if (!File.Exists(path))
        {
            return false;
        }

        ContainerLog? live = request.Previous ? null : _live.GetValueOrDefault(KeyOf(pod, request.Container));
        if (live?.CurrentPath != path)
        {
            live = null;
        }

        // The client's clock starts with the headers, long before a quiet container's first line.
        await output.FlushAsync(cancellation);
        await new ContainerLogReader(path, live, request).CopyToAsync(output, cancellation);
        return true;
    }

    private string? FindPod(string ns, string name) =>
        Directory.Exists(folder)
            ? new DirectoryInfo(folder).EnumerateDirectories(FolderOf(ns, name, "*")).MaxBy(found => found.CreationTimeUtc)?.Name
            : null;

    private static string KeyOf(string pod, string container) => $"{pod}/{container}";

    private int? Latest(string pod, string container)
    {
        DirectoryInfo runs = new(Path.Combine(folder, pod, container));
        return runs.Exists
            ? runs.EnumerateFiles("*.log").Max(file => int.TryParse(Path.GetFileNameWithoutExtension(file.Name), NumberStyles.None, CultureInfo.InvariantCulture, out int run) ? run : (int?)null)
            : null;
    }

    private string PathOf(string pod, string container, int restart) =>
        Path.Combine(folder, pod, container, string.Create(CultureInfo.InvariantCulture, $"{restart}.log"));
}
