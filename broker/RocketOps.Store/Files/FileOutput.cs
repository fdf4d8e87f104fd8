using System.Buffers;

namespace RocketOps.Store.Files;

/// <summary>Writes a file from its beginning on, a piece at a time: content of any length takes one buffer. One thread.</summary>
internal sealed class FileOutput(IStoreFile file) : IBufferWriter<byte>
{
    private const int BufferBytes = 64 * 1024;

    private byte[] _buffer = new byte[BufferBytes];
    private int _filled;
    private long _written;

    public void Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, _buffer.Length - _filled);
        _filled += count;
    }

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        MakeRoom(Math.Max(sizeHint, 1));
        return _buffer.AsMemory(_filled);
    }

    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    /// <summary>Writes what is left in the buffer to the file; it is not durable yet. Throws <see cref="StoreIOException"/>.</summary>
    public void Flush()
    {
        if (_filled == 0)
        {
            return;
        }

        file.Write(_buffer.AsSpan(0, _filled), _written);
        _written += _filled;
        _filled = 0;
    }

    private void MakeRoom(int bytes)
    {
        if (bytes <= _buffer.Length - _filled)
        {
            return;
        }

        Flush();
        if (bytes > _buffer.Length)
        {
            _buffer = new byte[bytes];
        }
    }
}
