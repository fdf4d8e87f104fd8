using System.Collections.Concurrent;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Reporting;
using RocketOps.Operator.Settings;

namespace RocketOps.Operator.Clusters.Groups;

/// <summary>
/// Times since which masters do not answer, groups take no messages, name servers are silent and slaves lack something, by this process's
/// clock. One look proves nothing: an answer may come late, and while a master hands over nobody leads for a moment. Of a master whose
/// Lease had ended before this process came it is enough (<see cref="ObservedGroup.IsHolderDoubted"/>). Forgotten with the process; the next
/// one believes of a cluster's first look what its last status says: what was at fault and still is has lasted. Thread-safe.
/// </summary>
internal sealed class FaultTimes(OperatorOptions options, TimeProvider time)
{
    private readonly ConcurrentDictionary<ObjectKey, IReadOnlyDictionary<(string Of, string What), long>> _seen = new();
    private readonly LagTimes _lags = new LagTimes(options, time);

    /// <summary>The groups with what of their faults has lasted, and whether the silence of name servers has.</summary>
    /// <param name="cluster">The cluster, with its last status.</param>
    /// <param name="groups">Its groups, with what their members say.</param>
    /// <param name="registrations">What its name servers say.</param>
    public (IReadOnlyList<ObservedGroup> Groups, bool NameServersSilent) Measure(BrokerCluster cluster, IReadOnlyList<ObservedGroup> groups, BrokerRegistrations registrations)
    {
        IReadOnlyDictionary<(string Of, string What), long>? before = _seen.GetValueOrDefault(cluster.Key());
        Look look = new Look(before, beginsInAFault: before is null && WasAtFault(cluster.Status), time, options.FaultGrace);
        bool silent = !registrations.Complete && look.Lasts("", "name servers");
        groups = [.. _lags.Measure(cluster.Key(), groups).Select(group => Measure(look, Answers(look, group)))];
        _seen[cluster.Key()] = look.Seen;
        return (groups, silent);
    }

    /// <summary>The cluster is no more.</summary>
    public void Forget(ObjectKey cluster)
    {
        _seen.TryRemove(cluster, out _);
        _lags.Forget(cluster);
    }

    private static bool WasAtFault(BrokerClusterStatus? last) =>
        Conditions.IsTrue(last?.Conditions, ConditionTypes.Degraded) || Conditions.Find(last?.Conditions, ConditionTypes.Available) is { Status: not ConditionStatus.True };

    private static ObservedGroup Answers(Look look, ObservedGroup group) =>
        group with
        {
            Members =
            [
                .. group.Members.Select(member =>
                    member == group.Master
                    && member is { Says.Answers: false, Live.Uid: { } uid }
                    && (look.Lasts(uid, "answers") || group.IsHolderDoubted)
                        ? member with { Says = member.Says with { Unanswering = true } }
                        : member),
            ],
        };

    /// <summary>
    /// Marks a fault that has lasted. Two count at once, as they are known only after some time: that a Lease has ended, and that a master
    /// does not answer.
    /// </summary>
    private static ObservedGroup Measure(Look look, ObservedGroup group) =>
        group.Fault is { } fault && (look.Lasts(group.Name, fault) || group.Lease is { Expired: true } || fault == Reasons.Unanswering) ? group with { FaultLasts = true } : group;

    /// <summary>Faults noted in one pass.</summary>
    /// <param name="before">What was noted in the last one; null in this process's first.</param>
    /// <param name="beginsInAFault">It is this process's first one, and the last status tells of a fault.</param>
    /// <param name="time">Tells how long something has lasted.</param>
    /// <param name="grace">What lasts longer counts.</param>
    private sealed class Look(
        IReadOnlyDictionary<(string Of, string What), long>? before, bool beginsInAFault, TimeProvider time, TimeSpan grace)
    {
        private readonly Dictionary<(string Of, string What), long> _seen = [];
        private readonly long _now = time.GetTimestamp();

        public IReadOnlyDictionary<(string Of, string What), long> Seen => _seen;

        /// <summary>Notes a fault; true when an earlier pass has seen it, long enough ago.</summary>
        public bool Lasts(string of, string what)
        {
            long? since = before is not null && before.TryGetValue((of, what), out long noted) ? noted
                : beginsInAFault ? _now - (long)(grace.TotalSeconds * time.TimestampFrequency)
                : null;
            _seen[(of, what)] = since ?? _now;
            return since is { } earlier && time.GetElapsedTime(earlier, _now) >= grace;
        }
    }
}
