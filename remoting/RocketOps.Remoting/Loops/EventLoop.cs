using System.ComponentModel;
using System.Globalization;
using System.Net;
using RocketOps.Remoting.Connections;
using RocketOps.Remoting.Server;

namespace RocketOps.Remoting.Loops;

/// <summary>
/// One thread that receives from, handles and answers many connections. A tick: receive from all that are readable and handle their frames; commit once for all of them; send
/// once per connection; do what comes after the replies; close what has ended. A thread that hangs in the commit is replaced by another, see <see cref="TryTakeOver"/>.
/// </summary>
internal sealed class EventLoop
{
    private const int ReceiveBytes = 64 * 1024;
    private const int EventsPerTick = 1024;
    private const int AcceptsPerTick = 64;

    /// <summary>Bytes a peer has sent and nobody will handle are read before the close, or the kernel would reset the connection and with it the last answers.</summary>
    private const int DiscardedReceives = 16;

    private const int SignalTag = -1;
    private const int FirstListenerTag = -2;
    private const int BudgetCheckMilliseconds = 20;
    private const int AcceptRetryMilliseconds = 100;

    /// <summary>Threads that may hang in a commit at a time; beyond it the loop waits with them.</summary>
    private const int MaxStuckWorkers = 8;

    private readonly int _index;
    private readonly EventLoopGroup _group;
    private readonly OpenConnections _connections;
    private readonly INativeSockets _sockets;
    private readonly int _lingerMicros;
    private readonly int _poll;
    private readonly int _signal;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // Other threads' wishes.
    private readonly Lock _postGate = new();
    private List<LoopSocket> _posted = [];
    private List<LoopSocket> _postedSpare = [];
    private readonly List<(int Descriptor, IPEndPoint Remote, IPEndPoint Local)> _adopted = [];
    private bool _closed;
    private int _sleeping;
    private volatile int _stopStage;

    // The loop's own; with a take-over they go from thread to thread.
    private readonly List<LoopSocket?> _slots = [];
    private readonly Stack<int> _freeSlots = new();
    private readonly List<LoopSocket> _ending = [];
    private readonly List<LoopSocket> _committing = [];
    private readonly List<LoopSocket> _paused = [];
    private List<LoopSocket> _readable = [];
    private List<LoopSocket> _readableSpare = [];
    private IReadOnlyList<int> _listeners = [];
    private long _acceptPausedAt;
    private bool _acceptPaused;
    private int _reachedStage;
    private int _count;

    private LoopWorker? _inCommit;
    private int _stuckWorkers;
    private long _ticks;

    public EventLoop(int index, EventLoopGroup group, OpenConnections connections, INativeSockets sockets)
    {
        _index = index;
        _group = group;
        _connections = connections;
        _sockets = sockets;
        _lingerMicros = connections.Options.LingerMicros;
        _poll = Checked(sockets.CreatePoll());
        _signal = Checked(sockets.CreateSignal());
        Checked(sockets.Watch(_poll, _signal, SignalTag, edge: false));
    }

    /// <summary>Ends with the loop's last connection after <see cref="BeginStop"/>.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Open connections, about.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>How often the loop has gone round; whoever watches it sees whether it moves.</summary>
    public long Ticks => Volatile.Read(ref _ticks);

    /// <summary>A thread of the loop is in a commit, which may hang.</summary>
    public bool IsInCommit => Volatile.Read(ref _inCommit) is not null;

    /// <summary>The listeners' descriptors; before <see cref="Start"/>, one loop only.</summary>
    public void Listen(IReadOnlyList<int> listeners)
    {
        _listeners = listeners;
        WatchListeners();
    }

    public void Start() => StartWorker();

    public string NextId() => _group.NextId();

    /// <summary>Takes over a connection another loop has accepted.</summary>
    public void Adopt(int descriptor, IPEndPoint remote, IPEndPoint local)
    {
        lock (_postGate)
        {
            if (!_closed)
            {
                _adopted.Add((descriptor, remote, local));
                Interlocked.Increment(ref _count);
                WakeLocked();
                return;
            }
        }

        _ = _sockets.Close(descriptor);
        _connections.GiveBack();
    }

    /// <summary>The loop looks at the socket in its next tick.</summary>
    public void Post(LoopSocket socket)
    {
        lock (_postGate)
        {
            if (!_closed)
            {
                _posted.Add(socket);
                WakeLocked();
            }
        }
    }

    /// <summary>Accepts no more, takes no more requests, ends connections as soon as nothing is worked on for them.</summary>
    public void BeginStop() => Advance(1);

    /// <summary>Ends connections whatever they wait for.</summary>
    public void CutRest() => Advance(2);

    /// <summary>
    /// Replaces a thread that has been in a commit for longer than <paramref name="limit"/>: the connections go on, the stuck thread sends its own round's replies when it
    /// returns. True when it did.
    /// </summary>
    public bool TryTakeOver(TimeSpan limit)
    {
        LoopWorker? stuck = Volatile.Read(ref _inCommit);
        if (stuck is null || _connections.Time.GetElapsedTime(Volatile.Read(ref stuck.CommitBegunAt)) < limit || Volatile.Read(ref _stuckWorkers) >= MaxStuckWorkers
            || Interlocked.CompareExchange(ref _inCommit, null, stuck) != stuck)
        {
            return false;
        }

        Interlocked.Increment(ref _stuckWorkers);
        RemotingLog.LoopTakenOver(_connections.Logger, _index, limit.TotalMilliseconds);
        StartWorker();
        return true;
    }

    private static int Checked(int result) => result >= 0 ? result : throw new IOException($"event loop: {new Win32Exception(-result).Message}");

    private void Advance(int stage)
    {
        lock (_postGate)
        {
            _stopStage = Math.Max(_stopStage, stage);
            if (!_closed)
            {
                WakeLocked();
            }
        }
    }

    /// <summary>One write for all that is posted while the loop is busy or on its way: it looks again before it sleeps.</summary>
    private void WakeLocked()
    {
        if (Interlocked.Exchange(ref _sleeping, 0) == 1)
        {
            _sockets.Signal(_signal);
        }
    }

    private void StartWorker() =>
        new Thread(static state => ((LoopWorker)state!).Run()) { Name = string.Create(CultureInfo.InvariantCulture, $"remoting-loop-{_index}"), IsBackground = true }
            .Start(new LoopWorker(this));

    private void Run(LoopWorker worker)
    {
        try
        {
            FlushCommitting();
            while (Tick(worker))
            {
                if (_stopStage > 0 && TryEnd())
                {
                    return;
                }
            }
        }
        catch (Exception error)
        {
            RemotingLog.LoopFailed(_connections.Logger, error, _index);
            EndAfterFailure();
        }
    }

    /// <summary>Once round; false when another thread has taken the loop over meanwhile.</summary>
    private bool Tick(LoopWorker worker)
    {
        WaitForEvents(worker);
        Volatile.Write(ref _ticks, _ticks + 1);
        DriverRound round = DriverRound.Enter(runsItems: true);
        try
        {
            TakePosted();
            Receive(worker, round);
            // What handlers wrote to other connections.
            round.Flush();
            if (round.HasSealed && !Commit(worker, round))
            {
                return false;
            }

            round.Complete();
            round.Flush();
            round.RunAfterReplies(_connections.Logger);
        }
        finally
        {
            round.Exit();
        }

        CloseEnding();
        return true;
    }

    private void WaitForEvents(LoopWorker worker)
    {
        int count = _sockets.Wait(_poll, worker.Ready, AnnounceSleep());
        Volatile.Write(ref _sleeping, 0);
        Note(worker, count);
        if (_lingerMicros > 0 && count > 0)
        {
            _sockets.Pause(_lingerMicros);
            Note(worker, _sockets.Wait(_poll, worker.Ready, 0));
        }
    }

    /// <summary>How long to wait for events. Whoever posts from here on wakes the loop; whoever posted before is seen here.</summary>
    private int AnnounceSleep()
    {
        if (_readable.Count > 0)
        {
            return 0;
        }

        Interlocked.Exchange(ref _sleeping, 1);
        lock (_postGate)
        {
            if (_posted.Count > 0 || _adopted.Count > 0 || _stopStage > _reachedStage)
            {
                return 0;
            }
        }

        return _paused.Count > 0 ? BudgetCheckMilliseconds : _acceptPaused ? AcceptRetryMilliseconds : -1;
    }

    private void Note(LoopWorker worker, int count)
    {
        if (count < 0)
        {
            if (count != -LinuxSockets.Interrupted)
            {
                Checked(count);
            }

            return;
        }

        foreach (ReadyEvent ready in worker.Ready.AsSpan(0, count))
        {
            if (ready.Tag == SignalTag)
            {
                _sockets.ClearSignal(_signal);
            }
            else if (ready.Tag < 0)
            {
                Accept(_listeners[FirstListenerTag - ready.Tag]);
            }
            else if (_slots[ready.Tag] is { } socket)
            {
                socket.IsHungUp |= ready.IsHungUp;
                socket.IsReadable |= ready.IsReadable;
                if (ready.IsWritable)
                {
                    socket.Output.OnWritable();
                    EndWhenDone(socket);
                }

                ListIfReadable(socket);
            }
        }
    }

    private void ListIfReadable(LoopSocket socket)
    {
        if ((socket.IsReadable || socket.HasWaitingFrames) && !socket.IsListed && !socket.IsEnding && !socket.Output.IsBlocked)
        {
            socket.IsListed = true;
            _readable.Add(socket);
        }
    }

    private void TakePosted()
    {
        if (_stopStage > _reachedStage)
        {
            ReachStage(_stopStage);
        }

        if (_acceptPaused && _connections.Time.GetElapsedTime(_acceptPausedAt).TotalMilliseconds >= AcceptRetryMilliseconds)
        {
            _acceptPaused = false;
            WatchListeners();
        }

        if (_paused.Count > 0 && !_connections.Budget.IsExceeded)
        {
            foreach (LoopSocket socket in _paused)
            {
                ListIfReadable(socket);
            }

            _paused.Clear();
        }

        List<LoopSocket> posted;
        lock (_postGate)
        {
            posted = _posted;
            _posted = _postedSpare;
            _postedSpare = posted;
            foreach ((int descriptor, IPEndPoint remote, IPEndPoint local) in _adopted)
            {
                Open(descriptor, remote, local);
            }

            _adopted.Clear();
        }

        foreach (LoopSocket socket in posted)
        {
            socket.ClearPosted();
            socket.Output.Flush();
            if (socket.IsAborted)
            {
                End(socket);
            }

            EndWhenDone(socket);
        }

        posted.Clear();
    }

    private void Receive(LoopWorker worker, DriverRound round)
    {
        if (_readable.Count == 0)
        {
            return;
        }

        long readAt = _connections.Time.GetTimestamp();
        List<LoopSocket> readable = _readable;
        _readable = _readableSpare;
        _readableSpare = readable;
        foreach (LoopSocket socket in readable)
        {
            socket.IsListed = false;
            if (socket.IsEnding || socket.Connection.IsStopping || socket.Output.IsBlocked)
            {
                continue;
            }

            if (_connections.Budget.IsExceeded && !socket.IsInsideFrame)
            {
                _paused.Add(socket);
                continue;
            }

            Receive(socket, worker, round, readAt);
        }

        readable.Clear();
    }

    private void Receive(LoopSocket socket, LoopWorker worker, DriverRound round, long readAt)
    {
        if (socket.IsNew && IsHandedOver(socket, worker.Buffer))
        {
            return;
        }

        socket.Connection.BeginBatch(readAt);
        try
        {
            if (socket.HasWaitingFrames)
            {
                socket.Take([]);
            }

            if (socket.IsReadable && !socket.Output.IsBlocked)
            {
                Receive(socket, worker.Buffer);
            }
        }
        catch (Exception error)
        {
            socket.Connection.NoteFailure(error);
            socket.DropKept();
            // Not ended here: what was stored before a malformed frame is answered first, however long its commit or its flush takes.
            socket.Connection.Stop();
        }

        // Also when a later frame is malformed: what was stored before it must be written and answered.
        if (socket.Connection.Seal(round))
        {
            _committing.Add(socket);
        }
        else
        {
            // No commit holds these answers up. At once, so that only one connection at a time holds a buffer.
            socket.Output.Flush();
        }

        ListIfReadable(socket);
    }

    private void Receive(LoopSocket socket, byte[] buffer)
    {
        int received = _sockets.Receive(socket.Descriptor, buffer);
        if (received > 0)
        {
            // With fewer bytes than asked for nothing is left, and the next ones are a new edge. Only an end of the connection has no edge of its own.
            socket.IsReadable = received == buffer.Length || socket.IsHungUp;
            socket.Take(buffer.AsSpan(0, received));
        }
        else if (received == 0)
        {
            if (socket.IsInsideFrame)
            {
                socket.Connection.NoteEnd("closed by the peer inside a frame");
            }

            End(socket);
        }
        else if (received == -LinuxSockets.TryAgain)
        {
            socket.IsReadable = false;
        }
        else if (received != -LinuxSockets.Interrupted)
        {
            socket.Connection.NoteEnd(new Win32Exception(-received).Message);
            End(socket);
        }
    }

    /// <summary>A first byte 0x16 begins a TLS handshake, and TLS is another driver's.</summary>
    private bool IsHandedOver(LoopSocket socket, byte[] buffer)
    {
        socket.IsNew = false;
        if (!_group.TakesTls || _sockets.Peek(socket.Descriptor, buffer.AsSpan(0, 1)) != 1 || buffer[0] != EventLoopGroup.TlsHandshake)
        {
            return false;
        }

        Checked(_sockets.Unwatch(_poll, socket.Descriptor));
        Release(socket, keepDescriptor: true);
        _group.HandOver(socket.Descriptor, socket.RemoteEndPoint, socket.LocalEndPoint);
        return true;
    }

    /// <summary>Commits for all batches of the round; false when it took so long that another thread has taken the loop over: then only the round's own replies are left to do.</summary>
    private bool Commit(LoopWorker worker, DriverRound round)
    {
        Volatile.Write(ref worker.CommitBegunAt, _connections.Time.GetTimestamp());
        Interlocked.Exchange(ref _inCommit, worker);
        _group.Guard.OnCommit();
        round.Commit();
        if (Interlocked.CompareExchange(ref _inCommit, null, worker) == worker)
        {
            _committing.Clear();
            return true;
        }

        // From here on the loop's fields belong to the other thread.
        round.StopRunningItems();
        round.Complete();
        round.Flush();
        round.RunAfterReplies(_connections.Logger);
        Interlocked.Decrement(ref _stuckWorkers);
        return false;
    }

    /// <summary>After a take-over: answers that lie in the same outputs as those that wait for the commit need not wait for it.</summary>
    private void FlushCommitting()
    {
        foreach (LoopSocket socket in _committing)
        {
            socket.Output.Flush();
        }

        _committing.Clear();
        CloseEnding();
    }

    private void Accept(int listener)
    {
        for (int i = 0; i < AcceptsPerTick && !_acceptPaused; i++)
        {
            int descriptor = _sockets.Accept(listener, out IPEndPoint remote, out IPEndPoint local);
            if (descriptor >= 0)
            {
                if (_connections.TryTake())
                {
                    Place(descriptor, remote, local);
                }
                else
                {
                    RemotingLog.TooManyConnections(_connections.Logger, remote, _connections.Count);
                    _ = _sockets.Close(descriptor);
                }
            }
            else if (descriptor == -LinuxSockets.TryAgain)
            {
                return;
            }
            else if (-descriptor is LinuxSockets.TooManyFiles or LinuxSockets.TooManyFilesOfSystem or LinuxSockets.OutOfMemory or LinuxSockets.NoBuffers)
            {
                RemotingLog.AcceptFailed(_connections.Logger, -descriptor, AcceptRetryMilliseconds);
                PauseAccepting();
            }

            // Every other error is that of the one connection, which is gone.
        }
    }

    private void Place(int descriptor, IPEndPoint remote, IPEndPoint local)
    {
        EventLoop target = _group.FewestConnections();
        if (target != this)
        {
            target.Adopt(descriptor, remote, local);
            return;
        }

        Interlocked.Increment(ref _count);
        Open(descriptor, remote, local);
    }

    private void Open(int descriptor, IPEndPoint remote, IPEndPoint local)
    {
        if (!_freeSlots.TryPop(out int slot))
        {
            slot = _slots.Count;
            _slots.Add(null);
        }

        LoopSocket socket = new(this, _connections, _sockets, descriptor, slot, remote, local);
        _slots[slot] = socket;
        _connections.Add(socket.Connection);
        socket.Connection.Opened();
        int watched = _sockets.Watch(_poll, descriptor, slot, edge: true);
        if (watched < 0)
        {
            socket.Connection.NoteEnd(new Win32Exception(-watched).Message);
            End(socket);
        }
        else if (_reachedStage > 0)
        {
            socket.Connection.Stop();
        }
    }

    private void End(LoopSocket socket)
    {
        if (!socket.IsEnding)
        {
            socket.IsEnding = true;
            _ending.Add(socket);
        }
    }

    /// <summary>Ends a connection that stops, when nothing is worked on for it and nothing is left to send.</summary>
    private void EndWhenDone(LoopSocket socket)
    {
        if (socket.Connection.IsStopping && !socket.IsEnding)
        {
            // The last work ends by counting down, then looking whether the connection stops; here it is the other way round.
            Interlocked.MemoryBarrier();
            if (!socket.Connection.IsWorking && socket.Output.IsEmpty)
            {
                End(socket);
            }
        }
    }

    private void CloseEnding()
    {
        if (_ending.Count == 0)
        {
            return;
        }

        foreach (LoopSocket socket in _ending)
        {
            if (_slots[socket.Slot] == socket)
            {
                if (socket.Connection.IsStopping)
                {
                    socket.Output.Shutdown(sendingOnly: true);
                    Discard(socket);
                }

                Release(socket, keepDescriptor: false);
                _connections.GiveBack();
            }
        }

        _ending.Clear();
    }

    private void Discard(LoopSocket socket)
    {
        Span<byte> discarded = stackalloc byte[4096];
        for (int i = 0; i < DiscardedReceives && _sockets.Receive(socket.Descriptor, discarded) > 0; i++)
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
        _connections.Remove(socket.Connection);
        Interlocked.Decrement(ref _count);
        // Whoever watches for the end runs where it holds up nobody.
        ThreadPool.UnsafeQueueUserWorkItem(static connection => _ = connection.EndAsync(), socket.Connection, preferLocal: false);
    }

    private void WatchListeners()
    {
        for (int i = 0; i < _listeners.Count; i++)
        {
            Checked(_sockets.Watch(_poll, _listeners[i], FirstListenerTag - i, edge: false));
        }
    }

    private void PauseAccepting()
    {
        _acceptPaused = true;
        _acceptPausedAt = _connections.Time.GetTimestamp();
        UnwatchListeners();
    }

    private void UnwatchListeners()
    {
        foreach (int listener in _listeners)
        {
            _ = _sockets.Unwatch(_poll, listener);
        }
    }

    private void ReachStage(int stage)
    {
        if (_reachedStage == 0)
        {
            if (!_acceptPaused)
            {
                UnwatchListeners();
            }

            _acceptPaused = false;
            _listeners = [];
            _group.CloseListeners(this);
        }

        _reachedStage = stage;
        foreach (LoopSocket? socket in _slots)
        {
            if (socket is null)
            {
                continue;
            }

            if (!socket.Connection.IsStopping)
            {
                socket.Connection.Stop();
            }

            if (stage > 1)
            {
                if (socket.Connection.IsWorking)
                {
                    socket.Connection.NoteDrainTimedOut(RemotingConnection.DrainTimeout);
                }

                End(socket);
            }

            EndWhenDone(socket);
        }
    }

    private bool TryEnd()
    {
        lock (_postGate)
        {
            if (_reachedStage == 0 || Volatile.Read(ref _count) > 0 || _adopted.Count > 0)
            {
                return false;
            }

            _closed = true;
        }

        _ = _sockets.Close(_signal);
        _ = _sockets.Close(_poll);
        _ended.TrySetResult();
        return true;
    }

    /// <summary>A mistake in this class: its connections are closed rather than left hanging.</summary>
    private void EndAfterFailure()
    {
        lock (_postGate)
        {
            _closed = true;
        }

        foreach (LoopSocket? socket in _slots)
        {
            if (socket is not null)
            {
                socket.Connection.NoteEnd("the event loop failed");
                socket.Output.Close(keepDescriptor: false);
                _connections.Remove(socket.Connection);
                _connections.GiveBack();
                ThreadPool.UnsafeQueueUserWorkItem(static connection => _ = connection.EndAsync(), socket.Connection, preferLocal: false);
            }
        }

        _ended.TrySetResult();
    }

    /// <summary>What a thread that drives the loop has to itself.</summary>
    private sealed class LoopWorker(EventLoop loop)
    {
        /// <summary>A timestamp of the server's clock.</summary>
        public long CommitBegunAt;

        public byte[] Buffer { get; } = GC.AllocateUninitializedArray<byte>(ReceiveBytes, pinned: true);

        public ReadyEvent[] Ready { get; } = new ReadyEvent[EventsPerTick];

        public void Run() => loop.Run(this);
    }
}
