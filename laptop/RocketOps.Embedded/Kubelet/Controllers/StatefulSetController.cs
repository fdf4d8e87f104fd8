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
/// Pods with fixed names and claims of their own. Order of decisions, as in Kubernetes: finished pods go, missing ones
/// come (one after another when ordered), surplus ones leave from the highest ordinal, then outdated ones are replaced
/// unless the strategy is OnDelete. Pods are always made from the newest template; a partition only keeps old ones.
/// </summary>
internal sealed class StatefulSetController(
    ObjectCache sets, ObjectCache pods, ObjectCache claims, IEventRecorder events, string nodeName, TimeProvider time)
{
    private const string RevisionLabel = "controller-revision-hash";

    public async Task<TimeSpan?> ReconcileAsync(ObjectKey key, CancellationToken cancellation)
    {
        if (sets.Find(key) is not { IsDeleting: false } set)
        {
            // Its pods go by their owner reference.
            return null;
        }

        string revision = $"{set.Name}-{CanonicalJson.Hash(set.Spec.Field("template").ToNode())}";
        StatefulSetSpec spec = set.StatefulSetSpec();
        bool isOrdered = spec.PodManagementPolicy != "Parallel";
        await Adoption.AdoptAsync(sets, pods, set, spec.Selector, pod => OrdinalOf(set, pod) is not null, cancellation);
        bool IsMembers(KubernetesObject claim) => OrdinalOfClaim(set, claim) - FirstOrdinal(set) is >= 0 and var member && member < Replicas(set);
        await Adoption.AdoptAsync(sets, claims, set, spec.Selector, claim => TakesClaims(set) && IsMembers(claim), cancellation);
        await CreateMissingAsync(set, revision, isOrdered, cancellation);
        await RemoveSurplusAsync(set, isOrdered, cancellation);
        await ReplaceOutdatedAsync(set, revision, cancellation);
        await WriteStatusAsync(set, revision, cancellation);
        bool waitsForAge = spec.MinReadySeconds is > 0 && Members(set).Values.Any(PodFactory.IsReady);
        return waitsForAge ? TimeSpan.FromSeconds(1) : null;
    }

    private static int Replicas(KubernetesObject set) => set.StatefulSetSpec().Replicas ?? 1;

    private static int FirstOrdinal(KubernetesObject set) => set.StatefulSetSpec().Ordinals?.Start ?? 0;

    /// <summary>The number at the end of a pod's name; null when it is not a name this set gives.</summary>
    private static int? OrdinalOf(KubernetesObject set, KubernetesObject pod) => OrdinalBehind(set.Name + "-", pod.Name);

    private static int? OrdinalOfClaim(KubernetesObject set, KubernetesObject claim) =>
        ClaimTemplates(set).Select(template => OrdinalBehind($"{template.Name}-{set.Name}-", claim.Name)).FirstOrDefault(static ordinal => ordinal is not null);

    /// <summary>Templates of claims as they stand in JSON: claims are copies of them.</summary>
    private static IEnumerable<KubernetesObject> ClaimTemplates(KubernetesObject set) =>
        set.Spec.Items("volumeClaimTemplates").Select(static template => new KubernetesObject(template));

    private static bool TakesClaims(KubernetesObject set) => set.StatefulSetSpec().PersistentVolumeClaimRetentionPolicy?.WhenDeleted == "Delete";

    private static int? OrdinalBehind(string prefix, string name) =>
        name.StartsWith(prefix, StringComparison.Ordinal) && int.TryParse(name.AsSpan(prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out int ordinal)
            ? ordinal
            : null;

    private SortedDictionary<int, KubernetesObject> Members(KubernetesObject set)
    {
        SortedDictionary<int, KubernetesObject> members = new();
        foreach (KubernetesObject pod in pods.ControlledBy(set).Where(pod => OrdinalOf(set, pod) is not null))
        {
            members[OrdinalOf(set, pod)!.Value] = pod;
        }

        return members;
    }

    private async Task CreateMissingAsync(KubernetesObject set, string revision, bool isOrdered, CancellationToken cancellation)
    {
        SortedDictionary<int, KubernetesObject> members = Members(set);
        int first = FirstOrdinal(set);
        for (int ordinal = first; ordinal < first + Replicas(set); ordinal++)
        {
            KubernetesObject? pod = members.GetValueOrDefault(ordinal);
            if (pod is { IsDeleting: false } && PodFactory.IsFinished(pod))
            {
                events.Record(set, EventType.Warning, "RecreatingFailedPod", "Recreate", $"StatefulSet {set.Key()} is recreating failed Pod {pod.Name}");
                await pods.DeleteAsync(pod, graceSeconds: null, cancellation);
            }

            if (pod is null)
            {
                await CreateAsync(set, revision, ordinal, cancellation);
            }

            if (isOrdered && (pod is null || !PodFactory.IsReady(pod)))
            {
                // The next one waits for this one.
                return;
            }
        }
    }

    private async Task CreateAsync(KubernetesObject set, string revision, int ordinal, CancellationToken cancellation)
    {
        string name = string.Create(CultureInfo.InvariantCulture, $"{set.Name}-{ordinal}");
        JsonObject pod = PodFactory.FromTemplate(set.Spec.Field("template"), set, nodeName);
        pod["metadata"]!["name"] = name;
        JsonObject labels = pod["metadata"]!["labels"]!.AsObject();
        labels["apps.kubernetes.io/pod-index"] = ordinal.ToString(CultureInfo.InvariantCulture);
        labels[RevisionLabel] = revision;
        labels["statefulset.kubernetes.io/pod-name"] = name;
        JsonObject spec = pod["spec"]!.AsObject();
        spec["hostname"] = name;
        spec["subdomain"] = set.StatefulSetSpec().ServiceName ?? "";
        await AddClaimsAsync(set, name, spec, cancellation);
        if (await pods.TryCreateAsync(pod, cancellation) is not null)
        {
            events.Record(set, EventType.Normal, "SuccessfulCreate", "Create", $"create Pod {name} in StatefulSet {set.Name} successful");
        }
    }

    private async Task AddClaimsAsync(KubernetesObject set, string podName, JsonObject podSpec, CancellationToken cancellation)
    {
        JsonArray volumes = podSpec["volumes"]?.AsArray() ?? [];
        foreach (KubernetesObject template in ClaimTemplates(set))
        {
            string volume = template.Name;
            string claim = $"{volume}-{podName}";
            if (claims.Find(set.Namespace, claim) is null)
            {
                await CreateClaimAsync(set, template, claim, cancellation);
            }

            // A claim template wins over a volume of the same name.
            volumes.RemoveAll(known => (string?)known?["name"] == volume);
            volumes.Append(new JsonObject { ["name"] = volume, ["persistentVolumeClaim"] = new JsonObject { ["claimName"] = claim } });
        }

        if (volumes.Count > 0 && volumes.Parent is null)
        {
            podSpec["volumes"] = volumes;
        }
    }

    private async Task CreateClaimAsync(KubernetesObject set, KubernetesObject template, string name, CancellationToken cancellation)
    {
        JsonObject labels = [];
        foreach ((string label, string value) in (set.StatefulSetSpec().Selector?.MatchLabels ?? []).Concat(template.Metadata.Labels ?? []))
        {
            labels[label] = value;
        }

        JsonNode? annotations = template.Json.Field("metadata").Field("annotations").ToNode();
        JsonObject metadata = new() { ["name"] = name, ["namespace"] = set.Namespace, ["labels"] = labels, ["annotations"] = annotations };
        if (TakesClaims(set))
        {
            metadata["ownerReferences"] = new JsonArray(PodFactory.OwnerReference(set));
        }

        // One that is kept from an earlier life of this pod stays: its data is found again.
        await claims.TryCreateAsync(new JsonObject { ["metadata"] = metadata, ["spec"] = template.Spec.ToNode() }, cancellation);
    }

    private async Task RemoveSurplusAsync(KubernetesObject set, bool isOrdered, CancellationToken cancellation)
    {
        int first = FirstOrdinal(set);
        int end = first + Replicas(set);
        SortedDictionary<int, KubernetesObject> members = Members(set);
        List<KeyValuePair<int, KubernetesObject>> surplus = members.Where(member => member.Key < first || member.Key >= end).Reverse().ToList();
        foreach ((_, KubernetesObject pod) in surplus)
        {
            if (!pod.IsDeleting)
            {
                events.Record(set, EventType.Normal, "SuccessfulDelete", "Delete", $"delete Pod {pod.Name} in StatefulSet {set.Name} successful");
                await pods.DeleteAsync(pod, graceSeconds: null, cancellation);
            }

            if (isOrdered)
            {
                return;
            }
        }

        if (set.StatefulSetSpec().PersistentVolumeClaimRetentionPolicy?.WhenScaled == "Delete")
        {
            await RemoveScaledClaimsAsync(set, members, first, end, cancellation);
        }
    }

    /// <summary>Claims of ordinals that are no longer wanted and whose pod is gone.</summary>
    private async Task RemoveScaledClaimsAsync(
        KubernetesObject set, SortedDictionary<int, KubernetesObject> members, int first, int end, CancellationToken cancellation)
    {
        LabelSelector labels = new() { MatchLabels = set.StatefulSetSpec().Selector?.MatchLabels };
        foreach (KubernetesObject claim in claims.List(set.Namespace).Where(claim => !claim.IsDeleting && claim.IsSelectedBy(labels)))
        {
            if (OrdinalOfClaim(set, claim) is { } ordinal && (ordinal < first || ordinal >= end) && !members.ContainsKey(ordinal))
            {
                await claims.DeleteAsync(claim, graceSeconds: null, cancellation);
            }
        }
    }

    private async Task ReplaceOutdatedAsync(KubernetesObject set, string revision, CancellationToken cancellation)
    {
        StatefulSetUpdateStrategy? strategy = set.StatefulSetSpec().UpdateStrategy;
        if (strategy?.Type == "OnDelete")
        {
            return;
        }

        int partition = strategy?.RollingUpdate?.Partition ?? 0;
        SortedDictionary<int, KubernetesObject> members = Members(set);
        if (members.Count < Replicas(set))
        {
            return;
        }

        foreach ((int ordinal, KubernetesObject pod) in members.Reverse())
        {
            if (ordinal >= partition && pod.Label(RevisionLabel) != revision)
            {
                if (!pod.IsDeleting)
                {
                    await pods.DeleteAsync(pod, graceSeconds: null, cancellation);
                }

                return;
            }

            if (!PodFactory.IsReady(pod))
            {
                // One at a time: this one must be back first.
                return;
            }
        }
    }

    private async Task WriteStatusAsync(KubernetesObject set, string revision, CancellationToken cancellation)
    {
        SortedDictionary<int, KubernetesObject>.ValueCollection members = Members(set).Values;
        DateTimeOffset now = time.GetUtcNow();
        int minReadySeconds = set.StatefulSetSpec().MinReadySeconds ?? 0;
        int updated = members.Count(pod => pod.Label(RevisionLabel) == revision && !pod.IsDeleting);
        int ready = members.Count(PodFactory.IsReady);
        string? known = set.StatusAs(KubernetesJsonContext.Default.StatefulSetStatus).CurrentRevision;

        // The update is complete when no pod of an older revision is left.
        string current = known is null || updated == members.Count(pod => !pod.IsDeleting) ? revision : known;
        await sets.WriteStatusAsync(
            set,
            new JsonObject
            {
                ["observedGeneration"] = set.Generation,
                ["replicas"] = members.Count,
                ["readyReplicas"] = ObjectCache.Count(ready),
                ["availableReplicas"] = members.Count(pod => PodFactory.IsAvailable(pod, minReadySeconds, now)),
                ["currentReplicas"] = ObjectCache.Count(members.Count(pod => pod.Label(RevisionLabel) == current && !pod.IsDeleting)),
                ["updatedReplicas"] = ObjectCache.Count(updated),
                ["currentRevision"] = current,
                ["updateRevision"] = revision,
                ["collisionCount"] = 0,
            },
            cancellation);
    }
}
