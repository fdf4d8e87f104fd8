using RocketOps.Store.Files;

namespace RocketOps.Store.Log;

/// <summary>
/// The last bytes of the log in memory: a ring in which offset o lies at o modulo its length. The appender writes here, the writer hands it to the kernel, and
/// everybody who keeps up reads here. One writer at a time (the append lock); readers take no lock: they copy, then check that the writer has not reserved the
/// place again meanwhile. The reservation is published before the first byte is overwritten, so a copy that passes the check is intact.
/// </summary>
/// <remarks>
/// There are two rings: a usual one, which a processor's cache holds better, and one for bursts and large messages, whose memory goes back to the operating system when it has not been
/// needed for a while. Bytes move from one to the other under the append lock. The ring that is left changes no more before the next move, and is given back only when nothing in it is
/// pending: whoever writes from it ends undisturbed. Whoever reads looks again when the ring has changed meanwhile; each move makes a new <see cref="Ring"/>, so that no change is missed.
/// </remarks>
internal sealed class LogTail
{
    private readonly byte[] _usual;
    private readonly byte[] _large;
    private volatile Ring _ring;
    private bool _hasNeededLarge;

    // First offset whose bytes are here at all: nothing before the start of this process is, although the ring has a place for it.
    private long _startedAt;
    private long _reservedEnd;

    /// <summary>Up to <paramref name="capacity"/> bytes, of which <paramref name="usual"/> are used while they are enough; powers of two.</summary>
    public LogTail(int capacity, int usual)
    {
        // Memory that nobody has touched yet is not taken.
        _large = GC.AllocateUninitializedArray<byte>(capacity, pinned: true);
        _usual = usual < capacity ? GC.AllocateUninitializedArray<byte>(usual, pinned: true) : _large;
        _ring = new Ring(_usual);
    }

    /// <summary>Bytes there is room for at most.</summary>
    public int Capacity => _large.Length;

    /// <summary>Bytes that the ring in use has room for.</summary>
    public int Length => _ring.Length;

    /// <summary>First offset that can still be read here.</summary>
    public long ValidFrom => ValidFromIn(_ring);

    /// <summary>The log begins (again) at that offset: before use, or after a cut, when nobody appends or writes.</summary>
    public void Start(long offset)
    {
        Volatile.Write(ref _startedAt, offset);
        Volatile.Write(ref _reservedEnd, offset);
    }

    /// <summary>
    /// Returns how many bytes of a ring may be pending: the quarter that never is keeps readers who are up to date in memory while a burst
    /// is being written.
    /// </summary>
    public static int PendingRoom(int length) => length / 4 * 3;

    /// <summary>
    /// Makes the ring large enough before a reservation behind <paramref name="appended"/>: so many bytes will be pending with it, no more
    /// than there is room for in <see cref="Capacity"/>.
    /// </summary>
    public void Fit(long appended, long pendingBytes)
    {
        if (pendingBytes > PendingRoom(_usual.Length))
        {
            _hasNeededLarge = true;
            if (_ring.Bytes != _large)
            {
                MoveTo(_large, appended);
            }
        }
    }

    /// <summary>Gives the memory for bursts back, when it was not needed since the last call. Under the append lock, when all up to <paramref name="appended"/> is written.</summary>
    public bool TryShrink(long appended)
    {
        bool isNeeded = _hasNeededLarge;
        _hasNeededLarge = false;
        if (isNeeded || _ring.Bytes == _usual)
        {
            return false;
        }

        MoveTo(_usual, appended);

        // Whoever copies from there while its bytes go finds afterwards that the ring has changed.
        Interlocked.MemoryBarrier();
        MemoryPages.Release(_large);
        return true;
    }

    /// <summary>Announces that bytes up to <paramref name="end"/> are about to be written.</summary>
    public void Reserve(long end)
    {
        Volatile.Write(ref _reservedEnd, end);

        // Readers must see the reservation before any byte that replaces an older one.
        Volatile.WriteBarrier();
    }

    /// <summary>The place of reserved bytes, or false when they wrap around the end of the ring.</summary>
    public bool TryGetSpan(long offset, int length, out Span<byte> span) => _ring.TryGetSpan(offset, length, out span);

    /// <summary>Both pieces of a range; the second is empty unless it wraps.</summary>
    public void GetSpans(long offset, int length, out Span<byte> first, out Span<byte> second) => _ring.GetSpans(offset, length, out first, out second);

    public void CopyIn(long offset, ReadOnlySpan<byte> bytes) => _ring.CopyIn(offset, bytes);

    /// <summary>Copies bytes the caller knows to be appended; false when they are not (or no longer) here.</summary>
    public bool TryCopyOut(long offset, Span<byte> destination)
    {
        while (true)
        {
            Ring ring = _ring;
            if (destination.Length > ring.Length || offset < ValidFromIn(ring))
            {
                if (ring == _ring)
                {
                    return false;
                }

                continue;
            }

            ring.CopyOut(offset, destination);
            Volatile.ReadBarrier();
            if (ring == _ring)
            {
                return offset >= ValidFromIn(ring);
            }
        }
    }

    private long ValidFromIn(Ring ring) => Math.Max(Volatile.Read(ref _startedAt), Volatile.Read(ref _reservedEnd) - ring.Length);

    /// <summary>Moves to another ring; what can be read stays readable, as far as there is room for it.</summary>
    private void MoveTo(byte[] bytes, long appended)
    {
        Ring from = _ring;
        Ring to = new(bytes);
        long start = Math.Max(ValidFromIn(from), appended - to.Length);
        for (long at = start; at < appended;)
        {
            from.GetSpans(at, (int)Math.Min(appended - at, from.Length), out Span<byte> piece, out _);
            to.CopyIn(at, piece);
            at += piece.Length;
        }

        // A larger ring has places for offsets that were not moved.
        Volatile.Write(ref _startedAt, start);
        _ring = to;
    }

    private sealed class Ring(byte[] bytes)
    {
        private readonly int _mask = bytes.Length - 1;

        public byte[] Bytes { get; } = bytes;

        public int Length => Bytes.Length;

        public bool TryGetSpan(long offset, int length, out Span<byte> span)
        {
            int at = (int)(offset & _mask);
            if (at + length > Length)
            {
                span = default;
                return false;
            }

            span = Bytes.AsSpan(at, length);
            return true;
        }

        public void GetSpans(long offset, int length, out Span<byte> first, out Span<byte> second)
        {
            int at = (int)(offset & _mask);
            int untilEnd = Math.Min(length, Length - at);
            first = Bytes.AsSpan(at, untilEnd);
            second = Bytes.AsSpan(0, length - untilEnd);
        }

        public void CopyIn(long offset, ReadOnlySpan<byte> bytes)
        {
            GetSpans(offset, bytes.Length, out Span<byte> first, out Span<byte> second);
            bytes[..first.Length].CopyTo(first);
            bytes[first.Length..].CopyTo(second);
        }

        public void CopyOut(long offset, Span<byte> destination)
        {
            GetSpans(offset, destination.Length, out Span<byte> first, out Span<byte> second);
            first.CopyTo(destination);
            second.CopyTo(destination[first.Length..]);
        }
    }
}
