using System.Collections.Concurrent;
using RocketOps.Kubernetes.Entities;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Settings;

namespace RocketOps.Operator.Clusters.Groups;

/// <summary>
/// Finds slaves that lack what their master had some time ago. What a slave lacks at the moment of a look tells nothing: messages are on
/// their way to it, more of them the busier its master is. What came before an earlier look has had its time. By this process's clock;
/// forgotten with the process. Thread-safe.
/// </summary>
internal sealed class LagTimes(OperatorOptions options, TimeProvider time)
{
    private readonly ConcurrentDictionary<ObjectKey, IReadOnlyDictionary<(string Group, string? Master), Marks>> _seen = new();

    /// <summary>The groups with <see cref="MemberFigures.Behind"/> of their slaves.</summary>
    /// <param name="cluster">The cluster.</param>
    /// <param name="groups">Its groups, with what their members say.</param>
    public IReadOnlyList<ObservedGroup> Measure(ObjectKey cluster, IReadOnlyList<ObservedGroup> groups)
    {
        IReadOnlyDictionary<(string Group, string? Master), Marks>? before = _seen.GetValueOrDefault(cluster);
        long now = time.GetTimestamp();
        Dictionary<(string Group, string? Master), Marks> seen = [];
        List<ObservedGroup> measured = [];
        foreach (ObservedGroup group in groups)
        {
            (string Group, string? Master) key = (group.Name, group.Master?.Live.Uid);
            Marks? known = before?.GetValueOrDefault(key);
            if (group.Master?.Says.LogEnd is not { } end)
            {
                // It has not answered this time, which takes nothing from what it had.
                measured.Add(group);
                Keep(key, known);
                continue;
            }

            Marks marks = known is null ? new Marks(null, end, now)
                : time.GetElapsedTime(known.At, now) >= options.FaultGrace ? new Marks(known.End, end, now)
                : known;
            Keep(key, marks);
            measured.Add(group with
            {
                Members =
                [
                    .. group.Members.Select(member => member with { Says = member.Says with { Behind = IsBehind(member, marks.Earlier) } }),
                ],
            });
        }

        _seen[cluster] = seen;
        return measured;

        void Keep((string Group, string? Master) key, Marks? marks)
        {
            if (marks is not null)
            {
                seen[key] = marks;
            }
        }
    }

    /// <summary>The cluster is no more.</summary>
    public void Forget(ObjectKey cluster) => _seen.TryRemove(cluster, out _);

    private static bool? IsBehind(ObservedMember member, long? earlier) =>
        member.Role == BrokerMemberRole.Slave && member.Says.LogEnd is { } end && earlier is { } wanted ? end < wanted : null;

    /// <param name="Earlier">Where a master's log was at a look that is as long ago as counts; null while there was none.</param>
    /// <param name="End">Where it was at a later one.</param>
    /// <param name="At">When that was, as a timestamp.</param>
    private sealed record Marks(long? Earlier, long End, long At);
}
