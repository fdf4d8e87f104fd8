using System.Buffers;
using System.ComponentModel;
using RocketOps.Remoting.Connections;

namespace RocketOps.Remoting.Loops;

/// <summary>
/// Output straight to a socket. Any thread sends under the gate; what the kernel does not take waits for the loop, which sends it when the socket is writable. The descriptor
/// is closed under the gate too, so that nobody uses a number that belongs to another connection meanwhile. Thread-safe.
/// </summary>
internal sealed class SocketOutput(LoopSocket socket, INativeSockets sockets, int descriptor, long maxUnsentBytes) : ConnectionOutput(socket, maxUnsentBytes)
{
    private const int InitialBytes = 4096;

    private readonly LoopSocket _socket = socket;
    private byte[] _buffer = [];
    private int _start;
    private int _end;
    private bool _blocked;
    private bool _closed;

    public override bool IsBlocked => Volatile.Read(ref _blocked);

    /// <summary>Everything that was written has been sent, or nobody takes it any more.</summary>
    public bool IsEmpty
    {
        get
        {
            lock (Gate)
            {
                return Ended || _start == _end;
            }
        }
    }

    public override void FlushSoon() => _socket.Post();

    /// <summary>The loop's thread, when the kernel takes bytes again.</summary>
    public void OnWritable()
    {
        if (!IsBlocked)
        {
            return;
        }

        lock (Gate)
        {
            if (_blocked && !Ended)
            {
                SendLocked();
            }
        }
    }

    /// <summary>Ends the connection but keeps the descriptor. Any thread.</summary>
    public void Shutdown(bool sendingOnly)
    {
        lock (Gate)
        {
            if (!_closed)
            {
                // Fails when the peer has ended the connection already.
                _ = sockets.Shutdown(descriptor, sendingOnly);
            }
        }
    }

    /// <summary>The loop's thread only.</summary>
    /// <param name="keepDescriptor">The descriptor goes to another driver.</param>
    public void Close(bool keepDescriptor)
    {
        lock (Gate)
        {
            EndLocked();
            Volatile.Write(ref _blocked, false);
            ReturnBuffer();
            if (!_closed)
            {
                _closed = true;
                if (!keepDescriptor)
                {
                    // The descriptor is gone whatever close says.
                    _ = sockets.Close(descriptor);
                }
            }
        }
    }

    protected override Span<byte> GetSpanCore(int sizeHint)
    {
        sizeHint = Math.Max(sizeHint, 1);
        if (_buffer.Length - _end < sizeHint)
        {
            MakeRoom(sizeHint);
        }

        return _buffer.AsSpan(_end);
    }

    protected override void AdvanceCore(int count) => _end += count;

    protected override void CopyCore(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(GetSpanCore(bytes.Length));
        _end += bytes.Length;
    }

    protected override bool TrySendLocked(ReadOnlySpan<byte> frames)
    {
        if (_start < _end || _blocked)
        {
            return false;
        }

        _socket.Connection.NoteActivity();
        int sent = sockets.Send(descriptor, frames);
        if (sent == frames.Length)
        {
            return true;
        }

        // What is left, or why nothing was taken, is the buffered way's.
        Copy(sent > 0 ? frames[sent..] : frames);
        FlushLocked();
        return true;
    }

    protected override void FlushLocked()
    {
        if (_start < _end && !_blocked && !Ended)
        {
            _socket.Connection.NoteActivity();
            SendLocked();
        }
    }

    private void SendLocked()
    {
        while (_start < _end)
        {
            int sent = sockets.Send(descriptor, _buffer.AsSpan(_start, _end - _start));
            if (sent >= 0)
            {
                _start += sent;
            }
            else if (sent == -LinuxSockets.TryAgain)
            {
                Volatile.Write(ref _blocked, true);
                UnsentBytes = _end - _start;
                AccountHeld();
                return;
            }
            else if (sent != -LinuxSockets.Interrupted)
            {
                EndLocked();
                ReturnBuffer();
                _socket.Abort(new Win32Exception(-sent).Message);
                return;
            }
        }

        ReturnBuffer();
        UnsentBytes = 0;
        Volatile.Write(ref _blocked, false);
        AccountHeld();
    }

    private void MakeRoom(int sizeHint)
    {
        int length = _end - _start;
        byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(InitialBytes, length + Math.Max(length, sizeHint)));
        _buffer.AsSpan(_start, length).CopyTo(larger);
        ReturnBuffer();
        _buffer = larger;
        _end = length;
    }

    /// <summary>A connection that has nothing to send holds no buffer.</summary>
    private void ReturnBuffer()
    {
        _start = _end = 0;
        if (_buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = [];
        }
    }
}
