using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Contracts;
using RocketOps.Store.Dispatching;
using RocketOps.Store.Files;
using RocketOps.Store.Indexing;
using RocketOps.Store.Inventory;
using RocketOps.Store.Log;
using RocketOps.Store.Recovery;
using RocketOps.Store.State;

namespace RocketOps.Store.Maintenance;

/// <summary>
/// The slow half of dispatch, on a thread of its own: hands queues and index to the kernel every second, makes them durable every minute, each time noting in
/// the checkpoint how far, which is where recovery begins. Also closes idle queues, and lets retention look at the disk; while nothing else is to be done it sleeps until then.
/// </summary>
internal sealed class StoreMaintenance : ILogFollower, IDisposable
{
    private const int IdlePasses = 10;

    /// <summary>
    /// New bytes with which a queue's file goes to the disk early, with SYNC_FLUSH: the minute's flush of many of them would hold up the
    /// log's.
    /// </summary>
    private const int QueueWriteBackBytes = DirtySpan.StepBytes;

    private readonly StoreOptions _options;
    private readonly IStoreFileSystem _files;
    private readonly CommitLog _log;
    private readonly Dispatcher _dispatcher;
    private readonly MessageIndex? _index;
    private readonly CheckpointFile _checkpoint;
    private readonly StoreInventory _inventory;
    private readonly Retention _retention;
    private readonly OpenQueueFiles _openQueueFiles;
    private readonly StoreState _state;
    private readonly TimeProvider _time;
    private readonly AutoResetEvent _wake = new(initialState: false);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _passLock = new();
    private readonly Dictionary<ConsumeQueue, int> _active = [];
    private readonly HashSet<ConsumeQueue> _unsynced = [];
    private readonly HashSet<string> _unsyncedDirectories = [];
    private readonly List<ConsumeQueue> _idle = [];
    private readonly Guid _bootId;
    private Action? _owed;
    private long _lastThoroughAt;
    private long _lastCleanAt;
    private long _kernelOffset;
    private int _woken;
    private int _asleep;
    private bool _countsDown;
    private bool _stopping;
    private bool _started;

    public StoreMaintenance(StoreOptions options, IStoreFileSystem files, CommitLog log, Dispatcher dispatcher, MessageIndex? index,
        RestartFiles restart, Retention retention, OpenQueueFiles openQueueFiles, StoreState state,
        TimeProvider time)
    {
        _options = options;
        _files = files;
        _log = log;
        _dispatcher = dispatcher;
        _index = index;
        _checkpoint = restart.Checkpoint;
        _inventory = restart.Inventory;
        _retention = retention;
        _openQueueFiles = openQueueFiles;
        _state = state;
        _time = time;
        _bootId = BootIds.Of(files, options);
        _lastThoroughAt = time.GetTimestamp();
        _lastCleanAt = _lastThoroughAt;
        _kernelOffset = _checkpoint.Current.HasPositions ? _checkpoint.Current.KernelOffset : -1;
    }

    public void Start()
    {
        _started = true;
        new Thread(Loop) { Name = "store-maintenance", IsBackground = true }.Start();
    }

    public async Task StopAsync()
    {
        Volatile.Write(ref _stopping, true);
        _wake.Set();
        if (_started)
        {
            await _ended.Task;
        }
    }

    /// <summary>Nothing has been written since all was handed over, and the thread waits for the next write, or for retention's next look.</summary>
    internal bool IsAsleep => Volatile.Read(ref _asleep) == 1;

    /// <summary>
    /// Makes the next pass come early, after a write, when a kill now would leave much to read, or when the thread sleeps.
    /// </summary>
    public void OnMoved(long offset)
    {
        // Once per pass: setting an event takes a lock of the whole process.
        if ((IsAsleep || offset - Volatile.Read(ref _kernelOffset) >= _options.RecoveryPaceBytes) && Volatile.Read(ref _woken) == 0 && Interlocked.Exchange(ref _woken, 1) == 0)
        {
            _wake.Set();
        }
    }

    /// <summary>Removes what points before the log, as retention does after it has removed log files. Throws <see cref="StoreIOException"/> when the disk refuses.</summary>
    public void RemovePointers()
    {
        lock (_passLock)
        {
            _retention.RemovePointers();
        }
    }

    /// <summary>One round, as the thread makes it.</summary>
    public void Pass()
    {
        if (_state.HasFailed)
        {
            return;
        }

        try
        {
            // What stopped at a full disk goes on when there is room again; retention makes some below.
            _dispatcher.RunAndWait();
            lock (_passLock)
            {
                bool thorough = _owed is not null || _time.GetElapsedTime(
                    _lastThoroughAt).TotalMilliseconds >= _options.ConsumeQueueThoroughIntervalMs;
                if (thorough)
                {
                    MakeDurable();
                }
                else
                {
                    HandOver();
                    WriteBack();
                }

                ReleaseIdle();
            }

            // And so does what had run too far ahead of this pass.
            _dispatcher.RunAndWait();
            _state.IsOutOfSpace = _dispatcher.IsStalled;
        }
        catch (StoreIOException e) when (e.MayBeRetried)
        {
            // Nothing is lost: the log holds it all, and the next pass writes what this one could not.
            SetOutOfSpace(e);
        }
        catch (StoreIOException e)
        {
            _state.Fail(StoreFlags.LogicQueueError, "Writing consume queues, index and checkpoint", e);
            return;
        }

        // While messages are refused for want of room, each pass makes some if it can.
        if (_state.Shortage != DiskShortage.None || _time.GetElapsedTime(_lastCleanAt).TotalMilliseconds >= _options.CleanIntervalMs)
        {
            _lastCleanAt = _time.GetTimestamp();
            _log.TrimTail();
            lock (_passLock)
            {
                // Not while another thread writes queues and index (a topic was deleted): retention would take the memory of an index file from under it.
                _retention.Run();
            }
        }
    }

    /// <summary>
    /// Makes all durable as a start has to, then runs <paramref name="afterwards"/>. On a disk without room both are owed: messages are
    /// refused, and nothing else is noted, until a pass has done them.
    /// </summary>
    public void MakeDurableOrOwe(Action? afterwards)
    {
        lock (_passLock)
        {
            _owed = afterwards ?? (static () => { });
            try
            {
                MakeDurable();
            }
            catch (StoreIOException e) when (e.MayBeRetried)
            {
                SetOutOfSpace(e);
            }
        }
    }

    /// <summary>Makes the log, then queues and index of what has been dispatched durable, then the checkpoint that says so.</summary>
    public void MakeDurable()
    {
        lock (_passLock)
        {
            if (_owed is { } owed)
            {
                WriteDurable();
                if (!_state.HasFailed)
                {
                    owed();
                    _owed = null;
                }
            }
            else
            {
                WriteDurable();
            }
        }
    }

    /// <summary>
    /// Notes that a topic is about to be removed, before anything of it is: a start that makes queues again from the log must know which of
    /// its messages belong to no topic any more. Within
    /// <see cref="Exclusively"/>, after <see cref="MakeDurable"/>, by the owner of dispatch.
    /// </summary>
    /// <param name="topic">The topic.</param>
    /// <param name="end">Its messages lie before this offset, or before what is dispatched.</param>
    public void NoteDeletion(string topic, long end) => _inventory.NoteDeletion(topic,
        new TopicDeletionNote(Math.Min(end, _dispatcher.Dispatched), _checkpoint.Current.KernelAnchor));

    /// <summary>Reads the topics that the inventory has queues of, between two passes.</summary>
    public IReadOnlySet<string> ReadNotedTopics()
    {
        IReadOnlySet<string> topics = new HashSet<string>();
        Exclusively(() => topics = _inventory.ReadTopics());
        return topics;
    }

    /// <summary>Reads the deletions that the inventory notes, between two passes.</summary>
    public IReadOnlyDictionary<string, long> ReadNotedDeletions()
    {
        IReadOnlyDictionary<string, long> deletions = new Dictionary<string, long>();
        Exclusively(() => deletions = _inventory.ReadDeletions());
        return deletions;
    }

    /// <summary>Records that the checkpoint knows: the log's first one, and a late one that is durable.</summary>
    public LogRecords Records
    {
        get
        {
            Checkpoint current = _checkpoint.Current;
            return new LogRecords(((LogAnchor[])[current.FirstAnchor, current.DurableAnchor]).Where(static anchor => anchor.IsKnown)
                .DistinctBy(static anchor => anchor.Offset).ToDictionary(static anchor => anchor.Offset, static anchor => anchor.Mark));
        }
    }

    /// <summary>Under the pass lock.</summary>
    private void WriteDurable()
    {
        _log.Flush();
        if (_state.HasFailed)
        {
            return;
        }

        long timestamp = _dispatcher.LastStoreTimestamp;
        long record = _dispatcher.LastRecord;
        long offset = Math.Min(_dispatcher.Dispatched, _log.Durable);
        Write(offset, makesDurable: true);
        FlushQueues();
        FlushDirectories();
        _inventory.MakeDurable();
        _lastThoroughAt = _time.GetTimestamp();
        IndexPosition index = _index?.Position ?? default;
        LogAnchor anchor = AnchorOf(record, offset);
        _checkpoint.Write(
            _checkpoint.Current with
            {
                PhysicTimestamp = timestamp,
                LogicsTimestamp = timestamp,
                IndexTimestamp = _index?.EndTimestamp ?? 0,
                LogicsPhysicalOffset = offset,
                HasPositions = true,
                KernelOffset = offset,
                DurableOffset = offset,
                BootId = _bootId,
                LastStoreTimestamp = timestamp,
                Index = index,
                InventoryId = _inventory.Id,
                KernelAnchor = anchor,
                DurableAnchor = anchor,
                FirstAnchor = FirstAnchor(),
            },
            durable: true);
        Volatile.Write(ref _kernelOffset, offset);
        _dispatcher.HandedOver = offset;
    }

    /// <summary>Runs it while no pass does.</summary>
    public void Exclusively(Action action)
    {
        lock (_passLock)
        {
            action();
        }
    }

    /// <summary>Within <see cref="Exclusively"/>: the log was cut, and the index is to be completed from an offset on, queues from a later one. Durable when it returns.</summary>
    /// <param name="offset">Where the index is completed from.</param>
    /// <param name="queuesFrom">Where queues are completed from.</param>
    /// <param name="lastRecord">Last message before the cut, −1 without one.</param>
    /// <param name="lastStoreTimestamp">Its store time.</param>
    /// <param name="cutAt">Where the log ends.</param>
    /// <param name="queues">All queues, cut.</param>
    public void Restart(long offset, long queuesFrom, long lastRecord, long lastStoreTimestamp, long cutAt,
        IEnumerable<ConsumeQueue> queues)
    {
        LogAnchor last = LogAnchor.At(_log.Segments, lastRecord);
        _inventory.Replace(cutAt, last, queuesFrom, _index?.Written ?? default, queues.Select(static queue => (queue.Name, queue.Place)));
        LogAnchor anchor = LogAnchor.At(_log.Segments, offset);
        if (!anchor.IsKnown)
        {
            anchor = last;
        }

        _checkpoint.Write(
            _checkpoint.Current.CutAt(offset, queuesFrom, lastStoreTimestamp, _index?.EndTimestamp ?? 0) with
            {
                Index = _index?.Position ?? default,
                InventoryId = _inventory.Id,
                KernelAnchor = anchor,
                DurableAnchor = anchor,
                FirstAnchor = LogAnchor.At(_log.Segments, _log.Segments.MinOffset),
            },
            durable: true);
        Volatile.Write(ref _kernelOffset, offset);
    }

    public void Dispose() => _wake.Dispose();

    private void SetOutOfSpace(StoreIOException reason)
    {
        _state.IsOutOfSpace = true;
        _state.SetDiskFull(DiskShortage.NoRoomForQueues, reason.Message);
    }

    /// <summary>Hands queues and index to the kernel and notes how far; nothing is done when nothing was dispatched.</summary>
    private void HandOver()
    {
        long timestamp = _dispatcher.LastStoreTimestamp;
        long record = _dispatcher.LastRecord;
        long offset = _dispatcher.Dispatched;
        if (offset == _kernelOffset)
        {
            return;
        }

        Write(offset, makesDurable: false);
        Checkpoint current = _checkpoint.Current;
        _checkpoint.Write(
            current with
            {
                HasPositions = true,
                KernelOffset = offset,
                DurableOffset = current.HasPositions ? current.DurableOffset : 0,
                BootId = _bootId,
                LastStoreTimestamp = timestamp,
                Index = _index?.Position ?? default,
                InventoryId = _inventory.Id,
                KernelAnchor = AnchorOf(record, offset),
                FirstAnchor = FirstAnchor(),
            },
            durable: false);
        Volatile.Write(ref _kernelOffset, offset);
        _dispatcher.HandedOver = offset;
    }

    /// <summary>
    /// Sends queues and index to the disk by and by with SYNC_FLUSH, not a minute's worth at once: somebody waits for each flush of the
    /// log, and the disk serves these flushes in turn with what the kernel writes of queues and index. Recovery goes by the checkpoint, so
    /// whatever is durable early does no harm.
    /// </summary>
    private void WriteBack()
    {
        if (_options.FlushDiskType != FlushDiskType.SyncFlush)
        {
            return;
        }

        _index?.WriteBack();
        foreach (ConsumeQueue queue in _unsynced)
        {
            if (queue.UnsyncedBytes >= QueueWriteBackBytes)
            {
                queue.Flush(_unsyncedDirectories);
            }
        }
    }

    /// <summary>
    /// Hands queues and index to the kernel, then the inventory of them; everything before <paramref name="offset"/> is dispatched.
    /// </summary>
    private void Write(long offset, bool makesDurable)
    {
        List<ConsumeQueue> dirty = _dispatcher.Dirty.Take();
        WriteUnits(dirty);
        try
        {
            _index?.Write(makesDurable);
            _inventory.BeginPass(offset);
            foreach (ConsumeQueue queue in dirty)
            {
                if (!queue.Topic.IsDeleted)
                {
                    _inventory.Add(queue);
                }
            }

            _inventory.EndPass(_index?.Written ?? default);
        }
        catch (StoreIOException)
        {
            MarkDirty(dirty);
            throw;
        }
    }

    private void WriteUnits(List<ConsumeQueue> dirty)
    {
        for (int i = 0; i < dirty.Count; i++)
        {
            ConsumeQueue queue = dirty[i];
            _active[queue] = 0;
            try
            {
                if (queue.WriteUnits())
                {
                    _unsynced.Add(queue);
                }
            }
            catch (StoreIOException)
            {
                queue.MarkDirty();
                _dispatcher.Dirty.Return(dirty, i);
                MarkDirty(dirty[..i]);
                throw;
            }

            if (_openQueueFiles.IsFull)
            {
                // Only what is durable can be closed. Queues that are so ahead of the log do no harm: recovery goes by the checkpoint.
                FlushQueues();
                _openQueueFiles.Trim();
            }
        }
    }

    /// <summary>Has the next pass write these queues, and the inventory of them, once more.</summary>
    private void MarkDirty(List<ConsumeQueue> queues)
    {
        foreach (ConsumeQueue queue in queues)
        {
            if (queue.MarkDirty())
            {
                _dispatcher.Dirty.Add(queue);
            }
        }
    }

    /// <summary>The first message of the log, as the checkpoint knows it where that has not changed.</summary>
    private LogAnchor FirstAnchor() =>
        _checkpoint.Current.FirstAnchor is { IsKnown: true } known && known.Offset == _log.Segments.MinOffset ? known
            : LogAnchor.At(_log.Segments, _log.Segments.MinOffset);

    /// <summary>
    /// A message that leads to the offset, as the checkpoint knows one from before where the last message is ahead of it already, or none
    /// was dispatched.
    /// </summary>
    private LogAnchor AnchorOf(long record, long offset) =>
        record >= 0 && record < offset && LogAnchor.At(_log.Segments, record) is { IsKnown: true } anchor ? anchor
            : _checkpoint.Current.KernelAnchor;

    private void FlushQueues()
    {
        foreach (ConsumeQueue queue in _unsynced)
        {
            queue.Flush(_unsyncedDirectories);
        }

        _unsynced.Clear();
    }

    private void FlushDirectories()
    {
        foreach (string directory in _unsyncedDirectories)
        {
            try
            {
                _files.FlushDirectory(directory);
            }
            catch (StoreIOException e) when (e.Errno == StoreIOException.NotFound)
            {
                // Its topic was deleted meanwhile: there is nothing left to be made durable.
                continue;
            }
        }

        _unsyncedDirectories.Clear();
    }

    private void ReleaseIdle()
    {
        _countsDown = false;
        foreach ((ConsumeQueue queue, int passes) in _active)
        {
            _active[queue] = passes + 1;
            if (passes < IdlePasses)
            {
                _countsDown = true;
            }
            else if (!_unsynced.Contains(queue))
            {
                _idle.Add(queue);
            }
        }

        if (_idle.Count == 0)
        {
            return;
        }

        // Until they are.
        _countsDown = true;
        // The ring belongs to whoever dispatches; busy now means that the next pass tries again.
        if (_dispatcher.TryOwn())
        {
            foreach (ConsumeQueue queue in _idle)
            {
                queue.ReleaseIdle();
                _active.Remove(queue);
            }

            _dispatcher.Release();
            _dispatcher.RunAndWait();
        }

        _idle.Clear();
    }

    /// <summary>
    /// Announces a sleep and returns its length in milliseconds; not long while messages are refused, as there may be room again. A full
    /// fence is here and where the log moves: either that is seen here, or it is seen there that this sleeps.
    /// </summary>
    private int AnnounceSleep()
    {
        Interlocked.Exchange(ref _asleep, 1);
        if (!_countsDown && !_state.IsOutOfSpace && _state.Shortage == DiskShortage.None && _log.Written == _dispatcher.Dispatched && _dispatcher.Dispatched == Volatile.Read(ref _kernelOffset) && !Volatile.Read(ref _stopping))
        {
            return (int)Math.Max(_options.ConsumeQueueFlushIntervalMs, _options.CleanIntervalMs - _time.GetElapsedTime(_lastCleanAt).TotalMilliseconds);
        }

        Volatile.Write(ref _asleep, 0);
        return _options.ConsumeQueueFlushIntervalMs;
    }

    private void Loop()
    {
        try
        {
            while (!Volatile.Read(ref _stopping))
            {
                int wait = AnnounceSleep();
                bool slept = IsAsleep;
                bool woken = _wake.WaitOne(wait);
                Volatile.Write(ref _asleep, 0);
                Interlocked.Exchange(ref _woken, 0);
                if (slept && woken)
                {
                    // By the first write: the pass follows after the interval, as ever. Now it would take the dispatch from whoever has just written.
                    continue;
                }

                Pass();
            }

            _ended.SetResult();
        }
        catch (Exception e)
        {
            _state.Fail(StoreFlags.LogicQueueError, "Maintenance", e);
            _ended.SetResult();
        }
    }
}
