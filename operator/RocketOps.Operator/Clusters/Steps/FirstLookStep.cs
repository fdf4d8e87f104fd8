using RocketOps.Kubernetes.Entities;
using RocketOps.Operator.Clusters.Context;
using RocketOps.Operator.Clusters.Leadership;
using RocketOps.Operator.Clusters.Revisions;
using RocketOps.Operator.Clusters.Revisions.Planning;
using RocketOps.Operator.Clusters.Spec;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Reporting;
using RocketOps.Operator.Rights;
using RocketOps.Operator.Settings;

namespace RocketOps.Operator.Clusters.Steps;

/// <summary>Step that a pass begins with: what is there, what of the spec is honoured, who leads, which template each group gets.</summary>
internal sealed class FirstLookStep
{
    private readonly OperatorOptions _options;
    private readonly IMemberRoles _roles;
    private readonly ElectionRights _rights;
    private readonly ClusterObserver _observer;
    private readonly ElectedClaimsStep _claims;
    private readonly LeasesStep _leases;
    private readonly ChildrenStep _children;
    private readonly RevisionNotes _notes = new();

    public FirstLookStep(
        OperatorOptions options,
        IMemberRoles roles,
        ElectionRights rights,
        ClusterObserver observer,
        ElectedClaimsStep claims,
        LeasesStep leases,
        ChildrenStep children)
    {
        _options = options;
        _roles = roles;
        _rights = rights;
        _observer = observer;
        _claims = claims;
        _leases = leases;
        _children = children;
    }

    /// <param name="cluster">The object.</param>
    /// <param name="pause">What somebody asked to be left alone; null for nothing.</param>
    /// <param name="cancellationToken">Ends the step.</param>
    public async Task<FirstLook> RunAsync(BrokerCluster cluster, ClusterPause? pause, CancellationToken cancellationToken)
    {
        ClusterObservation observation = _observer.Observe(cluster, new ClusterContext(cluster, _options.Images, _roles).Names);
        OperatorImages images = ClusterVersion.Images(cluster, observation, _options);
        ClusterContext asked = new(cluster, images, _roles, _options.GroupLease, _notes);
        ClaimsFound claims = await _claims.FindAsync(asked, observation, cancellationToken);
        observation = observation with { ElectedClaims = claims.Claims, LeftOutClaims = claims.LeftOut };
        EffectiveSpec honoured = ClusterValidator.Check(asked, observation);
        ClusterContext context = asked.Honouring(honoured, observation);
        LeasesOutcome leases = await _leases.RunAsync(context, adopts: pause is not { Cluster: true }, cancellationToken);
        context = context.Knowing(new GroupObservation(leases.Leases, _observer.AddressesOf(cluster), leases.Unreadable));
        context = context.Troubling(_children.TroubledBefore(cluster.Key()).Union(leases.Foreign.Keys).ToHashSet(StringComparer.Ordinal));
        context = honoured.Blocked ? context : context.Choosing(RevisionPlanner.Plan(context, observation, pause is { Restarts: true }));
        return new FirstLook(context, observation, honoured, claims, leases, context.IsAutomatic ? _rights.Lacking : claims.Denied);
    }

    /// <summary>The cluster is no more.</summary>
    public void Forget(ObjectKey cluster) => _leases.Forget(cluster);
}

/// <summary>Sight of a cluster that its pass begins with.</summary>
/// <param name="Context">What is wanted of the cluster, as far as it can be honoured, with the template that each group gets.</param>
/// <param name="Observation">What is there.</param>
/// <param name="Honoured">What of the spec cannot be honoured, and why.</param>
/// <param name="Claims">Whose claims there are.</param>
/// <param name="Leases">Who leads.</param>
/// <param name="Denied">What the operator lacks the right to, and this cluster takes; null when that is nothing.</param>
internal sealed record FirstLook(
    ClusterContext Context,
    ClusterObservation Observation,
    EffectiveSpec Honoured,
    ClaimsFound Claims,
    LeasesOutcome Leases,
    Problem? Denied);
