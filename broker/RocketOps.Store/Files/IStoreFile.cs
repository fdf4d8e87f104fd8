namespace RocketOps.Store.Files;

/// <summary>
/// One open file. Offsets and lengths in bytes. Failures are <see cref="StoreIOException"/> with the errno. Safe for use by several threads; a call in flight
/// when another thread disposes the file completes normally.
/// </summary>
public interface IStoreFile : IDisposable
{
    string Path { get; }

    long Length { get; }

    /// <summary>Writes all bytes (short writes are continued) with pwrite.</summary>
    void Write(ReadOnlySpan<byte> bytes, long offset);

    /// <summary>Writes two adjacent pieces with one pwritev.</summary>
    void Write(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, long offset);

    /// <summary>Reads until the span is full or the file ends; may wait for the disk. Returns the bytes read.</summary>
    int Read(Span<byte> destination, long offset);

    /// <summary>Reads what the page cache has without waiting for the disk: the bytes read, or −1 when they are not all there or the file system cannot tell.</summary>
    int TryReadCached(Span<byte> destination, long offset);

    /// <summary>The file's bytes as addresses, once <see cref="Map"/> was called; null where there is no such thing.</summary>
    FileMapping? Mapping => null;

    /// <summary>Maps so many bytes, whether the file has them yet or not.</summary>
    void Map(long length)
    {
    }

    /// <summary>Gives the mapping up: what the kernel has noted for it goes when nobody uses it any more. That may take milliseconds.</summary>
    void Unmap()
    {
    }

    /// <summary>Makes data, and the size needed to read it, durable (fdatasync).</summary>
    void FlushData();

    /// <summary>
    /// Has the disk write these bytes from the page cache, and waits for that. Makes nothing durable: neither what is needed to find the bytes nor a cache of the disk is cared
    /// for. Does nothing where the system cannot. A failure counts as one of <see cref="FlushData"/>, which would not report it a second time.
    /// </summary>
    void WriteBack(long offset, long length);

    /// <summary>Allocates the blocks of a range and extends the file to its end where it is shorter. Bytes not written before read as zero.</summary>
    void Allocate(long offset, long length);

    /// <summary>Sets the length without allocating.</summary>
    void SetLength(long length);

    /// <summary>Offset of the first byte at or behind <paramref name="offset"/> that may be non-zero, −1 when the rest of the file is a hole or unwritten.</summary>
    long NextDataOffset(long offset);

    /// <summary>
    /// Offset behind which there is nothing but holes and blocks never written. To be asked before the file is read: pages read from unwritten blocks count as
    /// data from then on, and so do those the kernel reads ahead.
    /// </summary>
    long GetDataEnd();
}
