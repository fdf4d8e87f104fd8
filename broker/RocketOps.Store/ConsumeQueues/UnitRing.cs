namespace RocketOps.Store.ConsumeQueues;

/// <summary>
/// The newest units of one queue in memory, as bytes of the file format. One writer (whoever dispatches); readers copy and then check that the place has not
/// been reserved again, as with the log's tail.
/// </summary>
internal sealed class UnitRing
{
    private readonly byte[] _units;
    private readonly int _unitBytes;
    private readonly int _mask;
    private readonly long _start;
    private long _reservedEnd;

    /// <summary>Ring whose first unit will be <paramref name="start"/>; capacity in units, a power of two.</summary>
    public UnitRing(int capacity, long start, int unitBytes)
    {
        _units = new byte[capacity * unitBytes];
        _unitBytes = unitBytes;
        _mask = capacity - 1;
        _start = start;
        _reservedEnd = start;
    }

    public int Capacity => _mask + 1;

    public long ValidFrom => Math.Max(_start, Volatile.Read(ref _reservedEnd) - Capacity);

    /// <summary>Returns the place of the unit of that index, which comes next: readers copy nothing from there any more.</summary>
    public Span<byte> Reserve(long index)
    {
        Volatile.Write(ref _reservedEnd, index + 1);
        Volatile.WriteBarrier();
        return _units.AsSpan((int)(index & _mask) * _unitBytes, _unitBytes);
    }

    /// <summary>A ring with more room and the same units, for the writer. This one stays as it is for those who read it.</summary>
    public UnitRing Grow()
    {
        long end = _reservedEnd;
        UnitRing larger = new(Capacity * (Capacity < 4096 ? 4 : 2), ValidFrom, _unitBytes);
        for (long index = ValidFrom; index < end; index++)
        {
            _units.AsSpan((int)(index & _mask) * _unitBytes, _unitBytes).CopyTo(larger._units.AsSpan((int)(index & larger._mask) * _unitBytes));
        }

        larger._reservedEnd = end;
        return larger;
    }

    /// <summary>Copies whole units the caller knows to be put; false when they are no longer here.</summary>
    public bool TryCopyOut(long index, Span<byte> destination)
    {
        if (index < ValidFrom)
        {
            return false;
        }

        int count = destination.Length / _unitBytes;
        int first = Math.Min(count, Capacity - (int)(index & _mask));
        _units.AsSpan((int)(index & _mask) * _unitBytes, first * _unitBytes).CopyTo(destination);
        _units.AsSpan(0, (count - first) * _unitBytes).CopyTo(destination[(first * _unitBytes)..]);
        Volatile.ReadBarrier();
        return index >= ValidFrom;
    }
}
