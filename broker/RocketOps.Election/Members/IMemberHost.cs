using RocketOps.Election.Leases;

namespace RocketOps.Election.Members;

/// <summary>
/// Host of a <c>GroupMember</c>: what the member can do in the world around it. No method waits: what takes time is begun, and its end is
/// told to the member by one of its own methods. They are called one at a time, from within the member's methods.
/// </summary>
public interface IMemberHost
{
    /// <summary>End of the group's log here, as far as a killed process does not lose it.</summary>
    LogEnd LogEnd { get; }

    /// <summary>Offset behind everything that was appended, also what a crash might take still.</summary>
    long AppendedEnd { get; }

    /// <summary>
    /// End of what this member knows to be confirmed, as far as its log has it: told by the masters that it has followed, or confirmed by
    /// itself. Durable enough that a process that is killed and started again still knows most of it.
    /// </summary>
    LogEnd Confirmed { get; }

    /// <summary>
    /// True while what was appended has not come to <see cref="LogEnd"/> yet, or an append waits for room. While it is true and that end
    /// stands still, the disk does nothing. False once the store has failed, which is told by <c>GroupMember.OnHostFailed</c>.
    /// </summary>
    bool WaitsForDisk { get; }

    /// <summary>
    /// False while the store refuses messages because its disk is full. It may have room again later, and is asked again.
    /// </summary>
    bool HasRoom { get; }

    /// <summary>
    /// Time for which the master that <see cref="Follow"/> named last has not said that it serves (<c>GroupMember.LeadingEpoch</c>);
    /// <see cref="TimeSpan.MaxValue"/> when it never has.
    /// </summary>
    TimeSpan MasterSilence { get; }

    /// <summary>The epoch of the last byte before that offset of this log; 0 when it is not known.</summary>
    long EpochAt(long end);

    /// <summary>Makes an incarnation that no copy ever had.</summary>
    string NewIncarnation();

    /// <summary>Ends with <c>GroupMember.OnLeaseRead</c>, <c>GroupMember.OnLeaseRefused</c> or <c>GroupMember.OnLeaseFailed</c>, or never.</summary>
    void ReadLease(long request);

    /// <summary>Ends with <c>GroupMember.OnLeaseWritten</c>, <c>GroupMember.OnLeaseRefused</c> or <c>GroupMember.OnLeaseFailed</c>, or never.</summary>
    void WriteLease(long request, LeaseRecord record, string? expectedVersion);

    /// <summary>Asks all other members; each answer comes by <c>GroupMember.OnAnswer</c>.</summary>
    void AskMembers(long round);

    /// <summary>Durable when it returns: nothing that follows may be done before.</summary>
    void Persist(MemberState state);

    /// <summary>
    /// Makes this member the master: follows nobody any more, has queues go on behind all that is in the log, begins the epoch at the end of its log, durably, and tells by <c>GroupMember.OnLeadBegun</c>. Only then
    /// messages are taken.
    /// </summary>
    void Lead(long epoch);

    /// <summary>Follows that master from now on; messages are refused. Called once for each epoch, and again after <see cref="StandBy"/>.</summary>
    void Follow(LeaseRecord lease);

    /// <summary>Refuses messages and follows nobody: nobody is known to lead.</summary>
    void StandBy();

    /// <summary>
    /// Everything before that offset is on all copies in sync: consumers may see it, and whoever waits for it is answered before this returns, if <c>GroupMember.MayAcknowledge</c> still says so.
    /// </summary>
    void Confirm(long offset);

    /// <summary>
    /// Stops taking messages until told otherwise, for a planned switchover. When it returns, the end of the log does not move.
    /// </summary>
    void PauseWrites();

    /// <summary>The switchover did not come about.</summary>
    void ResumeWrites();

    /// <summary>Writes to the log what a person may want to know or has to decide.</summary>
    void Report(MemberEvent happened, string text);
}

/// <summary>Event that a member reports of itself.</summary>
public enum MemberEvent
{
    TookLease = 0,
    LostLease,
    InSyncChanged,
    HandedOver,
    HandOverFailed,

    /// <summary>Nobody leads, and this member may not: the text says what to do.</summary>
    MayNotLead,

    /// <summary>This member can neither lead nor promise to follow, for the reason the text has.</summary>
    StandsBack,

    /// <summary>
    /// This store lacks what it had, as the text says: it was put back from an older copy, and is another copy from now on.
    /// </summary>
    WentBack,

    /// <summary>The master renews its lease and is not heard: this member asks it, by the lease, to hand over.</summary>
    AsksForLease,
}

/// <summary>Reports of a member: what stays as it is is said once. Not thread-safe.</summary>
internal sealed class Reports(IMemberHost host)
{
    private string? _last;

    public void Say(MemberEvent happened, string text)
    {
        if (text != _last)
        {
            _last = text;
            host.Report(happened, text);
        }
    }
}
