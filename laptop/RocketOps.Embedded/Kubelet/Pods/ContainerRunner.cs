using System.ComponentModel;
using RocketOps.Embedded.Kubelet.Containers;
using RocketOps.Embedded.Kubelet.Logs;
using RocketOps.Embedded.Kubelet.Probes;
using RocketOps.Embedded.Kubelet.Processes;
using RocketOps.Kubernetes.Events;
using Container = RocketOps.Kubernetes.Models.Container;

namespace RocketOps.Embedded.Kubelet.Pods;

/// <summary>
/// One container of a pod from its first start to its last end: starts the process, watches probes and exit, restarts
/// by the pod's policy with growing delays, ends it when told. <see cref="View"/> is what the status shows.
/// </summary>
internal sealed class ContainerRunner
{
    // What a new pod waits for (its claim, its ConfigMap) is mostly a few milliseconds away.
    private static readonly TimeSpan FirstConfigRetry = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestConfigRetry = TimeSpan.FromSeconds(2);

    private readonly NodeServices _node;
    private readonly PodIdentity _pod;
    private readonly Container _spec;
    private readonly RestartPolicy _policy;
    private readonly Action _changed;

    // Cancelled when the grace period is over. The timer may be set anew: a second delete shortens it.
    private readonly CancellationTokenSource _kill;
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();
    private ContainerView _view;
    private ContainerProbes _probes = new(null, null, null);
    private PathMap _paths = new();

    public ContainerRunner(NodeServices node, PodIdentity pod, Container spec, RestartPolicy policy, ContainerView view, Action changed)
    {
        _node = node;
        _pod = pod;
        _spec = spec;
        _policy = policy;
        _changed = changed;
        _view = view;
        _kill = new CancellationTokenSource(Timeout.InfiniteTimeSpan, node.Time);
    }

    public ContainerView View => Volatile.Read(ref _view);

    /// <summary>Asks the container to end: SIGTERM now, SIGKILL after the grace. May be called again with a shorter one.</summary>
    public void Stop(TimeSpan grace)
    {
        _kill.CancelAfter(grace);
        _stop.Cancel();
    }

    /// <summary>Completes when the container has ended for good or was stopped.</summary>
    public async Task RunAsync()
    {
        CancellationToken stop = _stop.Token;
        TimeSpan delay = TimeSpan.Zero;
        TimeSpan configRetry = FirstConfigRetry;
        while (!stop.IsCancellationRequested)
        {
            if (await StartAsync(isNews: configRetry == LongestConfigRetry) is not { } process)
            {
                if (View.IsFinal || !await DelayAsync(configRetry))
                {
                    return;
                }

                configRetry = TimeSpan.FromTicks(Math.Min(configRetry.Ticks * 2, LongestConfigRetry.Ticks));
                continue;
            }

            configRetry = FirstConfigRetry;

            long begun = _node.Time.GetTimestamp();
            using (process)
            {
                await WatchAsync(process);
            }

            if (!_policy.Restarts(View.ExitCode))
            {
                Set(view => view with { IsFinal = true });
                return;
            }

            if (stop.IsCancellationRequested)
            {
                // Not final: after the machine's next start it runs again.
                return;
            }

            delay = _node.Time.GetElapsedTime(begun) >= _node.Options.RestartDelayReset ? TimeSpan.Zero : delay;
            if (!await BackOffAsync(delay))
            {
                return;
            }

            delay = delay == TimeSpan.Zero
                ? _node.Options.FirstRestartDelay
                : TimeSpan.FromTicks(Math.Min(delay.Ticks * 2, _node.Options.LongestRestartDelay.Ticks));
        }
    }

    private async Task<ContainerProcess?> StartAsync(bool isNews)
    {
        try
        {
            _probes = ContainerProbes.Of(_spec);
            ProcessLaunch launch = _node.Launches.Build(_pod, _spec, out _paths);
            ContainerLog log = _node.Logs.Begin(_pod.LogFolder, View.Name, View.RestartCount);
            ContainerProcess process;
            try
            {
                process = await ContainerProcess.StartAsync(launch, log, _node.Ledger, _node.Options.DrainTimeout, _node.Time);
            }
            catch
            {
                log.Complete();
                throw;
            }

            Set(view => view with
            {
                Phase = ContainerPhase.Running,
                Reason = "",
                Message = "",
                StartedAt = _node.Time.GetUtcNow(),
                FinishedAt = null,
                ProcessId = process.Id,
            });
            Event("Started", "Start", $"Started container {View.Name} as process {process.Id}");
            return process;
        }
        catch (ContainerConfigException wrong)
        {
            Refuse(wrong.Reason, wrong.Message, wrong.IsPermanent, isNews || wrong.IsPermanent);
        }
        catch (Exception failure) when (failure is Win32Exception or IOException or UnauthorizedAccessException)
        {
            Refuse(failure is Win32Exception ? "RunContainerError" : "CreateContainerError", failure.Message, isPermanent: false, isNews: true);
        }

        // The permanent ones wait for the pod's end, with their reason in the status.
        if (View.IsFinal)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, _node.Time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return null;
    }

    private void Refuse(string reason, string message, bool isPermanent, bool isNews)
    {
        if (isNews)
        {
            _node.Events.Record(_pod.Object, EventType.Warning, "Failed", "Start", $"{reason}: {message}");
        }

        Set(view => view with { Phase = ContainerPhase.Waiting, Reason = reason, Message = message, IsFinal = isPermanent });
    }

    private async Task WatchAsync(ContainerProcess process)
    {
        using CancellationTokenSource running = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        ProbeRun probes = new(
            _probes,
            _node.Prober,
            _pod.Address,
            _node.Time,
            started => Set(view => view with { Started = started }),
            ready => Set(view => view with { Ready = ready }),
            (name, message) => _node.Events.Record(_pod.Object, EventType.Warning, "Unhealthy", "Probe", $"{name} probe failed: {message}"));
        Task<string> verdict = probes.RunAsync(running.Token);
        string message = "";
        await Task.WhenAny(process.Exited, verdict);
        if (verdict.IsCompletedSuccessfully && !process.Exited.IsCompleted)
        {
            message = await verdict;
            Event("Killing", "Stop", $"Container {View.Name} failed its probe, will be restarted");
        }

        await running.CancelAsync();
        await ((Task)verdict).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Set(view => view with { Ready = false });
        if (!process.Exited.IsCompleted)
        {
            await EndAsync(process);
        }

        int exitCode = await process.Exited;
        Set(view => view with
        {
            Phase = ContainerPhase.Terminated,
            Reason = exitCode == 0 ? "Completed" : "Error",

            // As with terminationMessagePolicy FallbackToLogsOnError: people look at the pod first.
            Message = message.Length > 0 || exitCode == 0 || _stop.IsCancellationRequested ? message : _paths.Restore(process.LastLine),
            ExitCode = exitCode,
            FinishedAt = _node.Time.GetUtcNow(),
            Started = false,
            Ready = false,
        });
    }

    private async Task EndAsync(ContainerProcess process)
    {
        if (_stop.IsCancellationRequested)
        {
            Event("Killing", "Stop", $"Stopping container {View.Name}");
        }

        process.RequestStop();
        using CancellationTokenSource grace = CancellationTokenSource.CreateLinkedTokenSource(_kill.Token);
        if (!_stop.IsCancellationRequested)
        {
            // Restarted by a probe: nobody set the timer.
            grace.CancelAfter(_pod.GracePeriod);
        }

        await ((Task)process.Exited).WaitAsync(grace.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!process.Exited.IsCompleted)
        {
            process.Kill();
        }
    }

    private async Task<bool> BackOffAsync(TimeSpan delay)
    {
        ContainerView ended = View;
        if (delay > TimeSpan.Zero)
        {
            string message = $"back-off {delay.TotalSeconds:0}s restarting failed container={ended.Name}";
            Set(_ => Waiting(ended, "CrashLoopBackOff", message));
            _node.Events.Record(_pod.Object, EventType.Warning, "BackOff", "Restart", message);
        }

        if (!await DelayAsync(delay))
        {
            return false;
        }

        Set(_ => Waiting(ended, "ContainerCreating", "") with { RestartCount = ended.RestartCount + 1 });
        return true;
    }

    private static ContainerView Waiting(ContainerView ended, string reason, string message) => ended with
    {
        Phase = ContainerPhase.Waiting,
        Reason = reason,
        Message = message,
        LastRun = ended with { LastRun = null },
    };

    private async Task<bool> DelayAsync(TimeSpan delay)
    {
        await Task.Delay(delay, _node.Time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return !_stop.IsCancellationRequested;
    }

    private void Event(string reason, string action, string message) => _node.Events.Record(_pod.Object, EventType.Normal, reason, action, message);

    // Probes and the container's own loop change the view side by side.
    private void Set(Func<ContainerView, ContainerView> change)
    {
        lock (_gate)
        {
            Volatile.Write(ref _view, change(_view));
        }

        _changed();
    }
}
