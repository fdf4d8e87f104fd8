using System.Text.Json.Nodes;
using RocketOps.Kubernetes.Apply;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Events;
using RocketOps.Kubernetes.Informers;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Context;
using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Clusters.Growing;
using RocketOps.Operator.Clusters.Marks;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Reporting;
using RocketOps.Operator.Rights;
using RocketOps.Operator.Settings;

namespace RocketOps.Operator.Clusters.Steps;

/// <summary>
/// Enlarges the claims of each group's members, and has its set made again so that later members get claims of the new size: it is saved, deleted without its pods, and made from what
/// was saved (<see cref="ChildrenStep"/>), whereupon its controller adopts the pods. Each step shows in what the API server has, so that another operator goes on wherever one ended.
/// </summary>
internal sealed class GrowthStep
{
    private readonly IKubernetesClient _client;
    private readonly ServerSideApplier _applier;
    private readonly IEntityCache<ConfigMap> _maps;
    private readonly IEntityCache<PersistentVolumeClaim> _claims;
    private readonly InterimOwner _interim;
    private readonly RefusedGrowth _refused;
    private readonly ClaimRights _rights;
    private readonly IEventRecorder _events;

    public GrowthStep(
        IKubernetesClient client,
        ServerSideApplier applier,
        IEntityCache<ConfigMap> maps,
        IEntityCache<PersistentVolumeClaim> claims,
        InterimOwner interim,
        RefusedGrowth refused,
        ClaimRights rights,
        IEventRecorder events)
    {
        _client = client;
        _applier = applier;
        _maps = maps;
        _claims = claims;
        _interim = interim;
        _refused = refused;
        _rights = rights;
        _events = events;
    }

    /// <param name="context">The cluster with the sets that are there.</param>
    /// <param name="observation">Its workloads.</param>
    /// <param name="mayRecreate">Whether sets may be made again: not while something of the spec cannot be honoured, for what is kept then is what the sets have.</param>
    /// <param name="cancellationToken">Ends the step.</param>
    public async Task<GrowthOutcome> RunAsync(ClusterContext context, ClusterObservation observation, bool mayRecreate, CancellationToken cancellationToken)
    {
        List<GrowthPlan> plans = [];
        HashSet<string> held = new(StringComparer.Ordinal);
        Problem? pending = null;
        foreach (string group in context.Groups)
        {
            // What the cache does not show may be small all the same: a set for larger claims would be made beside them.
            if (_rights.Lacking is { } lacking && IsToGrow(context, observation, group))
            {
                return Keep(context, group, $"the operator may not read the claims of {group}: {lacking}. {ClaimRights.Remedy}", pending, held);
            }

            try
            {
                if (await RunAsync(context, observation, group, mayRecreate, cancellationToken) is { } plan)
                {
                    plans.Add(plan);
                    if (plan.Phase == OperationPhase.Recreating)
                    {
                        held.Add(group);
                    }
                }
            }
            catch (KubernetesException refused) when (refused.IsForbidden || refused.IsInvalid)
            {
                // The class of the claims, a quota or an admission webhook: no group gets more, so that all stay alike.
                string why = refused.Status.Message ?? refused.Message;
                return Keep(context, group, $"the API server refuses {context.Spec.Brokers.Storage.Size} for the claims of {group}: {why}. Set it back, or allow it.", pending, held);
            }
            catch (Exception failure) when (ApiFailures.IsFailure(failure, cancellationToken))
            {
                pending ??= ApiFailures.Describe($"Enlarging the claims of {group}", failure);
                held.Add(group);
            }
        }

        return new GrowthOutcome(plans, null, null, pending, held);
    }

    /// <summary>The cluster is no more.</summary>
    public void Forget(ObjectKey cluster) => _refused.Forget(cluster);

    private static GrowthOutcome Keep(ClusterContext context, string group, string why, Problem? pending, HashSet<string> held)
    {
        Quantity kept = context.ClaimSizeOf(group);
        return new GrowthOutcome([], kept, new Problem(Reasons.Refused, $"brokers.storage.size stays {kept}: {why}"), pending, held);
    }

    private static bool IsToGrow(ClusterContext context, ClusterObservation observation, string group) =>
        observation.Set(group) is { } set && !set.IsDeleting() && !context.IsMarked(group) && set.Annotation(SavedSet.OwnersDue) is null && ClaimTemplate.SizeOf(set) is { } size && size < context.Spec.Brokers.Storage.Size;

    private async Task<GrowthPlan?> RunAsync(ClusterContext context, ClusterObservation observation, string group, bool mayRecreate, CancellationToken cancellationToken)
    {
        ConfigMap? saved = SavedSet.Find(_maps, context, group);
        if (observation.Set(group) is not { } set || set.IsDeleting())
        {
            if (saved is null)
            {
                return null;
            }

            await _interim.AddAsync(context, Left(observation, group, saved), cancellationToken);
            return Recreating(group);
        }

        if (saved is not null && set.Annotation(SavedSet.OwnersDue) is not null)
        {
            await GiveBackAsync(context, group, set, saved, cancellationToken);
            return Recreating(group);
        }

        Pod[] pods = Pods(observation, group, set.Spec?.Replicas ?? 1);
        if (saved is not null && context.IsMarked(group))
        {
            // It goes, or comes back, with the size it has. What was begun is brought to an end: pods that are the cluster's too would stay when their set goes.
            return await FinishAsync(context, group, set, pods, saved, cancellationToken);
        }

        Quantity target = context.Spec.Brokers.Storage.Size;
        if (context.IsMarked(group) || ClaimTemplate.SizeOf(set) is not { } size || size > target)
        {
            return null;
        }

        PersistentVolumeClaim[] claims =
        [
            .. Enumerable.Range(0, set.Spec?.Replicas ?? 1)
                .Select(ordinal => _claims.Get(context.Names.Namespace, ClusterNames.MemberClaim(group, ordinal)))
                .OfType<PersistentVolumeClaim>(),
        ];
        PersistentVolumeClaim[] small = [.. claims.Where(claim => !claim.IsDeleting() && ClaimTemplate.SizeOf(claim.Spec!) < target)];
        if (small.Length > 0)
        {
            foreach (PersistentVolumeClaim claim in small.Where(static claim => claim.Status?.Phase == "Bound"))
            {
                await EnlargeAsync(context.Cluster, claim, target, cancellationToken);
            }

            return Array.Find(small, static claim => claim.Status?.Phase != "Bound") is { } unbound
                ? new GrowthPlan(group, OperationPhase.Waiting, $"The volumes of {group} are to have {target}; {unbound.Name()} has no volume yet and grows when it has one.")
                : new GrowthPlan(group, OperationPhase.Growing, $"The volumes of {group} grow to {target}.");
        }

        if (size < target)
        {
            return mayRecreate
                ? await RecreateAsync(context, group, set, pods, saved, target, cancellationToken)
                : new GrowthPlan(group, OperationPhase.Waiting, $"The volumes of {group} grow to {target}; its StatefulSet follows once all of the spec can be honoured.");
        }

        if (saved is not null)
        {
            return await FinishAsync(context, group, set, pods, saved, cancellationToken);
        }

        return Array.Find(claims, claim => claim.Status is { Phase: "Bound", Capacity: { } capacity } && capacity.GetValueOrDefault("storage") < target) is { } growing
            ? new GrowthPlan(group, OperationPhase.Growing, $"The volumes of {group} grow to {target}; {Describe(growing)}")
            : null;
    }

    /// <summary>The pods are their set's alone, and nothing is kept of the one before. As long as a pod has not been adopted it counts as one of the group because of what is saved.</summary>
    private async Task<GrowthPlan> FinishAsync(ClusterContext context, string group, StatefulSet set, Pod[] pods, ConfigMap saved, CancellationToken cancellationToken)
    {
        if (Array.TrueForAll(pods, pod => ObservedGroup.IsOf(pod, set)) && await _interim.RemoveAsync(context, pods, cancellationToken))
        {
            DeleteOptions same = new DeleteOptions { Preconditions = new Preconditions { Uid = saved.Uid() } };
            await _client.DeleteAsync<ConfigMap>(saved.Name(), context.Names.Namespace, same, cancellationToken);
        }

        return Recreating(group);
    }

    private async Task EnlargeAsync(BrokerCluster cluster, PersistentVolumeClaim claim, Quantity size, CancellationToken cancellationToken)
    {
        if (_refused.Find(cluster) is { } answer)
        {
            throw answer;
        }

        JsonObject patch = new()
        {
            ["metadata"] = new JsonObject { ["resourceVersion"] = claim.Metadata.ResourceVersion },
            ["spec"] = new JsonObject { ["resources"] = new JsonObject { ["requests"] = new JsonObject { ["storage"] = size.ToString() } } },
        };
        try
        {
            await _client.PatchAsync<PersistentVolumeClaim>(claim.Name(), claim.Namespace(), KubernetesPatch.Merge(patch), new WriteOptions { FieldManager = FieldManager.Name }, cancellationToken);
            _refused.Forget(cluster.Key());
        }
        catch (KubernetesException refused) when (refused.IsForbidden || refused.IsInvalid)
        {
            _refused.Note(cluster, refused);
            throw;
        }
        catch (KubernetesException changed) when (changed.IsConflict || changed.IsNotFound)
        {
            // Its volume's controller writes to it too; the next pass sees what it wrote.
        }
    }

    private async Task<GrowthPlan> RecreateAsync(ClusterContext context, string group, StatefulSet set, Pod[] pods, ConfigMap? saved, Quantity target, CancellationToken cancellationToken)
    {
        if (await ReadAsync(context, group, set, cancellationToken) is not { } live)
        {
            return Recreating(group);
        }

        try
        {
            await _applier.ApplyAsync(SavedSet.Build(context, group, live, ClaimTemplate.SizeOf(set)!, target), saved, cancellationToken);
        }
        catch (KubernetesException changed) when (changed.IsConflict)
        {
            // Another save than the cache shows is there, or none any more; the next pass sees which.
            return Recreating(group);
        }

        if (!await _interim.AddAsync(context, pods, cancellationToken))
        {
            return Recreating(group);
        }

        DeleteOptions same = new DeleteOptions
        {
            PropagationPolicy = "Orphan",
            Preconditions = new Preconditions { Uid = set.Uid(), ResourceVersion = (string?)live["metadata"]!["resourceVersion"] },
        };
        try
        {
            await _client.DeleteAsync<StatefulSet>(group, context.Names.Namespace, same, cancellationToken);
        }
        catch (KubernetesException changed) when (changed.IsConflict)
        {
            // What is saved is not what is there any more; the next pass saves it again.
            return Recreating(group);
        }

        _events.Record(context.Cluster, EventType.Normal, "StatefulSetRecreated", "Grow", $"StatefulSet {group} is made again for claims of {target}. Its pods run on.");
        return Recreating(group);
    }

    /// <summary>All fields of the set, also those the typed model does not know; null when it has been deleted or made again since the cache saw it.</summary>
    private async Task<JsonObject?> ReadAsync(ClusterContext context, string group, StatefulSet set, CancellationToken cancellationToken)
    {
        try
        {
            JsonObject live = (await _client.SendAsync(HttpMethod.Get, $"apis/apps/v1/namespaces/{context.Names.Namespace}/statefulsets/{group}", cancellationToken: cancellationToken))!.AsObject();
            return (string?)live["metadata"]!["uid"] == set.Uid() && live["metadata"]!["deletionTimestamp"] is null ? live : null;
        }
        catch (KubernetesException gone) when (gone.IsNotFound)
        {
            return null;
        }
    }

    /// <summary>The fields of a set made again belong to those who had them. The apply after it brings what is asked for today.</summary>
    private async Task GiveBackAsync(ClusterContext context, string group, StatefulSet set, ConfigMap saved, CancellationToken cancellationToken)
    {
        if (await ReadAsync(context, group, set, cancellationToken) is not { } live)
        {
            return;
        }

        JsonObject patch = new()
        {
            ["metadata"] = new JsonObject
            {
                ["resourceVersion"] = (string?)live["metadata"]!["resourceVersion"],
                ["managedFields"] = SavedSet.Owners(saved, live),
                ["annotations"] = new JsonObject { [_applier.HashAnnotation] = null, [SavedSet.OwnersDue] = null },
            },
        };
        try
        {
            await _client.PatchAsync<StatefulSet>(group, context.Names.Namespace, KubernetesPatch.Merge(patch), new WriteOptions { FieldManager = FieldManager.Name }, cancellationToken);
        }
        catch (KubernetesException changed) when (changed.IsConflict || changed.IsNotFound)
        {
            // Its controller writes its status; the next pass sees it.
        }
    }

    private static Pod[] Pods(ClusterObservation observation, string group, int members) =>
        [.. Enumerable.Range(0, members).Select(ordinal => observation.Pod(ClusterNames.Member(group, ordinal))).OfType<Pod>()];

    /// <summary>The pods of a set that has gone.</summary>
    private static IEnumerable<Pod> Left(ClusterObservation observation, string group, ConfigMap saved) =>
        Pods(observation, group, (int?)SavedSet.Read(saved)["spec"]?["replicas"] ?? 1).Where(pod => ObservedGroup.WasOf(pod, group));

    private static GrowthPlan Recreating(string group) =>
        new(group, OperationPhase.Recreating, $"StatefulSet {group} is made again, for its claims have a new size; its pods run on.");

    /// <summary>Returns the text from the claim's own conditions.</summary>
    private static string Describe(PersistentVolumeClaim claim)
    {
        PersistentVolumeClaimCondition[] conditions = [.. (claim.Status?.Conditions ?? []).Where(static condition => condition.Status == ConditionStatus.True)];
        return Array.Find(conditions, static condition => condition.Type.EndsWith("Error", StringComparison.Ordinal)) is { } error ? $"{claim.Name()} fails to: {error.Message}"
            : Array.Exists(conditions, static condition => condition.Type == "FileSystemResizePending") ? $"{claim.Name()} waits for the file system on it (FileSystemResizePending), which the node enlarges while the pod runs, or when it starts again."
            : $"{claim.Name()} waits for its storage class's driver.";
    }
}

/// <summary>Outcome of the wish for larger volumes.</summary>
/// <param name="Plans">The groups whose volumes grow.</param>
/// <param name="Kept">The size that stays because the API server refuses more; null when it does not.</param>
/// <param name="Problem">Why it refuses.</param>
/// <param name="Pending">What failed and is tried again.</param>
/// <param name="Held">Groups whose sets may just have been deleted: what is applied to one of them would make another.</param>
internal sealed record GrowthOutcome(IReadOnlyList<GrowthPlan> Plans, Quantity? Kept, Problem? Problem, Problem? Pending, IReadOnlySet<string> Held)
{
    /// <summary>Nothing was asked.</summary>
    public static readonly GrowthOutcome Nothing = new([], null, null, null, new HashSet<string>());
}
