using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Context;
using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Clusters.Status;
using RocketOps.Operator.Reporting;
using RocketOps.Operator.Settings;

namespace RocketOps.Operator.Clusters.Steps;

/// <summary>
/// Finds out why pods are missing that their set should have made: a quota, a priority class that is not there, a rule of admission. Nothing in a StatefulSet's status tells, but the events of its controller do; they are
/// read only while a pod has been missing for a while, and less and less often the longer it lasts. Forgotten with the process. Thread-safe.
/// </summary>
internal sealed partial class RefusedPodsStep(IKubernetesClient client, OperatorOptions options, TimeProvider time, ILogger<RefusedPodsStep> logger)
{
    /// <summary>Clocks of two machines, and the whole seconds of events.</summary>
    private static readonly TimeSpan ClockTolerance = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<ObjectKey, Look> _looks = new();

    public async Task<RefusedPods> RunAsync(ClusterContext context, ClusterObservation observation, IReadOnlyList<ObservedGroup> groups, CancellationToken cancellationToken)
    {
        Look? before = _looks.GetValueOrDefault(context.Cluster.Key());
        Look look = new(
            Missing(context, groups, before),
            groups.SelectMany(static group => group.Members)
                .Where(static member => member.Live.Uid is not null)
                .Select(static member => member.Pod)
                .ToHashSet(StringComparer.Ordinal),
            NameServerRefusal(observation) is null ? null : before?.NameServersSince ?? Since(context, before));
        _looks[context.Cluster.Key()] = look;
        HashSet<string> observed = groups.Where(static group => group.Observed).Select(static group => group.Name).ToHashSet(StringComparer.Ordinal);
        foreach (IGrouping<string, MissingPod> set in look.Missing.Values.Where(pod => observed.Contains(pod.Set)).GroupBy(static pod => pod.Set).Where(set => set.Any(IsDue)))
        {
            await ReadAsync(context.Names.Namespace, [.. set], cancellationToken);
        }

        return new RefusedPods(
            look.Missing.Where(pod => pod.Value.Words is not null && observed.Contains(pod.Value.Set)).ToDictionary(
                static pod => pod.Key, static pod => new RefusedPod($"StatefulSet {pod.Value.Set} cannot make {pod.Key}", pod.Value.Words!), StringComparer.Ordinal),
            look.NameServersSince is { } since && Lasts(since) ? NameServerRefusal(observation) : null);
    }

    /// <summary>The cluster is no more.</summary>
    public void Forget(ObjectKey cluster) => _looks.TryRemove(cluster, out _);

    /// <summary>
    /// Finds the pods that are missing, but only those that the set asks for: members that are added or taken away one by one are not there
    /// yet, or no more.
    /// </summary>
    private Dictionary<string, MissingPod> Missing(ClusterContext context, IReadOnlyList<ObservedGroup> groups, Look? before)
    {
        Dictionary<string, MissingPod> missing = new(StringComparer.Ordinal);
        foreach (ObservedGroup group in groups.Where(static group => group.Set is { } set && !set.IsDeleting()))
        {
            (string Uid, long Generation) set = (group.Set!.Uid(), group.Set!.Metadata.Generation ?? 0);
            int asked = group.Set!.Spec?.Replicas ?? 1;
            foreach (ObservedMember member in group.Members.Where(member => member.Live.Uid is null && member.Ordinal < asked))
            {
                MissingPod? known = before?.Missing.GetValueOrDefault(member.Pod);
                if (!group.Observed)
                {
                    // Its controller has yet to try with the present template. What is known of the pod tells later which events are older.
                    if (known is not null)
                    {
                        missing[member.Pod] = known;
                    }

                    continue;
                }

                missing[member.Pod] = known is not null && known.Set == group.Name && known.Made == set ? known : new MissingPod(member.Pod, group.Name, set, Since(context, before), After(known, member.Pod));
            }
        }

        return missing;

        // What was refused before the set's template changed tells nothing of the present one. Events have whole seconds.
        DateTimeOffset After(MissingPod? known, string pod) =>
            known is not null ? time.GetUtcNow() + TimeSpan.FromSeconds(1)
            : before?.There.Contains(pod) == true ? time.GetUtcNow() - ClockTolerance
            : DateTimeOffset.MinValue;
    }

    /// <summary>
    /// Returns the start of a refusal: now, or long ago when the last status tells of it already, by another operator or by this one before
    /// it was started again.
    /// </summary>
    private long Since(ClusterContext context, Look? before)
    {
        bool known = before is null && Conditions.Find(context.Cluster.Status?.Conditions, ConditionTypes.Stalled) is { Status: ConditionStatus.True, Reason: Reasons.PodsRefused };
        return time.GetTimestamp() - (known ? (long)(options.FaultGrace.TotalSeconds * time.TimestampFrequency) : 0);
    }

    private bool Lasts(long since) => time.GetElapsedTime(since) >= options.FaultGrace;

    private bool IsDue(MissingPod pod)
    {
        if (pod.ReadAt is not { } read)
        {
            return Lasts(pod.Since);
        }

        long ticks = (time.GetElapsedTime(pod.Since) / 4).Ticks;
        return time.GetElapsedTime(read) >= TimeSpan.FromTicks(Math.Clamp(ticks, options.ProgressInterval.Ticks, Math.Max(options.ProgressInterval.Ticks, options.ResyncInterval.Ticks)));
    }

    /// <summary>Reads the events of one set. When that cannot be, what was known stays, and the next pass that is due reads again: a cluster is looked after all the same.</summary>
    private async Task ReadAsync(string ns, MissingPod[] pods, CancellationToken cancellationToken)
    {
        string set = pods[0].Set;
        try
        {
            KubernetesList<Event> events = await client.ListAsync<Event>(
                new ListOptions { Namespace = ns, FieldSelector = $"regarding.kind=StatefulSet,regarding.name={set},regarding.uid={pods[0].Made.Uid}" }, cancellationToken);
            foreach (MissingPod pod in pods.Where(pod => Lasts(pod.Since)))
            {
                pod.Words = CreationEvents.Refusal(events.Items, set, pod.Name, pod.After);
            }
        }
        catch (Exception failure) when (ApiFailures.IsFailure(failure, cancellationToken))
        {
            LogUnread(set, ns, (failure as KubernetesException)?.Status.Message ?? failure.Message);
        }

        long now = time.GetTimestamp();
        foreach (MissingPod pod in pods)
        {
            pod.ReadAt = now;
        }
    }

    /// <summary>Returns the refusal of name-server pods, which the Deployment's status tells.</summary>
    private static RefusedPod? NameServerRefusal(ClusterObservation observation) =>
        observation.NameServers is { } deployment
        && deployment.Status?.Conditions?.Find(static condition => condition is { Type: "ReplicaFailure", Status: ConditionStatus.True })?.Message is { Length: > 0 } words
            ? new RefusedPod($"Deployment {deployment.Name()} cannot make a pod", words)
            : null;

    [LoggerMessage(EventId = 5131, Level = LogLevel.Warning, Message = "Why pods of StatefulSet {Set} in {Namespace} are missing is not known, as its events cannot be read: {Reason}")]
    private partial void LogUnread(string set, string @namespace, string reason);

    /// <summary>Missing and existing pods as one pass saw them.</summary>
    /// <param name="Missing">The pods that are not there, by name.</param>
    /// <param name="There">Those that are.</param>
    /// <param name="NameServersSince">Since when name servers are refused; null when they are not.</param>
    private sealed record Look(Dictionary<string, MissingPod> Missing, HashSet<string> There, long? NameServersSince);

    /// <param name="name">The pod.</param>
    /// <param name="set">Its set.</param>
    /// <param name="made">And what that one was when the pod was found missing.</param>
    /// <param name="since">Since when it is missing, as far as this process knows.</param>
    /// <param name="after">Until when it was there: events of before tell of another one.</param>
    private sealed class MissingPod(string name, string set, (string Uid, long Generation) made, long since, DateTimeOffset after)
    {
        public string Name => name;

        public string Set => set;

        public (string Uid, long Generation) Made => made;

        public long Since => since;

        public DateTimeOffset After => after;

        public long? ReadAt { get; set; }

        /// <summary>Reason why it cannot be made; null while that is not known.</summary>
        public string? Words { get; set; }
    }
}
