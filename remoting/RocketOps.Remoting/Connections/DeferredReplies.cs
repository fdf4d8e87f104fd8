using System.Buffers;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Framing;
using RocketOps.Protocol.Headers;

namespace RocketOps.Remoting.Connections;

/// <summary>
/// Whole reply frames of one batch that wait for something (the write to the kernel, the flush to disk) before they leave. Owned by the batch until
/// <see cref="IBatchParticipant.CompleteBatch"/> takes it over; not thread-safe before that, and one thread at a time after.
/// </summary>
public sealed class DeferredReplies
{
    private const int InitialBytes = 4096;

    /// <summary>Buffers above this size go back to the pool after use: tens of thousands of connections keep some each, whatever they once needed.</summary>
    private const int KeptBytes = InitialBytes;

    private byte[] _buffer = [];
    private int _length;
    private int _heldBytes;
    private IBatchState? _state;

    internal DeferredReplies(RemotingConnection connection)
    {
        Connection = connection;
    }

    public RemotingConnection Connection { get; }

    /// <summary>Time at which the batch was read from the connection: a timestamp of the connection's clock.</summary>
    public long ReadAt { get; internal set; }

    internal IBatchParticipant? Participant { get; set; }

    internal ReadOnlySpan<byte> Written => _buffer.AsSpan(0, _length);

    /// <summary>State that the participant has for this batch: cleared for a new one, and kept with the object, so that it is made once.</summary>
    public T State<T>()
        where T : class, IBatchState, new()
    {
        if (_state is T state)
        {
            return state;
        }

        T made = new();
        _state = made;
        return made;
    }

    /// <summary>Room for at least <paramref name="sizeHint"/> bytes; valid until the next call.</summary>
    public Span<byte> GetSpan(int sizeHint)
    {
        if (_buffer.Length - _length < sizeHint)
        {
            byte[] larger = FrameBuffers.Rent(Math.Max(InitialBytes, Math.Max(_length + sizeHint, _buffer.Length * 2)));
            _buffer.AsSpan(0, _length).CopyTo(larger);
            ReturnBuffer();
            _buffer = larger;
        }

        return _buffer.AsSpan(_length);
    }

    /// <summary>Says how many bytes of the span were written.</summary>
    public void Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, _buffer.Length - _length);
        _length += count;
    }

    /// <summary>Tells the server's budget that the replies wait: for a participant that is about to take ownership of them.</summary>
    public void Hold()
    {
        _heldBytes = _buffer.Length;
        Connection.ChangeHeld(_heldBytes);
    }

    /// <summary>Sends the replies as they are.</summary>
    public void Release()
    {
        Connection.WriteAndFlushSoon(Written);
        Connection.Recycle(this);
    }

    /// <summary>
    /// Sends the replies with another code and remark, header fields kept: for waits that failed or timed out. Slow on purpose; it happens when a disk is in trouble.
    /// </summary>
    public void ReleaseAs(int code, string? remark)
    {
        ReadOnlySpan<byte> rest = Written;
        ArrayBufferWriter<byte> rewritten = new(rest.Length + 256);
        while (!rest.IsEmpty)
        {
            int size = FrameLayout.ReadFrameSize(rest, int.MaxValue);
            RemotingCommand reply = RequestFrame.Parse(rest[..size]).ToCommand();
            reply.Code = code;
            reply.Remark = remark;
            RemotingCommandCodec.Write(reply, rewritten);
            rest = rest[size..];
        }

        Connection.WriteAndFlushSoon(rewritten.WrittenSpan);
        Connection.Recycle(this);
    }

    internal void Reset()
    {
        if (_heldBytes > 0)
        {
            Connection.ChangeHeld(-_heldBytes);
            _heldBytes = 0;
        }

        _length = 0;
        _state?.Clear();
        Participant = null;
        if (_buffer.Length > KeptBytes)
        {
            ReturnBuffer();
        }
    }

    /// <summary>Gives the buffer back; the object may be used again afterwards.</summary>
    internal void ReturnBuffer()
    {
        if (_buffer.Length > 0)
        {
            FrameBuffers.Return(_buffer);
            _buffer = [];
        }
    }
}

/// <summary>State of a participant for one batch, for example what in the log its replies wait for. Used as <see cref="DeferredReplies"/> are, by one thread at a time.</summary>
public interface IBatchState
{
    /// <summary>Makes it as for a new batch.</summary>
    void Clear();
}
