using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Events;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Context;
using RocketOps.Operator.Clusters.Leadership;
using RocketOps.Operator.Clusters.Rolling;
using RocketOps.Operator.Reporting;
using RocketOps.Operator.Settings;

namespace RocketOps.Operator.Clusters.Steps;

/// <summary>
/// Wishes in a group's Lease that its master hands over. The wish stays there until the master has taken it up, so it outlives the operator; one that failed is made again by a later pass, less and less often, as each
/// keeps producers waiting while it is tried. How often it failed is forgotten with the process.
/// </summary>
internal sealed class HandOverStep
{
    // Once may be a moment's bad luck.
    private const int FailuresToTell = 3;

    // Producers wait for seconds each time, and whoever mends what is wrong does not want to wait for hours.
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(5);

    private readonly IKubernetesClient _client;
    private readonly LeasesStep _leases;
    private readonly OperatorOptions _options;
    private readonly IEventRecorder _events;
    private readonly TimeProvider _time;
    private readonly ConcurrentDictionary<(ObjectKey Cluster, string Group), Wishes> _wishes = new();

    public HandOverStep(IKubernetesClient client, LeasesStep leases, OperatorOptions options, IEventRecorder events, TimeProvider time)
    {
        _client = client;
        _leases = leases;
        _options = options;
        _events = events;
        _time = time;
    }

    /// <returns>Whether the master goes on leading although it was asked several times to hand over.</returns>
    public async Task<bool> RunAsync(ClusterContext context, GroupAction action, CancellationToken cancellationToken)
    {
        if (action is not { Step: GroupStep.HandOver, Member: { } master, HandOverTo: { } successor } || context.Facts.Leases.GetValueOrDefault(action.Group) is not { } lease)
        {
            return false;
        }

        // With every master there is another epoch, and whatever came before has ended well.
        (ObjectKey Cluster, string Group) key = (context.Cluster.Key(), action.Group);
        Wishes wishes = _wishes.TryGetValue(key, out Wishes? before) && before.Epoch == lease.Epoch ? before : new Wishes(lease.Epoch, 0, 0);
        if (lease.HandOverTo is not null)
        {
            return wishes.Count > FailuresToTell;
        }

        if (wishes.Count > 0 && _time.GetElapsedTime(wishes.LastAt) < Pause(wishes.Count))
        {
            return wishes.Count >= FailuresToTell;
        }

        // The watch lags behind: asked of whom leads now, and only while whoever is to lead has everything.
        Lease? live = await _leases.ReadAsync(context, action.Group, cancellationToken);
        if (live is null || GroupLease.Of(live) is not { HandOverTo: null } now || now.Holder != master.Pod || now.Epoch != lease.Epoch || !now.Has(successor.Pod))
        {
            return wishes.Count >= FailuresToTell;
        }

        JsonObject patch = new() { ["metadata"] = new JsonObject { ["resourceVersion"] = live.Metadata.ResourceVersion, ["annotations"] = new JsonObject { [GroupLease.HandOverAnnotation] = successor.Pod } } };
        try
        {
            _leases.Wrote(context, await _client.PatchAsync<Lease>(action.Group, context.Names.Namespace, KubernetesPatch.Merge(patch), new WriteOptions { FieldManager = FieldManager.Name }, cancellationToken));
        }
        catch (KubernetesException gone) when (gone.IsNotFound || gone.IsConflict)
        {
            // Deleted, or written by a member, since it was read; the next pass sees what became of it.
            return wishes.Count >= FailuresToTell;
        }

        _wishes[key] = wishes with { Count = wishes.Count + 1, LastAt = _time.GetTimestamp() };
        if (wishes.Count == 0)
        {
            _events.Record(context.Cluster, EventType.Normal, "HandOver", "HandOver", $"{master.Pod} hands {action.Group} over to {successor.Pod} before it stops.");
        }
        else if (wishes.Count == FailuresToTell)
        {
            _events.Record(
                context.Cluster,
                EventType.Warning,
                Reasons.HandOverFailing,
                "HandOver",
                $"{master.Pod} was asked several times to hand {action.Group} over to {successor.Pod}, and leads still. Its log says why; it is asked again, less and less often.");
        }

        return wishes.Count >= FailuresToTell;
    }

    /// <summary>The cluster is no more.</summary>
    public void Forget(ObjectKey cluster)
    {
        foreach ((ObjectKey Cluster, string Group) key in _wishes.Keys.Where(key => key.Cluster == cluster))
        {
            _wishes.TryRemove(key, out _);
        }
    }

    /// <summary>Twice as long after each.</summary>
    private TimeSpan Pause(int count)
    {
        TimeSpan pause = _options.ProgressInterval * Math.Pow(2, Math.Min(count, 20) - 1);
        return pause < LongestPause ? pause : LongestPause;
    }

    /// <param name="Epoch">The one that is to end.</param>
    /// <param name="Count">How often it was wished.</param>
    /// <param name="LastAt">When it was for the last time, as a timestamp.</param>
    private sealed record Wishes(long Epoch, int Count, long LastAt);
}
