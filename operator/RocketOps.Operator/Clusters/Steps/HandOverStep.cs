using System.Text.Json.Nodes;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Events;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Clusters.Rolling;
using RocketOps.Operator.Hosting;

namespace RocketOps.Operator.Clusters.Steps;

/// <summary>
/// Wishes in a group's Lease that its master hands over. The wish stays there until the master has taken it up, so it outlives the operator; one that failed is made again by a later pass.
/// </summary>
internal sealed class HandOverStep
{
    private readonly IKubernetesClient _client;
    private readonly IEventRecorder _events;

    public HandOverStep(IKubernetesClient client, IEventRecorder events)
    {
        _client = client;
        _events = events;
    }

    public async Task RunAsync(ClusterContext context, GroupAction action, CancellationToken cancellationToken)
    {
        if (action is not { Step: GroupStep.HandOver, Member: { } master, HandOverTo: { } successor } || context.Facts.Leases.GetValueOrDefault(action.Group)?.HandOverTo is not null)
        {
            return;
        }

        JsonObject patch = new() { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [GroupLease.HandOverAnnotation] = successor.Pod } } };
        try
        {
            await _client.PatchAsync<Lease>(action.Group, context.Names.Namespace, KubernetesPatch.Merge(patch), new WriteOptions { FieldManager = FieldManager.Name }, cancellationToken);
        }
        catch (KubernetesException gone) when (gone.IsNotFound || gone.IsConflict)
        {
            // Deleted since it was read; the next pass sees what became of it.
            return;
        }

        _events.Record(context.Cluster, EventType.Normal, "HandOver", "HandOver", $"{master.Pod} hands {action.Group} over to {successor.Pod} before it stops.");
    }
}
