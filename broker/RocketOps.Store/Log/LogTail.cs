namespace RocketOps.Store.Log;

/// <summary>
/// The last bytes of the log in memory: a ring in which offset o lies at o modulo capacity. The appender writes here, the writer hands it to the kernel, and
/// everybody who keeps up reads here. One writer at a time (the append lock); readers take no lock: they copy, then check that the writer has not reserved the
/// place again meanwhile. The reservation is published before the first byte is overwritten, so a copy that passes the check is intact.
/// </summary>
internal sealed class LogTail
{
    private readonly byte[] _ring;
    private readonly int _mask;

    // First offset whose bytes are here at all: nothing before the start of this process is, although the ring has a place for it.
    private long _startedAt;
    private long _reservedEnd;

    public LogTail(int capacity)
    {
        _ring = GC.AllocateUninitializedArray<byte>(capacity, pinned: true);
        _mask = capacity - 1;
    }

    public int Capacity => _ring.Length;

    /// <summary>First offset that can still be read here.</summary>
    public long ValidFrom => Math.Max(Volatile.Read(ref _startedAt), Volatile.Read(ref _reservedEnd) - _ring.Length);

    /// <summary>The log begins (again) at that offset: before use, or after a cut, when nobody appends or writes.</summary>
    public void Start(long offset)
    {
        Volatile.Write(ref _startedAt, offset);
        Volatile.Write(ref _reservedEnd, offset);
    }

    /// <summary>Announces that bytes up to <paramref name="end"/> are about to be written.</summary>
    public void Reserve(long end)
    {
        Volatile.Write(ref _reservedEnd, end);

        // Readers must see the reservation before any byte that replaces an older one.
        Volatile.WriteBarrier();
    }

    /// <summary>The place of reserved bytes, or false when they wrap around the end of the ring.</summary>
    public bool TryGetSpan(long offset, int length, out Span<byte> span)
    {
        int at = (int)(offset & _mask);
        if (at + length > _ring.Length)
        {
            span = default;
            return false;
        }

        span = _ring.AsSpan(at, length);
        return true;
    }

    /// <summary>Both pieces of a range; the second is empty unless it wraps.</summary>
    public void GetSpans(long offset, int length, out Span<byte> first, out Span<byte> second)
    {
        int at = (int)(offset & _mask);
        int untilEnd = Math.Min(length, _ring.Length - at);
        first = _ring.AsSpan(at, untilEnd);
        second = _ring.AsSpan(0, length - untilEnd);
    }

    public void CopyIn(long offset, ReadOnlySpan<byte> bytes)
    {
        GetSpans(offset, bytes.Length, out Span<byte> first, out Span<byte> second);
        bytes[..first.Length].CopyTo(first);
        bytes[first.Length..].CopyTo(second);
    }

    /// <summary>Copies bytes the caller knows to be appended; false when they are not (or no longer) here.</summary>
    public bool TryCopyOut(long offset, Span<byte> destination)
    {
        if (destination.Length > _ring.Length || offset < ValidFrom)
        {
            return false;
        }

        GetSpans(offset, destination.Length, out Span<byte> first, out Span<byte> second);
        first.CopyTo(destination);
        second.CopyTo(destination[first.Length..]);
        Volatile.ReadBarrier();
        return offset >= ValidFrom;
    }
}
