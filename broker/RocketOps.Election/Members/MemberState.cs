namespace RocketOps.Election.Members;

/// <summary>State that a member must know after a restart, besides its log and epochs.</summary>
/// <param name="GroupId">Of the group this store belongs to; empty before it has joined one.</param>
/// <param name="Incarnation">Of this copy (<see cref="RocketOps.Election.Leases.MemberCopy"/>).</param>
/// <param name="Promised">
/// The floor: the highest epoch this member has seen or asked for. It asks for higher ones only, so that a lease that was deleted does not begin again at 1.
/// </param>
/// <param name="Seen">The highest epoch in which it has led, followed or seen a lease. Whoever comes with a lower one is not followed any more.</param>
public sealed record MemberState(string GroupId, string Incarnation, long Promised, long Seen);
