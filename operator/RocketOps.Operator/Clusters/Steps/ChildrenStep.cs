using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using RocketOps.Kubernetes.Apply;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Events;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Children;
using RocketOps.Operator.Clusters.Context;
using RocketOps.Operator.Clusters.Growing;
using RocketOps.Operator.Clusters.Marks;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Reporting;
using RocketOps.Operator.Settings;

namespace RocketOps.Operator.Clusters.Steps;

/// <summary>
/// Applies a cluster's children, each only when it differs from what the cache shows, and only while that is what is there, in an order in which none waits for a
/// later one. What is refused holds up nothing but the rest of its own part.
/// </summary>
internal sealed class ChildrenStep
{
    private static readonly IReadOnlySet<string> NoGroups = new HashSet<string>();

    private readonly IKubernetesClient _client;
    private readonly ServerSideApplier _applier;
    private readonly ChildCaches _caches;
    private readonly IEventRecorder _events;
    private readonly ConcurrentDictionary<ObjectKey, IReadOnlySet<string>> _unfit = new();

    public ChildrenStep(IKubernetesClient client, ServerSideApplier applier, ChildCaches caches, IEventRecorder events)
    {
        _events = events;
        _client = client;
        _applier = applier;
        _caches = caches;
    }

    public async Task<ChildrenOutcome> RunAsync(ClusterContext context, ClusterObservation observation, IReadOnlySet<string> held, CancellationToken cancellationToken)
    {
        Deployment? nameServers = null;
        ConfigMap? liveConfig = null;
        Problem? problem = null;
        Dictionary<string, Problem> troubled = new(StringComparer.Ordinal);
        HashSet<string> unfit = new(StringComparer.Ordinal);
        Problem? pending = null;
        Problem? changed = null;
        List<StatefulSet> sets = new List<StatefulSet>();
        bool failed = false;
        HashSet<string> configurations = new HashSet<string>(StringComparer.Ordinal);
        foreach (IReadOnlyList<IKubernetesObject> part in ClusterChildren.Parts(context))
        {
            IKubernetesObject? at = null;
            try
            {
                if (part[^1] is StatefulSet made && await FindSavedAsync(context, observation, made.Name(), cancellationToken) is { } saved)
                {
                    sets.Add(await RestoreAsync(context, made, saved, cancellationToken));
                    continue;
                }

                if (part[^1] is StatefulSet && held.Contains(part[^1].Name()))
                {
                    continue;
                }

                if (part[^1] is StatefulSet next && observation.Set(next.Name()) is null && context.BeginsClosed(next.Name()))
                {
                    await CloseAsync(context, next, cancellationToken);
                }

                foreach (IKubernetesObject child in part)
                {
                    at = child;
                    switch (await ApplyAsync(context, observation, child, cancellationToken))
                    {
                        case Deployment deployment:
                            nameServers = deployment;
                            break;
                        case StatefulSet set:
                            sets.Add(set);
                            break;
                        case ConfigMap map when LiveConfigMap.IsOne(context, map):
                            liveConfig = map;
                            break;
                        case ConfigMap configuration:
                            configurations.Add(configuration.Name());
                            break;
                        default:
                            break;
                    }
                }
            }
            catch (ForeignObjectException leftover) when (leftover.GoesByItself)
            {
                pending ??= new Problem(Reasons.Updating, leftover.Message);
            }
            catch (ForeignObjectException foreign)
            {
                // The other parts do not suffer for this one.
                Note(part, at, new Problem(Reasons.ResourceConflict, foreign.Message));
            }
            catch (KubernetesException refused) when (refused.IsInvalid || refused.IsForbidden || refused.Code == HttpStatusCode.BadRequest)
            {
                // The API server's own rules, a quota, missing rights or an admission webhook: refused until somebody changes something.
                Note(part, at, new Problem(Reasons.Refused, refused.Status.Message ?? refused.Message));
            }
            catch (KubernetesException conflict) when (conflict.IsConflict)
            {
                // The change itself wakes the pass that sees it. A status that somebody else writes is one, too.
                changed ??= new Problem(Reasons.Updating, $"Of the objects of {PartOf(part)} one has changed since it was looked at; they are looked at again.");
            }
            catch (Exception failure) when (ApiFailures.IsFailure(failure, cancellationToken))
            {
                // A webhook that does not answer, a server that is overloaded or away: the other parts may be luckier, and the status says what this one waits for.
                pending ??= ApiFailures.Describe($"Making or changing the objects of {PartOf(part)}", failure);
                failed = true;
            }
        }

        _unfit[context.Cluster.Key()] = unfit;
        return new ChildrenOutcome(nameServers, sets, configurations, liveConfig, problem, troubled, pending, changed, failed);

        void Note(IReadOnlyList<IKubernetesObject> part, IKubernetesObject? refused, Problem found)
        {
            if (part[^1].Label(ClusterLabels.Group) is not { } group)
            {
                problem ??= found;
                return;
            }

            troubled[group] = found;
            if (refused is not StatefulSet)
            {
                unfit.Add(group);
            }
        }
    }

    /// <summary>
    /// Groups whose sets were not come to in the last pass, as something before them was refused: what is new is tried elsewhere first. Not those whose sets were refused themselves: that is what is asked for, which other
    /// groups would be refused too. Forgotten with the process; its first pass finds them again.
    /// </summary>
    public IReadOnlySet<string> TroubledBefore(ObjectKey cluster) => _unfit.GetValueOrDefault(cluster, NoGroups);

    /// <summary>The cluster is no more.</summary>
    public void Forget(ObjectKey cluster) => _unfit.TryRemove(cluster, out _);

    /// <summary>The last object of a part is its workload, or all of it, which it is named after.</summary>
    private static string PartOf(IReadOnlyList<IKubernetesObject> part) => part[^1].Name();

    private async Task<IKubernetesObject> ApplyAsync(ClusterContext context, ClusterObservation observation, IKubernetesObject child, CancellationToken cancellationToken) => child switch
    {
        Deployment deployment => await ApplyAsync(context, deployment, _caches.Deployments.Get(deployment.Key()), cancellationToken),
        StatefulSet set => await ApplySetAsync(context, observation, set, cancellationToken),
        Service service => await ApplyAsync(context, service, _caches.Services.Get(service.Key()), cancellationToken),
        ConfigMap live when LiveConfigMap.IsOne(context, live) => await ApplyLiveConfigAsync(context, live, cancellationToken),
        ConfigMap configMap => await ApplyAsync(context, configMap, _caches.ConfigMaps.Get(configMap.Key()), cancellationToken),
        ServiceAccount account => await ApplyAsync(context, account, _caches.ServiceAccounts.Get(account.Key()), cancellationToken),
        PodDisruptionBudget budget => await ApplyAsync(context, budget, _caches.DisruptionBudgets.Get(budget.Key()), cancellationToken),
        Role role => await ApplyAsync(context, role, _caches.Roles.Get(role.Key()), cancellationToken),
        RoleBinding binding => await ApplyAsync(context, binding, _caches.RoleBindings.Get(binding.Key()), cancellationToken),
        EndpointSlice slice => await ApplyAsync(context, slice, _caches.Slices.Get(slice.Key()), cancellationToken),
        _ => throw new InvalidOperationException($"No rule applies a {child.Kind}."),
    };

    /// <summary>
    /// The saved set of a group whose set is on its way out or gone; null when there is none. By what the pass began with: its context knows nothing of a set that came since. The cache of
    /// ConfigMaps may lag behind that of sets, so before a set is made the server is asked.
    /// </summary>
    private async Task<ConfigMap?> FindSavedAsync(ClusterContext context, ClusterObservation observation, string group, CancellationToken cancellationToken) => observation.Set(group) switch
    {
        { } set => set.IsDeleting() ? SavedSet.Find(_caches.ConfigMaps, context, group) : null,
        null => SavedSet.Of(
            context,
            SavedSet.Find(_caches.ConfigMaps, context, group)
                ?? await _client.GetAsync<ConfigMap>(SavedSet.NameOf(group), context.Names.Namespace, cancellationToken)),
    };

    /// <summary>
    /// Keeps producers out of a group that comes, before its set is made. Made, not applied: what a former leader had still on its way must not close a group again that was opened since. By what the server has, as caches
    /// lag behind.
    /// </summary>
    private async Task CloseAsync(ClusterContext context, StatefulSet set, CancellationToken cancellationToken)
    {
        ConfigMap closure = GroupClosureMap.Build(context, set.Name());
        ConfigMap? there = _caches.ConfigMaps.Get(closure.Key()) ?? await _client.GetAsync<ConfigMap>(closure.Name(), closure.Namespace(), cancellationToken);
        if (there is not null)
        {
            if (there.ControllerOwner()?.Uid != context.Cluster.Uid())
            {
                throw Foreign(context, there);
            }

            return;
        }

        if (await _client.GetAsync<StatefulSet>(set.Name(), set.Namespace(), cancellationToken) is null)
        {
            await _client.CreateAsync(closure, new WriteOptions { FieldManager = FieldManager.Name }, cancellationToken);
        }
    }

    /// <summary>Makes a set again as it was saved. What is asked for of its group today follows in a pass that sees it: what is kept of sets that are there is kept of this one too.</summary>
    private async Task<StatefulSet> RestoreAsync(ClusterContext context, StatefulSet desired, ConfigMap saved, CancellationToken cancellationToken)
    {
        if (await _client.GetAsync<StatefulSet>(desired.Name(), desired.Namespace(), cancellationToken) is { } live)
        {
            return live.ControllerOwner()?.Uid == context.Cluster.Uid() ? live : throw Foreign(context, live);
        }

        string path = $"apis/apps/v1/namespaces/{desired.Namespace()}/statefulsets?fieldManager={SavedSet.Maker}";
        JsonNode made = (await _client.SendAsync(HttpMethod.Post, path, SavedSet.Read(saved), cancellationToken: cancellationToken))!;
        return made.Deserialize(_client.Types.Get<StatefulSet>().Json)!;
    }

    /// <summary>
    /// Applies a set by the one that the pass began with: the cache may know a newer one by now, of which the rest of the pass knows
    /// nothing.
    /// </summary>
    private async Task<StatefulSet> ApplySetAsync(ClusterContext context, ClusterObservation observation, StatefulSet set, CancellationToken cancellationToken)
    {
        if (observation.Set(set.Name()) is not { } seen)
        {
            // Of a set that nobody has seen yet, what is there already is left to the pass that sees it.
            return await _client.GetAsync<StatefulSet>(set.Name(), set.Namespace(), cancellationToken) is { } unseen && unseen.ControllerOwner()?.Uid == context.Cluster.Uid()
                ? unseen
                : await ApplyAsync(context, set, _caches.StatefulSets.Get(set.Key()), cancellationToken);
        }

        StatefulSet applied;
        try
        {
            applied = await GroupSets.ApplyAsync(_applier, set, seen, cancellationToken);
        }
        catch (KubernetesException refused) when (refused.IsInvalid)
        {
            applied = await OverwriteAsync(set, seen, refused, cancellationToken);
        }

        if (WantedMembers.IsScaledByHand(seen))
        {
            _events.Record(
                context.Cluster,
                EventType.Warning,
                "MembersPutBack",
                "Scale",
                $"StatefulSet {set.Name()} was scaled to {seen.Spec?.Replicas ?? 1} by hand and is put back to {set.Spec!.Replicas}: brokers.replicas of the cluster says how many members its groups have.",
                applied);
        }

        return applied;
    }

    /// <summary>
    /// Applies the live map. What is to be reset follows from the map that was seen, so it is written only while that is what is there. One
    /// that nobody has seen yet is left to the pass that sees it.
    /// </summary>
    private async Task<ConfigMap> ApplyLiveConfigAsync(ClusterContext context, ConfigMap map, CancellationToken cancellationToken)
    {
        ConfigMap? cached = _caches.ConfigMaps.Get(map.Key());
        if (cached?.ControllerOwner()?.Uid == context.Cluster.Uid())
        {
            return (await _applier.ApplyAsync(LiveConfigMap.Following(context, cached!), cached!, cancellationToken)).Object;
        }

        return cached is null && await _client.GetAsync<ConfigMap>(map.Name(), map.Namespace(), cancellationToken) is { } unseen && unseen.ControllerOwner()?.Uid == context.Cluster.Uid()
            ? unseen
            : await ApplyAsync(context, map, cached, cancellationToken);
    }

    private async Task<T> ApplyAsync<T>(ClusterContext context, T child, T? cached, CancellationToken cancellationToken)
        where T : class, IKubernetesObject
    {
        // The caches hold only what carries the operator's label. Before something is made, a look at the server finds what somebody else has under that name.
        T? live = cached ?? await _client.GetAsync<T>(child.Name(), child.Namespace(), cancellationToken);
        if (live is not null && live.ControllerOwner()?.Uid != context.Cluster.Uid())
        {
            throw Foreign(context, live);
        }

        try
        {
            return (await _applier.ApplyAsync(child, live, cancellationToken)).Object;
        }
        catch (KubernetesException refused) when (refused.IsInvalid && live is not null)
        {
            return await OverwriteAsync(child, live, refused, cancellationToken);
        }
    }

    /// <summary>
    /// Server-side apply leaves items of lists that others added: a Service whose port was changed by hand would get a second one of the same name, which is
    /// refused, and the change would stay for good. A merge patch sets lists as a whole; the apply after it takes ownership again.
    /// </summary>
    private async Task<T> OverwriteAsync<T>(T child, T live, KubernetesException refused, CancellationToken cancellationToken)
        where T : class, IKubernetesObject
    {
        JsonObject body = JsonSerializer.SerializeToNode(child, _client.Types.Get<T>().Json)!.AsObject();
        body.Remove("apiVersion");
        body.Remove("kind");
        body.Remove("status");
        body["metadata"] = new JsonObject { ["resourceVersion"] = live.Metadata.ResourceVersion };
        T overwritten;
        try
        {
            overwritten = await _client.PatchAsync<T>(
                child.Name(), child.Namespace(), KubernetesPatch.Merge(body), new WriteOptions { FieldManager = FieldManager.Name }, cancellationToken);
        }
        catch (KubernetesException stillRefused) when (stillRefused.IsInvalid)
        {
            // Not the lists: what was asked for is itself not allowed.
            throw refused;
        }

        return (await _applier.ApplyAsync(child, overwritten, cancellationToken)).Object;
    }

    private static ForeignObjectException Foreign(ClusterContext context, IKubernetesObject live)
    {
        OwnerReference? controller = live.ControllerOwner();
        if (controller is { Kind: BrokerCluster.KindName } && controller.Name == context.Names.Cluster)
        {
            return new ForeignObjectException($"{live.Kind} {live.Name()} of a deleted cluster of this name is still there; waiting until it is gone.", goesByItself: true);
        }

        string owner = controller is null ? "was not made by the operator" : $"belongs to {controller.Kind} {controller.Name}";
        return new ForeignObjectException($"{live.Kind} {live.Name()} is needed by {context.Names.Cluster} but {owner}. Remove or rename one of them.", goesByItself: false);
    }
}
