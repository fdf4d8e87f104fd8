namespace RocketOps.Embedded.Kubelet.Logs;

/// <summary>
/// Cuts a growing file into lines. A line without its end stays until the rest is there. Bounded: stored lines are
/// not longer than <see cref="ContainerLog.MaxLineBytes"/> and a header; a longer one is damage and is dropped.
/// </summary>
internal sealed class LineBuffer
{
    private readonly byte[] _buffer = new byte[64 * 1024];
    private int _start;
    private int _end;

    /// <summary>Reads on; false when the file has nothing more for now.</summary>
    public async ValueTask<bool> FillAsync(FileStream stream, CancellationToken cancellation)
    {
        _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
        _end -= _start;
        _start = 0;
        if (_end == _buffer.Length)
        {
            _end = 0;
        }

        int read = await stream.ReadAsync(_buffer.AsMemory(_end), cancellation);
        _end += read;
        return read > 0;
    }

    /// <summary>The next whole line without its end, borrowed until the next fill.</summary>
    public bool TryTake(out ReadOnlySpan<byte> line)
    {
        int end = _buffer.AsSpan(_start, _end - _start).IndexOf((byte)'\n');
        if (end < 0)
        {
            line = default;
            return false;
        }

        line = _buffer.AsSpan(_start, end);
        _start += end + 1;
        return true;
    }
}
