using System.Collections.Concurrent;

namespace RocketOps.Operator.Admin;

/// <summary>
/// Last answers of name servers and brokers to questions that many passes ask. One question is under way at a time, shared by all who want
/// its answer. A server that has failed holds nobody up: it is asked again in the background, at growing intervals, and until it answers
/// everybody is told at once what it said last, and that it fails. Bounded by what is asked about: what nobody has asked for is dropped.
/// Thread-safe.
/// </summary>
/// <param name="time">The clock of ages and limits.</param>
/// <param name="timeout">How long an answer may take. The first asker's end is not the end of the question: others wait for it.</param>
/// <param name="firstRetry">How soon who failed is asked again; doubled each time.</param>
/// <param name="lastRetry">How long that grows, and what nobody asks for is kept four times as long.</param>
internal sealed class LatestAnswers<TKey, TAnswer>(TimeProvider time, TimeSpan timeout, TimeSpan firstRetry, TimeSpan lastRetry)
    where TKey : notnull
    where TAnswer : class
{
    private readonly ConcurrentDictionary<TKey, Subject> _subjects = new();

    /// <param name="key">Who is asked.</param>
    /// <param name="maxAge">How old the answer may be.</param>
    /// <param name="ask">Asks; ends with the token.</param>
    /// <param name="cancellationToken">Ends the waiting of this caller.</param>
    public async Task<Latest<TAnswer>> GetAsync(TKey key, TimeSpan maxAge, Func<CancellationToken, Task<TAnswer>> ask, CancellationToken cancellationToken)
    {
        if (!_subjects.TryGetValue(key, out Subject? subject))
        {
            DropOld();
            subject = _subjects.GetOrAdd(key, static _ => new Subject());
        }

        Task? answer;
        lock (subject)
        {
            subject.WantedAt = time.GetTimestamp();
            if (subject.Asking is not { IsCompleted: false } && IsOld(subject, maxAge))
            {
                subject.AskedAt = subject.WantedAt;
                subject.Asking = AskAsync(subject, ask);
            }

            answer = subject.Failures == 0 ? subject.Asking : null;
        }

        if (answer is not null)
        {
            await answer.WaitAsync(cancellationToken);
        }

        lock (subject)
        {
            return new Latest<TAnswer>(subject.Answer, subject.Failures > 0);
        }
    }

    /// <summary>The last answer, however old, without asking; null when there is none or who is asked fails. It is not kept for that.</summary>
    public TAnswer? Known(TKey key)
    {
        if (!_subjects.TryGetValue(key, out Subject? subject))
        {
            return null;
        }

        lock (subject)
        {
            return subject.Failures == 0 ? subject.Answer : null;
        }
    }

    /// <summary>Notes a failure that another question found: the server does not answer.</summary>
    public void Fail(TKey key)
    {
        if (_subjects.TryGetValue(key, out Subject? subject))
        {
            lock (subject)
            {
                subject.Failures++;
                subject.AskedAt = time.GetTimestamp();
            }
        }
    }

    private static TimeSpan Least(TimeSpan left, TimeSpan right) => left < right ? left : right;

    /// <summary>Returns true when an answer is too old. Called under the subject's lock.</summary>
    private bool IsOld(Subject subject, TimeSpan maxAge)
    {
        if (subject.Failures > 0)
        {
            return time.GetElapsedTime(subject.AskedAt) >= Least(lastRetry, firstRetry * Math.Pow(2, Math.Min(subject.Failures - 1, 16)));
        }

        return subject.Answer is null || time.GetElapsedTime(subject.AskedAt) >= maxAge;
    }

    private async Task AskAsync(Subject subject, Func<CancellationToken, Task<TAnswer>> ask)
    {
        TAnswer? answer = null;
        try
        {
            using CancellationTokenSource deadline = new CancellationTokenSource(timeout, time);
            answer = await ask(deadline.Token).WaitAsync(deadline.Token);
        }
        catch (Exception failed) when (AdminFailures.IsFailure(failed, CancellationToken.None))
        {
            // Told by the failures.
        }
        finally
        {
            lock (subject)
            {
                subject.Failures = answer is null ? subject.Failures + 1 : 0;
                subject.Answer = answer ?? subject.Answer;
            }
        }
    }

    private void DropOld()
    {
        foreach ((TKey key, Subject subject) in _subjects)
        {
            lock (subject)
            {
                if (subject.Asking is not { IsCompleted: false } && time.GetElapsedTime(subject.WantedAt) > 4 * lastRetry)
                {
                    _subjects.TryRemove(new KeyValuePair<TKey, Subject>(key, subject));
                }
            }
        }
    }

    private sealed class Subject
    {
        public TAnswer? Answer { get; set; }

        public long AskedAt { get; set; }

        public long WantedAt { get; set; }

        public int Failures { get; set; }

        public Task? Asking { get; set; }
    }
}

/// <summary>Last answer to a question.</summary>
/// <param name="Answer">Null when nothing was ever answered.</param>
/// <param name="IsFailing">The last question was not answered, so the answer may be old.</param>
internal sealed record Latest<TAnswer>(TAnswer? Answer, bool IsFailing)
    where TAnswer : class;
