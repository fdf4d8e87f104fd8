namespace RocketOps.Store.Reading;

/// <summary>
/// One block of the log's files in memory. Whoever takes it (<see cref="TryOwn"/>) may fill it; readers take nothing: they copy, then check that nobody has owned the block
/// meanwhile. The version is odd while somebody owns it and is published before the first byte changes, so a copy between two equal even versions is intact.
/// </summary>
internal sealed class LogBlock
{
    private byte[] _bytes = [];
    private long _start;
    private int _length;
    private int _cuts;
    private int _version;

    /// <summary>Last use of the block, in the cache's count of uses; a hint for whoever looks for a block to replace.</summary>
    public long UsedAt { get; set; }

    /// <summary>Copies bytes that lie in the block as it was read when the log's count of cuts was <paramref name="cuts"/>; false when they do not, or no longer.</summary>
    public bool TryCopyOut(long offset, Span<byte> destination, out int cuts)
    {
        int version = Volatile.Read(ref _version);
        byte[] bytes = _bytes;
        long at = offset - _start;
        int length = _length;
        cuts = _cuts;

        // What was read may be half of one block and half of another; the bounds hold for any array, and the version tells afterwards.
        if ((version & 1) != 0 || at < 0 || at + destination.Length > Math.Min(length, bytes.Length))
        {
            return false;
        }

        bytes.AsSpan((int)at, destination.Length).CopyTo(destination);
        Volatile.ReadBarrier();
        return Volatile.Read(ref _version) == version;
    }

    /// <summary>Makes the block this thread's, to fill it; false when it is another's.</summary>
    public bool TryOwn()
    {
        int version = Volatile.Read(ref _version);
        return (version & 1) == 0 && Interlocked.CompareExchange(ref _version, version + 1, version) == version;
    }

    /// <summary>Returns to the owner the place for that many bytes. What the block had is gone.</summary>
    public Span<byte> Prepare(int length)
    {
        _length = 0;
        if (_bytes.Length < length)
        {
            _bytes = GC.AllocateUninitializedArray<byte>(length);
        }

        return _bytes.AsSpan(0, length);
    }

    /// <summary>Publishes, for the owner, which bytes of the log the block has from now on; a length of 0 says that it has none.</summary>
    public void Publish(long start, int length, int cuts)
    {
        _start = start;
        _length = length;
        _cuts = cuts;
        Volatile.Write(ref _version, _version + 1);
    }
}
