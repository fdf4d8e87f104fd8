using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Context;
using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Clusters.Rolling;
using RocketOps.Operator.Clusters.Status;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Reporting;

namespace RocketOps.Operator.Clusters.Steps;

/// <summary>
/// Pass over a cluster, a list of steps, each safe to repeat: check, read the Leases of groups that elect their master, enlarge claims,
/// apply children, ask who is registered, note whose claims are of such groups, give running brokers the configuration they take, label
/// roles, note which templates serve and which fail, drain groups, open new ones to producers, take away members that are too many and add
/// those that are missing, restart what is outdated, remove what nobody needs any more.
/// </summary>
internal sealed class ClusterPass
{
    private readonly FirstLookStep _look;
    private readonly GrowthStep _growth;
    private readonly ChildrenStep _children;
    private readonly GroupsStep _groups;
    private readonly ElectedClaimsStep _electedClaims;
    private readonly LiveConfigStep _liveConfig;
    private readonly RolesStep _roles;
    private readonly RevisionsStep _revisions;
    private readonly MovesStep _moves;
    private readonly LeftoversStep _leftovers;

    public ClusterPass(
        FirstLookStep look,
        GrowthStep growth,
        ChildrenStep children,
        GroupsStep groups,
        ElectedClaimsStep electedClaims,
        LiveConfigStep liveConfig,
        RolesStep roles,
        RevisionsStep revisions,
        MovesStep moves,
        LeftoversStep leftovers)
    {
        _look = look;
        _growth = growth;
        _children = children;
        _groups = groups;
        _electedClaims = electedClaims;
        _liveConfig = liveConfig;
        _roles = roles;
        _revisions = revisions;
        _moves = moves;
        _leftovers = leftovers;
    }

    /// <param name="cluster">The object.</param>
    /// <param name="pause">What somebody asked to be left alone; null for nothing.</param>
    /// <param name="cancellationToken">Ends the pass.</param>
    /// <returns>What was wanted of the cluster when the pass began, and what it has found.</returns>
    public async Task<(ClusterContext Context, ClusterFindings Findings)> RunAsync(
        BrokerCluster cluster, ClusterPause? pause, CancellationToken cancellationToken)
    {
        FirstLook look = await _look.RunAsync(cluster, pause, cancellationToken);
        return (look.Context, await FindAsync(look, pause, cancellationToken));
    }

    /// <summary>The cluster is no more.</summary>
    public void Forget(ObjectKey cluster)
    {
        _look.Forget(cluster);
        _growth.Forget(cluster);
        _children.Forget(cluster);
        _groups.Forget(cluster);
        _revisions.Forget(cluster);
        _moves.Forget(cluster);
    }

    private async Task<ClusterFindings> FindAsync(FirstLook look, ClusterPause? pause, CancellationToken cancellationToken)
    {
        (ClusterContext context, ClusterObservation observation) = (look.Context, look.Observation);
        (EffectiveSpec honoured, ClaimsFound claims) = (look.Honoured, look.Claims);
        (LeasesOutcome leases, Problem? denied) = (look.Leases, look.Denied);
        bool paused = pause is { Cluster: true };
        bool blocked = honoured.Blocked || claims.Unread is not null || denied is not null;
        GrowthOutcome growth = paused || blocked
            ? GrowthOutcome.Nothing
            : await _growth.RunAsync(context, observation, honoured.Problem is null, cancellationToken);
        context = growth.Kept is { } size ? context.WithStorage(size) : context;
        ChildrenOutcome children = paused || blocked
            ? ChildrenOutcome.Nothing
            : await _children.RunAsync(context, observation, growth.Held, cancellationToken);
        if (!paused && !blocked)
        {
            context = context.Troubling(children.Troubled.Keys.Union(leases.Foreign.Keys).ToHashSet(StringComparer.Ordinal));
        }

        // What was just written is newer than the cache: with the old generation a rollout that has not begun would look finished.
        observation = observation with
        {
            NameServers = children.NameServers ?? observation.NameServers,
            Sets = Merge(observation.Sets, children.Sets),
        };

        // Asked before anything restarts: a pod that serves but is not known yet counts as away.
        GroupsOutcome asked = await _groups.RunAsync(context, observation, cancellationToken);
        (IReadOnlyList<ObservedGroup> groups, BrokerRegistrations registrations) = (asked.Groups, asked.Registrations);
        Problem? problem = children.Told ?? (paused ? null : denied ?? honoured.Problem ?? growth.Problem ?? leases.Told);
        Problem? unknown = claims.Unread ?? leases.Unread ?? leases.Unadopted;
        ClusterFindings findings = new(
            observation,
            groups,
            registrations,
            ClusterOperations.None with { Growths = growth.Plans },
            problem,
            Pending: unknown ?? leases.Leftover ?? children.Pending ?? growth.Pending,
            Failed: children.Failed || growth.Pending is not null || unknown is not null,
            pause)
        {
            Changed = children.Changed,
            OthersGoOn = children.Problem is null && children.Troubled.Count + leases.Foreign.Count > 0,
            NameServersSilent = asked.NameServersSilent,
            Refused = asked.Refused,
        };
        if (paused)
        {
            return findings;
        }

        try
        {
            await _electedClaims.RunAsync(context, observation, cancellationToken);
            if (!blocked)
            {
                LiveConfigOutcome live = await _liveConfig.RunAsync(context, observation, groups, children.LiveConfig, cancellationToken);
                findings = findings with
                {
                    Unapplied = live.Unapplied,
                    Pending = findings.Pending ?? live.Pending,
                    Failed = findings.Failed || live.Pending is not null,
                };
            }

            await _roles.RunAsync(context, observation, groups, cancellationToken);

            bool turned = false;
            if (!blocked)
            {
                RevisionsOutcome revisions =
                    await _revisions.RunAsync(context, observation, groups, registrations, findings.Refused, cancellationToken);
                turned = revisions.Noted.Count > 0 || revisions.Changed is not null;
                findings = findings with { Changed = findings.Changed ?? revisions.Changed };
                if (revisions.Noted.Count > 0)
                {
                    // A set that has its former template back shows another revision from here on.
                    observation = observation with { Sets = Merge(observation.Sets, revisions.Noted) };
                    context = context.Seeing(observation);
                    groups = [.. groups.Select(group => group with { Set = observation.Set(group.Name) })];
                    findings = findings with { Observation = observation, Groups = groups };
                }
            }

            // What moves a pod follows from who leads. A group whose objects are refused waits alone; what is refused of those that all
            // need holds everybody up.
            if (!blocked && children.Problem is null && leases.Unread is null)
            {
                bool restarts = !(pause is { Restarts: true } || turned || children.Changed is not null);
                await foreach (ClusterOperations operations in _moves.RunAsync(context, findings, restarts, cancellationToken))
                {
                    findings = findings with { Operations = operations };
                }
            }
            else if ((blocked ? claims.Unread ?? denied ?? honoured.Problem : children.Problem ?? leases.Unread) is { } blocker)
            {
                // Pods that are outdated stay so, and the operation says for what.
                RollPlan held = _moves.Look(context, findings, RollHold.For(blocker));
                findings = findings with { Operations = findings.Operations with { Roll = held } };
            }

            // What may go is what nothing that was applied in this pass refers to: one that may apply nothing does not know.
            if (!blocked && problem is null && children.Pending is null && children.Changed is null && growth.Held.Count == 0)
            {
                await _leftovers.RunAsync(context, observation, groups, children.Configurations, cancellationToken);
            }

            return findings;
        }
        catch (Exception failure) when (ApiFailures.IsFailure(failure, cancellationToken))
        {
            // What was found is told all the same.
            Problem failed = ApiFailures.Describe("Looking after the brokers' pods", failure);
            return findings with { Pending = findings.Pending ?? failed, Failed = true };
        }
    }

    private static List<StatefulSet> Merge(IReadOnlyList<StatefulSet> cached, IReadOnlyList<StatefulSet> applied) =>
        [.. applied, .. cached.Where(set => !applied.Any(newer => newer.Name() == set.Name()))];
}
