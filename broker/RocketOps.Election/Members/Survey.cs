namespace RocketOps.Election.Members;

/// <summary>Answers of the other members to the newest round of questions. Not thread-safe.</summary>
internal sealed class Survey(MemberContext context, QuestionRounds rounds)
{
    private readonly Dictionary<string, MemberAnswer> _answers = new(StringComparer.Ordinal);
    private long _round;
    private long _askedAt;

    /// <summary>The answers so far, one of each member; none before something was asked.</summary>
    public IReadOnlyCollection<MemberAnswer> Answers => _answers.Values;

    /// <summary>There is nothing more to wait for: all have answered, or had the time for it. False before something was asked.</summary>
    public bool IsOver => _round != 0 && (_answers.Count == context.Options.Members.Count - 1 || Age >= context.Options.AnswerTime);

    /// <summary>The answers say nothing of now any more, or nothing was asked.</summary>
    public bool IsOld => _round == 0 || Age >= 2 * context.Options.AnswerTime;

    private TimeSpan Age => context.Time.GetElapsedTime(_askedAt);

    /// <summary>Asks every other member, and forgets what was answered before.</summary>
    public void Ask()
    {
        _answers.Clear();
        _askedAt = context.Time.GetTimestamp();
        _round = rounds.Next();
        context.Host.AskMembers(_round);
    }

    /// <summary>Forgets what was asked.</summary>
    public void Forget()
    {
        _answers.Clear();
        _round = 0;
    }

    /// <summary>Takes an answer of this round; ignores those of other rounds and of members that are not in the group.</summary>
    /// <returns>True when it was taken.</returns>
    public bool OnAnswer(long round, MemberAnswer answer)
    {
        string member = answer.Copy.Member;
        if (_round == 0 || round != _round || member == context.Self.Member
            || !context.Options.Members.Contains(member, StringComparer.Ordinal)
            || !context.Persisted.BelongsTo(answer.GroupId))
        {
            return false;
        }

        _answers[member] = answer;
        return true;
    }
}
