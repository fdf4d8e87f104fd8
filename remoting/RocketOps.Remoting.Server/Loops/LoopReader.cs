using RocketOps.Remoting.Connections;
using RocketOps.Remoting.Server.Connections;

namespace RocketOps.Remoting.Server.Loops;

/// <summary>
/// Receives from the connections that are readable and has their frames handled. Connections whose peers take no answers, and those that hold more than their share and would begin a
/// frame while too much is held, wait here. So do those whose turn was over before their frames were handled, and those inside a frame of which more than a first receive is there, which fills
/// fresh memory: they go on one after the other behind all that have just become readable, as long as the round is short, so that it does not matter how many they are. The loop's thread only.
/// </summary>
internal sealed class LoopReader(INativeSockets sockets, EventLoopGroup group, OpenConnections connections, LoopTable table)
{
    /// <summary>A round goes on with connections that are late for no longer than this; with one at least.</summary>
    private static readonly TimeSpan LongRound = 2 * ReadTurn.Longest;

    private readonly List<LoopSocket> _paused = [];
    private readonly Queue<LoopSocket> _late = [];
    private List<LoopSocket> _readable = [];
    private List<LoopSocket> _readableSpare = [];

    /// <summary>There is something to receive, or to handle, at once.</summary>
    public bool HasReadable => _readable.Count + _late.Count > 0;

    /// <summary>Connections wait until fewer bytes are held.</summary>
    public bool HasPaused => _paused.Count > 0;

    /// <summary>Puts a connection on the list when there is something to receive or to handle, and its peer takes the answers.</summary>
    public void ListIfReadable(LoopSocket socket)
    {
        if ((socket.IsReadable || socket.HasWaitingFrames) && !socket.IsListed && !socket.IsPaused && !socket.IsEnding && !socket.Output.IsBlocked)
        {
            socket.IsListed = true;
            if (socket.Connection.IsTurnOver || socket.UnfinishedBytes > LoopWorker.FirstReceiveBytes)
            {
                _late.Enqueue(socket);
            }
            else
            {
                _readable.Add(socket);
            }
        }
    }

    /// <summary>Goes on with paused connections when fewer bytes are held.</summary>
    public void ResumePaused()
    {
        int waiting = 0;
        for (int i = 0; i < _paused.Count; i++)
        {
            LoopSocket socket = _paused[i];
            if (!socket.IsEnding && connections.Budget.Pauses(socket.Connection))
            {
                _paused[waiting++] = socket;
                continue;
            }

            socket.IsPaused = false;
            ListIfReadable(socket);
        }

        _paused.RemoveRange(waiting, _paused.Count - waiting);
    }

    /// <summary>Receives once from every connection on the list, and from some of those that are late. Those whose requests wait for the round's commit are added to <paramref name="committing"/>.</summary>
    public void Receive(byte[] buffer, DriverRound round, List<LoopSocket> committing)
    {
        if (!HasReadable)
        {
            return;
        }

        long readAt = connections.Time.GetTimestamp();
        int late = _late.Count;
        List<LoopSocket> readable = _readable;
        _readable = _readableSpare;
        _readableSpare = readable;
        foreach (LoopSocket socket in readable)
        {
            Visit(socket, buffer, round, readAt, committing);
        }

        readable.Clear();
        for (int i = 0; i < late && (i == 0 || connections.Time.GetElapsedTime(readAt) < LongRound); i++)
        {
            Visit(_late.Dequeue(), buffer, round, readAt, committing);
        }
    }

    private void Visit(LoopSocket socket, byte[] buffer, DriverRound round, long readAt, List<LoopSocket> committing)
    {
        socket.IsListed = false;
        if (socket.IsEnding || socket.IsAborted || socket.Connection.End.IsStopping || socket.Output.IsBlocked)
        {
            return;
        }

        if (!socket.IsInsideFrame && connections.Budget.Pauses(socket.Connection))
        {
            socket.IsPaused = true;
            _paused.Add(socket);
            return;
        }

        if (socket.IsNew && IsHandedOver(socket, buffer))
        {
            return;
        }

        if (Receive(socket, buffer, round, readAt))
        {
            committing.Add(socket);
        }
    }

    /// <summary>True when what was received waits for the round's commit.</summary>
    private bool Receive(LoopSocket socket, byte[] buffer, DriverRound round, long readAt)
    {
        socket.Connection.BeginBatch(readAt);
        try
        {
            if (socket.HasWaitingFrames)
            {
                socket.Take([]);
            }

            if (socket.IsReadable && !socket.HasWaitingFrames && !socket.Output.IsBlocked)
            {
                Receive(socket, buffer);
            }
        }
        catch (Exception error)
        {
            socket.Connection.NoteFailure(error);
            socket.DropKept();
            // Not ended here: what was stored before a malformed frame is answered first, however long its commit or its flush takes.
            socket.Connection.End.Stop();
        }

        // Also when a later frame is malformed: what was stored before it must be written and answered.
        bool committing = socket.Connection.Seal(round);
        if (!committing && !socket.Connection.End.HoldsAnswerBack)
        {
            // No commit holds these answers up. At once, so that only one connection at a time holds a buffer.
            socket.Output.Flush();
        }

        ListIfReadable(socket);
        return committing;
    }

    private void Receive(LoopSocket socket, byte[] buffer)
    {
        int wanted = socket.SendsMuch ? buffer.Length : LoopWorker.FirstReceiveBytes;
        int received = sockets.Receive(socket.Descriptor, buffer.AsSpan(0, wanted));
        if (received > 0)
        {
            // With fewer bytes than asked for nothing is left, and the next ones are a new edge. Only an end of the connection has no edge of its own.
            socket.IsReadable = received == wanted || socket.IsHungUp;
            socket.Take(buffer.AsSpan(0, received));
            socket.SendsMuch = received >= LoopWorker.FirstReceiveBytes && socket.UnfinishedBytes < LoopWorker.FirstReceiveBytes;
        }
        else if (received == 0)
        {
            if (socket.IsInsideFrame)
            {
                socket.Connection.NoteEnd("closed by the peer inside a frame");
            }

            table.End(socket);
        }
        else if (received == -LinuxSockets.TryAgain)
        {
            socket.IsReadable = false;
        }
        else if (received != -LinuxSockets.Interrupted)
        {
            socket.Connection.NoteEnd(NativeResult.TextOf(received));
            table.End(socket);
        }
    }

    /// <summary>A first byte 0x16 begins a TLS handshake, and TLS is another driver's.</summary>
    private bool IsHandedOver(LoopSocket socket, byte[] buffer)
    {
        socket.IsNew = false;
        if (!group.TakesTls || sockets.Peek(socket.Descriptor, buffer.AsSpan(0, 1)) != 1 || buffer[0] != OpenConnections.TlsHandshake)
        {
            return false;
        }

        if (table.TryHandOver(socket))
        {
            group.HandOver(socket.Descriptor, socket.RemoteEndPoint, socket.LocalEndPoint);
        }

        return true;
    }
}
