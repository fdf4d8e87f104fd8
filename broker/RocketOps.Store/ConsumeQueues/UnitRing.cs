namespace RocketOps.Store.ConsumeQueues;

/// <summary>
/// The newest units of one queue in memory, as bytes of the file format. One writer (whoever dispatches); readers copy and then check that the place has not
/// been reserved again, as with the log's tail.
/// </summary>
internal sealed class UnitRing
{
    private readonly byte[] _units;
    private readonly int _mask;
    private readonly long _start;
    private long _reservedEnd;

    /// <summary>Ring whose first unit will be <paramref name="start"/>; capacity in units, a power of two.</summary>
    public UnitRing(int capacity, long start)
    {
        _units = new byte[capacity * ConsumeQueueUnit.Size];
        _mask = capacity - 1;
        _start = start;
        _reservedEnd = start;
    }

    public int Capacity => _mask + 1;

    public long ValidFrom => Math.Max(_start, Volatile.Read(ref _reservedEnd) - Capacity);

    public void Put(long index, in ConsumeQueueUnit unit)
    {
        Volatile.Write(ref _reservedEnd, index + 1);
        Volatile.WriteBarrier();
        unit.Write(_units.AsSpan((int)(index & _mask) * ConsumeQueueUnit.Size));
    }

    /// <summary>A ring with more room and the same units, for the writer. This one stays as it is for those who read it.</summary>
    public UnitRing Grow()
    {
        long end = _reservedEnd;
        UnitRing larger = new(Capacity * (Capacity < 4096 ? 4 : 2), ValidFrom);
        for (long index = ValidFrom; index < end; index++)
        {
            _units.AsSpan((int)(index & _mask) * ConsumeQueueUnit.Size, ConsumeQueueUnit.Size).CopyTo(larger._units.AsSpan((int)(index & larger._mask) * ConsumeQueueUnit.Size));
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

        int count = destination.Length / ConsumeQueueUnit.Size;
        int first = Math.Min(count, Capacity - (int)(index & _mask));
        _units.AsSpan((int)(index & _mask) * ConsumeQueueUnit.Size, first * ConsumeQueueUnit.Size).CopyTo(destination);
        _units.AsSpan(0, (count - first) * ConsumeQueueUnit.Size).CopyTo(destination[(first * ConsumeQueueUnit.Size)..]);
        Volatile.ReadBarrier();
        return index >= ValidFrom;
    }
}
