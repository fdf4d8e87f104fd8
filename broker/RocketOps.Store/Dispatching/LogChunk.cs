using RocketOps.Store.Contracts;
using RocketOps.Store.Log;

namespace RocketOps.Store.Dispatching;

/// <summary>
/// Chunk of the log that dispatch reads: one after the other into one buffer, which grows to the largest record. Used by the thread that
/// owns dispatch.
/// </summary>
internal sealed class LogChunk
{
    /// <summary>Bytes that are read at once, except for a record that is larger.</summary>
    public const int UsualBytes = 256 * 1024;

    private readonly CommitLog _log;
    private byte[] _chunk = GC.AllocateUninitializedArray<byte>(UsualBytes);

    public LogChunk(CommitLog log)
    {
        _log = log;
    }

    /// <summary>True when the thread that owns dispatch may wait for the disk.</summary>
    public bool MayWait { get; set; } = true;

    /// <summary>
    /// Copies the next bytes out of the tail: parsing in place would read what an appender may be overwriting when dispatch lags a ring
    /// behind. Not there any more, they come from the file. False when this thread may not wait for that.
    /// </summary>
    public bool TryRead(long offset, long limit, out ReadOnlySpan<byte> bytes)
    {
        int length = (int)Math.Min(limit - offset, _chunk.Length);
        bytes = _chunk.AsSpan(0, length);
        if (_log.Tail.TryCopyOut(offset, _chunk.AsSpan(0, length)))
        {
            return true;
        }

        if (!MayWait)
        {
            return false;
        }

        length = _log.Segments.Read(offset, _chunk.AsSpan(0, length), mayBlock: true);
        bytes = length > 0 ? _chunk.AsSpan(0, length) : throw new StoreException($"The commit log cannot be read at {offset}.");
        return true;
    }

    /// <summary>
    /// The stored properties of a message that is being dispatched by its description, for an observer who asks; borrowed until the next.
    /// None when they are just leaving memory.
    /// </summary>
    public ReadOnlySpan<byte> ReadProperties(long offset, int size) =>
        TryReadProperties(offset, size, out ReadOnlySpan<byte> properties) ? properties : default;

    /// <summary>The same; false when this thread may not wait for them.</summary>
    public bool TryReadProperties(long offset, int size, out ReadOnlySpan<byte> properties)
    {
        if (_chunk.Length < size)
        {
            _chunk = GC.AllocateUninitializedArray<byte>(size);
        }

        bool isRead = TryRead(offset, offset + size, out ReadOnlySpan<byte> record);
        properties = isRead ? RecordView.Read(record).Properties : default;
        return isRead;
    }

    /// <summary>Tells whether a record that did not fit into so many bytes may fit into more.</summary>
    public bool MayGrow(int bytes) => bytes == _chunk.Length && _chunk.Length < _log.Segments.FileBytes;

    /// <summary>Enlarges the buffer: from the next read on, more is read at once.</summary>
    public void Grow() => _chunk = GC.AllocateUninitializedArray<byte>((int)Math.Min(_log.Segments.FileBytes, _chunk.Length * 4L));
}
