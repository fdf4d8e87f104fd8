using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using RocketOps.Embedded.Kubelet.Events;
using RocketOps.Embedded.Kubelet.Objects;

namespace RocketOps.Embedded.Kubelet.Controllers;

/// <summary>
/// One ReplicaSet per template; a change of the template moves replicas from the old sets to the new one within
/// maxSurge and maxUnavailable (RollingUpdate) or after the old ones are gone (Recreate).
/// </summary>
internal sealed class DeploymentController(
    ClusterClient client, ObjectCache deployments, ObjectCache sets, ObjectCache pods, EventRecorder events, TimeProvider time)
{
    private const string HashLabel = "pod-template-hash";
    private const string Revision = "deployment.kubernetes.io/revision";
    private const string DesiredReplicas = "deployment.kubernetes.io/desired-replicas";
    private const string MaxReplicas = "deployment.kubernetes.io/max-replicas";

    public async Task<TimeSpan?> ReconcileAsync(string key, CancellationToken cancellation)
    {
        if (deployments.Find(key) is not { IsDeleting: false } deployment)
        {
            return null;
        }

        string name = $"{deployment.Name}-{TemplateHash.Of(deployment.Spec.Field("template"))}";
        RolloutPlan plan = RolloutPlan.Of(deployment);
        await Adoption.AdoptAsync(client, sets, ResourceKind.Deployment, deployment, _ => true, cancellation);
        if (Owned(deployment).All(set => set.Name != name) && !await CreateSetAsync(deployment, name, plan, cancellation))
        {
            return TimeSpan.FromSeconds(1);
        }

        await ScaleAsync(deployment, name, plan, cancellation);
        await RemoveHistoryAsync(deployment, name, cancellation);
        await WriteStatusAsync(deployment, name, plan, cancellation);
        return null;
    }

    private List<KubeObject> Owned(KubeObject deployment) =>
        [.. sets.All().Where(set => set.Namespace == deployment.Namespace && set.IsControlledBy(deployment) && !set.IsDeleting)];

    private static int RevisionOf(KubeObject set) =>
        int.TryParse(set.Annotation(Revision), NumberStyles.None, CultureInfo.InvariantCulture, out int revision) ? revision : 0;

    private static int ReplicasOf(KubeObject set) => set.Spec.Int("replicas") ?? 0;

    private static int AvailableOf(KubeObject set) => set.Status.Int("availableReplicas") ?? 0;

    private async Task<bool> CreateSetAsync(KubeObject deployment, string name, RolloutPlan plan, CancellationToken cancellation)
    {
        string hash = name[(deployment.Name.Length + 1)..];
        JsonObject template = JsonObject.Create(deployment.Spec.Field("template")) ?? [];
        JsonObject templateMetadata = template["metadata"] as JsonObject ?? [];
        template["metadata"] = templateMetadata.Parent is null ? templateMetadata : templateMetadata.DeepClone();
        JsonObject labels = template["metadata"]!["labels"] as JsonObject ?? [];
        labels = (JsonObject)labels.DeepClone();
        labels[HashLabel] = hash;
        template["metadata"]!["labels"] = labels;
        JsonObject selector = JsonObject.Create(deployment.Spec.Field("selector")) ?? [];
        JsonObject matchLabels = (JsonObject?)selector["matchLabels"]?.DeepClone() ?? [];
        matchLabels[HashLabel] = hash;
        selector["matchLabels"] = matchLabels;

        int revision = Owned(deployment).Select(RevisionOf).DefaultIfEmpty(0).Max() + 1;
        try
        {
            sets.Observe(await client.CreateAsync(
                ResourceKind.ReplicaSet,
                deployment.Namespace,
                new JsonObject
                {
                    ["metadata"] = new JsonObject
                    {
                        ["name"] = name,
                        ["namespace"] = deployment.Namespace,
                        ["labels"] = labels.DeepClone(),
                        ["annotations"] = Annotations(plan, revision),
                        ["ownerReferences"] = new JsonArray((JsonNode)PodFactory.OwnerReference(ResourceKind.Deployment, deployment)),
                    },
                    ["spec"] = new JsonObject
                    {
                        ["replicas"] = 0,
                        ["minReadySeconds"] = deployment.Spec.Int("minReadySeconds") ?? 0,
                        ["selector"] = selector,
                        ["template"] = template,
                    },
                },
                cancellation));
        }
        catch (ClusterApiException exists) when (exists.IsConflict)
        {
            // Being deleted, or not yet in the cache.
            return false;
        }

        deployments.Observe(await client.PatchAsync(
            ResourceKind.Deployment,
            deployment.Namespace,
            deployment.Name,
            null,
            new JsonObject
            {
                ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [Revision] = revision.ToString(CultureInfo.InvariantCulture) } },
            },
            cancellation));
        return true;
    }

    private static JsonObject Annotations(RolloutPlan plan, int revision) => new()
    {
        [DesiredReplicas] = plan.Replicas.ToString(CultureInfo.InvariantCulture),
        [MaxReplicas] = (plan.Replicas + plan.MaxSurge).ToString(CultureInfo.InvariantCulture),
        [Revision] = revision.ToString(CultureInfo.InvariantCulture),
    };

    private async Task ScaleAsync(KubeObject deployment, string newName, RolloutPlan plan, CancellationToken cancellation)
    {
        List<KubeObject> owned = Owned(deployment);
        KubeObject? latest = owned.Find(set => set.Name == newName);
        if (latest is null)
        {
            return;
        }

        List<KubeObject> old = owned.Where(set => set.Name != newName).OrderBy(RevisionOf).ToList();
        int oldReplicas = old.Sum(set => Math.Max(ReplicasOf(set), set.Status.Int("replicas") ?? 0));
        if (plan.IsRecreate)
        {
            foreach (KubeObject set in old)
            {
                await ScaleSetAsync(deployment, set, 0, plan, cancellation);
            }

            int oldPods = pods.All().Count(pod => pod.Namespace == deployment.Namespace && old.Exists(pod.IsControlledBy));
            await ScaleSetAsync(deployment, latest, oldReplicas + oldPods == 0 ? plan.Replicas : ReplicasOf(latest), plan, cancellation);
            return;
        }

        // Grow the new set into the room that replicas + surge leaves.
        int total = owned.Sum(ReplicasOf);
        int room = plan.Replicas + plan.MaxSurge - total;
        int grown = ReplicasOf(latest) > plan.Replicas
            ? plan.Replicas
            : Math.Min(plan.Replicas, ReplicasOf(latest) + Math.Max(0, room));
        await ScaleSetAsync(deployment, latest, grown, plan, cancellation);

        // Shrink old sets by what may be unavailable: pods that are not available go free of charge.
        int spare = owned.Sum(AvailableOf) - (plan.Replicas - plan.MaxUnavailable);
        foreach (KubeObject set in old)
        {
            int broken = Math.Max(0, ReplicasOf(set) - AvailableOf(set));
            int shrink = Math.Min(ReplicasOf(set), broken + Math.Max(0, spare));
            spare -= Math.Max(0, shrink - broken);
            await ScaleSetAsync(deployment, set, ReplicasOf(set) - shrink, plan, cancellation);
        }
    }

    private async Task ScaleSetAsync(KubeObject deployment, KubeObject set, int replicas, RolloutPlan plan, CancellationToken cancellation)
    {
        if (ReplicasOf(set) == replicas)
        {
            return;
        }

        sets.Observe(await client.PatchAsync(
            ResourceKind.ReplicaSet,
            set.Namespace,
            set.Name,
            null,
            new JsonObject
            {
                ["metadata"] = new JsonObject { ["annotations"] = Annotations(plan, RevisionOf(set)) },
                ["spec"] = new JsonObject { ["replicas"] = replicas },
            },
            cancellation));
        string direction = replicas > ReplicasOf(set) ? "up" : "down";
        events.Normal(
            ResourceKind.Deployment,
            deployment,
            "ScalingReplicaSet",
            $"Scaled {direction} replica set {set.Name} from {ReplicasOf(set)} to {replicas}");
    }

    private async Task RemoveHistoryAsync(KubeObject deployment, string newName, CancellationToken cancellation)
    {
        int keep = deployment.Spec.Int("revisionHistoryLimit") ?? 10;
        IEnumerable<KubeObject> idle = Owned(deployment)
            .Where(set => set.Name != newName && ReplicasOf(set) == 0 && (set.Status.Int("replicas") ?? 0) == 0)
            .OrderByDescending(RevisionOf)
            .Skip(keep);
        foreach (KubeObject set in idle)
        {
            await client.DeleteAsync(ResourceKind.ReplicaSet, set, graceSeconds: null, cancellation);
        }
    }

    private async Task WriteStatusAsync(KubeObject deployment, string newName, RolloutPlan plan, CancellationToken cancellation)
    {
        List<KubeObject> owned = Owned(deployment);
        KubeObject? latest = owned.Find(set => set.Name == newName);
        int replicas = owned.Sum(set => set.Status.Int("replicas") ?? 0);
        int updated = latest?.Status.Int("replicas") ?? 0;
        int available = owned.Sum(AvailableOf);
        bool isAvailable = available >= plan.Replicas - plan.MaxUnavailable;
        bool isComplete = updated == plan.Replicas && replicas == plan.Replicas && available == plan.Replicas;
        JsonArray conditions = new();
        AddCondition(
            conditions,
            deployment,
            "Available",
            isAvailable,
            isAvailable ? "MinimumReplicasAvailable" : "MinimumReplicasUnavailable",
            isAvailable ? "Deployment has minimum availability." : "Deployment does not have minimum availability.");
        AddCondition(
            conditions,
            deployment,
            "Progressing",
            isTrue: true,
            isComplete ? "NewReplicaSetAvailable" : "ReplicaSetUpdated",
            isComplete ? $"ReplicaSet \"{newName}\" has successfully progressed." : $"ReplicaSet \"{newName}\" is progressing.");
        await StatusWriter.WriteAsync(
            client,
            deployments,
            deployment,
            new JsonObject
            {
                ["observedGeneration"] = deployment.Generation,
                ["replicas"] = StatusWriter.Count(replicas),
                ["updatedReplicas"] = StatusWriter.Count(updated),
                ["readyReplicas"] = StatusWriter.Count(owned.Sum(set => set.Status.Int("readyReplicas") ?? 0)),
                ["availableReplicas"] = StatusWriter.Count(available),
                ["unavailableReplicas"] = StatusWriter.Count(Math.Max(0, Math.Max(plan.Replicas, replicas) - available)),
                ["conditions"] = conditions,
            },
            cancellation);
    }

    private void AddCondition(JsonArray conditions, KubeObject deployment, string type, bool isTrue, string reason, string message)
    {
        string status = isTrue ? "True" : "False";
        string now = time.GetUtcNow().UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
        JsonElement known = default;
        foreach (JsonElement condition in deployment.Status.Items("conditions"))
        {
            if (condition.Text("type") == type)
            {
                known = condition;
            }
        }

        bool sameStatus = known.Text("status") == status;
        bool same = sameStatus && known.Text("reason") == reason && known.Text("message") == message;
        conditions.Add((JsonNode)new JsonObject
        {
            ["type"] = type,
            ["status"] = status,
            ["lastUpdateTime"] = same ? known.Text("lastUpdateTime") : now,
            ["lastTransitionTime"] = sameStatus ? known.Text("lastTransitionTime") : now,
            ["reason"] = reason,
            ["message"] = message,
        });
    }
}
