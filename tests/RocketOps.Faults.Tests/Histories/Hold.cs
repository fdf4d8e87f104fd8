using System.Collections.Concurrent;

namespace RocketOps.Faults.Tests.Histories;

/// <summary>
/// Holds up one message of each queue: a group has received it and does not get on with it until the release, so that what happens meanwhile falls between what it has handled and what it has not.
/// One for a queue: handlers that wait must leave others to those behind them.
/// </summary>
/// <param name="offsets">The message's offset in each queue that has one.</param>
public sealed class Hold(IReadOnlyDictionary<int, long> offsets)
{
    private readonly ConcurrentDictionary<int, bool> _reached = new();
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Every queue has come to its message.</summary>
    public bool IsReached => _reached.Count == offsets.Count;

    /// <summary>Whether this message is held up at this moment.</summary>
    public bool Stops(int queueId, long queueOffset)
    {
        bool stops = !_released.Task.IsCompleted && offsets.TryGetValue(queueId, out long held) && held == queueOffset;
        if (stops)
        {
            _reached[queueId] = true;
        }

        return stops;
    }

    /// <summary>Ends when this message may be handled.</summary>
    public Task PassAsync(int queueId, long queueOffset) => Stops(queueId, queueOffset) ? _released.Task : Task.CompletedTask;

    public void Release() => _released.TrySetResult();
}
