using System.Runtime.InteropServices;
using RocketOps.Remoting.Connections;
using RocketOps.Remoting.Server.Connections;

namespace RocketOps.Remoting.Server.Loops;

/// <summary>The open connections of an event loop, by the slot that tags their events, from their opening to their close. The loop's thread only, but for the count.</summary>
internal sealed class LoopTable(INativeSockets sockets, int poll, OpenConnections connections)
{
    /// <summary>Bytes a peer has sent and nobody will handle are read before the close, or the kernel would reset the connection and with it the last answers.</summary>
    private const int DiscardedReceives = 16;

    private const int DiscardedBytes = 4096;

    private readonly List<LoopSocket?> _slots = [];
    private readonly Stack<int> _freeSlots = new();
    private readonly List<LoopSocket> _ending = [];
    private int _count;

    /// <summary>Open connections, with those that are handed over to this loop. Any thread.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Every slot, with null where no connection is.</summary>
    public ReadOnlySpan<LoopSocket?> Slots => CollectionsMarshal.AsSpan(_slots);

    /// <summary>The connection an event is for; null when it was closed in this tick.</summary>
    public LoopSocket? this[int slot] => _slots[slot];

    /// <summary>A connection will be opened. Any thread.</summary>
    public void Expect() => Interlocked.Increment(ref _count);

    /// <summary>A connection that was expected will not be opened. Any thread.</summary>
    public void Unexpect() => Interlocked.Decrement(ref _count);

    /// <summary>Opens an expected connection; one whose events cannot be had ends with the tick.</summary>
    public LoopSocket Open(LoopInbox inbox, string id, in AdoptedSocket adopted)
    {
        if (!_freeSlots.TryPop(out int slot))
        {
            slot = _slots.Count;
            _slots.Add(null);
        }

        LoopSocket socket = new(inbox, id, connections, sockets, slot, adopted);
        _slots[slot] = socket;
        connections.Add(socket.Connection);
        socket.Connection.Opened();
        int watched = sockets.Watch(poll, adopted.Descriptor, slot, edge: true);
        if (watched < 0)
        {
            socket.Connection.NoteEnd(NativeResult.TextOf(watched));
            End(socket);
        }

        return socket;
    }

    /// <summary>The connection is closed at the end of the tick.</summary>
    public void End(LoopSocket socket)
    {
        if (!socket.IsEnding)
        {
            socket.IsEnding = true;
            _ending.Add(socket);
        }
    }

    /// <summary>Sends what is written. Behind the last answer of a connection that stops come its last words, in one piece: a peer that has read the one has read the other.</summary>
    public static void Send(LoopSocket socket)
    {
        if (IsDone(socket))
        {
            socket.Connection.End.SayLastWords();
        }
        else
        {
            socket.Output.Flush();
        }
    }

    /// <summary>Ends a connection that stops, when nothing is worked on for it and nothing is left to send.</summary>
    public void EndWhenDone(LoopSocket socket)
    {
        if (IsDone(socket) && socket.Output.IsEmpty)
        {
            socket.Connection.End.SayLastWords();
            if (socket.Output.IsEmpty)
            {
                End(socket);
            }
        }
    }

    /// <summary>True when the connection stops, and everything that was read of it is answered.</summary>
    private static bool IsDone(LoopSocket socket)
    {
        if (!socket.Connection.End.IsStopping || socket.IsEnding)
        {
            return false;
        }

        // The last work ends by counting down, then looking whether the connection stops; here it is the other way round.
        Interlocked.MemoryBarrier();
        return !socket.Connection.End.IsWorking;
    }

    /// <summary>Closes what <see cref="End"/> was told.</summary>
    public void CloseEnding()
    {
        if (_ending.Count == 0)
        {
            return;
        }

        foreach (LoopSocket socket in _ending)
        {
            if (_slots[socket.Slot] == socket)
            {
                if (socket.Connection.End.IsStopping)
                {
                    socket.Output.Shutdown(sendingOnly: true);
                    Discard(socket);
                }

                Release(socket, keepDescriptor: false);
                connections.GiveBack();
            }
        }

        _ending.Clear();
    }

    /// <summary>Lets go of a connection whose descriptor another driver goes on with; false when its events cannot be given up: then it ends with the tick.</summary>
    public bool TryHandOver(LoopSocket socket)
    {
        int given = sockets.Unwatch(poll, socket.Descriptor);
        if (given < 0)
        {
            socket.Connection.NoteEnd(NativeResult.TextOf(given));
            End(socket);
            return false;
        }

        Release(socket, keepDescriptor: true);
        return true;
    }

    /// <summary>Closes everything at once, after a failure of the loop.</summary>
    public void CloseAll(string reason)
    {
        for (int slot = 0; slot < _slots.Count; slot++)
        {
            if (_slots[slot] is { } socket)
            {
                socket.Connection.NoteEnd(reason);
                Release(socket, keepDescriptor: false);
                connections.GiveBack();
            }
        }
    }

    private void Discard(LoopSocket socket)
    {
        Span<byte> discarded = stackalloc byte[DiscardedBytes];
        for (int i = 0; i < DiscardedReceives && sockets.Receive(socket.Descriptor, discarded) > 0; i++)
        {
        }
    }

    private void Release(LoopSocket socket, bool keepDescriptor)
    {
        socket.IsEnding = true;
        _slots[socket.Slot] = null;
        _freeSlots.Push(socket.Slot);
        socket.DropKept();
        socket.Output.Close(keepDescriptor);
        socket.Connection.DisposeBatch();
        Interlocked.Decrement(ref _count);
        Forget(socket.Connection);
    }

    private void Forget(RemotingConnection connection)
    {
        connections.Remove(connection);
        // Whoever watches for the end runs where it holds up nobody.
        ThreadPool.UnsafeQueueUserWorkItem(static ended => _ = ended.EndAsync(), connection, preferLocal: false);
    }
}
