using System.Collections.Concurrent;
using RocketOps.Testing;

namespace RocketOps.Operator.Tests.Support;

/// <summary>Proves that brokers are asked at once: holds up what they are asked until all of them wait for an answer. Thread-safe.</summary>
/// <param name="admin">Who is asked through it.</param>
/// <param name="addresses">Of the brokers.</param>
/// <param name="question">Name of what is held up; null for all that can be (<see cref="FakeAdmin.Holds"/>).</param>
internal sealed class AskedTogether(FakeAdmin admin, IReadOnlyCollection<string> addresses, string? question = null)
{
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _asked = new(StringComparer.Ordinal);
    private volatile bool _isReleased;

    public void Hold() => admin.Holds = (asked, address) =>
    {
        if (!addresses.Contains(address, StringComparer.Ordinal) || (question is not null && asked != question))
        {
            return Task.CompletedTask;
        }

        // Two who ask the same broker wait together.
        Task answer = _asked.GetOrAdd(address, static _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        if (_isReleased)
        {
            Answer();
        }

        return answer;
    };

    /// <summary>Waits until all are asked and none has answered. One may come to be asked a pass earlier than another: some alone get their answers, so that the passes go on.</summary>
    public Task AllAskedAsync() => Eventually.TrueAsync(
        () =>
        {
            if (_asked.Count == addresses.Count)
            {
                return true;
            }

            Answer();
            return false;
        },
        "all are asked, before one has answered");

    /// <summary>All questions get their answers from now on.</summary>
    public void Release()
    {
        admin.Holds = null;
        _isReleased = true;
        Answer();
    }

    private void Answer()
    {
        foreach (string address in _asked.Keys)
        {
            if (_asked.TryRemove(address, out TaskCompletionSource? answer))
            {
                answer.SetResult();
            }
        }
    }
}
