using System.Diagnostics;

namespace RocketOps.Testing;

/// <summary>Waits for conditions with a deadline; tests never wait on time alone.</summary>
public static class Eventually
{
    /// <summary>Generous: a condition that comes costs nothing, and machines that are busy with other work are slow.</summary>
    public static readonly TimeSpan DefaultDeadline = TimeSpan.FromMinutes(3);

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(20);

    /// <summary>Returns when the condition holds; after the deadline throws a <see cref="TimeoutException"/> that names what was awaited.</summary>
    public static async Task TrueAsync(Func<Task<bool>> condition, string what, TimeSpan? deadline = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(condition);
        TimeSpan limit = deadline ?? DefaultDeadline;
        long begin = Stopwatch.GetTimestamp();
        while (!await HoldsAsync(condition(), what, limit, begin))
        {
            if (Stopwatch.GetElapsedTime(begin) > limit)
            {
                throw NotWithin(limit, what);
            }

            await Task.Delay(PollInterval, cancellationToken);
        }
    }

    public static Task TrueAsync(Func<bool> condition, string what, TimeSpan? deadline = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(condition);
        return TrueAsync(() => Task.FromResult(condition()), what, deadline, cancellationToken);
    }

    // A condition that asks a server which never answers ends at the deadline too. Nearly always one question is on its way at that moment: how long it has been tells whether it hangs.
    private static async Task<bool> HoldsAsync(Task<bool> asked, string what, TimeSpan limit, long begin)
    {
        long since = Stopwatch.GetTimestamp();
        TimeSpan left = limit - Stopwatch.GetElapsedTime(begin);
        try
        {
            return await asked.WaitAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero);
        }
        catch (TimeoutException exception) when (!asked.IsCompleted)
        {
            throw NotWithin(limit, $"{what} (the last question had no answer for {Stopwatch.GetElapsedTime(since).TotalSeconds:0.#} s)", exception);
        }
    }

    private static TimeoutException NotWithin(TimeSpan limit, string what, Exception? inner = null) => new($"not within {limit.TotalSeconds:0.#} s: {what}", inner);
}
