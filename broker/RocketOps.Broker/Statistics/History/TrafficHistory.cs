namespace RocketOps.Broker.Statistics.History;

/// <summary>
/// A counter over the last minute, hour and day, sampled as RocketMQ samples it: seven snapshots ten seconds apart, seven ten minutes apart, 25 an hour apart. Of a
/// counter that stands still for a day nothing is kept. Source: admin.md §3. Not thread-safe.
/// </summary>
internal sealed class TrafficHistory
{
    private const int MinuteSnapshots = 7;
    private const int HourSnapshots = 7;
    private const int DaySnapshots = 25;

    private const long MinutePeriodMs = 10_000;
    private const long HourPeriodMs = 600_000;
    private const long DayPeriodMs = 3_600_000;

    private SnapshotRing? _minute;
    private SnapshotRing? _hour;
    private SnapshotRing? _day;

    // Where the counter stood when nothing was kept.
    private Traffic _base;

    public TrafficWindow Minute(TrafficUnit unit) => _minute?.Read(unit) ?? default;

    public TrafficWindow Hour(TrafficUnit unit) => _hour?.Read(unit) ?? default;

    public TrafficWindow Day(TrafficUnit unit) => _day?.Read(unit) ?? default;

    /// <summary>Takes the samples that are due.</summary>
    public void Sample(in Traffic traffic, long nowMs, SamplesDue due)
    {
        if (_minute is null && traffic == _base)
        {
            return;
        }

        Sample(ref _minute, MinuteSnapshots, MinutePeriodMs, traffic, nowMs);
        if (due >= SamplesDue.Hour)
        {
            Sample(ref _hour, HourSnapshots, HourPeriodMs, traffic, nowMs);
        }

        if (due >= SamplesDue.Day)
        {
            Sample(ref _day, DaySnapshots, DayPeriodMs, traffic, nowMs);
            if (_day is { IsFull: true, HasChanges: false })
            {
                _minute = _hour = _day = null;
                _base = traffic;
            }
        }
    }

    private void Sample(ref SnapshotRing? ring, int most, long periodMs, in Traffic traffic, long nowMs)
    {
        if (ring is null)
        {
            // As RocketMQ: the first window is one period long and begins with nothing.
            ring = new SnapshotRing(most);
            ring.Add(nowMs - periodMs, _base);
        }

        ring.Add(nowMs, traffic);
    }
}

/// <summary>Which windows a tick of the sampler adds to; each includes those before it.</summary>
internal enum SamplesDue
{
    /// <summary>Every ten seconds.</summary>
    Minute = 0,

    /// <summary>Every ten minutes.</summary>
    Hour,

    /// <summary>Every hour.</summary>
    Day,
}
