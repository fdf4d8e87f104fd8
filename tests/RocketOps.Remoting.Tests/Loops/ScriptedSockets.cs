using System.Collections.Concurrent;
using System.Net;
using System.Runtime.InteropServices;
using RocketOps.Remoting.Connections;
using RocketOps.Remoting.Server.Loops;

namespace RocketOps.Remoting.Tests.Loops;

/// <summary>
/// Sockets of a kernel that does what a test says: connections come, bytes arrive in the pieces given, sends are cut short or refused. Checks that a descriptor is never used
/// after it was closed.
/// </summary>
internal sealed class ScriptedSockets : INativeSockets
{
    public const int Listener = 3;
    private const int Poll = 1;
    private const int SignalDescriptor = 2;

    private readonly Lock _gate = new();
    private readonly Dictionary<int, Peer> _open = [];
    private readonly Queue<Peer> _arrived = new();
    private readonly Dictionary<int, int> _tags = [];
    private readonly SemaphoreSlim _wake = new(0);
    private int _nextDescriptor = 10;
    private bool _signalled;

    /// <summary>Uses of descriptors that were not open.</summary>
    public ConcurrentQueue<string> Misuses { get; } = new();

    /// <summary>How often something was sent.</summary>
    public int Sends { get; private set; }

    public int OpenDescriptors
    {
        get
        {
            lock (_gate)
            {
                return _open.Count;
            }
        }
    }

    public Peer Connect()
    {
        lock (_gate)
        {
            Peer peer = new(this);
            _arrived.Enqueue(peer);
            _wake.Release();
            return peer;
        }
    }

    public int CreatePoll() => Poll;

    public int CreateSignal() => SignalDescriptor;

    public int Watch(int poll, int descriptor, int tag, bool edge)
    {
        lock (_gate)
        {
            _tags[descriptor] = tag;
            _wake.Release();
            return 0;
        }
    }

    public int Unwatch(int poll, int descriptor)
    {
        lock (_gate)
        {
            return _tags.Remove(descriptor) ? 0 : -2;
        }
    }

    public int Wait(int poll, Span<ReadyEvent> ready, int timeoutMilliseconds)
    {
        if (timeoutMilliseconds != 0)
        {
            _wake.Wait(timeoutMilliseconds);
        }

        lock (_gate)
        {
            int count = 0;
            if (_signalled)
            {
                ready[count++] = new ReadyEvent(_tags[SignalDescriptor], true, false, false);
            }

            if (_arrived.Count > 0 && _tags.TryGetValue(Listener, out int listener))
            {
                ready[count++] = new ReadyEvent(listener, true, false, false);
            }

            foreach ((int descriptor, Peer peer) in _open)
            {
                if (count < ready.Length && peer.TakeEdge(out bool readable, out bool writable, out bool hungUp) && _tags.TryGetValue(descriptor, out int tag))
                {
                    ready[count++] = new ReadyEvent(tag, readable, writable, hungUp);
                }
            }

            return count;
        }
    }

    public void Pause(int microseconds)
    {
    }

    public void Signal(int signal)
    {
        lock (_gate)
        {
            _signalled = true;
            _wake.Release();
        }
    }

    public void ClearSignal(int signal)
    {
        lock (_gate)
        {
            _signalled = false;
        }
    }

    public int Accept(int listener, out IPEndPoint remote, out IPEndPoint local)
    {
        lock (_gate)
        {
            remote = new IPEndPoint(IPAddress.Loopback, 1);
            local = new IPEndPoint(IPAddress.Loopback, 2);
            if (!_arrived.TryDequeue(out Peer? peer))
            {
                return -LinuxSockets.TryAgain;
            }

            // The lowest free number, as the kernel gives them: closed ones come again at once.
            int descriptor = 10;
            while (_open.ContainsKey(descriptor))
            {
                descriptor++;
            }

            _nextDescriptor = Math.Max(_nextDescriptor, descriptor + 1);
            _open[descriptor] = peer;
            return descriptor;
        }
    }

    public int Receive(int descriptor, Span<byte> buffer)
    {
        lock (_gate)
        {
            return Find(descriptor, "recv") is { } peer ? peer.Receive(buffer) : -9;
        }
    }

    public int Peek(int descriptor, Span<byte> buffer) => throw new NotSupportedException();

    public int Send(int descriptor, ReadOnlySpan<byte> bytes)
    {
        lock (_gate)
        {
            Sends++;
            return Find(descriptor, "send") is { } peer ? peer.Take(bytes) : -9;
        }
    }

    public int Send(int descriptor, ReadOnlySpan<byte> header, ReadOnlySpan<OutputPiece> pieces)
    {
        byte[] all = new byte[header.Length + pieces.ToArray().Sum(piece => piece.Length)];
        header.CopyTo(all);
        int at = header.Length;
        foreach (OutputPiece piece in pieces)
        {
            Marshal.Copy(piece.Address, all, at, piece.Length);
            at += piece.Length;
        }

        return Send(descriptor, all);
    }

    public int Shutdown(int descriptor, bool sendingOnly)
    {
        lock (_gate)
        {
            Find(descriptor, "shutdown")?.End();
            return 0;
        }
    }

    public int Close(int descriptor)
    {
        lock (_gate)
        {
            if (descriptor < 10)
            {
                return 0;
            }

            Find(descriptor, "close")?.NoteClosed();
            _open.Remove(descriptor);
            _tags.Remove(descriptor);
            return 0;
        }
    }

    private Peer? Find(int descriptor, string call)
    {
        if (_open.TryGetValue(descriptor, out Peer? peer))
        {
            return peer;
        }

        Misuses.Enqueue($"{call}({descriptor})");
        return null;
    }

    /// <summary>The other end of a connection.</summary>
    internal sealed class Peer(ScriptedSockets sockets)
    {
        private readonly Queue<object> _incoming = new();
        private readonly MemoryStream _received = new();
        private bool _readable;
        private bool _writable;
        private bool _ended;

        /// <summary>Errors (errno) that the next sends fail with.</summary>
        public Queue<int> SendErrors { get; } = new();

        /// <summary>Bytes one send takes at most.</summary>
        public int TakesPerSend { get; set; } = int.MaxValue;

        public bool IsClosed { get; private set; }

        /// <summary>The connection was ended from this end; the descriptor may be open all the same.</summary>
        public bool IsShutDown
        {
            get
            {
                lock (sockets._gate)
                {
                    return _ended;
                }
            }
        }

        /// <summary>What was sent to this peer.</summary>
        public byte[] Received
        {
            get
            {
                lock (sockets._gate)
                {
                    return _received.ToArray();
                }
            }
        }

        /// <summary>One receive returns these bytes.</summary>
        public void Send(ReadOnlySpan<byte> bytes) => Add(bytes.ToArray());

        /// <summary>One receive fails with this error; 0 is an end.</summary>
        public void Fail(int errno) => Add(errno);

        /// <summary>The kernel takes bytes again.</summary>
        public void MakeWritable()
        {
            lock (sockets._gate)
            {
                _writable = true;
                sockets._wake.Release();
            }
        }

        internal bool TakeEdge(out bool readable, out bool writable, out bool hungUp)
        {
            (readable, writable, hungUp) = (_readable, _writable, _ended);
            _readable = _writable = false;
            return readable || writable;
        }

        internal int Receive(Span<byte> buffer)
        {
            if (!_incoming.TryDequeue(out object? next))
            {
                return _ended ? 0 : -LinuxSockets.TryAgain;
            }

            // A piece that was cut is a new arrival each.
            _readable = _incoming.Count > 0;
            if (_readable)
            {
                sockets._wake.Release();
            }

            if (next is int errno)
            {
                return -errno;
            }

            byte[] bytes = (byte[])next;
            bytes.CopyTo(buffer);
            return bytes.Length;
        }

        internal int Take(ReadOnlySpan<byte> bytes)
        {
            if (SendErrors.TryDequeue(out int errno))
            {
                return -errno;
            }

            int taken = Math.Min(bytes.Length, TakesPerSend);
            _received.Write(bytes[..taken]);
            return taken;
        }

        internal void End()
        {
            _ended = _readable = true;
            sockets._wake.Release();
        }

        internal void NoteClosed() => IsClosed = true;

        private void Add(object next)
        {
            lock (sockets._gate)
            {
                _incoming.Enqueue(next);
                _readable = true;
                sockets._wake.Release();
            }
        }
    }
}
