using System.Buffers;

namespace RocketOps.Broker.Replication;

/// <summary>
/// Makes one run of log bytes of the frames a master sends: takes what was received, however it was cut, checks that each frame follows the one before, and holds the bytes
/// until the store has taken them. What it holds is bounded by the largest record and one receive. One thread.
/// </summary>
/// <param name="start">Where the log goes on; −1 for an empty one, which goes on wherever the first frame says.</param>
/// <param name="isElected">The master is an elected one, which says how far the log is replicated.</param>
internal sealed class HaStreamDecoder(long start, bool isElected = false) : IDisposable
{
    private readonly byte[] _header = new byte[HaFrames.HeaderBytes];
    private int _headerLength;
    private int _bodyLeft;
    private byte[] _bytes = [];
    private int _begin;
    private int _end;

    /// <summary>Offset in the log of the first byte of <see cref="Pending"/>; −1 while nothing has been received for an empty log.</summary>
    public long Start { get; private set; } = start;

    /// <summary>How far all copies in sync have the log, as the master has said; may be ahead of what has come here.</summary>
    public long Replicated { get; private set; }

    /// <summary>How often the master has said that, and with it that it serves.</summary>
    public long Words { get; private set; }

    /// <summary>Bytes that came and were not consumed; valid until the next call.</summary>
    public ReadOnlySpan<byte> Pending => _bytes.AsSpan(_begin, _end - _begin);

    /// <summary>Takes received bytes. Throws <see cref="HaRefusedException"/> for a frame that cannot be the next of this log.</summary>
    public void Decode(ReadOnlySpan<byte> received)
    {
        // Once, while what is left of the last receive is the beginning of a record.
        MakeRoom(received.Length);
        while (!received.IsEmpty)
        {
            if (_bodyLeft > 0)
            {
                int length = Math.Min(_bodyLeft, received.Length);
                Keep(received[..length]);
                _bodyLeft -= length;
                received = received[length..];
                continue;
            }

            int missing = Math.Min(HaFrames.HeaderBytes - _headerLength, received.Length);
            received[..missing].CopyTo(_header.AsSpan(_headerLength));
            _headerLength += missing;
            received = received[missing..];
            if (_headerLength == HaFrames.HeaderBytes)
            {
                _headerLength = 0;
                BeginFrame();
            }
        }
    }

    /// <summary>The store has taken so many of the pending bytes.</summary>
    public void Consume(int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, _end - _begin);
        _begin += count;
        Start += count;
        if (_begin == _end)
        {
            _begin = 0;
            _end = 0;
        }
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = [];
        _begin = 0;
        _end = 0;
    }

    private void BeginFrame()
    {
        (long offset, int bodyBytes) = HaFrames.ReadHeader(_header);
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

    private void Keep(ReadOnlySpan<byte> body)
    {
        body.CopyTo(_bytes.AsSpan(_end));
        _end += body.Length;
    }

    private void MakeRoom(int count)
    {
        if (_bytes.Length - _end >= count)
        {
            return;
        }

        ReadOnlySpan<byte> pending = Pending;
        int needed = pending.Length + count;
        if (needed <= _bytes.Length)
        {
            pending.CopyTo(_bytes);
        }
        else
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(needed, Math.Min(_bytes.Length * 2, needed * 2)));
            pending.CopyTo(larger);
            byte[] old = _bytes;
            _bytes = larger;
            ArrayPool<byte>.Shared.Return(old);
        }

        _end -= _begin;
        _begin = 0;
    }
}
