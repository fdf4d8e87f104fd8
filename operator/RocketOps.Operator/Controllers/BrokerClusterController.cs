using RocketOps.Kubernetes.Controllers;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;
using RocketOps.Kubernetes.Rbac;
using RocketOps.Operator.Admin;
using RocketOps.Operator.Clusters;
using RocketOps.Operator.Clusters.Context;
using RocketOps.Operator.Clusters.Status;
using RocketOps.Operator.Clusters.Steps;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Reporting;
using RocketOps.Operator.Settings;

namespace RocketOps.Operator.Controllers;

/// <summary>
/// Controller of clusters: has each brought to what its object asks for, and says when it is looked at again. Nothing is remembered between
/// passes but how long something has lasted.
/// </summary>
[EntityRbac(typeof(BrokerCluster), Verbs = RbacVerbs.Read)]
[EntityRbac(typeof(BrokerCluster), Subresource = "status", Verbs = RbacVerbs.Get | RbacVerbs.Patch)]
[EntityRbac(typeof(BrokerCluster), Subresource = "finalizers", Verbs = RbacVerbs.Update)]
[EntityRbac(typeof(Deployment), typeof(StatefulSet), Verbs = RbacVerbs.Read | RbacVerbs.Apply)]
[EntityRbac(typeof(Service), typeof(ConfigMap), typeof(ServiceAccount), Verbs = RbacVerbs.Read | RbacVerbs.Apply)]
[EntityRbac(typeof(PodDisruptionBudget), Verbs = RbacVerbs.Read | RbacVerbs.Apply)]
[EntityRbac(typeof(ConfigMap), Verbs = RbacVerbs.Delete)]

// Of groups that have gone.
[EntityRbac(typeof(StatefulSet), typeof(Service), typeof(PodDisruptionBudget), typeof(ServiceAccount), typeof(Role), typeof(RoleBinding), typeof(EndpointSlice), Verbs = RbacVerbs.Delete)]
[EntityRbac(typeof(PersistentVolumeClaim), Verbs = RbacVerbs.Read | RbacVerbs.Patch)]
[EntityRbac(typeof(Role), typeof(RoleBinding), Verbs = RbacVerbs.Read | RbacVerbs.Apply)]

// What the members of a group get for their own Lease and slice the operator has to have itself.
[EntityRbac(typeof(Lease), Verbs = RbacVerbs.Read | RbacVerbs.Create | RbacVerbs.Update | RbacVerbs.Patch)]
[EntityRbac(typeof(EndpointSlice), Verbs = RbacVerbs.Read | RbacVerbs.Apply | RbacVerbs.Update)]
[EntityRbac(typeof(Pod), Subresource = "eviction", Verbs = RbacVerbs.Create)]
[EntityRbac(typeof(Pod), Verbs = RbacVerbs.Read | RbacVerbs.Patch | RbacVerbs.Delete)]

// Why a StatefulSet's pod is not made is told nowhere else.
[EntityRbac(typeof(Event), Verbs = RbacVerbs.List)]
internal sealed class BrokerClusterController : IEntityController<BrokerCluster>
{
    private readonly OperatorOptions _options;
    private readonly ClusterPass _pass;
    private readonly ClusterReporter _reporter;
    private readonly ClusterAdmins _admins;
    private readonly WaitingPace _pace;
    private readonly TimeProvider _time;

    public BrokerClusterController(
        OperatorOptions options, ClusterPass pass, ClusterReporter reporter, ClusterAdmins admins, WaitingPace pace, TimeProvider time)
    {
        _options = options;
        _pass = pass;
        _reporter = reporter;
        _admins = admins;
        _pace = pace;
        _time = time;
    }

    public async Task<ReconciliationResult<BrokerCluster>> ReconcileAsync(BrokerCluster entity, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(entity);
        if (entity.IsDeleting())
        {
            // The children go with their owner; nothing is made again meanwhile.
            return ReconciliationResult<BrokerCluster>.Success(entity);
        }

        ClusterPause? pause = ClusterPause.Of(entity, _time.GetUtcNow());
        (ClusterContext context, ClusterFindings findings) = await _pass.RunAsync(entity, pause, cancellationToken);
        (BrokerClusterStatus status, bool changed) = await _reporter.ReportAsync(context, findings, cancellationToken);
        if (findings.Failed)
        {
            return ReconciliationResult<BrokerCluster>.Failure(entity, findings.Pending?.Message ?? "The API server failed.");
        }

        // Pods that are stuck, and groups whose objects are refused, stop nothing else: what is under way beside them is looked at as often as ever.
        if ((findings.Problem is not null && !findings.OthersGoOn) || Conditions.IsTrue(status.Conditions, ConditionTypes.Ready))
        {
            _pace.Forget(entity.Key());

            // A master that has not answered once is asked again soon: it may be the first look after it was lost.
            bool isSilent = findings.Groups.Any(static group => group.Master is { Says.Answers: false });
            return ReconciliationResult<BrokerCluster>.Success(entity, isSilent ? _options.ProgressInterval : _options.ResyncInterval);
        }

        TimeSpan pace = _pace.Next(entity.Key(), changed);
        return ReconciliationResult<BrokerCluster>.Success(entity, IsDrainingOnly(findings) ? DrainInterval(status) : pace);
    }

    public async Task<ReconciliationResult<BrokerCluster>> DeletedAsync(BrokerCluster entity, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(entity);
        _pass.Forget(entity.Key());
        _pace.Forget(entity.Key());
        await _admins.ForgetAsync(entity.Key());
        await _admins.ForgetGoneAsync();
        return ReconciliationResult<BrokerCluster>.Success(entity);
    }

    private static bool IsDrainingOnly(ClusterFindings findings) =>
        findings is
        {
            Pending: null,
            Unapplied: null,
            Operations:
            {
                Drains.Count: > 0,
                ScaleIn.InProgress: false,
                ScaleOuts.Count: 0,
                Roll.InProgress: false,
                Growths.Count: 0,
                Openings.Count: 0,
            },
        }
        && findings.Operations.Drains.All(static drain => drain.Phase is OperationPhase.Waiting or OperationPhase.Draining);

    /// <summary>Consumers may take days: less and less often the longer it lasts.</summary>
    private TimeSpan DrainInterval(BrokerClusterStatus status)
    {
        TimeSpan waited = _time.GetUtcNow() - (status.Operations?.Max(static operation => operation.Since) ?? _time.GetUtcNow());
        long longest = Math.Max(_options.ProgressInterval.Ticks, _options.ResyncInterval.Ticks);
        return TimeSpan.FromTicks(Math.Clamp(waited.Ticks / 4, _options.ProgressInterval.Ticks, longest));
    }
}
