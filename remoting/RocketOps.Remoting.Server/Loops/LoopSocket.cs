using System.Net;
using RocketOps.Protocol.Framing;
using RocketOps.Remoting.Connections;
using RocketOps.Remoting.Server.Connections;

namespace RocketOps.Remoting.Server.Loops;

/// <summary>
/// Carries a connection on an <see cref="EventLoop"/>. Holds memory only for a frame that has not arrived whole and for answers the peer does not take. The loop's thread
/// calls everything but <see cref="IsOf"/>, <see cref="Abort"/>, <see cref="StopReading"/>, <see cref="OnDrained"/> and <see cref="Post"/>, which any thread may.
/// </summary>
internal sealed class LoopSocket : ConnectionDriver
{
    private const int InitialBytes = 4096;

    /// <summary>Bytes of a larger frame that lie in one piece until it is whole.</summary>
    private const int PieceBytes = FrameBuffers.MaxPooledBytes;

    private readonly LoopInbox _inbox;
    private readonly SocketOutput _output;
    private byte[] _kept = [];

    // What follows a full _kept of a large frame that is not whole. So each of its bytes is copied once more, when the last has come, and not with each doubling of what has come.
    private List<byte[]>? _pieces;
    private int _keptLength;
    private int _posted;
    private int _aborted;

    public LoopSocket(LoopInbox inbox, string id, OpenConnections connections, INativeSockets sockets, int slot, in AdoptedSocket accepted)
    {
        _inbox = inbox;
        Id = id;
        Slot = slot;
        Descriptor = accepted.Descriptor;
        RemoteEndPoint = accepted.Remote;
        LocalEndPoint = accepted.Local;
        RemotingOptions options = connections.Options.Remoting;
        _output = new SocketOutput(this, sockets, Descriptor, options.MaxUnsentBytes);
        Connection = new RemotingConnection(this, connections.Handlers, options, connections.Budget, connections.Time, connections.Logger);
    }

    public override string Id { get; }

    public override IPEndPoint RemoteEndPoint { get; }

    public override IPEndPoint LocalEndPoint { get; }

    public override SocketOutput Output => _output;

    public override long UnfinishedBytes => HasWaitingFrames ? 0 : Volatile.Read(ref _keptLength);

    public int Descriptor { get; }

    public int Slot { get; }

    /// <summary>The kernel has something that was not received yet.</summary>
    public bool IsReadable { get; set; }

    /// <summary>The peer has ended its side: receiving goes on until the end is read.</summary>
    public bool IsHungUp { get; set; }

    /// <summary>The last receive was filled with whole frames: the next may take as many as there are. Not so with the bytes of a frame that is not whole, which fill fresh memory.</summary>
    public bool SendsMuch { get; set; }

    /// <summary>The loop's list of sockets to receive from has it.</summary>
    public bool IsListed { get; set; }

    /// <summary>It waits until less is held, of all or of it.</summary>
    public bool IsPaused { get; set; }

    /// <summary>It is closed at the end of the tick.</summary>
    public bool IsEnding { get; set; }

    /// <summary>Nothing was received yet: the first byte tells TLS from the protocol.</summary>
    public bool IsNew { get; set; } = true;

    /// <summary>Whole frames wait in the kept bytes until the peer takes what it is sent, or until it is the connection's turn again.</summary>
    public bool HasWaitingFrames { get; private set; }

    /// <summary>A frame has begun and not arrived whole.</summary>
    public bool IsInsideFrame => _keptLength > 0;

    public bool IsAborted => Volatile.Read(ref _aborted) == 1;

    /// <summary>True when the loop with this inbox has the connection. Any thread.</summary>
    public bool IsOf(LoopInbox inbox) => _inbox == inbox;

    public override void Abort(string reason)
    {
        Connection.NoteEnd(reason);
        if (Interlocked.Exchange(ref _aborted, 1) == 0)
        {
            _output.Shutdown(sendingOnly: false);
            Post();
        }
    }

    public override void StopReading() => Post();

    public override void OnDrained() => Post();

    /// <summary>The loop looks at this connection soon: it sends what is there, ends what is to end.</summary>
    public void Post()
    {
        if (Interlocked.Exchange(ref _posted, 1) == 0)
        {
            _inbox.Post(this);
        }
    }

    public void ClearPosted() => Volatile.Write(ref _posted, 0);

    /// <summary>Handles what was received and keeps what is not whole, or has to wait: for the peer to take its answers, or for the next turn.</summary>
    public void Take(ReadOnlySpan<byte> received)
    {
        HasWaitingFrames = false;
        while (true)
        {
            if (_keptLength > 0)
            {
                if (!HandleKept())
                {
                    HasWaitingFrames = true;
                    Keep(received);
                    return;
                }

                if (_keptLength > 0)
                {
                    // Only up to the end of this frame: what follows is handled where it lies.
                    int needed = _keptLength < FrameLayout.LengthSize ? FrameLayout.LengthSize : FrameLayout.ReadFrameSize(_kept, Connection.Options.MaxFrameBytes);
                    int taken = Math.Min(needed - _keptLength, received.Length);
                    if (taken == 0)
                    {
                        return;
                    }

                    KeepOfFrame(received[..taken], needed);
                    received = received[taken..];
                    continue;
                }
            }

            received = received[Connection.Receive(received)..];
            if (Connection.IsTurnOver)
            {
                HasWaitingFrames = !received.IsEmpty;
                Keep(received);
                return;
            }

            if (!_output.IsFull)
            {
                Keep(received);
                return;
            }

            _output.Flush();
            if (_output.IsBlocked)
            {
                HasWaitingFrames = !received.IsEmpty;
                Keep(received);
                return;
            }
        }
    }

    /// <summary>Gives back what a frame that will not become whole holds.</summary>
    public void DropKept()
    {
        _keptLength = 0;
        ReturnKept();
    }

    /// <summary>Handles the whole frames among the kept bytes; false when the peer does not take their answers, or the turn is over.</summary>
    private bool HandleKept()
    {
        if (_pieces is not null)
        {
            // It is joined as soon as it is whole.
            return true;
        }

        while (true)
        {
            int consumed = Connection.Receive(_kept.AsSpan(0, _keptLength));
            if (consumed > 0)
            {
                _kept.AsSpan(consumed, _keptLength - consumed).CopyTo(_kept);
                _keptLength -= consumed;
                if (_keptLength == 0)
                {
                    ReturnKept();
                }
            }

            if (Connection.IsTurnOver)
            {
                return false;
            }

            if (!_output.IsFull)
            {
                return true;
            }

            _output.Flush();
            if (_output.IsBlocked)
            {
                return false;
            }
        }
    }

    /// <summary>Keeps what has come of a frame of <paramref name="frameBytes"/>, and no more than that.</summary>
    private void KeepOfFrame(ReadOnlySpan<byte> bytes, int frameBytes)
    {
        if (frameBytes <= PieceBytes || (_pieces is null && _keptLength > PieceBytes))
        {
            Keep(bytes);
            return;
        }

        int inFirst = Math.Clamp(PieceBytes - _keptLength, 0, bytes.Length);
        Keep(bytes[..inFirst]);
        bytes = bytes[inFirst..];
        while (!bytes.IsEmpty)
        {
            int at = _keptLength % PieceBytes;
            if (at == 0)
            {
                byte[] piece = FrameBuffers.Rent(PieceBytes);
                (_pieces ??= []).Add(piece);
                Connection.ChangeHeld(piece.Length);
            }

            int taken = Math.Min(PieceBytes - at, bytes.Length);
            bytes[..taken].CopyTo(_pieces![^1].AsSpan(at));
            _keptLength += taken;
            bytes = bytes[taken..];
        }

        if (_pieces is not null && _keptLength == frameBytes)
        {
            Join();
        }
    }

    private void Join()
    {
        // What was received behind it may have to wait with it.
        byte[] whole = FrameBuffers.Rent(_keptLength + LoopWorker.ReceiveBytes);
        _kept.AsSpan(0, PieceBytes).CopyTo(whole);
        for (int i = 0; i < _pieces!.Count; i++)
        {
            int at = (i + 1) * PieceBytes;
            _pieces[i].AsSpan(0, Math.Min(PieceBytes, _keptLength - at)).CopyTo(whole.AsSpan(at));
        }

        ReturnKept();
        _kept = whole;
        Connection.ChangeHeld(whole.Length);
    }

    private void Keep(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
        {
            return;
        }

        int length = _keptLength + bytes.Length;
        if (_kept.Length < length)
        {
            // By what has arrived, not by what the frame says it will be.
            byte[] larger = FrameBuffers.Rent(Math.Max(InitialBytes, Math.Max(length, 2 * _keptLength)));
            _kept.AsSpan(0, _keptLength).CopyTo(larger);
            ReturnKept();
            _kept = larger;
            Connection.ChangeHeld(larger.Length);
        }

        bytes.CopyTo(_kept.AsSpan(_keptLength));
        _keptLength = length;
    }

    private void ReturnKept()
    {
        foreach (byte[] piece in _pieces ?? [])
        {
            Connection.ChangeHeld(-piece.Length);
            FrameBuffers.Return(piece);
        }

        _pieces = null;
        if (_kept.Length > 0)
        {
            Connection.ChangeHeld(-_kept.Length);
            FrameBuffers.Return(_kept);
            _kept = [];
        }
    }
}
