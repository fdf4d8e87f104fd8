using System.Collections.Concurrent;

namespace RocketOps.Operator.Admin;

/// <summary>
/// Answers of name servers and brokers that many passes need at about the same time: whoever comes first asks, the others share the answer, a failure included, as
/// long as it is young enough for them. Bounded by what is asked about: answers too old for anybody are dropped when the next one is asked for.
/// </summary>
/// <param name="time">The clock of ages and limits.</param>
/// <param name="timeout">How long an answer may take. The first asker's end is not the end of the request: others wait for it.</param>
/// <param name="keepFor">The longest age anybody accepts.</param>
/// <param name="failureAge">How long a failure is shared, so that a server which does not answer holds up one pass and not all.</param>
internal sealed class SharedAnswers<TKey, TAnswer>(TimeProvider time, TimeSpan timeout, TimeSpan keepFor, TimeSpan failureAge)
    where TKey : notnull
{
    private readonly ConcurrentDictionary<TKey, Asked> _answers = new();

    /// <param name="key">Who is asked.</param>
    /// <param name="maxAge">Since when the answer may be known.</param>
    /// <param name="ask">Asks; ends with the token.</param>
    /// <param name="cancellationToken">Ends the waiting of this caller.</param>
    public Task<TAnswer> GetAsync(TKey key, TimeSpan maxAge, Func<CancellationToken, Task<TAnswer>> ask, CancellationToken cancellationToken)
    {
        if (!_answers.TryGetValue(key, out Asked? asked) || !IsUsable(asked, maxAge))
        {
            Asked next = new Asked(time.GetTimestamp(), new Lazy<Task<TAnswer>>(() => AskAsync(ask)));
            asked = _answers.AddOrUpdate(key, next, (_, other) => IsUsable(other, maxAge) ? other : next);
            DropOld();
        }

        return asked.Answer.Value.WaitAsync(cancellationToken);
    }

    /// <summary>What was answered is known to be wrong now.</summary>
    public void Forget(TKey key) => _answers.TryRemove(key, out _);

    private bool IsUsable(Asked asked, TimeSpan maxAge)
    {
        if (!asked.Answer.IsValueCreated || !asked.Answer.Value.IsCompleted)
        {
            return true;
        }

        return time.GetElapsedTime(asked.At) < (asked.Answer.Value.IsCompletedSuccessfully ? maxAge : failureAge + timeout);
    }

    private async Task<TAnswer> AskAsync(Func<CancellationToken, Task<TAnswer>> ask)
    {
        using CancellationTokenSource deadline = new CancellationTokenSource(timeout, time);
        return await ask(deadline.Token);
    }

    private void DropOld()
    {
        foreach ((TKey? key, Asked? asked) in _answers)
        {
            if (time.GetElapsedTime(asked.At) > keepFor + timeout)
            {
                _answers.TryRemove(new KeyValuePair<TKey, Asked>(key, asked));
            }
        }
    }

    private sealed record Asked(long At, Lazy<Task<TAnswer>> Answer);
}
