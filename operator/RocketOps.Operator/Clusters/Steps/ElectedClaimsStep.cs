using System.Text.Json.Nodes;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Informers;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Context;
using RocketOps.Operator.Clusters.Leadership;
using RocketOps.Operator.Clusters.Spec;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Reporting;
using RocketOps.Operator.Rights;
using RocketOps.Operator.Settings;

namespace RocketOps.Operator.Clusters.Steps;

/// <summary>Notes on claims that they belong to a group which elects its master (<see cref="ElectedClaim"/>), and finds such claims where members with fixed roles would use them, or where nobody would.</summary>
internal sealed class ElectedClaimsStep
{
    private readonly IKubernetesClient _client;
    private readonly IEntityCache<PersistentVolumeClaim> _claims;
    private readonly ClaimRights _rights;

    public ElectedClaimsStep(IKubernetesClient client, IEntityCache<PersistentVolumeClaim> claims, ClaimRights rights)
    {
        _client = client;
        _claims = claims;
        _rights = rights;
    }

    /// <summary>
    /// Claims with the note that members of a cluster with fixed roles have or would have, by name; where they elect their master, those that a cluster which is made leaves out. As caches lag behind, the server is asked too
    /// while members are yet to be made.
    /// </summary>
    /// <param name="context">The cluster as it is asked for.</param>
    /// <param name="observation">Its workloads.</param>
    /// <param name="cancellationToken">Ends the step.</param>
    public async Task<ClaimsFound> FindAsync(ClusterContext context, ClusterObservation observation, CancellationToken cancellationToken)
    {
        if (observation.Sets.Any(ElectionCheck.IsElected) || ClusterValidator.FindHopeless(context) is not null)
        {
            return ClaimsFound.None;
        }

        if (context.IsAutomatic)
        {
            return observation.Sets.Count > 0 || observation.Recreated.Count > 0 || _rights.Lacking is not null
                ? ClaimsFound.None
                : await FindLeftOutAsync(context, cancellationToken);
        }

        if (_rights.Lacking is { } lacking)
        {
            return new ClaimsFound([], [], null, FindUndecided(context, observation) is { } group
                ? new Problem(
                    Reasons.Refused,
                    $"Members of {group} are to be made, and the operator may not read whether their claims belong to a group that elects its master: {lacking}. Nothing is changed meanwhile. {ClaimRights.Remedy}")
                : null);
        }

        string cluster = context.Names.Cluster;
        List<PersistentVolumeClaim> found = Elected(
            context, observation, _claims.List(context.Names.Namespace).Where(claim => claim.Label(ClusterLabels.Cluster) == cluster));
        if (found.Count > 0 || context.Groups.All(group => HasItsMembers(context, observation, group)))
        {
            return new ClaimsFound(found, [], null);
        }

        (IReadOnlyList<PersistentVolumeClaim> there, Problem? unread) = await ListAsync(context, cancellationToken);
        return new ClaimsFound(Elected(context, observation, there), [], unread);
    }

    private async Task<ClaimsFound> FindLeftOutAsync(ClusterContext context, CancellationToken cancellationToken)
    {
        (IReadOnlyList<PersistentVolumeClaim> there, Problem? unread) = await ListAsync(context, cancellationToken);
        IEnumerable<PersistentVolumeClaim> leftOut = there.Where(claim =>
            ElectedClaim.IsOne(claim) && !ElectedClaim.HasLeft(claim) && !claim.IsDeleting()
            && context.Groups.Any(group =>
                ClusterNames.OrdinalOf($"{ClusterNames.DataVolume}-{group}", claim.Name()) >= context.Spec.Brokers.Replicas));
        return new ClaimsFound([], [.. leftOut.OrderBy(static claim => claim.Name(), StringComparer.Ordinal)], unread);
    }

    private async Task<(IReadOnlyList<PersistentVolumeClaim> Claims, Problem? Unread)> ListAsync(ClusterContext context, CancellationToken cancellationToken)
    {
        ListOptions ofCluster = new ListOptions { Namespace = context.Names.Namespace, LabelSelector = $"{ClusterLabels.Cluster}={context.Names.Cluster}" };
        try
        {
            return ((await _client.ListAsync<PersistentVolumeClaim>(ofCluster, cancellationToken)).Items, null);
        }
        catch (Exception failure) when (ApiFailures.IsFailure(failure, cancellationToken))
        {
            return ([], ApiFailures.Describe("Listing the cluster's claims", failure));
        }
    }

    /// <summary>Writes the note where it is missing, names another group or says that a member has left which is there again, also on claims that an operator of before there was one has made.</summary>
    public async Task RunAsync(ClusterContext context, ClusterObservation observation, CancellationToken cancellationToken)
    {
        foreach (StatefulSet set in observation.Sets.Where(static set => ElectionCheck.IsElected(set) && !set.IsDeleting()))
        {
            string? groupId = context.Facts.Leases.GetValueOrDefault(set.Name())?.GroupId;
            for (int ordinal = 0; ordinal < (set.Spec?.Replicas ?? 1); ordinal++)
            {
                if (_claims.Get(context.Names.Namespace, ClusterNames.MemberClaim(set.Name(), ordinal)) is { } claim
                    && !claim.IsDeleting()
                    && !(ElectedClaim.IsOne(claim) && !ElectedClaim.HasLeft(claim) && (groupId is null || claim.Annotation(ElectedClaim.GroupIdAnnotation) == groupId)))
                {
                    JsonObject notes = new() { [ElectedClaim.Annotation] = nameof(FailoverMode.Automatic), [ElectedClaim.LeftAnnotation] = null };
                    if (groupId is not null)
                    {
                        notes[ElectedClaim.GroupIdAnnotation] = groupId;
                    }

                    await NoteAsync(claim, notes, cancellationToken);
                }
            }
        }
    }

    /// <summary>Notes on the claims of members that have left a group that they have left it.</summary>
    /// <param name="context">The cluster.</param>
    /// <param name="group">The group.</param>
    /// <param name="counted">How many members anybody may still count among it.</param>
    /// <param name="cancellationToken">Ends the step.</param>
    public async Task NoteLeftAsync(ClusterContext context, string group, int counted, CancellationToken cancellationToken)
    {
        foreach (PersistentVolumeClaim claim in _claims.List(context.Names.Namespace).Where(claim =>
            ElectedClaim.IsOne(claim) && !ElectedClaim.HasLeft(claim) && !claim.IsDeleting() && ClusterNames.OrdinalOf($"{ClusterNames.DataVolume}-{group}", claim.Name()) >= counted))
        {
            await NoteAsync(claim, new JsonObject { [ElectedClaim.LeftAnnotation] = "true" }, cancellationToken);
        }
    }

    /// <summary>A group that is to have members it has not: those it has were made when claims could be read, or by an operator that knew of no others. One whose set is made again has its members.</summary>
    private static string? FindUndecided(ClusterContext context, ClusterObservation observation) => context.Groups.FirstOrDefault(group =>
        !HasItsMembers(context, observation, group) && (observation.Set(group) is not null || !observation.Recreated.Contains(group)));

    private static bool HasItsMembers(ClusterContext context, ClusterObservation observation, string group) =>
        observation.Set(group) is { } set && (set.Spec?.Replicas ?? 1) >= context.Spec.Brokers.Replicas;

    private static List<PersistentVolumeClaim> Elected(ClusterContext context, ClusterObservation observation, IEnumerable<PersistentVolumeClaim> claims) =>
        [.. claims.Where(claim => ElectedClaim.IsOne(claim) && !claim.IsDeleting() && context.Groups.Any(group => IsOfMember(context, observation, group, claim))).OrderBy(static claim => claim.Name(), StringComparer.Ordinal)];

    private static bool IsOfMember(ClusterContext context, ClusterObservation observation, string group, PersistentVolumeClaim claim) =>
        ClusterNames.OrdinalOf($"{ClusterNames.DataVolume}-{group}", claim.Name()) is { } ordinal && ordinal < Math.Max(context.Spec.Brokers.Replicas, observation.Set(group)?.Spec?.Replicas ?? 0);

    private async Task NoteAsync(PersistentVolumeClaim claim, JsonObject annotations, CancellationToken cancellationToken)
    {
        JsonObject patch = new() { ["metadata"] = new JsonObject { ["uid"] = claim.Uid(), ["annotations"] = annotations } };
        try
        {
            await _client.PatchAsync<PersistentVolumeClaim>(claim.Name(), claim.Namespace(), KubernetesPatch.Merge(patch), new WriteOptions { FieldManager = FieldManager.Name }, cancellationToken);
        }
        catch (KubernetesException gone) when (gone.IsNotFound || gone.IsConflict || gone.IsInvalid)
        {
            // Deleted or made again since it was read; the next pass sees the other one.
        }
    }
}

/// <summary>Claims of groups that elected their master, as a pass knows them.</summary>
/// <param name="Claims">By name.</param>
/// <param name="LeftOut">Those that a cluster which is made leaves out, although their members never left.</param>
/// <param name="Unread">The server did not say, so that no member may be made; null when it did.</param>
/// <param name="Denied">The operator may not read them, and they decide about members that are asked for; null when it may, or they decide about none.</param>
internal sealed record ClaimsFound(
    IReadOnlyList<PersistentVolumeClaim> Claims, IReadOnlyList<PersistentVolumeClaim> LeftOut, Problem? Unread, Problem? Denied = null)
{
    public static readonly ClaimsFound None = new([], [], null);
}
