using RocketOps.Kubernetes;
using RocketOps.Kubernetes.Apply;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Children;
using RocketOps.Operator.Reporting;

namespace RocketOps.Operator.Clusters.Steps;

/// <summary>Applies a cluster's children, each only when it differs from what the cache shows, in an order in which none waits for a later one.</summary>
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
        var sets = new List<StatefulSet>();
        try
        {
            foreach (var child in ClusterChildren.Build(context))
            {
                switch (child)
                {
                    case Deployment deployment:
                        nameServers = await ApplyAsync(context, deployment, _caches.Deployments.Get(deployment.Key()), cancellationToken);
                        break;
                    case StatefulSet set:
                        sets.Add(await ApplyAsync(context, set, _caches.StatefulSets.Get(set.Key()), cancellationToken));
                        break;
                    case Service service:
                        await ApplyAsync(context, service, _caches.Services.Get(service.Key()), cancellationToken);
                        break;
                    case ConfigMap configMap:
                        await ApplyAsync(context, configMap, _caches.ConfigMaps.Get(configMap.Key()), cancellationToken);
                        break;
                    case ServiceAccount account:
                        await ApplyAsync(context, account, _caches.ServiceAccounts.Get(account.Key()), cancellationToken);
                        break;
                    case PodDisruptionBudget budget:
                        await ApplyAsync(context, budget, _caches.DisruptionBudgets.Get(budget.Key()), cancellationToken);
                        break;
                    default:
                        throw new InvalidOperationException($"No rule applies a {child.Kind}.");
                }
            }
        }
        catch (ForeignObjectException foreign)
        {
            return new ChildrenOutcome(nameServers, sets, new Problem(Reasons.ResourceConflict, foreign.Message));
        }
        catch (KubernetesException refused) when (refused.IsInvalid)
        {
            // The API server's own rules: the same intent is refused for ever, until the spec changes.
            return new ChildrenOutcome(nameServers, sets, new Problem(Reasons.Refused, refused.Status.Message ?? refused.Message));
        }

        return new ChildrenOutcome(nameServers, sets, null);
    }

    private async Task<T> ApplyAsync<T>(ClusterContext context, T child, T? cached, CancellationToken cancellationToken)
        where T : class, IKubernetesObject
    {
        // The caches hold only what carries the operator's label. Before something is made, a look at the server finds what somebody else has under that name.
        var live = cached ?? await _client.GetAsync<T>(child.Name(), child.Namespace(), cancellationToken);
        if (live is not null && live.ControllerOwner()?.Uid != context.Cluster.Uid())
        {
            throw new ForeignObjectException(Describe(context, live));
        }

        var outcome = await _applier.ApplyAsync(child, live, cancellationToken);
        return outcome.Object;
    }

    private static string Describe(ClusterContext context, IKubernetesObject live)
    {
        var owner = live.ControllerOwner() is { } controller ? $"belongs to {controller.Kind} {controller.Name}" : "was not made by the operator";
        return $"{live.Kind} {live.Name()} is needed by {context.Names.Cluster} but {owner}. Remove or rename one of them.";
    }
}
