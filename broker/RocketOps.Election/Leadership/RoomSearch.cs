using RocketOps.Election.Members;

namespace RocketOps.Election.Leadership;

/// <summary>
/// Finds a copy in sync to hand over to while this master refuses messages because its disk is full, where enough members have room to go
/// on without it: a copy without room takes nothing either. Not thread-safe.
/// </summary>
internal sealed class RoomSearch(MemberContext context, QuestionRounds rounds, Reports reports)
{
    private readonly Survey _survey = new(context, rounds);
    private long? _fullSince;
    private long? _foundAt;

    /// <summary>A hand-over that has not come about is tried again after this time.</summary>
    private TimeSpan Pause => context.Options.HandOverTime + context.Options.Lease.Duration;

    /// <summary>Finds the member to hand over to now; null when there is none, or room. To be called with each tick.</summary>
    /// <param name="leader">Leads.</param>
    public string? Look(Leader leader)
    {
        if (leader.Epoch is null || context.Host.HasRoom)
        {
            _fullSince = null;
            _survey.Forget();
            return null;
        }

        // Retention makes room every moment; a hand-over costs more than a short wait.
        _fullSince ??= context.Time.GetTimestamp();
        if (context.Time.GetElapsedTime(_fullSince.Value) < context.Options.Lease.Renew
            || (_foundAt is { } at && context.Time.GetElapsedTime(at) < Pause) || !leader.CanHandOver)
        {
            return null;
        }

        if (_survey.IsOld)
        {
            _survey.Ask();
        }

        if (!_survey.IsOver)
        {
            return null;
        }

        MemberAnswer[] roomy = [.. _survey.Answers.Where(static answer => answer.HasRoom is true)];
        MemberAnswer? next = roomy.Length < context.Options.LeastInSync ? null : roomy
            .Where(answer => leader.IsInSync(answer.Copy))
            .OrderByDescending(static answer => answer.End)
            .ThenBy(static answer => answer.Copy.Member, StringComparer.Ordinal)
            .FirstOrDefault();
        if (next is null)
        {
            reports.Say(MemberEvent.HandOverFailed, "the disk of this member is full, and too few other copies answer that they have "
                + "room: this member stays the master, and takes messages when there is room");
            return null;
        }

        _foundAt = context.Time.GetTimestamp();
        return next.Copy.Member;
    }

    /// <inheritdoc cref="Survey.OnAnswer"/>
    public bool OnAnswer(long round, MemberAnswer answer) => _survey.OnAnswer(round, answer);
}
