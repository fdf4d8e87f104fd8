using System.Runtime.CompilerServices;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Operator.Clusters.Revisions;

/// <summary>
/// Reads what sets note of their templates, of each instance once: many ask in a pass, and a set that nobody changes is the same instance in the next one. An instance from a cache is never changed. Forgotten with the instance.
/// Thread-safe.
/// </summary>
internal sealed class RevisionNotes
{
    private readonly ConditionalWeakTable<StatefulSet, GroupRevision> _read = [];

    /// <param name="set">Null for one that is not there.</param>
    public GroupRevision Of(StatefulSet? set) => set is null ? GroupRevision.None : _read.GetValue(set, GroupRevision.Of);
}
