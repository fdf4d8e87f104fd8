using System.Text.Json.Nodes;
using RocketOps.Embedded.Kubelet.Events;
using RocketOps.Embedded.Kubelet.Objects;

namespace RocketOps.Embedded.Kubelet.Controllers;

/// <summary>Keeps a number of alike pods running.</summary>
internal sealed class ReplicaSetController(
    ClusterClient client, ObjectCache sets, ObjectCache pods, EventRecorder events, string nodeName, TimeProvider time)
{
    public async Task<TimeSpan?> ReconcileAsync(string key, CancellationToken cancellation)
    {
        if (sets.Find(key) is not { IsDeleting: false } set)
        {
            return null;
        }

        await Adoption.AdoptAsync(client, pods, ResourceKind.ReplicaSet, set, pod => !PodFactory.IsFinished(pod), cancellation);
        List<KubeObject> live = Pods(set).Where(pod => !pod.IsDeleting && !PodFactory.IsFinished(pod)).ToList();
        int wanted = set.Spec.Int("replicas") ?? 1;
        for (int missing = wanted - live.Count; missing > 0; missing--)
        {
            string name = $"{set.Name}-{TemplateHash.RandomSuffix()}";
            pods.Observe(await client.CreateAsync(
                ResourceKind.Pod,
                set.Namespace,
                PodFactory.FromTemplate(set.Spec.Field("template"), ResourceKind.ReplicaSet, set, name, nodeName),
                cancellation));
            events.Normal(ResourceKind.ReplicaSet, set, "SuccessfulCreate", $"Created pod: {name}");
        }

        // Those that are not ready leave first, then the youngest.
        foreach (KubeObject pod in live.OrderBy(PodFactory.IsReady).ThenByDescending(pod => pod.CreatedAt).Take(live.Count - wanted))
        {
            await client.DeleteAsync(ResourceKind.Pod, pod, graceSeconds: null, cancellation);
            events.Normal(ResourceKind.ReplicaSet, set, "SuccessfulDelete", $"Deleted pod: {pod.Name}");
        }

        await WriteStatusAsync(set, cancellation);
        return set.Spec.Int("minReadySeconds") is > 0 && live.Exists(PodFactory.IsReady) ? TimeSpan.FromSeconds(1) : null;
    }

    private IEnumerable<KubeObject> Pods(KubeObject set) =>
        pods.All().Where(pod => pod.Namespace == set.Namespace && pod.IsControlledBy(set));

    private async Task WriteStatusAsync(KubeObject set, CancellationToken cancellation)
    {
        List<KubeObject> live = Pods(set).Where(pod => !pod.IsDeleting && !PodFactory.IsFinished(pod)).ToList();
        int minReadySeconds = set.Spec.Int("minReadySeconds") ?? 0;
        await StatusWriter.WriteAsync(
            client,
            sets,
            set,
            new JsonObject
            {
                ["observedGeneration"] = set.Generation,
                ["replicas"] = live.Count,
                ["fullyLabeledReplicas"] = StatusWriter.Count(live.Count),
                ["readyReplicas"] = StatusWriter.Count(live.Count(PodFactory.IsReady)),
                ["availableReplicas"] = StatusWriter.Count(live.Count(pod => PodFactory.IsAvailable(pod, minReadySeconds, time.GetUtcNow()))),
            },
            cancellation);
    }
}
