using System.Collections.ObjectModel;

namespace RocketOps.Election.Leases;

/// <summary>
/// Agreement of a group: who leads it, in which epoch, and whose copies have every acknowledged byte. Immutable. A change is written by
/// compare-and-swap (<see cref="ILeaseStore"/>).
/// </summary>
public sealed record LeaseRecord
{
    /// <summary>
    /// Id of the group whose log this is: made once, when the lease is founded, and kept by each member beside its store.
    /// </summary>
    public string GroupId { get; init; } = string.Empty;

    /// <summary>
    /// Name of the group by its configuration, as its master wrote it last: <see cref="Members.GroupOptions.GroupName"/>. Empty in the
    /// lease of an earlier version. The name changes when people rename the group; <see cref="GroupId"/> does not.
    /// </summary>
    public string GroupName { get; init; } = string.Empty;

    /// <summary>Name of the master; empty when it has released the lease.</summary>
    public required string Holder { get; init; }

    /// <summary>Address where followers reach the holder, <c>host:port</c>; only as good as what the holder says there of itself.</summary>
    public string HolderAddress { get; init; } = string.Empty;

    /// <summary>Grows with every acquisition, also of the same member; 1 for the first master.</summary>
    public required long Epoch { get; init; }

    /// <summary>
    /// Differs with every write of the holder. By the holder's wall clock, for people: nobody compares it with a clock of its own, only
    /// with what it was before.
    /// </summary>
    public required DateTimeOffset RenewTime { get; init; }

    /// <summary>Time after a renewal for which the holder is the master.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>
    /// The copies that have everything that was ever acknowledged, the holder's among them. Only the holder changes it, before an
    /// acknowledgement relies on the change.
    /// </summary>
    public required IReadOnlyList<MemberCopy> InSync { get; init; }

    /// <summary>Member to which the lease was handed over, when the holder is empty; others wait for it.</summary>
    public string? Successor { get; init; }

    /// <summary>Written by a person: the holder is to hand over to that member.</summary>
    public string? HandOverTo { get; init; }

    /// <summary>
    /// Written by a person: the epoch in which a member that is not in sync may become the master, with the loss of what only others
    /// have. No other epoch.
    /// </summary>
    public long? UncleanEpoch { get; init; }

    /// <summary>
    /// Log that the copies in sync had when the holder wrote this: a copy that is listed here and has less has lost it since. Null when
    /// that is not known, as a version of before wrote no such thing.
    /// </summary>
    public ConfirmedLog? Confirmed { get; init; }

    /// <summary>
    /// Digests by which members prove that they are themselves: by a member's name the SHA-256 of the key that it keeps, in hexadecimal.
    /// The rules do not look at it. Each member writes its own entry, the holder or not, and whoever replaces the record carries the
    /// others' on.
    /// </summary>
    public IReadOnlyDictionary<string, string> KeyDigests { get; init; } = ReadOnlyDictionary<string, string>.Empty;

    /// <summary>Tells whether both are the same renewal by the holder; what others write does not prolong a lease.</summary>
    public bool IsSameRenewal(LeaseRecord other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return Epoch == other.Epoch && RenewTime == other.RenewTime && string.Equals(Holder, other.Holder, StringComparison.Ordinal);
    }

    public bool IsHeldBy(string member) => string.Equals(Holder, member, StringComparison.Ordinal);
}

/// <summary>Confirmed part of a group's log: every copy in sync has it up to there, and so has every later master.</summary>
/// <param name="Since">
/// The last epoch that began without that promise: a founding, a recovery, or an unclean promotion that a person permitted. What was
/// confirmed in an earlier epoch binds nobody.
/// </param>
/// <param name="Epoch">Of the last confirmed byte.</param>
/// <param name="Offset">Behind the last confirmed byte.</param>
public readonly record struct ConfirmedLog(long Since, long Epoch, long Offset);

/// <summary>
/// One copy of a group's log: the member that holds it and its incarnation. A store that can have lost what it once acknowledged (a new
/// disk, a power cut before the flush, a
/// damaged tail) begins a new incarnation, so that nothing that was said of the old one is believed of the new one.
/// </summary>
/// <param name="Member">Name of the member, unique and the same for ever within its group.</param>
/// <param name="Incarnation">Opaque and never used twice by a member.</param>
public readonly record struct MemberCopy(string Member, string Incarnation)
{
    public override string ToString() => $"{Member}/{Incarnation}";
}
