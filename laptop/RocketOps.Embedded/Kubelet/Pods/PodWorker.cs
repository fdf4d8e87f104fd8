using System.Net;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using RocketOps.Embedded.Kubelet.Containers;
using RocketOps.Embedded.Kubelet.Logs;
using RocketOps.Embedded.Kubelet.Objects;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Dynamic;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Events;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Embedded.Kubelet.Pods;

/// <summary>
/// One pod of this machine from admission to the deletion of its object. The worker runs the containers and writes
/// the status; what it is told from outside are the newer object (<see cref="Update"/>) and the stop of the machine.
/// </summary>
internal sealed partial class PodWorker
{
    private static readonly TimeSpan StatusRetry = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestDeleteRetry = TimeSpan.FromSeconds(15);

    private readonly NodeServices _node;
    private readonly ILogger _logger;
    private readonly SemaphoreSlim _dirty = new(1);
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _finished = new();
    private readonly TaskCompletionSource _deletion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _shutdown = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private KubernetesObject _current;
    private PodIdentity? _identity;
    private DateTimeOffset _startTime;
    private List<ContainerRunner> _inits = [];
    private List<ContainerRunner> _containers = [];
    private string? _published;

    public PodWorker(NodeServices node, KubernetesObject pod, ILogger logger)
    {
        _node = node;
        _logger = logger;
        _current = pod;
        Uid = pod.Uid;
        Update(pod);
    }

    public string Uid { get; }

    public KubernetesObject Current => Volatile.Read(ref _current);

    /// <summary>Takes a newer version of the object: only its deletion and foreign conditions matter to a running pod.</summary>
    public void Update(KubernetesObject pod)
    {
        Volatile.Write(ref _current, pod);
        if (pod.IsDeleting)
        {
            // Before the stop, which a pod without a process answers at once: it would end without knowing why, and leave its object.
            _deletion.TrySetResult();
            Stop(TimeSpan.FromSeconds(pod.Metadata.DeletionGracePeriodSeconds ?? 30));
        }

        MarkDirty();
    }

    /// <summary>The object is gone although nobody waited for us (a forced delete): the processes must go too.</summary>
    public void Vanished()
    {
        _deletion.TrySetResult();
        Stop(TimeSpan.Zero);
    }

    /// <summary>The machine stops; the object stays and is run again at the next start.</summary>
    public void StopForShutdown()
    {
        TimeSpan grace = _identity?.GracePeriod ?? TimeSpan.Zero;
        Stop(grace < _node.Options.LongestStopGrace ? grace : _node.Options.LongestStopGrace);
        _shutdown.TrySetResult();
    }

    /// <summary>Completes when the pod's processes are gone and, if it was deleted, its object too.</summary>
    public async Task RunAsync()
    {
        Task publisher = Task.CompletedTask;
        try
        {
            if (!Admit())
            {
                await Task.WhenAny(_deletion.Task, _stopped.Task);
                return;
            }

            publisher = PublishAsync(_finished.Token);
            if (await RunInitsAsync())
            {
                await Task.WhenAll(_containers.Select(container => container.RunAsync()));
            }

            // Completed or failed for good, or stopped: the object decides what comes next.
            MarkDirty();
            await Task.WhenAny(_deletion.Task, _stopped.Task);
        }
        finally
        {
            await _finished.CancelAsync();
            await publisher.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await EndAsync();
        }
    }

    private void Stop(TimeSpan grace)
    {
        lock (_gate)
        {
            _stopped.TrySetResult();
            foreach (ContainerRunner container in _inits.Concat(_containers))
            {
                container.Stop(grace);
            }
        }
    }

    private bool Admit()
    {
        KubernetesObject pod = Current;
        (PodSpec spec, PodStatus status) = (pod.PodSpec(), pod.PodStatus());
        if (status.Phase is "Succeeded" or "Failed")
        {
            // Ended for good before this machine started: only its deletion is left to wait for.
            return false;
        }

        IPAddress? wish = IPAddress.TryParse(status.PodIP, out IPAddress? had) ? had : null;

        // The next pod of this name gets this address too: clients hold routes to it through a restart.
        string? name = pod.ControllerOwner()?.Kind == "StatefulSet" ? pod.Key().ToString() : null;
        if (_node.Network.Acquire(pod.Uid, wish, name) is not { } address)
        {
            _node.Events.Record(pod, EventType.Warning, "FailedCreatePodSandBox", "Start", "All 253 pod addresses of this machine are taken.");
            return false;
        }

        string folder = _node.PodFolder(pod.Uid);
        Directory.CreateDirectory(folder);
        _identity = new PodIdentity(pod, address.ToString(), _node.Options.NodeName, _node.Network.NodeAddress.ToString(), folder);
        _startTime = status.StartTime ?? _node.Time.GetUtcNow();
        lock (_gate)
        {
            if (_stopped.Task.IsCompleted)
            {
                return false;
            }

            string reason = spec.InitContainers is null ? "ContainerCreating" : "PodInitializing";
            _inits = Runners(spec.InitContainers, status.InitContainerStatuses, RestartPolicy.OfInitContainer(spec.RestartPolicy));
            _containers = Runners(spec.Containers, status.ContainerStatuses, RestartPolicy.OfContainer(spec.RestartPolicy), reason);
        }

        return true;
    }

    private List<ContainerRunner> Runners(
        List<Container>? specs, List<ContainerStatus>? statuses, RestartPolicy policy, string reason = "ContainerCreating") =>
        [.. (specs ?? []).Select(spec => new ContainerRunner(_node, _identity!, spec, policy, Begun(spec, statuses, reason), MarkDirty))];

    /// <summary>A container that ran before the machine stopped counts as restarted, as after a reboot.</summary>
    private static ContainerView Begun(Container spec, List<ContainerStatus>? statuses, string reason)
    {
        ContainerStatus? status = statuses?.Find(status => status.Name == spec.Name);
        int runs = (status?.RestartCount ?? 0) + (status?.State is { Running: not null } or { Terminated: not null } ? 1 : 0);
        return new ContainerView { Name = spec.Name, Image = spec.Image ?? "", Reason = reason, RestartCount = runs };
    }

    private async Task<bool> RunInitsAsync()
    {
        foreach (ContainerRunner init in _inits)
        {
            await init.RunAsync();
            if (init.View is not { Phase: ContainerPhase.Terminated, ExitCode: 0 } || _stopped.Task.IsCompleted)
            {
                return false;
            }
        }

        return true;
    }

    private void MarkDirty()
    {
        if (_dirty.CurrentCount == 0)
        {
            _dirty.Release();
        }
    }

    private async Task PublishAsync(CancellationToken cancellation)
    {
        while (!cancellation.IsCancellationRequested)
        {
            await _dirty.WaitAsync(cancellation);
            try
            {
                await PublishOnceAsync(cancellation);
            }
            catch (KubernetesException gone) when (gone.IsNotFound)
            {
                Vanished();
                return;
            }
            catch (Exception failure) when (failure is KubernetesException or HttpRequestException or IOException or TimeoutException or InvalidDataException)
            {
                LogStatusFailed(_logger, failure, Current.Key());
                await Task.Delay(StatusRetry, _node.Time, cancellation);
                MarkDirty();
            }
        }
    }

    private async Task PublishOnceAsync(CancellationToken cancellation)
    {
        KubernetesObject pod = Current;
        JsonObject status = PodStatusBuilder.Build(pod, _identity!, _startTime, Views(_inits), Views(_containers), _node.Time.GetUtcNow());
        string text = status.ToJsonString();
        if (text == _published)
        {
            return;
        }

        await _node.Pods.PatchStatusAsync(pod, status, cancellation);
        _published = text;
    }

    private async Task EndAsync()
    {
        // Not cancelled by anything: the last status on a stopped machine must not say Ready.
        if (_containers.Count > 0)
        {
            await TryAsync(() => PublishOnceAsync(CancellationToken.None));
        }

        if (_deletion.Task.IsCompleted)
        {
            await DeleteObjectAsync();
        }

        if (_deletion.Task.IsCompleted)
        {
            _node.Logs.Remove(PodLogStore.FolderOf(Current.Namespace, Current.Name, Uid));
            DeleteFolder();
        }

        _node.Network.Release(Uid);
    }

    /// <summary>Tries until the object is gone: nobody else removes it, and until then no controller makes the pod anew. At a shutdown the next start goes on with it.</summary>
    private async Task DeleteObjectAsync()
    {
        TimeSpan delay = StatusRetry;
        while (!await TryAsync(() => _node.Pods.DeleteAsync(Current, graceSeconds: 0, CancellationToken.None)) && !_shutdown.Task.IsCompleted)
        {
            await Task.WhenAny(Task.Delay(delay, _node.Time), _shutdown.Task);
            delay = delay * 2 < LongestDeleteRetry ? delay * 2 : LongestDeleteRetry;
        }
    }

    /// <summary>Sends a last request; true when it was served, or has become needless.</summary>
    private async Task<bool> TryAsync(Func<Task> request)
    {
        try
        {
            await request();
            return true;
        }
        catch (KubernetesException gone) when (gone.IsNotFound || gone.IsConflict)
        {
            // Deleted by force; another pod may have the name by now.
            return true;
        }
        catch (Exception failure) when (failure is KubernetesException or HttpRequestException or IOException or TimeoutException or InvalidDataException)
        {
            LogEndFailed(_logger, failure, Current.Key());
            return false;
        }
    }

    private void DeleteFolder()
    {
        try
        {
            string folder = _node.PodFolder(Uid);
            if (Directory.Exists(folder))
            {
                Directory.Delete(folder, recursive: true);
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            LogFolderStays(_logger, failure, _node.PodFolder(Uid));
        }
    }

    private static List<ContainerView> Views(List<ContainerRunner> runners) => [.. runners.Select(runner => runner.View)];

    [LoggerMessage(EventId = 7040, Level = LogLevel.Warning, Message = "Status of pod {Pod} could not be written; trying again.")]
    private static partial void LogStatusFailed(ILogger logger, Exception failure, ObjectKey pod);

    [LoggerMessage(EventId = 7041, Level = LogLevel.Warning, Message = "Pod {Pod} has ended but its object could not be brought up to date.")]
    private static partial void LogEndFailed(ILogger logger, Exception failure, ObjectKey pod);

    [LoggerMessage(EventId = 7042, Level = LogLevel.Warning, Message = "Folder {Folder} of a pod that has ended could not be deleted.")]
    private static partial void LogFolderStays(ILogger logger, Exception failure, string folder);
}
