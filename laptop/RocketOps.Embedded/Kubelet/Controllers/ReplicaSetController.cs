using System.Text.Json.Nodes;
using RocketOps.Embedded.Kubelet.Objects;
using RocketOps.Kubernetes.Dynamic;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Events;

namespace RocketOps.Embedded.Kubelet.Controllers;

/// <summary>Keeps a number of alike pods running.</summary>
internal sealed class ReplicaSetController(ObjectCache sets, ObjectCache pods, IEventRecorder events, string nodeName, TimeProvider time)
{
    public async Task<TimeSpan?> ReconcileAsync(ObjectKey key, CancellationToken cancellation)
    {
        if (sets.Find(key) is not { IsDeleting: false } set)
        {
            return null;
        }

        await Adoption.AdoptAsync(sets, pods, set, set.ReplicaSetSpec().Selector, pod => !PodFactory.IsFinished(pod), cancellation);
        List<KubernetesObject> live = LivePods(set);
        int wanted = set.ReplicaSetSpec().Replicas ?? 1;
        for (int missing = wanted - live.Count; missing > 0; missing--)
        {
            KubernetesObject pod = await pods.CreateAsync(PodFactory.FromTemplate(set.Spec.Field("template"), set, nodeName), cancellation);
            events.Record(set, EventType.Normal, "SuccessfulCreate", "Create", $"Created pod: {pod.Name}");
        }

        // Those that are not ready leave first, then the youngest.
        foreach (KubernetesObject pod in live.OrderBy(PodFactory.IsReady).ThenByDescending(pod => pod.Metadata.CreationTimestamp).Take(live.Count - wanted))
        {
            await pods.DeleteAsync(pod, graceSeconds: null, cancellation);
            events.Record(set, EventType.Normal, "SuccessfulDelete", "Delete", $"Deleted pod: {pod.Name}");
        }

        await WriteStatusAsync(set, cancellation);
        return set.ReplicaSetSpec().MinReadySeconds is > 0 && live.Exists(PodFactory.IsReady) ? TimeSpan.FromSeconds(1) : null;
    }

    private List<KubernetesObject> LivePods(KubernetesObject set) => [.. pods.ControlledBy(set).Where(pod => !pod.IsDeleting && !PodFactory.IsFinished(pod))];

    private async Task WriteStatusAsync(KubernetesObject set, CancellationToken cancellation)
    {
        List<KubernetesObject> live = LivePods(set);
        int minReadySeconds = set.ReplicaSetSpec().MinReadySeconds ?? 0;
        await sets.WriteStatusAsync(
            set,
            new JsonObject
            {
                ["observedGeneration"] = set.Generation,
                ["replicas"] = live.Count,
                ["fullyLabeledReplicas"] = ObjectCache.Count(live.Count),
                ["readyReplicas"] = ObjectCache.Count(live.Count(PodFactory.IsReady)),
                ["availableReplicas"] = ObjectCache.Count(live.Count(pod => PodFactory.IsAvailable(pod, minReadySeconds, time.GetUtcNow()))),
            },
            cancellation);
    }
}
