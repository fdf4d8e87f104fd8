using RocketOps.Kubernetes.Controllers;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Events;
using RocketOps.Kubernetes.Models;
using RocketOps.Kubernetes.Rbac;
using RocketOps.Operator.Admin;
using RocketOps.Operator.Clusters;
using RocketOps.Operator.Clusters.Children;
using RocketOps.Operator.Clusters.Context;
using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Clusters.Growing;
using RocketOps.Operator.Clusters.Leadership;
using RocketOps.Operator.Clusters.Marks;
using RocketOps.Operator.Clusters.Revisions;
using RocketOps.Operator.Clusters.Revisions.Planning;
using RocketOps.Operator.Clusters.Rolling;
using RocketOps.Operator.Clusters.Scaling;
using RocketOps.Operator.Clusters.Spec;
using RocketOps.Operator.Clusters.Status;
using RocketOps.Operator.Clusters.Steps;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Reporting;
using RocketOps.Operator.Reporting.Writing;
using RocketOps.Operator.Rights;
using RocketOps.Operator.Settings;
using RocketOps.Operator.Topics;

namespace RocketOps.Operator.Controllers;

/// <summary>
/// Brings a cluster to what its object asks for. A pass is a list of steps, each safe to repeat: check, read the Leases of groups that elect their master, enlarge claims, apply children, ask who is registered, note whose claims are of such groups, give running brokers the configuration they take, label roles,
/// note which templates serve and which fail, drain groups, open new ones to producers, take away members that are too many and add those that are missing, restart what is outdated, remove configurations nobody starts with, write the status. Nothing is remembered between passes but how long something has lasted.
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
    private readonly IGroupLeadership _leadership;
    private readonly ElectionRights _rights;
    private readonly ChildCaches _caches;
    private readonly LeasesStep _leases;
    private readonly ElectedClaimsStep _electedClaims;
    private readonly GrowthStep _growth;
    private readonly ChildrenStep _children;
    private readonly LiveConfigStep _liveConfig;
    private readonly RolesStep _roles;
    private readonly DrainStep _drain;
    private readonly OpeningStep _opening;
    private readonly GoneGroupsStep _gone;
    private readonly ScaleInStep _scaleIn;
    private readonly ScaleOutStep _scaleOut;
    private readonly GoneMembersStep _goneMembers;
    private readonly RevisionsStep _revisions;
    private readonly RollStep _roll;
    private readonly HandOverStep _handOver;
    private readonly OldConfigurationsStep _oldConfigurations;
    private readonly RegistrationsStep _registrations;
    private readonly MemberFiguresStep _figures;
    private readonly FaultTimes _faults;
    private readonly RefusedPodsStep _refused;
    private readonly UnmanagedTopics _unmanaged;
    private readonly ProtectionPolicy _protection;
    private readonly ClusterAdmins _admins;
    private readonly WaitingPace _pace;
    private readonly StatusWriter _status;
    private readonly RevisionNotes _notes = new();
    private readonly IEventRecorder _events;
    private readonly TimeProvider _time;

    public BrokerClusterController(
        OperatorOptions options,
        IGroupLeadership leadership,
        ElectionRights rights,
        ChildCaches caches,
        LeasesStep leases,
        ElectedClaimsStep electedClaims,
        GrowthStep growth,
        ChildrenStep children,
        LiveConfigStep liveConfig,
        RolesStep roles,
        DrainStep drain,
        OpeningStep opening,
        GoneGroupsStep gone,
        ScaleInStep scaleIn,
        ScaleOutStep scaleOut,
        GoneMembersStep goneMembers,
        RevisionsStep revisions,
        RollStep roll,
        HandOverStep handOver,
        OldConfigurationsStep oldConfigurations,
        RegistrationsStep registrations,
        MemberFiguresStep figures,
        FaultTimes faults,
        RefusedPodsStep refused,
        UnmanagedTopics unmanaged,
        ProtectionPolicy protection,
        ClusterAdmins admins,
        WaitingPace pace,
        StatusWriter status,
        IEventRecorder events,
        TimeProvider time)
    {
        _options = options;
        _leadership = leadership;
        _rights = rights;
        _caches = caches;
        _leases = leases;
        _electedClaims = electedClaims;
        _growth = growth;
        _children = children;
        _liveConfig = liveConfig;
        _roles = roles;
        _drain = drain;
        _opening = opening;
        _gone = gone;
        _scaleIn = scaleIn;
        _scaleOut = scaleOut;
        _goneMembers = goneMembers;
        _revisions = revisions;
        _roll = roll;
        _handOver = handOver;
        _oldConfigurations = oldConfigurations;
        _registrations = registrations;
        _figures = figures;
        _faults = faults;
        _refused = refused;
        _unmanaged = unmanaged;
        _protection = protection;
        _admins = admins;
        _pace = pace;
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

        ClusterObservation observation = Observe(new ClusterContext(entity, _options.Images, _leadership));
        ClusterPause? pause = ClusterPause.Of(entity, _time.GetUtcNow());
        ClusterContext asked = new ClusterContext(entity, ClusterVersion.Images(entity, observation, _options), _leadership) { GroupLease = _options.GroupLease, Notes = _notes };
        ClaimsFound claims = await _electedClaims.FindAsync(asked, observation, cancellationToken);
        observation = observation with { ElectedClaims = claims.Claims, LeftOutClaims = claims.LeftOut };
        HonouredSpec honoured = ClusterValidator.Check(asked, observation);
        ClusterContext context = asked.Honouring(honoured, observation);
        LeasesOutcome leases = await _leases.RunAsync(context, adopts: pause is not { Cluster: true }, cancellationToken);
        context = context.Knowing(new GroupFacts(leases.Leases, AddressesOf(entity)) { Unread = leases.Unreadable });
        context = context.Troubling(_children.TroubledBefore(entity.Key()).Union(leases.Foreign.Keys).ToHashSet(StringComparer.Ordinal));
        context = honoured.Blocked ? context : context.Choosing(RevisionPlanner.Plan(context, observation, pause is { Restarts: true }));
        ClusterFindings findings = await FindAsync(context, observation, honoured, pause, claims, leases, cancellationToken) with
        {
            Unmanaged = _unmanaged.Find(entity),
            Unprotected = ClusterAnnotations.IsProtected(entity) ? await _protection.FindProblemAsync(cancellationToken) : null,
        };
        BrokerCluster next = new BrokerCluster { Metadata = entity.Metadata, Spec = entity.Spec, Status = ClusterStatusBuilder.Build(context, findings, ClientAddressOf(context.Names), _time.GetUtcNow()) };
        bool changed = await _status.WriteAsync(entity, next, cancellationToken) == StatusWrite.Written;
        if (changed)
        {
            TransitionEvents.Record(_events, entity, entity.Status?.Conditions, next.Status.Conditions);
            MasterChanges.Record(_events, entity, context.Facts.Leases);
        }

        if (findings.Failed)
        {
            return ReconciliationResult<BrokerCluster>.Failure(entity, findings.Pending?.Message ?? "The API server failed.");
        }

        // Pods that are stuck, and groups whose objects are refused, stop nothing else: what is under way beside them is looked at as often as ever.
        if ((findings.Problem is not null && !findings.OthersGoOn) || Conditions.IsTrue(next.Status.Conditions, ConditionTypes.Ready))
        {
            _pace.Forget(entity.Key());

            // A master that has not answered once is asked again soon: it may be the first look after it was lost.
            return ReconciliationResult<BrokerCluster>.Success(entity, findings.Groups.Any(static group => group.Master is { Answers: false }) ? _options.ProgressInterval : _options.ResyncInterval);
        }

        TimeSpan pace = _pace.Next(entity.Key(), changed);
        return ReconciliationResult<BrokerCluster>.Success(entity, IsDrainingOnly(findings) ? DrainInterval(next.Status) : pace);
    }

    private string ClientAddressOf(ClusterNames names) => _options.ClientAddress?.Invoke(new ObjectKey(names.Namespace, names.NameServer)) ?? names.NameServerClientAddress;

    private static bool IsDrainingOnly(ClusterFindings findings) =>
        findings is { Pending: null, Unapplied: null, ScaleIn.InProgress: false, ScaleOuts.Count: 0, Roll.InProgress: false, Growths.Count: 0, Openings.Count: 0, Drains.Count: > 0 } && findings.Drains.All(static drain => drain.Phase is OperationPhase.Waiting or OperationPhase.Draining);

    /// <summary>Consumers may take days: less and less often the longer it lasts.</summary>
    private TimeSpan DrainInterval(BrokerClusterStatus status)
    {
        TimeSpan waited = _time.GetUtcNow() - (status.Operations?.Max(static operation => operation.Since) ?? _time.GetUtcNow());
        return TimeSpan.FromTicks(Math.Clamp(waited.Ticks / 4, _options.ProgressInterval.Ticks, Math.Max(_options.ProgressInterval.Ticks, _options.ResyncInterval.Ticks)));
    }

    public async Task<ReconciliationResult<BrokerCluster>> DeletedAsync(BrokerCluster entity, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(entity);
        _children.Forget(entity.Key());
        _drain.Forget(entity.Key());
        _growth.Forget(entity.Key());
        _pace.Forget(entity.Key());
        _revisions.Forget(entity.Key());
        _roll.Forget(entity.Key());
        _faults.Forget(entity.Key());
        _refused.Forget(entity.Key());
        _handOver.Forget(entity.Key());
        _leases.Forget(entity.Key());
        await _admins.ForgetAsync(entity.Key());
        await _admins.ForgetGoneAsync();
        return ReconciliationResult<BrokerCluster>.Success(entity);
    }

    private async Task<ClusterFindings> FindAsync(
        ClusterContext context, ClusterObservation observation, HonouredSpec honoured, ClusterPause? pause, ClaimsFound claims, LeasesOutcome leases, CancellationToken cancellationToken)
    {
        bool paused = pause is { Cluster: true };
        Problem? denied = context.IsAutomatic ? _rights.Lacking : claims.Denied;
        bool blocked = honoured.Blocked || claims.Unread is not null || denied is not null;
        GrowthOutcome growth = paused || blocked ? GrowthOutcome.Nothing : await _growth.RunAsync(context, observation, honoured.Problem is null, cancellationToken);
        context = growth.Kept is { } size ? context.WithStorage(size) : context;
        ChildrenOutcome children = paused || blocked ? ChildrenOutcome.Nothing : await _children.RunAsync(context, observation, growth.Held, cancellationToken);

        if (!paused && !blocked)
        {
            context = context.Troubling(children.Troubled.Keys.Union(leases.Foreign.Keys).ToHashSet(StringComparer.Ordinal));
        }

        // What was just written is newer than the cache: with the old generation a rollout that has not begun would look finished.
        observation = observation with { NameServers = children.NameServers ?? observation.NameServers, Sets = Merge(observation.Sets, children.Sets) };

        // Asked before anything restarts: a pod that serves but is not known yet counts as away.
        BrokerRegistrations registrations = await _registrations.RunAsync(context, observation, cancellationToken);
        (IReadOnlyList<GroupView> groups, bool silent) = _faults.Measure(
            context.Cluster, await _figures.RunAsync(context, observation, observation.Groups(context, registrations), cancellationToken), registrations);
        Problem? problem = children.Told ?? (paused ? null : denied ?? honoured.Problem ?? growth.Problem ?? leases.Told);
        Problem? unknown = claims.Unread ?? leases.Unread ?? leases.Unadopted;
        ClusterFindings findings = new ClusterFindings(observation, groups, registrations, RollPlan.Nothing, ScaleInPlan.Nothing, [], [], growth.Plans, problem, unknown ?? leases.Leftover ?? children.Pending ?? growth.Pending, children.Failed || growth.Pending is not null || unknown is not null, paused)
        {
            Changed = children.Changed,
            OthersGoOn = children.Problem is null && children.Troubled.Count + leases.Foreign.Count > 0,
            Pause = pause,
            NameServersSilent = silent,
            Refused = await _refused.RunAsync(context, observation, groups, cancellationToken),
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
                findings = findings with { Unapplied = live.Unapplied, Pending = findings.Pending ?? live.Pending, Failed = findings.Failed || live.Pending is not null };
            }

            await _roles.RunAsync(context, observation, groups, cancellationToken);

            bool turned = false;
            if (!blocked)
            {
                RevisionsOutcome revisions = await _revisions.RunAsync(context, observation, groups, registrations, findings.Refused, cancellationToken);
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

            // What moves a pod follows from who leads. A group whose objects are refused waits alone; what is refused of those that all need holds everybody up.
            if (!blocked && children.Problem is null && leases.Unread is null)
            {
                findings = findings with { Drains = await _drain.RunAsync(context, observation, groups, registrations, cancellationToken) };
                findings = findings with { Openings = await _opening.RunAsync(context, observation, groups, cancellationToken) };
                findings = findings with { ScaleIn = await _scaleIn.RunAsync(context, observation, groups, registrations, cancellationToken) };
                findings = findings with { ScaleOuts = await _scaleOut.RunAsync(context, observation, groups, registrations, cancellationToken) };

                // Once a template is proven every group gets it. Which pod goes next follows from all of them.
                RollHold? hold = pause is { Restarts: true } || turned || children.Changed is not null ? RollHold.ForNow
                    : context.IsAutomatic && findings.ScaleIn.TakesAway ? RollHold.ForRemoval
                    : RollHold.OfUnobserved(groups);
                findings = findings with
                {
                    Roll = hold is null ? await _roll.RunAsync(context, observation, groups, registrations, cancellationToken) : _roll.Look(context, observation, groups, registrations).Held(hold),
                };
                if ((findings.ScaleIn.HandOver ?? findings.Roll.HandOver) is { } handOver)
                {
                    findings = findings with { HandOverFails = await _handOver.RunAsync(context, handOver, cancellationToken) };
                }
            }
            else if ((blocked ? claims.Unread ?? denied ?? honoured.Problem : children.Problem ?? leases.Unread) is { } blocker)
            {
                // Pods that are outdated stay so, and the operation says for what.
                findings = findings with { Roll = _roll.Look(context, observation, groups, registrations).Held(RollHold.For(blocker)) };
            }

            // What may go is what nothing that was applied in this pass refers to: one that may apply nothing does not know.
            if (!blocked && problem is null && children.Pending is null && children.Changed is null && growth.Held.Count == 0)
            {
                await _gone.RunAsync(context, observation, cancellationToken);
                await _goneMembers.RunAsync(context, groups, cancellationToken);
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
            [.. pods.Where(OwnPods.IsBroker)],
            [.. pods.Where(pod => OwnPods.IsNameServer(pod, context.Names.NameServer))])
        {
            Lists = Lists(context),
            Closures = _caches.ConfigMaps.OwnedBy(context.Cluster.Uid()).Where(static map => GroupClosure.IsOne(map) && !map.IsDeleting()).ToDictionary(static map => map.Label(ClusterLabels.Group)!, StringComparer.Ordinal),
            Recreated = _caches.ConfigMaps.OwnedBy(context.Cluster.Uid()).Where(SavedSet.IsOne).Select(static map => map.Label(ClusterLabels.Group)!).ToHashSet(StringComparer.Ordinal),
        };
    }

    /// <summary>A group that elects its master has a file for each member that it names.</summary>
    private Dictionary<string, int> Lists(ClusterContext context) => _caches.ConfigMaps.OwnedBy(context.Cluster.Uid())
        .Where(static map => map.Label(ClusterLabels.Group) is not null && !SavedSet.IsOne(map) && !GroupClosure.IsOne(map))
        .ToDictionary(static map => map.Name(), static map => map.Data?.Count ?? 0, StringComparer.Ordinal);

    private static List<StatefulSet> Merge(IReadOnlyList<StatefulSet> cached, IReadOnlyList<StatefulSet> applied) =>
        [.. applied, .. cached.Where(set => !applied.Any(newer => newer.Name() == set.Name()))];
}
