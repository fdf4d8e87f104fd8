using System.Globalization;
using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Kubelet.Objects;
using RocketOps.Kubernetes.Apply;
using RocketOps.Kubernetes.Dynamic;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Events;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Embedded.Kubelet.Controllers;

/// <summary>
/// One ReplicaSet per template; a change of the template moves replicas from the old sets to the new one within
/// maxSurge and maxUnavailable (RollingUpdate) or after the old ones are gone (Recreate).
/// </summary>
internal sealed class DeploymentController(ObjectCache deployments, ObjectCache sets, ObjectCache pods, IEventRecorder events, TimeProvider time)
{
    private const string HashLabel = "pod-template-hash";
    private const string Revision = "deployment.kubernetes.io/revision";
    private const string DesiredReplicas = "deployment.kubernetes.io/desired-replicas";
    private const string MaxReplicas = "deployment.kubernetes.io/max-replicas";

    public async Task<TimeSpan?> ReconcileAsync(ObjectKey key, CancellationToken cancellation)
    {
        if (deployments.Find(key) is not { IsDeleting: false } deployment)
        {
            return null;
        }

        string name = $"{deployment.Name}-{CanonicalJson.Hash(deployment.Spec.Field("template").ToNode())}";
        RolloutPlan plan = RolloutPlan.Of(deployment);
        await Adoption.AdoptAsync(deployments, sets, deployment, deployment.DeploymentSpec().Selector, _ => true, cancellation);
        if (Owned(deployment).All(set => set.Name != name) && !await CreateSetAsync(deployment, name, plan, cancellation))
        {
            return TimeSpan.FromSeconds(1);
        }

        await ScaleAsync(deployment, name, plan, cancellation);
        await RemoveHistoryAsync(deployment, name, cancellation);
        await WriteStatusAsync(deployment, name, plan, cancellation);
        return null;
    }

    private List<KubernetesObject> Owned(KubernetesObject deployment) =>
        [.. sets.ControlledBy(deployment).Where(set => !set.IsDeleting)];

    private static int RevisionOf(KubernetesObject set) =>
        int.TryParse(set.Annotation(Revision), NumberStyles.None, CultureInfo.InvariantCulture, out int revision) ? revision : 0;

    private static int ReplicasOf(KubernetesObject set) => set.ReplicaSetSpec().Replicas ?? 0;

    private static int AvailableOf(KubernetesObject set) => set.ReplicaSetStatus().AvailableReplicas ?? 0;

    private async Task<bool> CreateSetAsync(KubernetesObject deployment, string name, RolloutPlan plan, CancellationToken cancellation)
    {
        string hash = name[(deployment.Name.Length + 1)..];
        JsonObject template = JsonObject.Create(deployment.Spec.Field("template")) ?? [];
        JsonObject labels = template.EnsureChild("metadata").EnsureChild("labels");
        labels[HashLabel] = hash;
        JsonObject selector = JsonObject.Create(deployment.Spec.Field("selector")) ?? [];
        selector.EnsureChild("matchLabels")[HashLabel] = hash;
        int revision = Owned(deployment).Select(RevisionOf).DefaultIfEmpty(0).Max() + 1;
        JsonObject set = new()
        {
            ["metadata"] = new JsonObject
            {
                ["name"] = name,
                ["namespace"] = deployment.Namespace,
                ["labels"] = labels.DeepClone(),
                ["annotations"] = Annotations(plan, revision),
                ["ownerReferences"] = new JsonArray(PodFactory.OwnerReference(deployment)),
            },
            ["spec"] = new JsonObject
            {
                ["replicas"] = 0,
                ["minReadySeconds"] = deployment.DeploymentSpec().MinReadySeconds ?? 0,
                ["selector"] = selector,
                ["template"] = template,
            },
        };
        if (await sets.TryCreateAsync(set, cancellation) is null)
        {
            return false;
        }

        JsonObject annotations = new() { [Revision] = revision.ToString(CultureInfo.InvariantCulture) };
        await deployments.PatchAsync(deployment, new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = annotations } }, cancellation);
        return true;
    }

    private static JsonObject Annotations(RolloutPlan plan, int revision) => new()
    {
        [DesiredReplicas] = plan.Replicas.ToString(CultureInfo.InvariantCulture),
        [MaxReplicas] = (plan.Replicas + plan.MaxSurge).ToString(CultureInfo.InvariantCulture),
        [Revision] = revision.ToString(CultureInfo.InvariantCulture),
    };

    private async Task ScaleAsync(KubernetesObject deployment, string newName, RolloutPlan plan, CancellationToken cancellation)
    {
        List<KubernetesObject> owned = Owned(deployment);
        KubernetesObject? latest = owned.Find(set => set.Name == newName);
        if (latest is null)
        {
            return;
        }

        List<KubernetesObject> old = owned.Where(set => set.Name != newName).OrderBy(RevisionOf).ToList();
        int oldReplicas = old.Sum(set => Math.Max(ReplicasOf(set), set.ReplicaSetStatus().Replicas));
        if (plan.IsRecreate)
        {
            foreach (KubernetesObject set in old)
            {
                await ScaleSetAsync(deployment, set, 0, plan, cancellation);
            }

            int oldPods = old.Sum(set => pods.ControlledBy(set).Count());
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
        foreach (KubernetesObject set in old)
        {
            int broken = Math.Max(0, ReplicasOf(set) - AvailableOf(set));
            int shrink = Math.Min(ReplicasOf(set), broken + Math.Max(0, spare));
            spare -= Math.Max(0, shrink - broken);
            await ScaleSetAsync(deployment, set, ReplicasOf(set) - shrink, plan, cancellation);
        }
    }

    private async Task ScaleSetAsync(KubernetesObject deployment, KubernetesObject set, int replicas, RolloutPlan plan, CancellationToken cancellation)
    {
        if (ReplicasOf(set) == replicas)
        {
            return;
        }

        JsonObject metadata = new() { ["annotations"] = Annotations(plan, RevisionOf(set)) };
        await sets.PatchAsync(set, new JsonObject { ["metadata"] = metadata, ["spec"] = new JsonObject { ["replicas"] = replicas } }, cancellation);
        string direction = replicas > ReplicasOf(set) ? "up" : "down";
        events.Record(deployment, EventType.Normal, "ScalingReplicaSet", "Scale", $"Scaled {direction} replica set {set.Name} from {ReplicasOf(set)} to {replicas}");
    }

    private async Task RemoveHistoryAsync(KubernetesObject deployment, string newName, CancellationToken cancellation)
    {
        int keep = deployment.DeploymentSpec().RevisionHistoryLimit ?? 10;
        IEnumerable<KubernetesObject> idle = Owned(deployment)
            .Where(set => set.Name != newName && ReplicasOf(set) == 0 && set.ReplicaSetStatus().Replicas == 0)
            .OrderByDescending(RevisionOf)
            .Skip(keep);
        foreach (KubernetesObject set in idle)
        {
            await sets.DeleteAsync(set, graceSeconds: null, cancellation);
        }
    }

    private async Task WriteStatusAsync(KubernetesObject deployment, string newName, RolloutPlan plan, CancellationToken cancellation)
    {
        List<KubernetesObject> owned = Owned(deployment);
        KubernetesObject? latest = owned.Find(set => set.Name == newName);
        int replicas = owned.Sum(set => set.ReplicaSetStatus().Replicas);
        int updated = latest?.ReplicaSetStatus().Replicas ?? 0;
        int available = owned.Sum(AvailableOf);
        bool isAvailable = available >= plan.Replicas - plan.MaxUnavailable;
        bool isComplete = updated == plan.Replicas && replicas == plan.Replicas && available == plan.Replicas;
        JsonObject isMinimum = Condition(
            deployment, "Available", isAvailable,
            isAvailable ? "MinimumReplicasAvailable" : "MinimumReplicasUnavailable",
            isAvailable ? "Deployment has minimum availability." : "Deployment does not have minimum availability.");
        JsonObject isMoving = Condition(
            deployment, "Progressing", isTrue: true,
            isComplete ? "NewReplicaSetAvailable" : "ReplicaSetUpdated",
            isComplete ? $"ReplicaSet \"{newName}\" has successfully progressed." : $"ReplicaSet \"{newName}\" is progressing.");
        await deployments.WriteStatusAsync(
            deployment,
            new JsonObject
            {
                ["observedGeneration"] = deployment.Generation,
                ["replicas"] = ObjectCache.Count(replicas),
                ["updatedReplicas"] = ObjectCache.Count(updated),
                ["readyReplicas"] = ObjectCache.Count(owned.Sum(set => set.ReplicaSetStatus().ReadyReplicas ?? 0)),
                ["availableReplicas"] = ObjectCache.Count(available),
                ["unavailableReplicas"] = ObjectCache.Count(Math.Max(0, Math.Max(plan.Replicas, replicas) - available)),
                ["conditions"] = new JsonArray(isMinimum, isMoving),
            },
            cancellation);
    }

    private JsonObject Condition(KubernetesObject deployment, string type, bool isTrue, string reason, string message)
    {
        DateTimeOffset now = time.GetUtcNow();
        JsonObject condition = KubernetesObjects.NextCondition(deployment, type, isTrue, reason, message, now);
        WorkloadCondition? known = deployment.StatusAs(KubernetesJsonContext.Default.DeploymentStatus).Conditions?
            .Find(one => one.Type == type);
        bool isSame = known is not null && known.Status == condition.Text("status") && known.Reason == reason && known.Message == message;
        condition["lastUpdateTime"] = JsonNodes.Timestamp((isSame ? known?.LastUpdateTime : null) ?? now);
        return condition;
    }
}
