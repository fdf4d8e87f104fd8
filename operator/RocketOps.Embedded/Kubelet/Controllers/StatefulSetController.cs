using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using RocketOps.Embedded.Kubelet.Events;
using RocketOps.Embedded.Kubelet.Objects;

namespace RocketOps.Embedded.Kubelet.Controllers;

/// <summary>
/// Pods with fixed names and claims of their own. Order of decisions, as in Kubernetes: finished pods go, missing ones
/// come (one after another when ordered), surplus ones leave from the highest ordinal, then outdated ones are replaced
/// unless the strategy is OnDelete. Pods are always made from the newest template; a partition only keeps old ones.
/// </summary>
internal sealed class StatefulSetController(
    ClusterClient client, ObjectCache sets, ObjectCache pods, ObjectCache claims, EventRecorder events, string nodeName, TimeProvider time)
{
    private const string RevisionLabel = "controller-revision-hash";

    public async Task<TimeSpan?> ReconcileAsync(string key, CancellationToken cancellation)
    {
        if (sets.Find(key) is not { IsDeleting: false } set)
        {
            // Its pods go by their owner reference.
            return null;
        }

        var revision = $"{set.Name}-{TemplateHash.Of(set.Spec.Field("template"))}";
        var isOrdered = set.Spec.Text("podManagementPolicy") != "Parallel";
        await Adoption.AdoptAsync(client, pods, ResourceKind.StatefulSet, set, pod => OrdinalOf(set, pod) is not null, cancellation);
        await CreateMissingAsync(set, revision, isOrdered, cancellation);
        await RemoveSurplusAsync(set, isOrdered, cancellation);
        await ReplaceOutdatedAsync(set, revision, cancellation);
        await WriteStatusAsync(set, revision, cancellation);
        var waitsForAge = set.Spec.Int("minReadySeconds") is > 0 && Members(set).Values.Any(PodFactory.IsReady);
        return waitsForAge ? TimeSpan.FromSeconds(1) : null;
    }

    private static int Replicas(KubeObject set) => set.Spec.Int("replicas") ?? 1;

    private static int FirstOrdinal(KubeObject set) => set.Spec.Field("ordinals").Int("start") ?? 0;

    /// <summary>The number at the end of a pod's name; null when it is not a name this set gives.</summary>
    private static int? OrdinalOf(KubeObject set, KubeObject pod) =>
        pod.Name.StartsWith(set.Name + "-", StringComparison.Ordinal)
        && int.TryParse(pod.Name.AsSpan(set.Name.Length + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var ordinal)
            ? ordinal
            : null;

    private SortedDictionary<int, KubeObject> Members(KubeObject set)
    {
        var members = new SortedDictionary<int, KubeObject>();
        foreach (var pod in pods.All())
        {
            if (pod.Namespace == set.Namespace && pod.IsControlledBy(set) && OrdinalOf(set, pod) is { } ordinal)
            {
                members[ordinal] = pod;
            }
        }

        return members;
    }

    private async Task CreateMissingAsync(KubeObject set, string revision, bool isOrdered, CancellationToken cancellation)
    {
        var members = Members(set);
        var first = FirstOrdinal(set);
        for (var ordinal = first; ordinal < first + Replicas(set); ordinal++)
        {
            var pod = members.GetValueOrDefault(ordinal);
            if (pod is { IsDeleting: false } && PodFactory.IsFinished(pod))
            {
                events.Warning(ResourceKind.StatefulSet, set, "RecreatingFailedPod", $"StatefulSet {set.Key} is recreating failed Pod {pod.Name}");
                await client.DeleteAsync(ResourceKind.Pod, pod, graceSeconds: null, cancellation);
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

    private async Task CreateAsync(KubeObject set, string revision, int ordinal, CancellationToken cancellation)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"{set.Name}-{ordinal}");
        var pod = PodFactory.FromTemplate(set.Spec.Field("template"), ResourceKind.StatefulSet, set, name, nodeName);
        var labels = pod["metadata"]!["labels"]!.AsObject();
        labels["apps.kubernetes.io/pod-index"] = ordinal.ToString(CultureInfo.InvariantCulture);
        labels[RevisionLabel] = revision;
        labels["statefulset.kubernetes.io/pod-name"] = name;
        var spec = pod["spec"]!.AsObject();
        spec["hostname"] = name;
        spec["subdomain"] = set.Spec.Text("serviceName") ?? "";
        await AddClaimsAsync(set, name, spec, cancellation);
        try
        {
            pods.Observe(await client.CreateAsync(ResourceKind.Pod, set.Namespace, pod, cancellation));
            events.Normal(ResourceKind.StatefulSet, set, "SuccessfulCreate", $"create Pod {name} in StatefulSet {set.Name} successful");
        }
        catch (ClusterApiException exists) when (exists.IsConflict)
        {
            // The cache lags, or a pod that is not ours has the name: its event brings this set back.
        }
    }

    private async Task AddClaimsAsync(KubeObject set, string podName, JsonObject podSpec, CancellationToken cancellation)
    {
        var volumes = podSpec["volumes"]?.AsArray() ?? [];
        foreach (var template in set.Spec.Items("volumeClaimTemplates"))
        {
            var volume = template.Field("metadata").Text("name") ?? "";
            var claim = $"{volume}-{podName}";
            if (claims.Find(set.Namespace, claim) is null)
            {
                await CreateClaimAsync(set, template, claim, cancellation);
            }

            foreach (var replaced in volumes.Where(known => (string?)known?["name"] == volume).ToList())
            {
                // A claim template wins over a volume of the same name.
                volumes.Remove(replaced);
            }

            volumes.Add((JsonNode)new JsonObject
            {
                ["name"] = volume,
                ["persistentVolumeClaim"] = new JsonObject { ["claimName"] = claim },
            });
        }

        podSpec["volumes"] = volumes.Count > 0 ? volumes.DeepClone() : null;
        if (volumes.Count == 0)
        {
            podSpec.Remove("volumes");
        }
    }

    private async Task CreateClaimAsync(KubeObject set, JsonElement template, string name, CancellationToken cancellation)
    {
        var metadata = new JsonObject { ["name"] = name, ["namespace"] = set.Namespace };
        var labels = JsonObject.Create(set.Spec.Field("selector").Field("matchLabels")) ?? [];
        foreach (var label in template.Field("metadata").Entries("labels"))
        {
            labels[label.Name] = label.Value.GetString();
        }

        metadata["labels"] = labels;
        if (template.Field("metadata").Field("annotations") is { ValueKind: JsonValueKind.Object } annotations)
        {
            metadata["annotations"] = JsonObject.Create(annotations);
        }

        if (set.Spec.Field("persistentVolumeClaimRetentionPolicy").Text("whenDeleted") == "Delete")
        {
            var owner = PodFactory.OwnerReference(ResourceKind.StatefulSet, set);
            owner.Remove("blockOwnerDeletion");
            metadata["ownerReferences"] = new JsonArray((JsonNode)owner);
        }

        try
        {
            claims.Observe(await client.CreateAsync(
                ResourceKind.VolumeClaim,
                set.Namespace,
                new JsonObject { ["metadata"] = metadata, ["spec"] = JsonObject.Create(template.Field("spec")) },
                cancellation));
        }
        catch (ClusterApiException exists) when (exists.IsConflict)
        {
            // Kept from an earlier life of this pod: its data is found again.
        }
    }

    private async Task RemoveSurplusAsync(KubeObject set, bool isOrdered, CancellationToken cancellation)
    {
        var first = FirstOrdinal(set);
        var end = first + Replicas(set);
        var members = Members(set);
        var surplus = members.Where(member => member.Key < first || member.Key >= end).Reverse().ToList();
        foreach (var (_, pod) in surplus)
        {
            if (!pod.IsDeleting)
            {
                events.Normal(ResourceKind.StatefulSet, set, "SuccessfulDelete", $"delete Pod {pod.Name} in StatefulSet {set.Name} successful");
                await client.DeleteAsync(ResourceKind.Pod, pod, graceSeconds: null, cancellation);
            }

            if (isOrdered)
            {
                return;
            }
        }

        if (set.Spec.Field("persistentVolumeClaimRetentionPolicy").Text("whenScaled") == "Delete")
        {
            await RemoveScaledClaimsAsync(set, members, first, end, cancellation);
        }
    }

    /// <summary>Claims of ordinals that are no longer wanted and whose pod is gone.</summary>
    private async Task RemoveScaledClaimsAsync(
        KubeObject set, SortedDictionary<int, KubeObject> members, int first, int end, CancellationToken cancellation)
    {
        foreach (var template in set.Spec.Items("volumeClaimTemplates"))
        {
            var prefix = $"{template.Field("metadata").Text("name")}-{set.Name}-";
            foreach (var claim in claims.All())
            {
                if (claim.Namespace == set.Namespace
                    && !claim.IsDeleting
                    && claim.Name.StartsWith(prefix, StringComparison.Ordinal)
                    && int.TryParse(claim.Name.AsSpan(prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var ordinal)
                    && (ordinal < first || ordinal >= end)
                    && !members.ContainsKey(ordinal)
                    && LabelSelector.MatchesMap(set.Spec.Field("selector").Field("matchLabels"), claim))
                {
                    await client.DeleteAsync(ResourceKind.VolumeClaim, claim, graceSeconds: null, cancellation);
                }
            }
        }
    }

    private async Task ReplaceOutdatedAsync(KubeObject set, string revision, CancellationToken cancellation)
    {
        var strategy = set.Spec.Field("updateStrategy");
        if (strategy.Text("type") == "OnDelete")
        {
            return;
        }

        var partition = strategy.Field("rollingUpdate").Int("partition") ?? 0;
        var members = Members(set);
        if (members.Count < Replicas(set))
        {
            return;
        }

        foreach (var (ordinal, pod) in members.Reverse())
        {
            if (ordinal >= partition && pod.Label(RevisionLabel) != revision)
            {
                if (!pod.IsDeleting)
                {
                    await client.DeleteAsync(ResourceKind.Pod, pod, graceSeconds: null, cancellation);
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

    private async Task WriteStatusAsync(KubeObject set, string revision, CancellationToken cancellation)
    {
        var members = Members(set).Values;
        var now = time.GetUtcNow();
        var minReadySeconds = set.Spec.Int("minReadySeconds") ?? 0;
        var updated = members.Count(pod => pod.Label(RevisionLabel) == revision && !pod.IsDeleting);
        var ready = members.Count(PodFactory.IsReady);
        var known = set.Status.Text("currentRevision");

        // The update is complete when no pod of an older revision is left.
        var current = known is null || updated == members.Count(pod => !pod.IsDeleting) ? revision : known;
        await StatusWriter.WriteAsync(
            client,
            sets,
            set,
            new JsonObject
            {
                ["observedGeneration"] = set.Generation,
                ["replicas"] = members.Count,
                ["readyReplicas"] = StatusWriter.Count(ready),
                ["availableReplicas"] = members.Count(pod => PodFactory.IsAvailable(pod, minReadySeconds, now)),
                ["currentReplicas"] = StatusWriter.Count(members.Count(pod => pod.Label(RevisionLabel) == current && !pod.IsDeleting)),
                ["updatedReplicas"] = StatusWriter.Count(updated),
                ["currentRevision"] = current,
                ["updateRevision"] = revision,
                ["collisionCount"] = 0,
            },
            cancellation);
    }
}
