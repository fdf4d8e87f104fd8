namespace RocketOps.Store.Timers;

/// <summary>
/// Chain of the units that wait in one slot. It goes from the newest unit back, delivery from the oldest on: one walk back leaves a mark
/// every so many units, and they are read from mark to mark, so that a slot of any size takes the memory of one stretch. Waits for the
/// disk.
/// </summary>
public sealed class TimerChain
{
    /// <summary>Units between two marks.</summary>
    private const int Stretch = 16_384;

    private readonly TimerLog _log;
    private readonly List<long> _marks = [];
    private readonly TimerUnit[] _units;
    private int _length;
    private int _at;

    internal TimerChain(TimerLog log, in TimerSlot slot)
    {
        _log = log;
        SlotMs = slot.TimeMs;
        long position = slot.Last;
        long units = 0;
        long messages = 0;
        List<TimerUnit> deletions = [];
        while (position >= 0 && log.TryRead(position, out TimerUnit unit))
        {
            if (units % Stretch == 0)
            {
                _marks.Add(position);
            }

            units++;
            messages += (unit.Magic & TimerUnit.Delete) != 0 ? -1 : 1;
            if (unit.IsDelete)
            {
                deletions.Add(unit);
            }

            // Back only: a damaged chain ends rather than going round.
            position = unit.Previous < position ? unit.Previous : -1;
        }

        IsBroken = position >= 0;
        Missing = IsBroken ? Math.Max(0, slot.Count - messages) : 0;
        Units = units;
        Deletions = deletions;
        _units = new TimerUnit[(int)Math.Min(Stretch, units)];
    }

    /// <summary>The slot's time.</summary>
    public long SlotMs { get; }

    /// <summary>Units of the slot.</summary>
    public long Units { get; }

    /// <summary>The chain points to what is no unit: the messages before that place are not found. They may have been removed with a file that had expired.</summary>
    public bool IsBroken { get; }

    /// <summary>Messages, minus deletions, that the slot counts and a broken chain does not lead to.</summary>
    public long Missing { get; }

    /// <summary>The deletions among the units.</summary>
    public IReadOnlyList<TimerUnit> Deletions { get; }

    /// <summary>The next unit is in memory: to be had on any thread.</summary>
    public bool HasLoaded => _at < _length;

    /// <summary>The next unit, from the oldest on, deletions too; false at the end.</summary>
    public bool TryNext(out TimerUnit unit)
    {
        if (_at == _length && !TryLoadStretch())
        {
            unit = default;
            return false;
        }

        unit = _units[_at++];
        return true;
    }

    private bool TryLoadStretch()
    {
        _at = 0;
        _length = 0;
        if (_marks.Count == 0)
        {
            return false;
        }

        long position = _marks[^1];
        _marks.RemoveAt(_marks.Count - 1);
        while (_length < _units.Length && position >= 0 && _log.TryRead(position, out TimerUnit unit))
        {
            _units[_length++] = unit;
            position = unit.Previous < position ? unit.Previous : -1;
        }

        // Marks are Stretch apart from the newest on, so all stretches but the oldest are full.
        _units.AsSpan(0, _length).Reverse();
        return _length > 0;
    }
}
