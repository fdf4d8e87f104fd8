using RocketOps.Election.Leases;

namespace RocketOps.Election.Members;

/// <summary>Options of a member of a group.</summary>
public sealed record GroupOptions
{
    /// <summary>This member's name.</summary>
    public required string Member { get; init; }

    /// <summary>The names of all members, this one's among them.</summary>
    public required IReadOnlyList<string> Members { get; init; }

    /// <summary>Address where others reach this member for replication, <c>host:port</c>.</summary>
    public string Address { get; init; } = string.Empty;

    /// <summary>
    /// Name of the group in its configuration, <c>brokerClusterName/brokerName</c>; the same at all members. Empty where groups have no
    /// names: then leases are told apart by their ids alone.
    /// </summary>
    public string GroupName { get; init; } = string.Empty;

    /// <summary>Place of the lease, for people and in texts (<c>leaseStore</c>); empty where that has no name.</summary>
    public string LeaseStore { get; init; } = string.Empty;

    public ReplicationMode Mode { get; init; } = ReplicationMode.Sync;

    /// <summary>
    /// True when a master in async mode that cannot renew its lease goes on as long as every copy in sync follows it. Whoever takes the
    /// lease from it meanwhile lacks what it took since; when false, messages are refused instead.
    /// </summary>
    public bool ServesWithoutLease { get; init; }

    /// <summary>
    /// Number of copies, the master's among them, that have a message before it is acknowledged in sync mode. With fewer, messages are
    /// refused. 1 lets the master go on alone.
    /// </summary>
    public int MinInSync { get; init; } = 1;

    /// <summary>
    /// So many copies stay in sync whatever becomes of them: with fewer nothing is acknowledged, so they still have everything and may
    /// still lead.
    /// </summary>
    public int LeastInSync => Mode == ReplicationMode.Async ? 1 : MinInSync;

    public LeaseTimings Lease { get; init; } = new();

    /// <summary>
    /// A follower that has not caught up for so long is in sync no longer. Idle ones say once a renewal that they have everything.
    /// </summary>
    public TimeSpan MaxLag { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>True when two words of a follower may be late, or lost with a connection, before it counts as late itself.</summary>
    public bool HasRoomForReports => MaxLag >= 3 * Lease.Renew;

    /// <summary>
    /// A member whose disk has done nothing for so long, or that has the lease and has not begun its epoch for so long, leaves it to
    /// others. A master that was killed is replaced after the one, and a copy may be as late as the other:
    /// a disk that stumbles for less costs nobody the lease.
    /// </summary>
    public TimeSpan HangTime => Lease.Duration > MaxLag ? Lease.Duration : MaxLag;

    /// <summary>Time for which a member waits for others to say what they have before it takes the lease.</summary>
    public TimeSpan AnswerTime { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// Time, counted from when it found the lease free, for which a member leaves it to each one that has more. In async mode a longer log
    /// is what was acknowledged, so it is waited for until even a member that was just started must have found the lease free; in sync mode
    /// all that may lead have everything acknowledged, and a member that found it free later by a read and waits for an answer that does
    /// not come is still waited for.
    /// </summary>
    public TimeSpan Patience => Mode == ReplicationMode.Async ? Lease.Duration + Lease.Margin : (Lease.Duration / 2) + AnswerTime;

    /// <summary>A planned switchover that has not come to its end after this time is given up, and the master goes on.</summary>
    public TimeSpan HandOverTime { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>All that is wrong with them.</summary>
    public IReadOnlyList<string> FindFaults()
    {
        List<string> faults = [];
        if (Member.Length == 0 || Members.Any(static name => name.Length == 0))
        {
            faults.Add("a member has no name");
        }

        if (!Members.Contains(Member, StringComparer.Ordinal))
        {
            faults.Add($"'{Member}' is not among the members of its group ({string.Join(", ", Members)})");
        }

        if (Members.Distinct(StringComparer.Ordinal).Count() != Members.Count)
        {
            faults.Add($"a member is named twice ({string.Join(", ", Members)})");
        }

        if (MinInSync < 1 || MinInSync > Members.Count)
        {
            faults.Add($"{MinInSync} copies in sync are asked for; a group of {Members.Count} can have 1 to {Members.Count}");
        }

        if (Lease.FindFault() is { } fault)
        {
            faults.Add(fault);
        }

        if (!HasRoomForReports)
        {
            faults.Add($"a follower counts as late after {MaxLag.TotalMilliseconds} ms, and says once a renewal ({Lease.Renew.TotalMilliseconds} ms) that it is not: there must be room for three");
        }

        return faults;
    }
}

/// <summary>Promise that an acknowledgement of the master makes.</summary>
public enum ReplicationMode
{
    /// <summary>The master has it. A failover may lose what its successor did not have yet.</summary>
    Async = 0,

    /// <summary>Every copy that is in sync has it: no failover loses it.</summary>
    Sync,
}
