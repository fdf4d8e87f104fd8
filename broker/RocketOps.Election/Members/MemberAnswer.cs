using RocketOps.Election.Leases;

namespace RocketOps.Election.Members;

/// <summary>Answer of a member, about itself, to another one that thinks of taking the lease.</summary>
/// <param name="GroupId">Of the group its store belongs to; empty when it has joined none.</param>
/// <param name="Copy">Its name and the incarnation of its store.</param>
/// <param name="End">How much it has.</param>
/// <param name="Promised">Its floor (<see cref="MemberState.Promised"/>).</param>
/// <param name="Leads">It has the lease, and as far as it knows nobody after it (<c>GroupMember.HeldEpoch</c>).</param>
public sealed record MemberAnswer(string GroupId, MemberCopy Copy, LogEnd End, long Promised, bool Leads)
{
    /// <summary>Whom it counts among the group (<see cref="GroupOptions.Members"/>); while members come and go, not all count the same. Empty from a version that did not say so.</summary>
    public IReadOnlyList<string> Members { get; init; } = [];

    /// <summary>The highest epoch it has seen (<see cref="MemberState.Seen"/>); 0 from a version that did not say so.</summary>
    public long Seen { get; init; }

    /// <summary>
    /// End of the log that it knows to be confirmed (<see cref="IMemberHost.Confirmed"/>); null from a version that did not say so.
    /// </summary>
    public LogEnd? Confirmed { get; init; }

    /// <summary>
    /// Its store takes messages, as far as room on its disk goes (<see cref="IMemberHost.HasRoom"/>); null from a version that did not say
    /// so.
    /// </summary>
    public bool? HasRoom { get; init; }

    /// <summary>
    /// The master that it follows has told it that it serves, within the time that a lease lasts; null from a version that did not say so.
    /// </summary>
    public bool? HearsMaster { get; init; }

    /// <summary>Lease that it finds in its lease store; null from a version that did not say so.</summary>
    public LeaseSight? Lease { get; init; }

    /// <summary>The highest epoch that there was, as far as it knows.</summary>
    public long LatestEpoch => Math.Max(Seen, End.Epoch);
}

/// <summary>
/// Lease as a member finds it. All members of a group look at one lease: a member that finds another one, or none, looks elsewhere.
/// </summary>
/// <param name="Store">Where it looks (<see cref="GroupOptions.LeaseStore"/>); empty where that has no name.</param>
/// <param name="HasLooked">Its lease store has answered since it started.</param>
/// <param name="Epoch">Of the lease that it saw last; 0 when there was none, or it has not looked.</param>
public sealed record LeaseSight(string Store, bool HasLooked, long Epoch);

/// <summary>End of what a member has of the group's log. The later epoch is further: its master had what was acknowledged before.</summary>
/// <param name="Epoch">Of the last byte.</param>
/// <param name="Offset">Behind the last byte.</param>
public readonly record struct LogEnd(long Epoch, long Offset) : IComparable<LogEnd>
{
    public int CompareTo(LogEnd other) => Epoch != other.Epoch ? Epoch.CompareTo(other.Epoch) : Offset.CompareTo(other.Offset);

    public static bool operator <(LogEnd left, LogEnd right) => left.CompareTo(right) < 0;

    public static bool operator >(LogEnd left, LogEnd right) => left.CompareTo(right) > 0;

    public static bool operator <=(LogEnd left, LogEnd right) => left.CompareTo(right) <= 0;

    public static bool operator >=(LogEnd left, LogEnd right) => left.CompareTo(right) >= 0;
}
