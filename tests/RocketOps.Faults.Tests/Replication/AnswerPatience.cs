namespace RocketOps.Faults.Tests.Replication;

/// <summary>How long to wait for a member that may stand still: shortly, but longer the more answers are late, so that a slow machine comes to answers as well.</summary>
internal sealed class AnswerPatience
{
    private static readonly TimeSpan Least = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Most = TimeSpan.FromMinutes(1);

    public TimeSpan Value { get; private set; } = Least;

    /// <summary>Waits for an answer; throws a <see cref="TimeoutException"/> when it is late.</summary>
    public async Task<T> AwaitAsync<T>(Task<T> answer)
    {
        try
        {
            T answered = await answer.WaitAsync(Value);
            Value = Value / 2 > Least ? Value / 2 : Least;
            return answered;
        }
        catch (TimeoutException)
        {
            Value = 2 * Value < Most ? 2 * Value : Most;
            throw;
        }
    }
}
