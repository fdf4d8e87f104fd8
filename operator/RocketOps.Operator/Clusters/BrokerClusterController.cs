using RocketOps.Kubernetes;
using RocketOps.Kubernetes.Controllers;
using RocketOps.Kubernetes.Events;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Admin;
using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Clusters.Rolling;
using RocketOps.Operator.Clusters.Scaling;
using RocketOps.Operator.Clusters.Spec;
using RocketOps.Operator.Clusters.Status;
using RocketOps.Operator.Clusters.Steps;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Hosting;
using RocketOps.Operator.Reporting;

namespace RocketOps.Operator.Clusters;

/// <summary>
/// Brings a cluster to what its object asks for. A pass is a list of steps, each safe to repeat: check, read the Leases of groups that elect their master, apply children, ask who is registered, label roles,
/// take away members that are too many, restart what is outdated, remove configurations nobody starts with, write the status. Nothing is remembered between passes.
/// </summary>
[EntityRbac(typeof(BrokerCluster), Verbs = RbacVerbs.Read)]
[EntityRbac(typeof(BrokerCluster), Subresource = "status", Verbs = RbacVerbs.Get | RbacVerbs.Patch)]
[EntityRbac(typeof(BrokerCluster), Subresource = "finalizers", Verbs = RbacVerbs.Update)]
[EntityRbac(typeof(Deployment), typeof(StatefulSet), Verbs = RbacVerbs.Read | RbacVerbs.Apply)]
[EntityRbac(typeof(Service), typeof(ConfigMap), typeof(ServiceAccount), Verbs = RbacVerbs.Read | RbacVerbs.Apply)]
[EntityRbac(typeof(PodDisruptionBudget), Verbs = RbacVerbs.Read | RbacVerbs.Apply)]
[EntityRbac(typeof(ConfigMap), Verbs = RbacVerbs.Delete)]
[EntityRbac(typeof(Role), typeof(RoleBinding), Verbs = RbacVerbs.Read | RbacVerbs.Apply)]

// What the members of a group get for their own Lease and slice the operator has to have itself.
[EntityRbac(typeof(Lease), Verbs = RbacVerbs.Get | RbacVerbs.Watch | RbacVerbs.Create | RbacVerbs.Update | RbacVerbs.Patch)]
[EntityRbac(typeof(EndpointSlice), Verbs = RbacVerbs.Read | RbacVerbs.Apply | RbacVerbs.Update)]
[EntityRbac(typeof(Pod), Subresource = "eviction", Verbs = RbacVerbs.Create)]
[EntityRbac(typeof(Pod), Verbs = RbacVerbs.Read | RbacVerbs.Patch | RbacVerbs.Delete)]
internal sealed class BrokerClusterController : IEntityController<BrokerCluster>
{
    private readonly OperatorOptions _options;
    private readonly IGroupLeadership _leadership;
    private readonly ChildCaches _caches;
    private readonly LeasesStep _leases;
    private readonly ChildrenStep _children;
    private readonly RolesStep _roles;
    private readonly ScaleInStep _scaleIn;
    private readonly RollStep _roll;
    private readonly HandOverStep _handOver;
    private readonly OldConfigurationsStep _oldConfigurations;
    private readonly RegistrationsStep _registrations;
    private readonly MemberFiguresStep _figures;
    private readonly ClusterAdmins _admins;
    private readonly StatusWriter _status;
    private readonly IEventRecorder _events;
    private readonly TimeProvider _time;

    public BrokerClusterController(
        OperatorOptions options,
        IGroupLeadership leadership,
        ChildCaches caches,
        LeasesStep leases,
        ChildrenStep children,
        RolesStep roles,
        ScaleInStep scaleIn,
        RollStep roll,
        HandOverStep handOver,
        OldConfigurationsStep oldConfigurations,
        RegistrationsStep registrations,
        MemberFiguresStep figures,
        ClusterAdmins admins,
        StatusWriter status,
        IEventRecorder events,
        TimeProvider time)
    {
        _options = options;
        _leadership = leadership;
        _caches = caches;
        _leases = leases;
        _children = children;
        _roles = roles;
        _scaleIn = scaleIn;
        _roll = roll;
        _handOver = handOver;
        _oldConfigurations = oldConfigurations;
        _registrations = registrations;
        _figures = figures;
        _admins = admins;
        _status = status;
        _events = events;
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

        ClusterContext asked = new ClusterContext(entity, _options.Images, _leadership);
        ClusterObservation observation = Observe(asked);
        HonouredSpec honoured = ClusterValidator.Check(asked, observation);
        ClusterContext context = asked.Honouring(honoured, observation);
        context = context.Knowing(new GroupFacts(await _leases.RunAsync(context, cancellationToken), AddressesOf(entity)));
        ClusterFindings findings = await FindAsync(context, observation, honoured, cancellationToken);
        BrokerCluster next = new BrokerCluster { Metadata = entity.Metadata, Spec = entity.Spec, Status = ClusterStatusBuilder.Build(context, findings, _time.GetUtcNow()) };
        if (await _status.WriteAsync(entity, next, cancellationToken))
        {
            TransitionEvents.Record(_events, entity, entity.Status?.Conditions, next.Status.Conditions);
            MasterChanges.Record(_events, entity, context.Facts.Leases);
        }

        if (findings.Failed)
        {
            return ReconciliationResult<BrokerCluster>.Failure(entity, findings.Pending?.Message ?? "The API server failed.");
        }

        bool working = Kubernetes.Models.Conditions.IsTrue(next.Status.Conditions, ConditionTypes.Reconciling);
        return ReconciliationResult<BrokerCluster>.Success(entity, working ? _options.ProgressInterval : _options.ResyncInterval);
    }

    public async Task<ReconciliationResult<BrokerCluster>> DeletedAsync(BrokerCluster entity, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(entity);
        await _admins.ForgetAsync(entity.Key());
        return ReconciliationResult<BrokerCluster>.Success(entity);
    }

    private async Task<ClusterFindings> FindAsync(ClusterContext context, ClusterObservation observation, HonouredSpec honoured, CancellationToken cancellationToken)
    {
        bool paused = ClusterAnnotations.IsPaused(context.Cluster);
        ChildrenOutcome children = paused || honoured.Blocked ? ChildrenOutcome.Nothing : await _children.RunAsync(context, cancellationToken);

        // What was just written is newer than the cache: with the old generation a rollout that has not begun would look finished.
        observation = observation with { NameServers = children.NameServers ?? observation.NameServers, Sets = Merge(observation.Sets, children.Sets) };

        // Asked before anything restarts: a pod that serves but is not known yet counts as away.
        BrokerRegistrations registrations = await _registrations.RunAsync(context, observation, cancellationToken);
        IReadOnlyList<GroupView> groups = await _figures.RunAsync(context, observation, observation.Groups(context, registrations), cancellationToken);
        Problem? problem = children.Problem ?? (paused ? null : honoured.Problem);
        ClusterFindings findings = new ClusterFindings(observation, groups, registrations, RollPlan.Nothing, ScaleInPlan.Nothing, problem, children.Pending, children.Failed, paused);
        if (paused)
        {
            return findings;
        }

        try
        {
            await _roles.RunAsync(context, observation, groups, cancellationToken);
            if (!honoured.Blocked && children.Problem is null)
            {
                findings = findings with { ScaleIn = await _scaleIn.RunAsync(context, observation, groups, registrations, cancellationToken) };
                findings = findings with { Roll = await _roll.RunAsync(context, observation, registrations, cancellationToken) };
                if (findings.Roll.HandOver is { } handOver)
                {
                    await _handOver.RunAsync(context, handOver, cancellationToken);
                }
            }

            if (problem is null && children.Pending is null)
            {
                await _oldConfigurations.RunAsync(context, observation, groups, children.Configurations, cancellationToken);
            }

            return findings;
        }
        catch (Exception failure) when (ApiFailures.IsFailure(failure, cancellationToken))
        {
            // What was found is told all the same.
            return findings with { Pending = findings.Pending ?? ApiFailures.Describe("Looking after the brokers' pods", failure), Failed = true };
        }
    }

    private Dictionary<string, string> AddressesOf(BrokerCluster cluster) => _caches.Services.OwnedBy(cluster.Uid())
        .Where(static service => service.Spec?.ClusterIP is { Length: > 0 } address && address != "None")
        .ToDictionary(static service => service.Name(), static service => service.Spec!.ClusterIP!, StringComparer.Ordinal);

    private ClusterObservation Observe(ClusterContext context)
    {
        string ns = context.Names.Namespace;
        string cluster = context.Names.Cluster;
        Pod[] pods = _caches.Pods.List(ns).Where(pod => pod.Label(ClusterLabels.Cluster) == cluster).ToArray();
        return new ClusterObservation(
            _caches.Deployments.Get(ns, context.Names.NameServer),
            [.. _caches.StatefulSets.OwnedBy(context.Cluster.Uid())],
            [.. pods.Where(static pod => pod.Label(ClusterLabels.Component) == ClusterLabels.BrokerComponent)],
            [.. pods.Where(static pod => pod.Label(ClusterLabels.Component) == ClusterLabels.NameServerComponent)]);
    }

    private static List<StatefulSet> Merge(IReadOnlyList<StatefulSet> cached, IReadOnlyList<StatefulSet> applied) =>
        [.. applied, .. cached.Where(set => !applied.Any(newer => newer.Name() == set.Name()))];
}
