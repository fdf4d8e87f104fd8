using RocketOps.Election.Leases;

namespace RocketOps.Election.Members;

/// <summary>Context of a member that every part of it works with. Immutable.</summary>
/// <param name="Options">Without faults.</param>
/// <param name="Rules">By which it leads and chooses.</param>
/// <param name="Self">This copy.</param>
/// <param name="Host">Does what is to be done.</param>
/// <param name="Time">Both of this machine's clocks.</param>
internal sealed record MemberContext(GroupOptions Options, GroupRules Rules, MemberCopy Self, IMemberHost Host, TimeProvider Time);
