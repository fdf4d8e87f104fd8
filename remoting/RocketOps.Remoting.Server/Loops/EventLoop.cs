using System.Globalization;
using RocketOps.Remoting.Connections;
using RocketOps.Remoting.Server.Connections;

namespace RocketOps.Remoting.Server.Loops;

/// <summary>
/// One thread that receives from, handles and answers many connections. A tick: receive from all that are readable and handle their frames; commit once for all of them; send
/// once per connection; do what comes after the replies; close what has ended. A thread that hangs in the commit is replaced by another, see <see cref="TryTakeOver"/>; for one that is stuck
/// elsewhere there is nobody, see <see cref="GiveUpIfStuck"/>.
/// </summary>
internal sealed class EventLoop
{
    private const int SignalTag = -1;
    private const int StopStageDrain = 1;
    private const int StopStageCut = 2;
    private const string StuckReason = "the event loop is stuck";

    private readonly int _index;
    private readonly EventLoopGroup _group;
    private readonly OpenConnections _connections;
    private readonly INativeSockets _sockets;
    private readonly int _lingerMicros;
    private readonly int _poll;
    private readonly int _signal;
    private readonly LoopInbox _inbox;
    private readonly CommitWatch _commits;
    private readonly TickWatch _watch;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _failed;

    // The loop's own; with a take-over they go from thread to thread.
    private readonly LoopTable _table;
    private readonly LoopReader _reader;
    private readonly LoopListeners _listeners;
    private readonly List<LoopSocket> _committing = [];
    private int _reachedStage;
    private long _ticks;

    /// <param name="index">Which of the server's loops it is.</param>
    /// <param name="group">All of them.</param>
    /// <param name="connections">What they share.</param>
    /// <param name="sockets">The system calls.</param>
    /// <param name="watchTime">The clock by which <see cref="GiveUpIfStuck"/> goes.</param>
    public EventLoop(int index, EventLoopGroup group, OpenConnections connections, INativeSockets sockets, TimeProvider watchTime)
    {
        _index = index;
        _group = group;
        _connections = connections;
        _sockets = sockets;
        _lingerMicros = connections.Options.LingerMicros;
        _poll = NativeResult.Checked(sockets.CreatePoll());
        _signal = NativeResult.Checked(sockets.CreateSignal());
        NativeResult.Checked(sockets.Watch(_poll, _signal, SignalTag, edge: false));
        _inbox = new LoopInbox(sockets, _signal);
        _commits = new CommitWatch(connections.Time);
        _watch = new TickWatch(watchTime);
        _table = new LoopTable(sockets, _poll, connections);
        _reader = new LoopReader(sockets, group, connections, _table);
        _listeners = new LoopListeners(sockets, _poll, connections);
    }

    /// <summary>Ends with the loop's last connection after <see cref="BeginStop"/>, or when the loop has failed.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Open connections, about.</summary>
    public int Count => _table.Count;

    /// <summary>It serves nobody any more, though nobody has told it to stop.</summary>
    public bool HasFailed => Volatile.Read(ref _failed) == 1;

    /// <summary>Number of times the loop has gone round; whoever watches it sees whether it moves.</summary>
    public long Ticks => Volatile.Read(ref _ticks);

    /// <summary>A thread of the loop is in a commit, which may hang.</summary>
    public bool IsInCommit => _commits.IsInCommit;

    /// <summary>The listeners' descriptors; before <see cref="Start"/>, one loop only.</summary>
    public void Listen(IReadOnlyList<int> listeners) => _listeners.Add(listeners);

    public void Start() =>
        new Thread(static loop => ((EventLoop)loop!).Run()) { Name = string.Create(CultureInfo.InvariantCulture, $"remoting-loop-{_index}"), IsBackground = true }.Start(this);

    /// <summary>Gives a connection this loop has accepted to the loop with the fewest, which may be this one. The loop's thread.</summary>
    public void Place(in AdoptedSocket accepted)
    {
        EventLoop target = _group.FewestConnections(this);
        if (target != this)
        {
            target.Adopt(accepted);
            return;
        }

        _table.Expect();
        Open(accepted);
    }

    /// <summary>Accepts no more, takes no more requests, ends connections as soon as nothing is worked on for them.</summary>
    public void BeginStop() => _inbox.Advance(StopStageDrain);

    /// <summary>Ends connections whatever they wait for.</summary>
    public void CutRest() => _inbox.Advance(StopStageCut);

    /// <summary>
    /// Replaces a thread that has been in a commit for longer than <paramref name="limit"/>: the connections go on, the stuck thread sends its own round's replies when it
    /// returns. True when it did.
    /// </summary>
    public bool TryTakeOver(TimeSpan limit)
    {
        if (!_commits.TryTakeOver(limit))
        {
            return false;
        }

        RemotingLog.LoopTakenOver(_connections.Logger, _index, limit.TotalMilliseconds);
        Start();
        return true;
    }

    /// <summary>
    /// Gives the loop up when it is stuck outside of a commit: as after a failure nobody serves in its place, so the program is to end, and nobody waits for it. What other threads of the
    /// loop wait for while a commit hangs may be the storage as well, which is slow and no mistake. Every <see cref="TickWatch.Interval"/>, by one thread at a time, which nothing holds up here.
    /// </summary>
    public void GiveUpIfStuck()
    {
        bool isBusy = !_inbox.IsSleeping && !_commits.IsHeldUp;
        if (HasFailed || _ended.Task.IsCompleted || !_watch.IsStuck(Ticks, isBusy))
        {
            return;
        }

        Volatile.Write(ref _failed, 1);
        RemotingLog.LoopStuck(_connections.Logger, _index, TickWatch.Limit.TotalSeconds);
        _group.Fail(new TimeoutException(string.Create(CultureInfo.InvariantCulture, $"event loop {_index} has been at the same work for more than {TickWatch.Limit.TotalSeconds:0} s")));
        _ended.TrySetResult();
        ThreadPool.UnsafeQueueUserWorkItem(static loop => loop.Abandon(), this, preferLocal: false);
    }

    private void Adopt(in AdoptedSocket accepted)
    {
        _table.Expect();
        if (!_inbox.TryAdopt(accepted))
        {
            _table.Unexpect();
            _ = _sockets.Close(accepted.Descriptor);
            _connections.GiveBack();
        }
    }

    private void Open(in AdoptedSocket accepted)
    {
        LoopSocket socket = _table.Open(_inbox, _group.NextId(), accepted);
        if (_reachedStage > 0 && !socket.IsEnding)
        {
            socket.Connection.End.Stop();
        }
    }

    private void Run()
    {
        LoopWorker worker = new();
        try
        {
            FlushCommitting();
            while (Tick(worker))
            {
                if (HasFailed)
                {
                    // It was given up, and comes back after all.
                    CloseAfterFailure();
                    return;
                }

                if (_inbox.StopStage > 0 && TryEnd())
                {
                    return;
                }
            }
        }
        catch (Exception error)
        {
            // A mistake, or a system that refuses what it never should: nobody serves in the loop's place, so the program is to end.
            RemotingLog.LoopFailed(_connections.Logger, error, _index);
            if (!worker.IsReplaced)
            {
                CloseAfterFailure();
            }

            _group.Fail(error);
        }
    }

    /// <summary>Its connections are closed rather than left hanging, and whoever connects is refused rather than left waiting.</summary>
    private void CloseAfterFailure()
    {
        Volatile.Write(ref _failed, 1);
        _listeners.Release();
        _group.CloseListeners(this);
        CloseInbox();
        _table.CloseAll("the event loop failed");
        // Nobody signals a closed inbox.
        CloseDescriptors();
        _ended.TrySetResult();
    }

    /// <summary>
    /// Does what can be done for the peers of a loop that is stuck without its thread: new connections are refused, and its connections are
    /// ended, though their descriptors stay open.
    /// </summary>
    private void Abandon()
    {
        _group.CloseListeners(this);
        CloseInbox();
        foreach (RemotingConnection connection in _connections.All)
        {
            if (connection.Driver is LoopSocket socket && socket.IsOf(_inbox))
            {
                // One by one: the stuck thread may hold the gate of an output.
                ThreadPool.UnsafeQueueUserWorkItem(static stuck => stuck.Abort(StuckReason), connection, preferLocal: false);
            }
        }
    }

    /// <summary>Nothing is handed to this loop any more, and what is on its way is closed. Any thread.</summary>
    private void CloseInbox()
    {
        _inbox.Close(out List<AdoptedSocket> adopted);
        foreach (AdoptedSocket accepted in adopted)
        {
            _ = _sockets.Close(accepted.Descriptor);
            _table.Unexpect();
            _connections.GiveBack();
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
            TakeWaiting();
            _reader.Receive(worker.Buffer, round, _committing);
            // What handlers wrote to other connections.
            round.Flush();
            if (round.HasSealed && !Commit(worker, round))
            {
                return false;
            }

            round.Complete();
            round.Flush();
            round.RunAfterReplies(_connections.Logger, _connections.Time);
        }
        finally
        {
            round.Exit();
        }

        _table.CloseEnding();
        return true;
    }

    private void WaitForEvents(LoopWorker worker)
    {
        int count = _sockets.Wait(_poll, worker.Ready, AnnounceSleep());
        _inbox.EndSleep();
        Note(worker, count);
        if (_lingerMicros > 0 && count > 0)
        {
            _sockets.Pause(_lingerMicros);
            Note(worker, _sockets.Wait(_poll, worker.Ready, 0));
        }
    }

    /// <summary>Returns the milliseconds to wait for events, −1 without a limit.</summary>
    private int AnnounceSleep()
    {
        if (_reader.HasReadable || !_inbox.TryAnnounceSleep(_reachedStage))
        {
            return 0;
        }

        return _reader.HasPaused ? ByteBudget.CheckMilliseconds : _listeners.IsPaused ? LoopListeners.RetryMilliseconds : -1;
    }

    private void Note(LoopWorker worker, int count)
    {
        if (count < 0)
        {
            if (count != -LinuxSockets.Interrupted)
            {
                NativeResult.Checked(count);
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
                _listeners.Accept(ready.Tag, this);
            }
            else if (_table[ready.Tag] is { } socket)
            {
                socket.IsHungUp |= ready.IsHungUp;
                socket.IsReadable |= ready.IsReadable;
                if (ready.IsWritable)
                {
                    socket.Output.OnWritable();
                    _table.EndWhenDone(socket);
                }

                _reader.ListIfReadable(socket);
            }
        }
    }

    /// <summary>Does what other threads wanted, and what waited for something else than the connection.</summary>
    private void TakeWaiting()
    {
        if (_inbox.StopStage > _reachedStage)
        {
            ReachStage(_inbox.StopStage);
        }

        _listeners.ResumeWhenDue();
        _reader.ResumePaused();
        _inbox.Take(out List<LoopSocket> posted, out List<AdoptedSocket> adopted);
        foreach (AdoptedSocket accepted in adopted)
        {
            Open(accepted);
        }

        adopted.Clear();
        foreach (LoopSocket socket in posted)
        {
            socket.ClearPosted();
            LoopTable.Send(socket);
            if (socket.IsAborted)
            {
                _table.End(socket);
            }

            _table.EndWhenDone(socket);
            _reader.ListIfReadable(socket);
        }

        posted.Clear();
    }

    /// <summary>Commits for all batches of the round; false when it took so long that another thread has taken the loop over: then only the round's own replies are left to do.</summary>
    private bool Commit(LoopWorker worker, DriverRound round)
    {
        _commits.Begin(worker);
        _group.Guard.OnCommit();
        round.Commit();
        if (_commits.TryEnd(worker))
        {
            _committing.Clear();
            return true;
        }

        // From here on the loop's fields belong to the other thread.
        worker.IsReplaced = true;
        round.StopRunningItems();
        round.Complete();
        round.Flush();
        round.RunAfterReplies(_connections.Logger, _connections.Time);
        _commits.Unstick();
        return false;
    }

    /// <summary>
    /// Flushes after a take-over: answers that lie in the same outputs as those that wait for the commit need not wait for it.
    /// </summary>
    private void FlushCommitting()
    {
        foreach (LoopSocket socket in _committing)
        {
            socket.Output.Flush();
        }

        _committing.Clear();
        _table.CloseEnding();
    }

    private void ReachStage(int stage)
    {
        if (_reachedStage == 0)
        {
            _listeners.Release();
            _group.CloseListeners(this);
        }

        _reachedStage = stage;
        foreach (LoopSocket? socket in _table.Slots)
        {
            if (socket is null)
            {
                continue;
            }

            if (!socket.Connection.End.IsStopping)
            {
                socket.Connection.End.Stop();
            }

            if (stage >= StopStageCut)
            {
                if (socket.Connection.End.IsWorking)
                {
                    socket.Connection.NoteDrainTimedOut();
                }

                _table.End(socket);
            }

            _table.EndWhenDone(socket);
        }
    }

    private bool TryEnd()
    {
        // Whoever hands a connection over has it counted first.
        if (_reachedStage == 0 || _table.Count > 0 || !_inbox.TryClose())
        {
            return false;
        }

        CloseDescriptors();
        _ended.TrySetResult();
        return true;
    }

    private void CloseDescriptors()
    {
        _ = _sockets.Close(_signal);
        _ = _sockets.Close(_poll);
    }
}
