using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using RocketOps.Kubernetes;
using RocketOps.Kubernetes.Apply;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Children;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Hosting;
using RocketOps.Operator.Reporting;

namespace RocketOps.Operator.Clusters.Steps;

/// <summary>
/// Applies a cluster's children, each only when it differs from what the cache shows, in an order in which none waits for a later one. What is refused holds up
/// nothing but the rest of its own part.
/// </summary>
internal sealed class ChildrenStep
{
    private readonly IKubernetesClient _client;
    private readonly ServerSideApplier _applier;
    private readonly ChildCaches _caches;

    public ChildrenStep(IKubernetesClient client, ServerSideApplier applier, ChildCaches caches)
    {
        _client = client;
        _applier = applier;
        _caches = caches;
    }

    public async Task<ChildrenOutcome> RunAsync(ClusterContext context, CancellationToken cancellationToken)
    {
        Deployment? nameServers = null;
        Problem? problem = null;
        Problem? pending = null;
        List<StatefulSet> sets = new List<StatefulSet>();
        bool failed = false;
        HashSet<string> configurations = new HashSet<string>(StringComparer.Ordinal);
        foreach (IReadOnlyList<IKubernetesObject> part in ClusterChildren.Parts(context))
        {
            try
            {
                foreach (IKubernetesObject child in part)
                {
                    switch (await ApplyAsync(context, child, cancellationToken))
                    {
                        case Deployment deployment:
                            nameServers = deployment;
                            break;
                        case StatefulSet set:
                            sets.Add(set);
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
                // The other parts do not suffer for this one. Of several problems the first is told; the next follows when it is solved.
                problem ??= new Problem(Reasons.ResourceConflict, foreign.Message);
            }
            catch (KubernetesException refused) when (refused.IsInvalid || refused.IsForbidden || refused.Code == HttpStatusCode.BadRequest)
            {
                // The API server's own rules, a quota, missing rights or an admission webhook: refused until somebody changes something.
                problem ??= new Problem(Reasons.Refused, refused.Status.Message ?? refused.Message);
            }
            catch (Exception failure) when (ApiFailures.IsFailure(failure, cancellationToken))
            {
                // A webhook that does not answer, a server that is overloaded or away: the other parts may be luckier, and the status says what this one waits for.
                pending ??= ApiFailures.Describe($"Making or changing the objects of {PartOf(part)}", failure);
                failed = true;
            }
        }

        return new ChildrenOutcome(nameServers, sets, configurations, problem, pending, failed);
    }

    /// <summary>The last object of a part is its workload, which it is named after.</summary>
    private static string PartOf(IReadOnlyList<IKubernetesObject> part) => part[^1].Name();

    private async Task<IKubernetesObject> ApplyAsync(ClusterContext context, IKubernetesObject child, CancellationToken cancellationToken) => child switch
    {
        Deployment deployment => await ApplyAsync(context, deployment, _caches.Deployments.Get(deployment.Key()), cancellationToken),
        StatefulSet set => await ApplyAsync(context, set, _caches.StatefulSets.Get(set.Key()), cancellationToken),
        Service service => await ApplyAsync(context, service, _caches.Services.Get(service.Key()), cancellationToken),
        ConfigMap configMap => await ApplyAsync(context, configMap, _caches.ConfigMaps.Get(configMap.Key()), cancellationToken),
        ServiceAccount account => await ApplyAsync(context, account, _caches.ServiceAccounts.Get(account.Key()), cancellationToken),
        PodDisruptionBudget budget => await ApplyAsync(context, budget, _caches.DisruptionBudgets.Get(budget.Key()), cancellationToken),
        Role role => await ApplyAsync(context, role, _caches.Roles.Get(role.Key()), cancellationToken),
        RoleBinding binding => await ApplyAsync(context, binding, _caches.RoleBindings.Get(binding.Key()), cancellationToken),
        EndpointSlice slice => await ApplyAsync(context, slice, _caches.Slices.Get(slice.Key()), cancellationToken),
        _ => throw new InvalidOperationException($"No rule applies a {child.Kind}."),
    };

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
