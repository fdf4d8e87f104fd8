using RocketOps.Election.Leases;
using RocketOps.Election.Members;

namespace RocketOps.Election.Leadership;

/// <summary>
/// The copies in sync as a master's lease has them, and as writes whose outcome is open may have made them: an acknowledgement waits for all of these. Not thread-safe.
/// </summary>
internal sealed class InSyncSet(GroupRules rules, IReadOnlyList<MemberCopy> written)
{
    private readonly List<(string? ExpectedVersion, IReadOnlyList<MemberCopy> Set)> _open = [];

    public IReadOnlyList<MemberCopy> Written { get; private set; } = written;

    public IEnumerable<MemberCopy> Needed => rules.Needed(Written, [.. _open.Select(static change => change.Set)]);

    /// <summary>Notes the set of a write before it is sent: from then on it may be the truth.</summary>
    public void OnSending(LeaseRequest write)
    {
        if (!IsSame(write.Record!.InSync, Written))
        {
            _open.Add((write.ExpectedVersion, write.Record.InSync));
        }
    }

    /// <summary>
    /// The lease was seen in that version: what would have replaced another one has been done before or cannot be done any more. A set that this master never wrote is a
    /// person's, and is put right by the next renewal.
    /// </summary>
    public void OnSeen(VersionedLease lease)
    {
        if (_open.Exists(change => IsSame(change.Set, lease.Record.InSync)))
        {
            Written = lease.Record.InSync;
        }

        _open.RemoveAll(change => change.ExpectedVersion != lease.Version);
    }

    public static bool IsSame(IReadOnlyList<MemberCopy> left, IReadOnlyList<MemberCopy> right) => left.Count == right.Count && left.All(right.Contains);
}
