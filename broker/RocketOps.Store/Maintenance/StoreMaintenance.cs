using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Dispatching;
using RocketOps.Store.Files;
using RocketOps.Store.Indexing;
using RocketOps.Store.Log;
using RocketOps.Store.Recovery;

namespace RocketOps.Store.Maintenance;

/// <summary>
/// The slow half of dispatch, on a thread of its own: hands queues and index to the kernel every second, makes them durable every minute, each time noting in
/// the checkpoint how far, which is where recovery begins. Also expires flush waiters, closes idle queues, and lets retention look at the disk.
/// </summary>
internal sealed class StoreMaintenance : IDisposable
{
    private const int IdlePasses = 10;

    private readonly StoreOptions _options;
    private readonly IStoreFileSystem _files;
    private readonly CommitLog _log;
    private readonly Dispatcher _dispatcher;
    private readonly LogFlusher _flusher;
    private readonly MessageIndex? _index;
    private readonly CheckpointFile _checkpoint;
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
    private long _lastThoroughAt;
    private long _lastCleanAt;
    private long _kernelOffset;
    private bool _stopping;
    private bool _started;

    public StoreMaintenance(StoreOptions options, IStoreFileSystem files, CommitLog log, Dispatcher dispatcher, LogFlusher flusher, MessageIndex? index, CheckpointFile checkpoint, Retention retention, OpenQueueFiles openQueueFiles, StoreState state, TimeProvider time)
    {
        _options = options;
        _files = files;
        _log = log;
        _dispatcher = dispatcher;
        _flusher = flusher;
        _index = index;
        _checkpoint = checkpoint;
        _retention = retention;
        _openQueueFiles = openQueueFiles;
        _state = state;
        _time = time;
        _bootId = BootIds.Parse(files.BootId);
        _lastThoroughAt = time.GetTimestamp();
        _lastCleanAt = _lastThoroughAt;
        _kernelOffset = checkpoint.Current.HasPositions ? checkpoint.Current.KernelOffset : -1;
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

    /// <summary>Called after each write: comes early when a kill now would leave much to read.</summary>
    public void OnWritten(long written)
    {
        if (written - Volatile.Read(ref _kernelOffset) >= _options.RecoveryPaceBytes)
        {
            _wake.Set();
        }
    }

    /// <summary>One round, as the thread makes it.</summary>
    public void Pass()
    {
        _flusher.ExpireWaiters();
        if (_state.HasFailed)
        {
            return;
        }

        try
        {
            lock (_passLock)
            {
                var thorough = _time.GetElapsedTime(_lastThoroughAt).TotalMilliseconds >= _options.ConsumeQueueThoroughIntervalMs;
                if (thorough)
                {
                    MakeDurable();
                }
                else
                {
                    HandOver();
                }

                ReleaseIdle();
            }
        }
        catch (StoreIOException e)
        {
            _state.Fail(StoreFlags.LogicQueueError, "Writing consume queues, index and checkpoint", e);
            return;
        }

        if (_time.GetElapsedTime(_lastCleanAt).TotalMilliseconds >= _options.CleanIntervalMs)
        {
            _lastCleanAt = _time.GetTimestamp();
            lock (_passLock)
            {
                // Not while another thread writes queues and index (a topic was deleted): retention would take the memory of an index file from under it.
                _retention.Run();
            }
        }
    }

    /// <summary>Makes the log, then queues and index of what has been dispatched durable, then the checkpoint that says so.</summary>
    public void MakeDurable()
    {
        lock (_passLock)
        {
            _log.Flush();
            if (_state.HasFailed)
            {
                return;
            }

            var timestamp = _dispatcher.LastStoreTimestamp;
            var offset = Math.Min(_dispatcher.Dispatched, _log.Durable);
            WriteQueues();
            _index?.Write(withSlots: true);
            FlushQueues();
            FlushDirectories();
            _index?.Flush();
            _lastThoroughAt = _time.GetTimestamp();
            var (indexName, slotsValidUpTo) = _index?.Position ?? (0, 0);
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
                    IndexName = indexName,
                    IndexSlotsValidUpTo = slotsValidUpTo,
                },
                durable: true);
            Volatile.Write(ref _kernelOffset, offset);
        }
    }

    public void Dispose() => _wake.Dispose();

    /// <summary>Hands queues and index to the kernel and notes how far; nothing is done when nothing was dispatched.</summary>
    private void HandOver()
    {
        var timestamp = _dispatcher.LastStoreTimestamp;
        var offset = _dispatcher.Dispatched;
        if (offset == _kernelOffset)
        {
            return;
        }

        WriteQueues();
        _index?.Write(withSlots: false);
        var (indexName, slotsValidUpTo) = _index?.Position ?? (0, 0);
        var current = _checkpoint.Current;
        _checkpoint.Write(
            current with
            {
                HasPositions = true,
                KernelOffset = offset,
                DurableOffset = current.HasPositions ? current.DurableOffset : 0,
                BootId = _bootId,
                LastStoreTimestamp = timestamp,
                IndexName = indexName,
                IndexSlotsValidUpTo = slotsValidUpTo,
            },
            durable: false);
        Volatile.Write(ref _kernelOffset, offset);
    }

    private void WriteQueues()
    {
        foreach (var queue in _dispatcher.TakeDirty())
        {
            _active[queue] = 0;
            if (queue.WriteUnits())
            {
                _unsynced.Add(queue);
            }

            if (_openQueueFiles.IsFull)
            {
                // Only what is durable can be closed. Queues that are so ahead of the log do no harm: recovery goes by the checkpoint.
                FlushQueues();
                _openQueueFiles.Trim();
            }
        }
    }

    private void FlushQueues()
    {
        foreach (var queue in _unsynced)
        {
            queue.Flush(_unsyncedDirectories);

            // Thousands of queues take the disk some seconds.
            _flusher.ExpireWaiters();
        }

        _unsynced.Clear();
    }

    private void FlushDirectories()
    {
        foreach (var directory in _unsyncedDirectories)
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
        foreach (var (queue, passes) in _active)
        {
            _active[queue] = passes + 1;
            if (passes >= IdlePasses && !_unsynced.Contains(queue))
            {
                _idle.Add(queue);
            }
        }

        if (_idle.Count == 0)
        {
            return;
        }

        // The ring belongs to whoever dispatches; busy now means that the next pass tries again.
        if (_dispatcher.TryOwn())
        {
            foreach (var queue in _idle)
            {
                queue.ReleaseIdle();
                _active.Remove(queue);
            }

            _dispatcher.Release();
            _dispatcher.Run();
        }

        _idle.Clear();
    }

    private void Loop()
    {
        try
        {
            while (!Volatile.Read(ref _stopping))
            {
                _wake.WaitOne(_options.ConsumeQueueFlushIntervalMs);
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
