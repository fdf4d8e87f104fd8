using RocketOps.Election.Leases;

namespace RocketOps.Election.Members;

/// <summary>Context of a member that every part of it works with. Immutable.</summary>
/// <param name="Options">Without faults.</param>
/// <param name="Rules">By which it leads and chooses.</param>
/// <param name="Persisted">What this store has bound itself to, and which copy it is.</param>
/// <param name="Host">Does what is to be done.</param>
/// <param name="Time">Both of this machine's clocks.</param>
internal sealed record MemberContext(GroupOptions Options, GroupRules Rules, PersistedState Persisted, IMemberHost Host, TimeProvider Time)
{
    /// <summary>This copy. Another one once the member has found out that its store was put back.</summary>
    public MemberCopy Self => new(Options.Member, Persisted.State.Incarnation);

    /// <summary>End of all that is in the log here, also what is not as safe as acknowledged means yet.</summary>
    public LogEnd Whole => Host.LogEnd is var safe && Host.AppendedEnd is var end && end > safe.Offset
        ? new LogEnd(Host.EpochAt(end), end) : safe;
}
