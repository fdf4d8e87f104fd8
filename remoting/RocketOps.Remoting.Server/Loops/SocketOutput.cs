using System.ComponentModel;
using RocketOps.Remoting.Connections;

namespace RocketOps.Remoting.Server.Loops;

/// <summary>
/// Output straight to a socket. Any thread sends under the gate; what the kernel does not take waits for the loop, which sends it when the socket is writable. The descriptor
/// is closed under the gate too, so that nobody uses a number that belongs to another connection meanwhile. What waits lies in one buffer while it is little, and in a chain of them when
/// a peer lets megabytes pile up: they are not copied again for each that comes. Thread-safe.
/// </summary>
internal sealed class SocketOutput(LoopSocket socket, INativeSockets sockets, int descriptor, long maxUnsentBytes) : ConnectionOutput(socket, maxUnsentBytes)
{
    private const int InitialBytes = 4096;

    private readonly LoopSocket _socket = socket;

    // Filled buffers that are sent before the last one, which is written to.
    private Queue<Filled>? _filled;
    private long _filledBytes;
    private long _filledCapacity;
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
                return Ended || !HasWaiting;
            }
        }
    }

    public override void FlushSoon() => _socket.Post();

    protected override long BufferedBytes => _filledCapacity + _buffer.Length;

    private bool HasWaiting => _start < _end || _filledBytes > 0;

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
            ReturnBuffers();
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
        while (true)
        {
            int room = _buffer.Length - _end;
            if (bytes.Length <= room || _end - _start + (long)bytes.Length <= FrameBuffers.MaxPooledBytes)
            {
                bytes.CopyTo(GetSpanCore(bytes.Length));
                _end += bytes.Length;
                return;
            }

            bytes[..room].CopyTo(_buffer.AsSpan(_end));
            _end += room;
            bytes = bytes[room..];
            BeginBuffer(Math.Min(bytes.Length, FrameBuffers.MaxPooledBytes));
        }
    }

    protected override bool TrySendLocked(ReadOnlySpan<byte> frames)
    {
        if (HasWaiting || _blocked == 1)
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

    protected override int SendNowCore(ReadOnlySpan<byte> header, ReadOnlySpan<OutputPiece> pieces)
    {
        FlushLocked();
        if (HasWaiting || _blocked == 1 || Ended)
        {
            return 0;
        }

        _socket.Connection.NoteActivity();
        // Why nothing was taken is the buffered way's.
        return Math.Max(0, sockets.Send(descriptor, header, pieces));
    }

    protected override void FlushLocked()
    {
        if (HasWaiting && _blocked == 0 && !Ended)
        {
            _socket.Connection.NoteActivity();
            SendLocked();
        }
    }

    private void SendLocked()
    {
        bool triedAgain = false;
        while (HasWaiting)
        {
            // What was seen before this send does not count for its refusal.
            Interlocked.Exchange(ref _roomSeen, 0);
            int sent = sockets.Send(descriptor, Next());
            if (sent >= 0)
            {
                Take(sent);
            }
            else if (sent == -LinuxSockets.TryAgain)
            {
                Interlocked.Exchange(ref _blocked, 1);
                if (Volatile.Read(ref _roomSeen) == 1)
                {
                    triedAgain = true;
                    continue;
                }

                UnsentBytes = _filledBytes + (_end - _start);
                AccountHeld();
                return;
            }
            else if (sent != -LinuxSockets.Interrupted)
            {
                EndLocked();
                ReturnBuffers();
                _socket.Abort(new Win32Exception(-sent).Message);
                return;
            }
        }

        ReturnBuffers();
        UnsentBytes = 0;
        Volatile.Write(ref _blocked, 0);
        AccountHeld();
        if (triedAgain)
        {
            // The loop may have passed the connection over while it was blocked for that moment.
            _socket.Post();
        }
    }

    /// <summary>Bytes that are sent next.</summary>
    private ReadOnlySpan<byte> Next() => _filledBytes > 0 ? _filled!.Peek().Waiting : _buffer.AsSpan(_start, _end - _start);

    private void Take(int sent)
    {
        if (_filledBytes == 0)
        {
            _start += sent;
            return;
        }

        _filledBytes -= sent;
        Filled first = _filled!.Peek();
        first.Start += sent;
        if (first.Waiting.IsEmpty)
        {
            _filled.Dequeue();
            _filledCapacity -= first.Buffer.Length;
            FrameBuffers.Return(first.Buffer);
        }
    }

    private void MakeRoom(int sizeHint)
    {
        int length = _end - _start;
        if (length > SendAtBytes)
        {
            BeginBuffer(sizeHint);
            return;
        }

        byte[] larger = FrameBuffers.Rent(Math.Max(InitialBytes, length + Math.Max(length, sizeHint)));
        _buffer.AsSpan(_start, length).CopyTo(larger);
        FrameBuffers.Return(_buffer);
        _buffer = larger;
        _start = 0;
        _end = length;
    }

    /// <summary>Begins a buffer: what is there stays where it is; what comes is written behind it.</summary>
    private void BeginBuffer(int bytes)
    {
        if (_start < _end)
        {
            _filled ??= new Queue<Filled>();
            _filled.Enqueue(new Filled(_buffer) { Start = _start, End = _end });
            _filledBytes += _end - _start;
            _filledCapacity += _buffer.Length;
        }
        else
        {
            FrameBuffers.Return(_buffer);
        }

        _buffer = FrameBuffers.Rent(Math.Max(InitialBytes, bytes));
        _start = _end = 0;
    }

    /// <summary>A connection that has nothing to send holds no buffer.</summary>
    private void ReturnBuffers()
    {
        while (_filled is not null && _filled.TryDequeue(out Filled? filled))
        {
            FrameBuffers.Return(filled.Buffer);
        }

        _filled = null;
        _filledBytes = _filledCapacity = 0;
        FrameBuffers.Return(_buffer);
        _buffer = [];
        _start = _end = 0;
    }

    /// <summary>A buffer that nothing is written to any more, and what of it waits.</summary>
    private sealed class Filled(byte[] buffer)
    {
        public byte[] Buffer => buffer;

        public int Start { get; set; }

        public int End { get; init; }

        public ReadOnlySpan<byte> Waiting => buffer.AsSpan(Start, End - Start);
    }
}
