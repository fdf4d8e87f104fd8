namespace RocketOps.Store.Log;

/// <summary>
/// The descriptors of the newest messages that are not dispatched, in the order of the log. Bounded: what finds no room, and what was never described (records of another
/// log whose queue was not seen yet, all before the start), is missing here, and dispatch reads those records from the log.
/// <para>
/// One thread at a time adds (the append lock), one takes (whoever owns dispatch), without a lock between them. A place is written before the count that shows it is,
/// and given back by a count that is written after its last use, so neither ever touches a place the other may use. An addition is visible to whoever has seen a
/// position of the log behind it, as that is published later.
/// </para>
/// </summary>
internal sealed class DescriptorRing
{
    private readonly MessageDescriptor[] _ring;
    private readonly int _mask;
    private long _added;
    private long _taken;

    /// <summary>A ring for so many descriptors: a power of two, or 0 for one that takes none.</summary>
    public DescriptorRing(int capacity)
    {
        _ring = new MessageDescriptor[capacity];
        _mask = capacity - 1;
    }

    private long FirstOffset => _taken < Volatile.Read(ref _added) ? _ring[_taken & _mask].Offset : long.MaxValue;

    /// <summary>
    /// Returns the offset up to which the record at an offset, and what follows it, must be read from the log, as <see cref="First"/> has
    /// nothing of it. For whoever takes.
    /// </summary>
    public long EndOfUndescribed(long offset)
    {
        long first = FirstOffset;
        return first == offset ? _ring[_taken & _mask].End : first;
    }

    /// <summary>Adds what lies behind everything added before; false when there is no room.</summary>
    public bool TryAdd(in MessageDescriptor descriptor)
    {
        long added = _added;
        if (added - Volatile.Read(ref _taken) >= _ring.Length)
        {
            return false;
        }

        _ring[added & _mask] = descriptor;
        Volatile.Write(ref _added, added + 1);
        return true;
    }

    /// <summary>
    /// The messages from <paramref name="offset"/> on that are described and lie one behind the other, as many as begin before <paramref name="end"/> and lie side by
    /// side here, at most <paramref name="max"/>. Valid until they are given back (<see cref="Release"/>). For whoever takes.
    /// </summary>
    public ReadOnlySpan<MessageDescriptor> First(long offset, long end, int max)
    {
        int at = (int)(_taken & _mask);
        int available = (int)Math.Min(Volatile.Read(ref _added) - _taken, Math.Min(max, _ring.Length - at));
        ReadOnlySpan<MessageDescriptor> found = _ring.AsSpan(at, available);
        int count = 0;
        while (count < found.Length && found[count].Offset == offset && offset < end && found[count].KeyCount >= 0)
        {
            offset = found[count].End;
            count++;
        }

        return found[..count];
    }

    /// <summary>Gives so many places back. For whoever takes.</summary>
    public void Release(int count) => Volatile.Write(ref _taken, _taken + count);

    /// <summary>Gives back what lies before an offset. For whoever takes.</summary>
    public void ReleaseBefore(long offset)
    {
        while (FirstOffset < offset)
        {
            Release(1);
        }
    }

    /// <summary>Forgets all: the log was cut. For whoever takes, while nobody appends.</summary>
    public void Clear() => Volatile.Write(ref _taken, Volatile.Read(ref _added));
}
