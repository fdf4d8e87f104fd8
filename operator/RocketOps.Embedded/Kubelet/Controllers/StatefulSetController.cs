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

        string revision = $"{set.Name}-{TemplateHash.Of(set.Spec.Field("template"))}";
        bool isOrdered = set.Spec.Text("podManagementPolicy") != "Parallel";
        await Adoption.AdoptAsync(client, pods, ResourceKind.StatefulSet, set, pod => OrdinalOf(set, pod) is not null, cancellation);
        await CreateMissingAsync(set, revision, isOrdered, cancellation);
        await RemoveSurplusAsync(set, isOrdered, cancellation);
        await ReplaceOutdatedAsync(set, revision, cancellation);
        await WriteStatusAsync(set, revision, cancellation);
        bool waitsForAge = set.Spec.Int("minReadySeconds") is > 0 && Members(set).Values.Any(PodFactory.IsReady);
        return waitsForAge ? TimeSpan.FromSeconds(1) : null;
    }

    private static int Replicas(KubeObject set) => set.Spec.Int("replicas") ?? 1;

    private static int FirstOrdinal(KubeObject set) => set.Spec.Field("ordinals").Int("start") ?? 0;

    /// <summary>The number at the end of a pod's name; null when it is not a name this set gives.</summary>
    private static int? OrdinalOf(KubeObject set, KubeObject pod) =>
        pod.Name.StartsWith(set.Name + "-", StringComparison.Ordinal)
        && int.TryParse(pod.Name.AsSpan(set.Name.Length + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int ordinal)
            ? ordinal
            : null;

    private SortedDictionary<int, KubeObject> Members(KubeObject set)
    {
        SortedDictionary<int, KubeObject> members = new();
        foreach (KubeObject pod in pods.All())
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
        SortedDictionary<int, KubeObject> members = Members(set);
        int first = FirstOrdinal(set);
        for (int ordinal = first; ordinal < first + Replicas(set); ordinal++)
        {
            KubeObject? pod = members.GetValueOrDefault(ordinal);
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
        string name = string.Create(CultureInfo.InvariantCulture, $"{set.Name}-{ordinal}");
        JsonObject pod = PodFactory.FromTemplate(set.Spec.Field("template"), ResourceKind.StatefulSet, set, name, nodeName);
        JsonObject labels = pod["metadata"]!["labels"]!.AsObject();
        labels["apps.kubernetes.io/pod-index"] = ordinal.ToString(CultureInfo.InvariantCulture);
        labels[RevisionLabel] = revision;
        labels["statefulset.kubernetes.io/pod-name"] = name;
        JsonObject spec = pod["spec"]!.AsObject();
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
        JsonArray volumes = podSpec["volumes"]?.AsArray() ?? [];
        foreach (JsonElement template in set.Spec.Items("volumeClaimTemplates"))
        {
            string volume = template.Field("metadata").Text("name") ?? "";
            string claim = $"{volume}-{podName}";
            if (claims.Find(set.Namespace, claim) is null)
            {
                await CreateClaimAsync(set, template, claim, cancellation);
            }

            foreach (JsonNode? replaced in volumes.Where(known => (string?)known?["name"] == volume).ToList())
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
        JsonObject metadata = new() { ["name"] = name, ["namespace"] = set.Namespace };
        JsonObject labels = JsonObject.Create(set.Spec.Field("selector").Field("matchLabels")) ?? [];
        foreach (JsonProperty label in template.Field("metadata").Entries("labels"))
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
            JsonObject owner = PodFactory.OwnerReference(ResourceKind.StatefulSet, set);
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
        int first = FirstOrdinal(set);
        int end = first + Replicas(set);
        SortedDictionary<int, KubeObject> members = Members(set);
        List<KeyValuePair<int, KubeObject>> surplus = members.Where(member => member.Key < first || member.Key >= end).Reverse().ToList();
        foreach ((_, KubeObject pod) in surplus)
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
        foreach (JsonElement template in set.Spec.Items("volumeClaimTemplates"))
        {
            string prefix = $"{template.Field("metadata").Text("name")}-{set.Name}-";
            foreach (KubeObject claim in claims.All())
            {
                if (claim.Namespace == set.Namespace
                    && !claim.IsDeleting
                    && claim.Name.StartsWith(prefix, StringComparison.Ordinal)
                    && int.TryParse(claim.Name.AsSpan(prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out int ordinal)
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
        JsonElement strategy = set.Spec.Field("updateStrategy");
        if (strategy.Text("type") == "OnDelete")
        {
            return;
        }

        int partition = strategy.Field("rollingUpdate").Int("partition") ?? 0;
        SortedDictionary<int, KubeObject> members = Members(set);
        if (members.Count < Replicas(set))
        {
            return;
        }

        foreach ((int ordinal, KubeObject pod) in members.Reverse())
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
        SortedDictionary<int, KubeObject>.ValueCollection members = Members(set).Values;
        DateTimeOffset now = time.GetUtcNow();
        int minReadySeconds = set.Spec.Int("minReadySeconds") ?? 0;
        int updated = members.Count(pod => pod.Label(RevisionLabel) == revision && !pod.IsDeleting);
        int ready = members.Count(PodFactory.IsReady);
        string? known = set.Status.Text("currentRevision");

        // The update is complete when no pod of an older revision is left.
        string current = known is null || updated == members.Count(pod => !pod.IsDeleting) ? revision : known;
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
