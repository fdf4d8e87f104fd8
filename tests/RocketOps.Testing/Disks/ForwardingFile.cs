using RocketOps.Store.Files;

namespace RocketOps.Testing.Disks;

/// <summary>Hands every call on to another file, and is its owner; fakes override what they are about.</summary>
public class ForwardingFile(IStoreFile inner) : IStoreFile
{
    public string Path => inner.Path;

    /// <summary>The other file.</summary>
    protected IStoreFile Inner => inner;

    public virtual long Length => inner.Length;

    public virtual void Write(ReadOnlySpan<byte> bytes, long offset) => inner.Write(bytes, offset);

    public virtual void Write(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, long offset) => inner.Write(first, second, offset);

    public virtual int Read(Span<byte> destination, long offset) => inner.Read(destination, offset);

    public virtual int TryReadCached(Span<byte> destination, long offset) => inner.TryReadCached(destination, offset);

    public virtual void FlushData() => inner.FlushData();

    public virtual void WriteBack(long offset, long length) => inner.WriteBack(offset, length);

    public virtual void Allocate(long offset, long length) => inner.Allocate(offset, length);

    public virtual void SetLength(long length) => inner.SetLength(length);

    public virtual long NextDataOffset(long offset) => inner.NextDataOffset(offset);

    public virtual long GetDataEnd() => inner.GetDataEnd();

    public void Dispose()
    {
        inner.Dispose();
        GC.SuppressFinalize(this);
    }
}
