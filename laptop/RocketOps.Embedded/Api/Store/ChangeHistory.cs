using System.Runtime.InteropServices;

namespace RocketOps.Embedded.Api.Store;

/// <summary>
/// The changes of one collection that are still known, oldest first, and who waits for the next one. A server has dozens of watches, and each change is the business of those of its collection alone. Not thread-safe.
/// </summary>
internal sealed class ChangeHistory
{
    /// <summary>Below so many it is not worth closing the gap that forgotten changes leave.</summary>
    private const int SmallGap = 256;

    private readonly List<StoreEvent> _changes = [];
    private int _first;
    private TaskCompletionSource? _next;

    /// <summary>The version of the newest change that was forgotten; 0 while all are known.</summary>
    public long Forgotten { get; private set; }

    /// <summary>Completes with the next change.</summary>
    public Task Next => (_next ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    public void Add(StoreEvent change) => _changes.Add(change);

    public void Signal()
    {
        _next?.SetResult();
        _next = null;
    }

    public void ForgetOldest()
    {
        Forgotten = _changes[_first].Version;
        _changes[_first++] = null!;
        if (_first >= SmallGap && _first >= _changes.Count - _first)
        {
            _changes.RemoveRange(0, _first);
            _first = 0;
        }
    }

    /// <summary>The oldest <paramref name="limit"/> of the changes after <paramref name="version"/>.</summary>
    public IReadOnlyList<StoreEvent> After(long version, int limit)
    {
        ReadOnlySpan<StoreEvent> known = CollectionsMarshal.AsSpan(_changes)[_first..];
        (int low, int high) = (0, known.Length);
        while (low < high)
        {
            int middle = (low + high) / 2;
            (low, high) = known[middle].Version > version ? (low, middle) : (middle + 1, high);
        }

        return low == known.Length ? [] : known.Slice(low, Math.Min(limit, known.Length - low)).ToArray();
    }
}
