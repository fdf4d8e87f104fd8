namespace RocketOps.Broker.Statistics.History;

/// <summary>The latest snapshots of a counter, at most so many; memory grows with those that are there. Not thread-safe.</summary>
internal sealed class SnapshotRing(int most)
{
    private const int FirstLength = 2;

    private Snapshot[] _snapshots = new Snapshot[FirstLength];
    private int _first;
    private int _count;

    public bool IsFull => _count == most;

    /// <summary>True when the counter has changed between the oldest and the latest snapshot.</summary>
    public bool HasChanges => _count > 0 && _snapshots[_first].Traffic != Latest.Traffic;

    private Snapshot Latest => _snapshots[(_first + _count - 1) % _snapshots.Length];

    /// <summary>Adds a snapshot taken at <paramref name="timestampMs"/>, for which the oldest one makes room.</summary>
    public void Add(long timestampMs, in Traffic traffic)
    {
        if (_count == _snapshots.Length && _count < most)
        {
            // Not full, so it has not begun to turn: the first is at 0.
            Array.Resize(ref _snapshots, Math.Min(most, _count * 2));
        }

        if (_count == most)
        {
            _snapshots[_first] = new Snapshot(timestampMs, traffic);
            _first = (_first + 1) % most;
            return;
        }

        _snapshots[_count++] = new Snapshot(timestampMs, traffic);
    }

    /// <summary>Reads the window from the oldest snapshot to the latest; zeros while there are fewer than two.</summary>
    public TrafficWindow Read(TrafficUnit unit)
    {
        if (_count < 2)
        {
            return default;
        }

        Snapshot first = _snapshots[_first];
        Snapshot last = Latest;
        long sum = unit == TrafficUnit.Bytes ? last.Traffic.Bytes - first.Traffic.Bytes : last.Traffic.Messages - first.Traffic.Messages;
        long times = last.Traffic.Times - first.Traffic.Times;
        long elapsed = Math.Max(1, last.TimestampMs - first.TimestampMs);
        return new TrafficWindow(sum, sum * 1000.0 / elapsed, times > 0 ? sum / (double)times : 0);
    }

    private readonly record struct Snapshot(long TimestampMs, Traffic Traffic);
}
