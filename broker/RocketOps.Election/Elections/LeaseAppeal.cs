using RocketOps.Election.Leases;
using RocketOps.Election.Members;

namespace RocketOps.Election.Elections;

/// <summary>
/// Decides whether a follower asks the master of one epoch, by the lease, to hand over to it: the master renews the lease, and this member,
/// which is in sync, does not hear it. The network between the master and its copies may be cut while both reach the lease. Not
/// thread-safe.
/// </summary>
internal sealed class LeaseAppeal(MemberContext context, QuestionRounds rounds)
{
    private readonly Survey _survey = new(context, rounds);
    private readonly long _followsSince = context.Time.GetTimestamp();
    private long? _appealedAt;

    /// <summary>
    /// A master that does not act on the first appeal is asked again after this time: its renewal may have come first. It takes no second
    /// one up while the first hand-over is under way.
    /// </summary>
    private TimeSpan Pause => context.Options.Lease.Renew / 2;

    /// <summary>Time for which the master has not said that it serves; not more than this member has followed it.</summary>
    private TimeSpan Silence
    {
        get
        {
            TimeSpan silence = context.Host.MasterSilence;
            TimeSpan follows = context.Time.GetElapsedTime(_followsSince);
            return silence < follows ? silence : follows;
        }
    }

    /// <summary>Tells whether to appeal now. Asks the other members when their answers are needed.</summary>
    /// <param name="lease">Held by the master that this member follows.</param>
    public bool Decide(LeaseRecord lease)
    {
        if (!IsPossible(lease))
        {
            _survey.Forget();
            return false;
        }

        if (_appealedAt is { } at && context.Time.GetElapsedTime(at) < Pause)
        {
            return false;
        }

        if (_survey.IsOld)
        {
            _survey.Ask();
        }

        if (!_survey.IsOver || !MayLeadInstead(lease))
        {
            return false;
        }

        _appealedAt = context.Time.GetTimestamp();
        return true;
    }

    /// <inheritdoc cref="Survey.OnAnswer"/>
    public bool OnAnswer(long round, MemberAnswer answer) => _survey.OnAnswer(round, answer);

    private bool IsPossible(LeaseRecord lease) =>
        context.Options.Mode == ReplicationMode.Sync && context.Options.Members.Count > context.Options.MinInSync
        && lease.HandOverTo is null && Silence >= lease.Duration && context.Rules.IsInSync(lease, context.Self) && context.Host.HasRoom;

    /// <summary>Tells whether this member could go on, and would take a free lease before the others that could.</summary>
    private bool MayLeadInstead(LeaseRecord lease)
    {
        LogEnd own = context.Host.LogEnd;
        bool anyHearsMaster = _survey.Answers.Any(static answer => answer.Leads || answer.HearsMaster is not false);
        return context.Rules.MayAskForLease(_survey.Answers.Count + 1, context.Options.MinInSync, anyHearsMaster)
            && !_survey.Answers.Any(answer => context.Rules.IsInSync(lease, answer.Copy)
                && context.Rules.GoesBefore(answer, own, context.Self.Member));
    }
}
