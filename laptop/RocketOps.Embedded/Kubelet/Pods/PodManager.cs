using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using RocketOps.Embedded.Kubelet.Objects;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Dynamic;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Events;

namespace RocketOps.Embedded.Kubelet.Pods;

/// <summary>Gives each pod of this machine its worker, in the part of the scheduler takes in pods that have no machine yet.</summary>
internal sealed partial class PodManager(NodeServices node, ILogger logger)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, (PodWorker Worker, Task Run)> _workers = new(StringComparer.Ordinal);
    private bool _stopping;

    /// <summary>Reconciles one pod by key: binds it, starts or updates its worker.</summary>
    public async Task<TimeSpan?> ReconcileAsync(ObjectKey key, CancellationToken cancellation)
    {
        if (node.Pods.Find(key) is not { } pod)
        {
            return null;
        }

        switch (pod.PodSpec().NodeName)
        {
            case null or "":
                await BindAsync(pod, cancellation);
                break;
            case var assigned when assigned == node.Options.NodeName:
                StartOrUpdate(pod);
                break;
        }

        return null;
    }

    /// <summary>The object is gone.</summary>
    public void Vanished(KubernetesObject pod)
    {
        lock (_gate)
        {
            if (_workers.TryGetValue(pod.Uid, out (PodWorker Worker, Task Run) known))
            {
                known.Worker.Vanished();
            }
        }
    }

    /// <summary>
    /// Ends all processes: pods of StatefulSets first, then the rest. Brokers so find their name servers still there to
    /// unregister at.
    /// </summary>
    public async Task StopAsync()
    {
        List<(PodWorker Worker, Task Run)> running;
        lock (_gate)
        {
            _stopping = true;
            running = [.. _workers.Values];
        }

        foreach (IGrouping<bool, (PodWorker Worker, Task Run)> wave in running.GroupBy(entry => entry.Worker.Current.ControllerOwner()?.Kind == "StatefulSet").OrderByDescending(wave => wave.Key))
        {
            foreach ((PodWorker worker, _) in wave)
            {
                worker.StopForShutdown();
            }

            await Task.WhenAll(wave.Select(entry => entry.Run));
        }
    }

    private void StartOrUpdate(KubernetesObject pod)
    {
        lock (_gate)
        {
            if (_workers.TryGetValue(pod.Uid, out (PodWorker Worker, Task Run) known))
            {
                known.Worker.Update(pod);
            }
            else if (!_stopping)
            {
                // A pod deleted by force may still be ending: its address and its volumes are this one's from then on.
                Task former = Task.WhenAll(_workers.Values.Where(entry => entry.Worker.Current.Key() == pod.Key()).Select(entry => entry.Run));
                PodWorker worker = new(node, pod, logger);
                _workers[pod.Uid] = (worker, Task.Run(() => RunAsync(worker, former)));
            }
        }
    }

    private async Task RunAsync(PodWorker worker, Task former)
    {
        try
        {
            await former;
            await worker.RunAsync();
        }
        catch (Exception failure)
        {
            LogWorkerFailed(logger, failure, worker.Current.Key());
        }
        finally
        {
            lock (_gate)
            {
                _workers.Remove(worker.Uid);
            }
        }
    }

    private async Task BindAsync(KubernetesObject pod, CancellationToken cancellation)
    {
        try
        {
            await BindOrPatchAsync(pod, cancellation);
            node.Events.Record(pod, EventType.Normal, "Scheduled", "Binding", $"Successfully assigned {pod.Key()} to {node.Options.NodeName}");
        }
        catch (KubernetesException refused) when (refused.IsConflict || refused.IsNotFound)
        {
            // Bound meanwhile, gone, or another pod by now.
        }
    }

    private async Task BindOrPatchAsync(KubernetesObject pod, CancellationToken cancellation)
    {
        try
        {
            await node.Pods.PostAsync(
                pod,
                "binding",
                new JsonObject
                {
                    ["apiVersion"] = "v1",
                    ["kind"] = "Binding",
                    ["metadata"] = new JsonObject { ["name"] = pod.Name, ["namespace"] = pod.Namespace, ["uid"] = pod.Uid },
                    ["target"] = new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Node", ["name"] = node.Options.NodeName },
                },
                cancellation);
        }
        catch (KubernetesException missing) when (missing.IsNotFound)
        {
            // The embedded API serves no bindings and lets the field be written; kube-apiserver is the other way round.
            await node.Pods.PatchAsync(
                pod,
                new JsonObject
                {
                    ["metadata"] = new JsonObject { ["uid"] = pod.Uid },
                    ["spec"] = new JsonObject { ["nodeName"] = node.Options.NodeName },
                },
                cancellation);
        }
    }

    [LoggerMessage(EventId = 7050, Level = LogLevel.Error, Message = "The worker of pod {Pod} failed; its processes are gone, its object stays as it is.")]
    private static partial void LogWorkerFailed(ILogger logger, Exception failure, ObjectKey pod);
}
