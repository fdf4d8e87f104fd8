using Microsoft.Extensions.Logging;
using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Contracts;
using RocketOps.Store.Files;
using RocketOps.Store.Indexing;
using RocketOps.Store.Log;
using RocketOps.Store.State;

namespace RocketOps.Store.Dispatching;

/// <summary>
/// Dispatch of the log: its messages become readable in consume queues and index, and waiting readers are told. This class says which thread
/// does that, and how far; the parts do it.
/// <para>
/// What this process appended itself comes with a description (<see cref="DescriptorRing"/>); other records, and what found no room there, are read from the log.
/// There is no dispatch thread: with ASYNC_FLUSH whoever has written to the log dispatches, with SYNC_FLUSH the flusher does, one at a time. A thread of its own
/// would have to be woken for every batch, which costs more than the dispatch (performance.md §11.2). Everything here is memory; files are the maintenance's. What
/// cannot be dispatched without a look at the disk (records that have left memory, a queue that nobody has loaded) is left to a thread of the pool.
/// </para>
/// </summary>
internal sealed class Dispatcher : IThreadPoolWorkItem, ILogFollower
{
    /// <summary>
    /// Bytes that one caller dispatches of its own and others' writes; the rest goes to the thread pool, as the caller has connections to
    /// serve.
    /// </summary>
    private const int MaxBytesPerRun = 1024 * 1024;

    /// <summary>The maintenance comes after <see cref="StoreOptions.RecoveryPaceBytes"/>; this many times as much may wait for it.</summary>
    private const int PassesAhead = 4;

    private readonly StoreOptions _options;
    private readonly LogPositions _positions;
    private readonly CommitLog _log;
    private readonly StoreState _state;
    private readonly DispatchProgress _progress = new();
    private readonly DispatchTurn _turn = new();
    private readonly UndispatchedQueues _undispatched;
    private readonly LogChunk _chunk;
    private readonly DescriptorDispatch _described;
    private readonly ReadDispatch _read;
    private int _restQueued;

    /// <param name="options">The store's.</param>
    /// <param name="positions">How far consumers may see.</param>
    /// <param name="log">What is dispatched.</param>
    /// <param name="topics">Its queues.</param>
    /// <param name="index">Null in a store without.</param>
    /// <param name="state">Told of failures.</param>
    /// <param name="isBounded">False in a store without threads.</param>
    /// <param name="logger">The store's.</param>
    public Dispatcher(
        StoreOptions options, LogPositions positions, CommitLog log, StoreTopicTable topics, MessageIndex? index, StoreState state,
        bool isBounded, ILogger logger)
    {
        _options = options;
        _positions = positions;
        _log = log;
        _state = state;
        IsBounded = isBounded;
        _undispatched = new UndispatchedQueues(log, topics, Copied);
        _chunk = new LogChunk(log);
        Arrivals = new ArrivalReport(logger);
        UnitPuts puts = new(log, _undispatched, Dirty);
        Records = new RecordDispatch(options, _progress, topics, index, puts, BitMaps, Copied, logger);
        _described = new DescriptorDispatch(_progress, log, topics, index, _chunk, puts, BitMaps, Arrivals);
        _read = new ReadDispatch(_progress, log, topics, _chunk, Records, Arrivals);
    }

    /// <summary>Dispatch of single records, for those who own dispatch or come before it.</summary>
    public RecordDispatch Records { get; }

    /// <summary>Deletions that the table of a slave's master notes.</summary>
    public CopiedDeletions Copied { get; } = new();

    /// <summary>Queues that are to be handed to the kernel.</summary>
    public DirtyQueues Dirty { get; } = new();

    /// <summary>Report of dispatched messages to the observer.</summary>
    public ArrivalReport Arrivals { get; }

    /// <summary>Bit maps that tell which filters match a message.</summary>
    public UnitBitMaps BitMaps { get; } = new();

    /// <summary>False in a store without threads: one run dispatches everything.</summary>
    public bool IsBounded { get; private set; }

    /// <summary>The maintenance has handed queues and index to the kernel up to there.</summary>
    public long HandedOver
    {
        get => _progress.HandedOver;
        set => _progress.HandedOver = value;
    }

    /// <summary>
    /// True when too much is dispatched and not handed over; all of that lies in memory. When the disk holds up the maintenance, dispatch
    /// waits for its next pass. Appending does not wait.
    /// </summary>
    public bool IsTooFarAhead => IsBounded && Dispatched - HandedOver >= PassesAhead * (long)_options.RecoveryPaceBytes;

    /// <summary>The last try stopped at a full disk; the next goes on there.</summary>
    public bool IsStalled { get; private set; }

    /// <summary>Everything before it is readable.</summary>
    public long Dispatched => _progress.Dispatched;

    /// <summary>Store time of the last message dispatched.</summary>
    public long LastStoreTimestamp => _progress.LastStoreTimestamp;

    /// <inheritdoc cref="DispatchProgress.LastRecord"/>
    public long LastRecord => _progress.LastRecord;

    /// <summary>
    /// End of what consumers may see: no message is readable that a crash could take back after it was read, nor, where the group elects
    /// its master, a fail-over.
    /// </summary>
    public long Limit => Math.Min(_positions.Reached(_positions.VisibleAt), _positions.Kept.Value);

    public void Start(long offset, long lastStoreTimestamp)
    {
        _progress.Dispatched = offset;
        _progress.HandedOver = offset;
        _progress.LastStoreTimestamp = Math.Max(_progress.LastStoreTimestamp, lastStoreTimestamp);
    }

    /// <summary>The log was cut: what lies before the offset is dispatched again, then all is. Owned (<see cref="TryOwn"/>).</summary>
    public void Restart(long offset, long handedOver, long lastStoreTimestamp)
    {
        _progress.HandedOver = handedOver;
        _progress.LastStoreTimestamp = lastStoreTimestamp;
        _progress.LastRecord = -1;
        _progress.Dispatched = offset;
        _undispatched.Forget();
        _log.Descriptors.Clear();
        IsStalled = false;
    }

    /// <summary>New messages go on behind everything in the log. Owned; see <see cref="UndispatchedQueues.CountOn"/>.</summary>
    public void CountOn(CancellationToken cancellationToken) => _undispatched.CountOn(Dispatched, cancellationToken);

    /// <summary>More is replicated. Not on this thread: it has others to answer.</summary>
    void ILogFollower.OnMoved(long offset)
    {
        if (!_options.DispatchesReplicatedOnly || Dispatched >= Limit)
        {
            return;
        }

        if (IsBounded)
        {
            QueueRest();
        }
        else
        {
            Run();
        }
    }

    /// <summary>
    /// Dispatches what there is unless another thread is at it, which then takes this work too: it looks again after letting go, and this thread has published
    /// its write before trying to take hold (both with a full fence), so one of the two sees the other. The caller may be a connection's loop: what would wait for the disk goes to the thread pool.
    /// </summary>
    public void Run() => Run(MaxBytesPerRun);

    /// <summary>The same with another bound of what this thread dispatches.</summary>
    public void Run(long left) => Run(left, mayWait: !IsBounded);

    /// <summary>The same on a thread that may wait for the disk.</summary>
    public void RunAndWait() => Run(MaxBytesPerRun, mayWait: true);

    private void Run(long left, bool mayWait)
    {
        while (Dispatched < Limit && !_state.HasFailed && !IsTooFarAhead)
        {
            if (left <= 0 && IsBounded)
            {
                QueueRest();
                return;
            }

            if (!TryOwn())
            {
                return;
            }

            long from = Dispatched;
            RunEnd end;
            try
            {
                end = RunOwned(from + left, mayWait);
            }
            finally
            {
                Release();
            }

            if (end == RunEnd.MustWait)
            {
                // Not before the release: whoever takes it up must find nobody at it.
                QueueRest();
                return;
            }

            if (end == RunEnd.Stalled)
            {
                return;
            }

            left -= Dispatched - from;
        }
    }

    /// <summary>
    /// Dispatches all there is, before a clean stop. Another thread may be dispatching the very last messages. The maintenance has ended, so
    /// nobody is to be waited for.
    /// </summary>
    public async Task FinishAsync()
    {
        IsBounded = false;
        while (Dispatched < Limit && !_state.HasFailed && !IsStalled)
        {
            Run();
            await Task.Yield();
        }
    }

    /// <summary>On the thread pool: a round that somebody else has left.</summary>
    public void Execute()
    {
        Interlocked.Exchange(ref _restQueued, 0);
        RunAndWait();
    }

    /// <summary>Keeps others from dispatching; false when somebody is.</summary>
    public bool TryOwn() => _turn.TryOwn();

    /// <summary>
    /// Keeps others from dispatching as soon as whoever does has let go, however long dispatch goes on. After the release the caller is to <see cref="Run()"/>.
    /// </summary>
    public Task OwnAsync(CancellationToken cancellationToken) => _turn.OwnAsync(cancellationToken);

    public void Release() => _turn.Release();

    private void QueueRest()
    {
        if (Interlocked.Exchange(ref _restQueued, 1) == 0)
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    /// <summary>Dispatches up to about <paramref name="until"/>.</summary>
    private RunEnd RunOwned(long until, bool mayWait)
    {
        RunEnd result = RunEnd.Done;
        _chunk.MayWait = mayWait;
        Arrivals.BeginRound();
        try
        {
            long limit = Limit;
            while (result == RunEnd.Done && Dispatched < limit && (Dispatched < until || !IsBounded) && !_state.HasFailed && !IsTooFarAhead)
            {
                long end = Math.Min(Math.Min(limit, IsBounded ? until : limit), Dispatched + LogChunk.UsualBytes);
                bool mustWait = false;
                if (!_described.TryDispatchNext(end, ref mustWait) && !_read.TryDispatchNext(limit))
                {
                    mustWait = true;
                }

                if (mustWait)
                {
                    result = RunEnd.MustWait;
                }
            }

            IsStalled = false;
        }
        catch (StoreIOException e) when (e.MayBeRetried)
        {
            // The log has the message, queues and index follow when there is room again.
            IsStalled = true;
            result = RunEnd.Stalled;
            _state.SetDiskFull(DiskShortage.NoRoomForQueues, e.Message);
        }
        catch (StoreIOException e)
        {
            _state.Fail(StoreFlags.LogicQueueError, "Writing consume queues and index", e);
        }
        catch (Exception e)
        {
            // Once, and for all: thrown to the caller, it would close the connection of everybody who sends from now on.
            _state.Fail(StoreFlags.LogicQueueError, "Dispatching the commit log", e);
        }

        Arrivals.EndRound();
        return result;
    }

    /// <summary>Result of a thread's part of dispatch.</summary>
    private enum RunEnd
    {
        Done = 0,

        /// <summary>The next step is for a thread that may wait for the disk.</summary>
        MustWait,

        /// <summary>There is no point in going on now: the disk has no room.</summary>
        Stalled,
    }
}
