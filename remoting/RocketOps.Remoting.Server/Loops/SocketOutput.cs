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
    private int _blocked;
    private int _roomSeen;
    private bool _closed;

    public override bool IsBlocked => Volatile.Read(ref _blocked) == 1;

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

    protected override long BufferedBytes => _buffer.Length;

    /// <summary>
    /// The loop's thread, when the kernel takes bytes again. That is said once: it must not be lost when another thread has been refused and is on its way to say so. With a full
    /// fence between what each writes and what it reads, either this thread sees that it is blocked and sends, or that thread sees that there was room and tries again. The gate
    /// is not taken for nothing: others hold it while they copy megabytes.
    /// </summary>
    public void OnWritable()
    {
        Interlocked.Exchange(ref _roomSeen, 1);
        if (!IsBlocked)
        {
            return;
        }

        lock (Gate)
        {
            if (_blocked == 1 && !Ended)
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
            Volatile.Write(ref _blocked, 0);
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
        if (_start < _end || _blocked == 1)
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
        if (_start < _end && _blocked == 0 && !Ended)
        {
            _socket.Connection.NoteActivity();
            SendLocked();
        }
    }

    private void SendLocked()
    {
        bool triedAgain = false;
        while (_start < _end)
        {
            // What was seen before this send does not count for its refusal.
            Interlocked.Exchange(ref _roomSeen, 0);
            int sent = sockets.Send(descriptor, _buffer.AsSpan(_start, _end - _start));
            if (sent >= 0)
            {
                _start += sent;
            }
            else if (sent == -LinuxSockets.TryAgain)
            {
                Interlocked.Exchange(ref _blocked, 1);
                if (Volatile.Read(ref _roomSeen) == 1)
                {
                    triedAgain = true;
                    continue;
                }

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
        Volatile.Write(ref _blocked, 0);
        AccountHeld();
        if (triedAgain)
        {
            // The loop may have passed the connection over while it was blocked for that moment.
            _socket.Post();
        }
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
