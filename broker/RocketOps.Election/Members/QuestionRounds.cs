namespace RocketOps.Election.Members;

/// <summary>Numbers of the rounds of questions to the other members: each is used once. Not thread-safe.</summary>
internal sealed class QuestionRounds
{
    private long _last;

    public long Next() => ++_last;
}
