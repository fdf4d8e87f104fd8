using RocketOps.Election.Leases;

namespace RocketOps.Election.Members;

/// <summary>
/// The group and the epochs that this member has bound itself to. Each change is persisted before it is known: what could not be written
/// is not known here either, and whoever asks again is to meet the same
/// failure. Not thread-safe but for <see cref="State"/>.
/// </summary>
internal sealed class PersistedState(GroupRules rules, MemberState state, IMemberHost host)
{
    /// <summary>State as it was persisted last.</summary>
    public MemberState State { get; private set; } = state;

    /// <summary>Tells whether this store may join that group: it belongs to none, or to this one.</summary>
    public bool BelongsTo(string groupId) => State.GroupId.Length == 0 || groupId.Length == 0 || State.GroupId == groupId;

    /// <summary>
    /// Returns the reason why the lease is not this store's group's, for people; null when it is. The id decides. A store that has joined
    /// no group has none: the name decides for it, where the lease and this member have one.
    /// </summary>
    /// <param name="lease">As it was read.</param>
    /// <param name="groupName">Name of the group in this member's configuration.</param>
    public string? FindForeigner(LeaseRecord lease, string groupName) =>
        !BelongsTo(lease.GroupId)
            ? $"this store belongs to group {State.GroupId}, the lease is of group {lease.GroupId}: two clusters have one name, or this is another group's store; nothing is done with either"
            : State.GroupId.Length == 0 && groupName.Length > 0 && lease.GroupName.Length > 0 && lease.GroupName != groupName
            ? $"the lease is that of {lease.GroupName}, and this member is configured for {groupName}: two groups need two leases, so give this group a leaseStore of its own. If the group was renamed, start a member with one of its stores first: it writes the new name"
            : null;

    /// <summary>Makes this store belong to that group from now on, unless it belongs to one.</summary>
    public void Join(string groupId) => Save(State with { GroupId = GroupIdOr(groupId) });

    /// <summary>This member asks for that epoch: it never asks for a lower one.</summary>
    public void Promise(long epoch) => Save(State with { Promised = Math.Max(State.Promised, epoch) });

    /// <summary>Somebody leads in that epoch: this member follows none of an earlier one any more.</summary>
    public void See(long epoch) => Save(Seen(epoch));

    /// <summary>
    /// This store lacks what it had: it is another copy from now on, which nothing that was said of the one before counts for.
    /// </summary>
    public void BecomeAnother(string incarnation) => Save(State with { Incarnation = incarnation });

    /// <summary>This member leads by that lease.</summary>
    public void Win(LeaseRecord lease) => Save(Seen(lease.Epoch) with { GroupId = GroupIdOr(lease.GroupId) });

    private MemberState Seen(long epoch) => State with { Promised = Math.Max(State.Promised, epoch), Seen = Math.Max(State.Seen, epoch) };

    private string GroupIdOr(string groupId) => State.GroupId.Length == 0 ? groupId : State.GroupId;

    private void Save(MemberState state)
    {
        if (state != State)
        {
            rules.Save(() => host.Persist(state), () => State = state);
        }
    }
}
