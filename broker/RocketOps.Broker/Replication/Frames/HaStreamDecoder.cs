using System.Buffers;

namespace RocketOps.Broker.Replication.Frames;

/// <summary>
/// Makes one run of log bytes of the frames a master sends: they are received into its memory, however the stream was cut, each frame is checked to follow the one before, and what the store has
/// not taken is put before the next frame's bytes, over the header between them. That is the beginning of a record, so nearly nothing is copied. What it holds is bounded by the largest record and
/// one receive. One thread.
/// </summary>
/// <remarks>
/// <code>
///     consumed | pending | header, or nothing | received, not decoded | room
///              begin     end                  next                    received
/// </code>
/// </remarks>
/// <param name="start">Where the log goes on; −1 for an empty one, which goes on wherever the first frame says.</param>
/// <param name="isElected">The master is an elected one, which says how far the log is replicated.</param>
internal sealed class HaStreamDecoder(long start, bool isElected = false) : IDisposable
{
    private int _bodyLeft;
    private byte[] _bytes = [];
    private int _begin;
    private int _end;
    private int _next;
    private int _received;

    /// <summary>Offset in the log of the first byte of <see cref="Pending"/>; −1 while nothing has been received for an empty log.</summary>
    public long Start { get; private set; } = start;

    /// <summary>End of what all copies in sync have of the log, as the master has said; may be ahead of what has come here.</summary>
    public long Replicated { get; private set; }

    /// <summary>Number of times the master has told that end, and with it that it serves.</summary>
    public long Words { get; private set; }

    /// <summary>Bytes that were decoded and not consumed; valid until the next call.</summary>
    public ReadOnlySpan<byte> Pending => _bytes.AsSpan(_begin, _end - _begin);

    /// <summary>Memory for at least so many bytes of the stream; valid until the next call. What came before is to be decoded to its end.</summary>
    public Memory<byte> RoomFor(int count)
    {
        if (_begin == _received)
        {
            _begin = _end = _next = _received = 0;
        }

        if (_bytes.Length - _received < count)
        {
            MakeRoom(count);
        }

        return _bytes.AsMemory(_received);
    }

    /// <summary>So many bytes have come into the room.</summary>
    public void OnReceived(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, _bytes.Length - _received);
        _received += count;
    }

    /// <summary>
    /// Adds what came of one frame to <see cref="Pending"/>; false when all that was received is there, but for the beginning of a header. Throws <see cref="HaRefusedException"/> for a frame that cannot be
    /// the next of this log.
    /// </summary>
    public bool TryDecode()
    {
        while (_bodyLeft == 0)
        {
            if (_received - _next < HaFrames.HeaderBytes)
            {
                return false;
            }

            BeginFrame(_bytes.AsSpan(_next));
            _next += HaFrames.HeaderBytes;
        }

        int length = Math.Min(_bodyLeft, _received - _next);
        if (length == 0)
        {
            return false;
        }

        MovePendingTo(_next - (_end - _begin));
        _next += length;
        _end = _next;
        _bodyLeft -= length;
        return true;
    }

    /// <summary>The store has taken so many of the pending bytes.</summary>
    public void Consume(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, _end - _begin);
        _begin += count;
        Start += count;
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = [];
        _begin = _end = _next = _received = 0;
    }

    private void BeginFrame(ReadOnlySpan<byte> header)
    {
        (long offset, int bodyBytes) = HaFrames.ReadHeader(header);
        if (isElected && bodyBytes == HaFrames.ReplicatedMark && offset >= 0)
        {
            Replicated = offset;
            Words++;
            return;
        }

        if (bodyBytes is < 0 or > HaFrames.MaxBodyBytes || offset < 0 || offset > long.MaxValue - HaFrames.MaxBodyBytes)
        {
            throw new HaRefusedException($"the master sent a frame of {bodyBytes} bytes at offset {offset}: it is no RocketMQ master, or the port is not its haListenPort");
        }

        if (Start < 0 && bodyBytes > 0)
        {
            Start = offset;
        }

        if (Start >= 0 && offset != Start + (_end - _begin))
        {
            throw new HaRefusedException(
                $"the master sends from offset {offset}, this slave's log ends at {Start + (_end - _begin)}: their logs do not belong together, or the master has deleted what lies between; move this slave's store away and start it empty");
        }

        _bodyLeft = bodyBytes;
    }

    private void MovePendingTo(int place)
    {
        if (place != _begin)
        {
            int length = _end - _begin;
            _bytes.AsSpan(_begin, length).CopyTo(_bytes.AsSpan(place));
            _begin = place;
            _end = place + length;
        }
    }

    /// <summary>Pending bytes, and the beginning of a header behind them, go to the beginning of the memory, or of a larger one.</summary>
    private void MakeRoom(int count)
    {
        int pending = _end - _begin;
        int needed = pending + (_received - _next) + count;
        byte[] target = needed <= _bytes.Length ? _bytes : ArrayPool<byte>.Shared.Rent(Math.Max(needed, Math.Min(_bytes.Length * 2, needed * 2)));
        _bytes.AsSpan(_begin, pending).CopyTo(target);
        _bytes.AsSpan(_next, _received - _next).CopyTo(target.AsSpan(pending));
        if (target != _bytes)
        {
            ArrayPool<byte>.Shared.Return(_bytes);
            _bytes = target;
        }

        _received = pending + (_received - _next);
        _begin = 0;
        _end = _next = pending;
    }
}

/// <summary>The other end of a replication connection says what cannot be right, or has another log. The message tells people what and what to do; nothing of the store has changed.</summary>
internal sealed class HaRefusedException(string message) : Exception(message);
