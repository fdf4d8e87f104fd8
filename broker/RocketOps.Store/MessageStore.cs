using System.Text;
using Microsoft.Extensions.Logging;
using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Contracts;
using RocketOps.Store.Dispatching;
using RocketOps.Store.Files;
using RocketOps.Store.Indexing;
using RocketOps.Store.Inventory;
using RocketOps.Store.Log;
using RocketOps.Store.Maintenance;
using RocketOps.Store.Reading;
using RocketOps.Store.Recovery;
using RocketOps.Store.State;

namespace RocketOps.Store;

/// <summary>
/// The store of one broker: files as RocketMQ's, explicit I/O. A message is appended (it has its place), written (it is in the kernel and survives the process),
/// durable (it survives the machine) and dispatched (consumers see it), in this order but for the last two, which change places with ASYNC_FLUSH.
/// Here are its life, its topics and its figures; <see cref="Writer"/> appends, <see cref="Reader"/> reads. All members may be called from any thread. Start once,
/// dispose once.
/// </summary>
public sealed class MessageStore : IAsyncDisposable
{
    /// <summary>
    /// Files of the log that one run of retention removes at most, for those who have to store something again before its file goes. A run comes every ten seconds, and every second while messages are refused
    /// for want of room.
    /// </summary>
    public const int MostFilesOfRun = Retention.MaxFilesPerRun;

    /// <summary>RocketMQ's MAX_MANUAL_DELETE_FILE_TIMES.</summary>
    private const int ManualRuns = 20;

    private readonly IStoreFileSystem _files;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CurrentTuning _tuning;
    private readonly StoreState _state;
    private readonly StoreDirectory _directory;
    private readonly LogSegments _segments;
    private readonly SegmentAllocator _allocator;
    private readonly CommitLog _log;
    private readonly OpenQueueFiles _openQueueFiles;
    private readonly QueueEnvironment _queues;
    private readonly StoreTopicTable _topics;
    private readonly MessageIndex? _index;
    private readonly Dispatcher _dispatcher;
    private readonly LogFlusher _flusher;
    private readonly Retention _retention;
    private readonly bool _hasThreads;
    private readonly long _bootTimestamp;
    private readonly TaskCompletionSource _locked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly DispatchCatchUp _catchUp;
    private readonly TopicDeletion _deletion;
    private readonly LogChange _change;
    private readonly StoreInventory _inventory;
    private StoreMaintenance? _maintenance;
    private CheckpointFile? _checkpoint;
    private bool _started;
    private bool _disposed;

    public MessageStore(StoreOptions options, IStoreFileSystem fileSystem, TimeProvider timeProvider, ILoggerFactory loggerFactory)
        : this(options, fileSystem, timeProvider, loggerFactory, hasThreads: true)
    {
    }

    /// <summary>
    /// Makes a store with or without threads. Without them nothing happens by itself: tests call <see cref="Flusher"/> and
    /// <see cref="Maintenance"/> in the order they want.
    /// </summary>
    internal MessageStore(StoreOptions options, IStoreFileSystem fileSystem, TimeProvider timeProvider, ILoggerFactory loggerFactory, bool hasThreads)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(fileSystem);
        ArgumentNullException.ThrowIfNull(timeProvider);
        ArgumentNullException.ThrowIfNull(loggerFactory);
        ThrowIfWrong(options.Validate());
        Options = options;
        _tuning = new CurrentTuning(options.Tuning);
        _files = fileSystem;
        _time = timeProvider;
        _hasThreads = hasThreads;
        _bootTimestamp = timeProvider.GetUtcNow().ToUnixTimeMilliseconds();
        _logger = loggerFactory.CreateLogger("RocketOps.Store");
        _state = new StoreState(_logger);
        _segments = new LogSegments(options.CommitLogFileBytes);
        _allocator = new SegmentAllocator(options, fileSystem, hasThreads, () => Positions!.AppendedOffset, _state, timeProvider, _logger);
        Positions = new LogPositions(options, _tuning, _state, timeProvider, _logger);
        _openQueueFiles = new OpenQueueFiles(options.MaxOpenQueueFiles);
        _directory = new StoreDirectory(options, fileSystem, _state, _logger);
        _queues = _directory.DescribeQueues(_openQueueFiles, _segments, _logger);
        _topics = new StoreTopicTable(_queues);
        _log = new CommitLog(
            options, _tuning, Positions, _segments, _allocator, _topics, _state, timeProvider, appendsMayWrite: !hasThreads,
            writeRest: () => Writer!.WritePending());
        _index = options.IndexEnabled ? new MessageIndex(options, fileSystem, timeProvider, _logger) : null;
        _dispatcher = new Dispatcher(options, Positions, _log, _topics, _index, _state, isBounded: hasThreads, _logger);
        _flusher = new LogFlusher(options, _tuning, Positions, _log, _dispatcher, _state, timeProvider);
        LogReader logReader = new(options, _log, _state);
        TransferLimits transfers = new(_tuning, logReader);
        QueueScan scan = new(_tuning, _log, _topics, _state, logReader, transfers, new RecordMatcher(_segments, logReader));
        Reader = new QueueReader(logReader, scan, new QueueLookup(logReader), _topics, _index, Positions, hasThreads);
        Writer = new LogWriter(_tuning, Positions, _log, _dispatcher, _topics, Reader, _state, timeProvider);
        Growth = new LogGrowth();
        Positions.Follow(Positions.VisibleAt, Growth);
        Replication = new LogGrowth();
        Positions.Follow(LogPosition.Replicated, Replication);
        Positions.Follow(LogPosition.Replicated, _dispatcher);
        _retention = new Retention(options, _tuning, fileSystem, _log, _dispatcher, _topics, _index, _state, timeProvider, _logger);
        SharedPasses passes = new(MakeDurableAsync);
        _catchUp = new DispatchCatchUp(options, Positions, _log, _dispatcher, Writer, passes, _state, hasThreads);
        TopicFileRemoval removal = new(fileSystem, _topics, _queues, _directory.Extensions);
        _inventory = new StoreInventory(options, fileSystem, _segments);
        _deletion = new TopicDeletion(_topics, removal, _log, _dispatcher, _catchUp, passes, () => Maintenance);
        _change = new LogChange(_state, Positions, _log, _dispatcher, Writer, Reader, () => Maintenance, NewTruncation, hasThreads);
    }

    /// <summary>
    /// Options as given at the start; <see cref="Tuning"/> says what of <see cref="StoreOptions.Tuning"/> is in force now.
    /// </summary>
    public StoreOptions Options { get; }

    /// <summary>
    /// The settings that may be changed at any time, by any thread: they count from the next use on, retention's from its next run, which comes every ten seconds. Throws <see cref="StoreException"/> for
    /// settings that are wrong, and keeps those in force.
    /// </summary>
    public StoreTuning Tuning
    {
        get => _tuning.Value;
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            ThrowIfWrong(value.Validate());
            _tuning.Value = value;
        }
    }

    /// <summary>Positions of the log, and waiting for them.</summary>
    public LogPositions Positions { get; }

    /// <summary>Appending and writing.</summary>
    public LogWriter Writer { get; }

    /// <summary>Waiting for what becomes visible, for as long as that takes.</summary>
    public LogGrowth Growth { get; }

    /// <summary>The same for what becomes replicated.</summary>
    public LogGrowth Replication { get; }

    /// <summary>Everything that is read: queues, records, times, keys.</summary>
    public QueueReader Reader { get; }

    public StoreFlags Flags => _state.Flags;

    /// <summary>Reason why messages are refused for lack of disk space; follows <see cref="StoreFlags.DiskFull"/>.</summary>
    public DiskShortage Shortage => _state.Shortage;

    /// <summary>Used share of the disk that holds the commit log, 0 to 1; −1 while unknown.</summary>
    public double DiskUsedRatio => _retention.DiskUsedRatio;

    /// <summary>Bytes of that disk this process may still use, as of the last look at it; −1 while unknown.</summary>
    public long DiskAvailableBytes => _retention.DiskAvailableBytes;

    /// <summary>Bytes of the log that are reserved at once when it needs more.</summary>
    public long NextReserveBytes => _log.Room.NextStepBytes;

    /// <summary>Observer of messages that become readable; null for none. It is not told of what recovery dispatches.</summary>
    public IMessageArrivedObserver? ArrivedObserver
    {
        get => _dispatcher.Arrivals.Observer;
        set => _dispatcher.Arrivals.Observer = value;
    }

    /// <summary>Observer of messages that retention removes; null for none.</summary>
    public IRemovalObserver? RemovalObserver
    {
        get => _retention.Observer;
        set => _retention.Observer = value;
    }

    /// <summary>
    /// Source of bit maps, which tell what filters match a dispatched message; null for none. To be set before the start, as recovery
    /// dispatches. Without effect unless <see cref="StoreOptions.ConsumeQueueExtEnabled"/>.
    /// </summary>
    public IMessageBitMaps? BitMaps
    {
        get => _dispatcher.BitMaps.Source;
        set => _dispatcher.BitMaps.Source = Options.ConsumeQueueExtEnabled ? value : null;
    }

    /// <summary>
    /// Asked once, within <see cref="StartAsync"/>, when no other process can use the directory any more: the names of the topics that have batch consume queues
    /// (<c>queue.type=BatchCQ</c>). Null for none but those that have such files. To be set before the start, as recovery makes queues.
    /// </summary>
    public Func<IReadOnlySet<string>>? BatchTopics { get; set; }

    /// <summary>
    /// Asked once, at the same moment: deletions of topics, by name. Where queues are made again from the log, messages of before come back
    /// into none, also when the store's own notes of them are lost. Null for none. To be set before the start.
    /// </summary>
    public Func<IReadOnlyDictionary<string, ToldDeletion>>? Deletions { get; set; }

    /// <summary>Store time of the last message that was dispatched, ms since 1970.</summary>
    public long LastStoreTimestamp => _dispatcher.LastStoreTimestamp;

    /// <summary>Topics that have queues in the store, or were interned since the start.</summary>
    public IReadOnlyList<StoreTopic> Topics => _topics.All;

    /// <summary>Known after the start.</summary>
    public StoreContinuity Continuity { get; private set; }

    /// <summary>
    /// Called once, by the thread that notices, when the log itself has failed: what the kernel still has of it is not known. Must not wait. To be set before anything is acknowledged.
    /// </summary>
    public Action? WhenLogFails
    {
        get => _state.WhenLogFails;
        set => _state.WhenLogFails = value;
    }

    /// <summary>Completes, within <see cref="StartAsync"/>, when no other process can use the store's directory any more, and fails when that is not to be had.</summary>
    public Task Locked => _locked.Task;

    internal CommitLog Log => _log;

    internal SegmentAllocator Allocator => _allocator;

    internal LogFlusher Flusher => _flusher;

    internal OpenQueueFiles OpenQueueFiles => _openQueueFiles;

    internal Retention Retention => _retention;

    internal StoreMaintenance Maintenance => _maintenance ?? throw NotStarted();

    /// <summary>Locks the directory, recovers, and returns when everything recovered is readable. Throws <see cref="StoreException"/> when the store cannot be used.</summary>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (_started)
        {
            throw new StoreException("The store has been started already.");
        }

        _started = true;
        return _hasThreads ? Task.Run(() => StartOrTell(cancellationToken), CancellationToken.None) : StartHere(cancellationToken);
    }

    /// <summary>
    /// The interned topic of that name, made when missing. For cold paths and the first message of a topic; keep what it returns. Throws
    /// <see cref="ArgumentException"/> for a name that cannot be a directory; the broker's rules are stricter.
    /// </summary>
    public StoreTopic GetOrAddTopic(ReadOnlySpan<byte> utf8Name) =>
        StoreTopicTable.IsValidName(utf8Name) ? _topics.GetOrAdd(utf8Name) : throw new ArgumentException($"'{Encoding.UTF8.GetString(utf8Name)}' cannot be a topic.", nameof(utf8Name));

    /// <summary>
    /// Says whether a topic that is new has batch consume queues. False when it has queues of the other kind already, in memory or on the disk, where this may have to look.
    /// </summary>
    public bool TrySetBatch(StoreTopic topic, bool isBatch)
    {
        ArgumentNullException.ThrowIfNull(topic);
        return _topics.TrySetBatch(topic, isBatch);
    }

    /// <summary>The interned topic of that name, or null. Neither allocates nor locks.</summary>
    public StoreTopic? FindTopic(ReadOnlySpan<byte> utf8Name) => _topics.Find(utf8Name);

    /// <summary>Ids of the queues that exist for a topic, ascending.</summary>
    public IReadOnlyList<int> GetQueueIds(StoreTopic topic)
    {
        ArgumentNullException.ThrowIfNull(topic);
        return _topics.GetQueueIds(topic);
    }

    /// <summary>
    /// Finds queues with messages that lie at or above a number, for each topic with the number that goes with it; topics without such
    /// queues are not in the answer. Looks at directories and loads these queues, on a thread that may wait for the disk.
    /// </summary>
    /// <param name="topics">Topics, each with the lowest queue id that is looked for.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public Task<List<(StoreTopic Topic, IReadOnlyList<int> QueueIds)>> FindQueuesFromAsync(
        IReadOnlyList<(StoreTopic Topic, int From)> topics, CancellationToken cancellationToken) => Reader.RunColdAsync(
        () =>
        {
            List<(StoreTopic Topic, IReadOnlyList<int> QueueIds)> found = [];
            foreach ((StoreTopic topic, int from) in topics)
            {
                if (_topics.FindQueuesWithMessages(topic, from) is { Count: > 0 } ids)
                {
                    found.Add((topic, ids));
                }
            }

            return found;
        },
        cancellationToken);

    /// <summary>
    /// Reads the names of the topics whose queues this store noted in its inventory and has not deleted since. Empty where the inventory
    /// was lost before this start, so that nothing tells queues of deleted topics, made again from the log, from others. Waits for the disk
    /// on a thread that may.
    /// </summary>
    public Task<IReadOnlySet<string>> ReadNotedTopicsAsync(CancellationToken cancellationToken) =>
        Reader.RunColdAsync(Maintenance.ReadNotedTopics, cancellationToken);

    /// <summary>
    /// Reads the deletions of topics that this store noted in its inventory, by topic: messages of the topic that lie in the log before the
    /// offset are those that were deleted. Waits for the disk on a thread that may.
    /// </summary>
    public Task<IReadOnlyDictionary<string, long>> ReadNotedDeletionsAsync(CancellationToken cancellationToken) =>
        Reader.RunColdAsync(Maintenance.ReadNotedDeletions, cancellationToken);

    /// <summary>
    /// Records by which this log can be recognized, as the checkpoint knows them: none while the log is empty and in its first moments.
    /// Null before the start. Does not wait for the disk.
    /// </summary>
    public LogRecords? LogRecords => _maintenance?.Records;

    /// <summary>
    /// Tells whether records are of another log than this store's. False where it has none of their offsets, so that nothing can be told.
    /// Waits for the disk on a thread that may.
    /// </summary>
    public Task<bool> IsOtherLogAsync(LogRecords records, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(records);
        return Reader.RunColdAsync(() => RecordMarks.IsOther(_segments, Positions.Appended.Value, records), cancellationToken);
    }

    /// <summary>
    /// Removes the queues of a topic. Its records stay in the log until they expire. Appends to it answer <see cref="AppendStatus.QueueNotLoaded"/> meanwhile; those that come
    /// afterwards begin a new topic at queue offset 0. A deletion that fails before it has removed anything leaves the topic as it was: <see cref="StoreException"/> when the
    /// store has failed, <see cref="StoreIOException"/> when its queues could not be written first.
    /// </summary>
    /// <param name="topic">The topic. One that is being deleted already is waited for, and should that fail it is tried again.</param>
    /// <param name="cancellationToken">Until the queues are removed.</param>
    public async ValueTask DeleteTopicAsync(StoreTopic topic, CancellationToken cancellationToken) =>
        await _deletion.DeleteAsync(topic, onlyBefore: null, cancellationToken);

    /// <summary>
    /// The same for a slave's store, whose log may have gone on since its master was asked: the topic stays, and the answer is false, when it has a message that ends behind
    /// <paramref name="onlyBefore"/>. Where messages come from it was made again, and they are those of the new one. Its queues that have no such message go.
    /// </summary>
    public ValueTask<bool> TryDeleteTopicAsync(StoreTopic topic, PhysicalOffset onlyBefore, CancellationToken cancellationToken) =>
        _deletion.DeleteAsync(topic, onlyBefore, cancellationToken);

    /// <summary>
    /// Tells a slave's store of a deletion that its master's table notes. Messages of the topic that the log has not brought yet get no
    /// place in queues when they come; for those that are there see <see cref="TryDeleteTopicAsync"/>. Thread-safe.
    /// </summary>
    public void FollowDeletion(string topic, ToldDeletion deletion) => _dispatcher.Copied.Note(topic, deletion);

    /// <summary>
    /// Tells whether the topic has a message that ends behind an offset of the log, readable or not. Loads its queues, on a thread that may
    /// wait for the disk. Exact while nobody appends and what is in the log is in the queues (<see cref="PrepareForMessagesAsync"/>).
    /// </summary>
    public Task<bool> HasMessagesBehindAsync(StoreTopic topic, PhysicalOffset offset, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(topic);
        return Reader.RunColdAsync(
            () =>
            {
                _topics.EnsureListed(topic);
                return topic.Queues.Any(queue => queue is not null && (queue.ReachesBehind(offset) || queue.NextOffset > queue.Max));
            },
            cancellationToken);
    }

    /// <summary>Log files that have expired are removed within the next runs of retention, whatever the hour is: as many as RocketMQ gives an operator who asks for it.</summary>
    public void RemoveExpiredFiles() => _retention.RunManually(ManualRuns);

    /// <summary>Removes files of queues and of the index that point before the log's first offset. Queues keep their newest file, so that their offsets go on.</summary>
    public async Task RemoveExpiredPointersAsync(CancellationToken cancellationToken) => await Reader.RunColdAsync(
        () =>
        {
            Maintenance.RemovePointers();
            return true;
        },
        cancellationToken);

    /// <summary>
    /// Refuses messages with <see cref="AppendStatus.ServiceNotAvailable"/> until <see cref="AcceptMessages"/>. When it returns, no append is under way: the log ends
    /// where it ends. What was appended before is written, made durable and dispatched as usual. Called before <see cref="StartAsync"/> it says, too, that the log is a copy of another
    /// store's: no file is made for a first message, and records that recovery dispatches may say that a topic was made anew.
    /// </summary>
    public void RefuseMessages()
    {
        _state.RefusesMessages = true;
        _log.Quiesce();
    }

    public void AcceptMessages() => _state.RefusesMessages = false;

    /// <summary>
    /// Has a log without a byte begin at an offset, which is the beginning of a file: a new slave gets its master's log from there on. Throws <see cref="StoreException"/> when the log
    /// has messages, or the offset is no beginning of a file.
    /// </summary>
    public Task BeginLogAtAsync(PhysicalOffset offset, CancellationToken cancellationToken) =>
        _change.BeginAtAsync(offset.Value, cancellationToken);

    /// <summary>
    /// Cuts off what lies behind an offset, at which a record begins or the log ends: records, queue units and keys are gone, and the log goes on from there. Appends are
    /// refused with <see cref="AppendStatus.ServiceNotAvailable"/> meanwhile, queues answer <see cref="GetStatus.NotReadable"/> for the short while they are changed, and
    /// whoever waits for what is cut off, or begins to wait for it later, is told <see cref="WaitOutcome.CutOff"/>. Topics stay the objects they are. A crash at any moment
    /// leaves a store that recovers to the old end or to the new one.
    /// <para>
    /// Reads the file the cut lies in, and again what index files reach from before the cut to behind it.
    /// </para>
    /// </summary>
    /// <param name="offset">The new end.</param>
    /// <param name="keepIn">Directory below the store's that a copy of what is cut off goes to, as one file; null for none.</param>
    /// <param name="cancellationToken">Until the cut begins.</param>
    /// <exception cref="StoreException">The offset is no record's, or not in the log; the store does not run, has failed, or is being cut already. Nothing has changed.</exception>
    public async Task TruncateAsync(PhysicalOffset offset, string? keepIn, CancellationToken cancellationToken)
    {
        await _change.TruncateAsync(offset.Value, keepIn, cancellationToken);
        _dispatcher.Copied.DropBehind(offset.Value);
    }

    /// <summary>
    /// Completes when everything that is in the log at the call is readable, which with SYNC_FLUSH it is once it is durable. Throws <see cref="StoreException"/> when
    /// the store has failed or stops. With <see cref="StoreOptions.DispatchesReplicatedOnly"/> it has to be replicated as well, which may take for ever.
    /// </summary>
    public Task FinishDispatchAsync(CancellationToken cancellationToken = default) => _catchUp.RunAsync(cancellationToken);

    /// <summary>
    /// Prepares a store that others wrote to for taking messages: when the task completes, each queue goes on behind its last message in
    /// the log. With <see cref="StoreOptions.DispatchesReplicatedOnly"/> what is not replicated stays unreadable until it is. Messages are
    /// refused (<see cref="RefuseMessages"/>) and nobody appends meanwhile. Throws <see cref="StoreException"/> when the store has failed.
    /// </summary>
    public Task PrepareForMessagesAsync(CancellationToken cancellationToken = default) =>
        Options.DispatchesReplicatedOnly ? _change.CountOnAsync(cancellationToken) : FinishDispatchAsync(cancellationToken);

    public StoreStats GetStats() => new()
    {
        MinOffset = new PhysicalOffset(_segments.MinOffset),
        MaxOffset = new PhysicalOffset(_log.Appended),
        WrittenOffset = new PhysicalOffset(_log.Written),
        DurableOffset = new PhysicalOffset(_log.Durable),
        DispatchedOffset = new PhysicalOffset(_dispatcher.Dispatched),
        DiskUsedRatio = _retention.DiskUsedRatio,
        DiskAvailableBytes = _retention.DiskAvailableBytes,
        Shortage = _state.Shortage,
        Flags = _state.Flags,
        MessagesAppended = _log.MessagesAppended,
        BytesAppended = _log.BytesAppended,
        BootTimestamp = _bootTimestamp,
    };

    /// <summary>Clean stop: everything written, durable and dispatched, then the abort file goes. Bounded by the disk's speed only.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        bool wasRunning = _state.IsRunning;
        _state.IsRunning = false;
        _log.Quiesce();
        if (wasRunning)
        {
            // A write that another thread is at is waited for; it may hang for as long as the disk does.
            while (_log.Writes.Write() < _log.Appended && !_state.HasFailed)
            {
                await Writer.WhenAsync(LogPosition.Written, Positions.End);
            }
        }

        if (_maintenance is not null)
        {
            await _maintenance.StopAsync();
        }

        await _flusher.StopAsync();
        Positions.Close();
        if (wasRunning && !_state.HasFailed)
        {
            await StopCleanAsync();
        }

        Reader.Stop();
        await _allocator.CloseAsync();
        _topics.ForEachQueue(queue => queue.CloseFiles());
        _index?.Dispose();
        _segments.CloseAll();
        _checkpoint?.Dispose();
        _inventory.Dispose();
        _maintenance?.Dispose();
        _flusher.Dispose();
        _directory.Dispose();
        Positions.Dispose();
    }

    private Task<bool> MakeDurableAsync() => Reader.RunColdAsync(
        () =>
        {
            Maintenance.MakeDurable();
            return true;
        },
        CancellationToken.None);

    private LogTruncation NewTruncation() => new(
        Positions,
        _log,
        _allocator,
        new StoreCuts(Options, _files, _segments, _topics, _time, _logger),
        new CutCompletion(Options, _log, _queues, _index, _dispatcher),
        Maintenance,
        _state,
        _logger);

    private static void ThrowIfWrong(IReadOnlyList<string> errors)
    {
        if (errors.Count > 0)
        {
            throw new StoreException($"The store's settings are wrong: {string.Join("; ", errors)}.");
        }
    }

    private static StoreException NotStarted() => new("The store has not been started.");

    private async Task StopCleanAsync()
    {
        await _dispatcher.FinishAsync();
        try
        {
            Maintenance.MakeDurable();

            // What is not replicated is found by the next start, which goes on with dispatch where this one ends.
            if (!_state.HasFailed && _log.Durable == _log.Appended && _dispatcher.Dispatched >= _dispatcher.Limit)
            {
                _directory.RemoveAbort();
            }
        }
        catch (StoreIOException e)
        {
            // Also for want of space: the abort file stays, and the next start completes queues and index from the log.
            _state.Fail(StoreFlags.LogicQueueError, "The clean stop", e);
        }
    }

    private Task StartHere(CancellationToken cancellationToken)
    {
        StartOrTell(cancellationToken);
        return Task.CompletedTask;
    }

    /// <summary>Starts the store; when that fails, whoever waits for the lock is told why.</summary>
    private void StartOrTell(CancellationToken cancellationToken)
    {
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            Start(cancellationToken);
        }
        catch (Exception e)
        {
            _locked.TrySetException(e);
            throw;
        }
    }

    /// <summary>
    /// Says what a start would find and do, of a store that is not started, over a file system that changes nothing. Throws
    /// <see cref="StoreException"/> with the reason for which the start would be refused. The store is closed afterwards.
    /// </summary>
    internal StoreForecast Foresee(CancellationToken cancellationToken)
    {
        _started = true;
        _disposed = true;
        try
        {
            using CheckpointFile checkpoint = new(_files, Options.RootDirectory);
            return NewRecovery(told: null).Foresee(checkpoint, _directory.IsClean, cancellationToken);
        }
        finally
        {
            _index?.Dispose();
            _segments.CloseAll();
            _inventory.Dispose();
            _flusher.Dispose();
            Positions.Dispose();
        }
    }

    private StoreRecovery NewRecovery(IReadOnlyDictionary<string, ToldDeletion>? told) =>
        new(Options, _files, _segments, _allocator, _topics, _index, _inventory, _dispatcher.Records, _time, _logger)
        {
            Told = told ?? new Dictionary<string, ToldDeletion>(),
        };

    /// <summary>Those that were made in this log, as far as can be told.</summary>
    private Dictionary<string, ToldDeletion> OfThisLog(IReadOnlyDictionary<string, ToldDeletion>? told, long end)
    {
        Dictionary<string, ToldDeletion> kept = new(StringComparer.Ordinal);
        foreach (IGrouping<LogRecords?, KeyValuePair<string, ToldDeletion>> log in (told ?? new Dictionary<string, ToldDeletion>()).GroupBy(static entry => entry.Value.Log))
        {
            if (log.Key is { } records && RecordMarks.IsOther(_segments, end, records))
            {
                continue;
            }

            foreach ((string topic, ToldDeletion deletion) in log)
            {
                kept[topic] = deletion;
            }
        }

        return kept;
    }

    private void Start(CancellationToken cancellationToken)
    {
        _directory.Lock();
        if (BatchTopics is { } batchTopics)
        {
            _topics.DeclareBatch(batchTopics());
        }

        IReadOnlyDictionary<string, ToldDeletion>? told = Deletions?.Invoke();
        _locked.SetResult();
        _directory.WriteLock();
        new RestoredLog(Options, _files, _time, _logger).Keep();
        bool isClean = _directory.IsClean;
        _checkpoint = new CheckpointFile(_files, Options.RootDirectory);
        Checkpoint before = _checkpoint.Current;
        bool hasKernel = isClean || (before.HasPositions && before.BootId != Guid.Empty && before.BootId == BootIds.Of(_files, Options));

        // Whoever is to take messages of its own is told so later; a slave's log, or a member's, is a copy.
        _log.CopiedTo = _state.RefusesMessages ? long.MaxValue : 0;
        StoreRecovery recovery = NewRecovery(told);
        RecoveredStore recovered = recovery.Run(_checkpoint, isClean, cancellationToken);
        _dispatcher.Copied.Set(OfThisLog(told, recovered.End));
        _directory.LockFolders();

        // A cut that this start has finished took what was to go: what counts is where the checkpoint is afterwards.
        bool hasDamage = hasKernel && (recovered.IsDamaged || (before.HasPositions && recovered.End < _checkpoint.Current.KernelOffset));
        Continuity = new StoreContinuity(hasKernel, !before.HasPositions || recovered.End >= before.DurableOffset, before.HasPositions, hasDamage);
        _log.Start(recovered);
        _dispatcher.Start(recovered.Dispatched, recovered.LastStoreTimestamp);
        _maintenance = new StoreMaintenance(Options, _files, _log, _dispatcher, _index, new RestartFiles(_checkpoint, _inventory),
            _retention,
            _openQueueFiles, _state, _time);
        Positions.Follow(LogPosition.Written, _maintenance);
        _directory.WriteAbort();
        if (recovered.ChangesInventory || !_checkpoint.Current.HasPositions || Options.FlushDiskType == FlushDiskType.SyncFlush
            || Math.Max(_checkpoint.Current.DurableOffset, _checkpoint.Current.LogicsPhysicalOffset) > recovered.End)
        {
            // A store of Java's gets our positions; with SYNC_FLUSH what consumers are about to see must not be taken back; and no checkpoint may claim what damage has
            // taken from the log, for other records are about to come there.
            _maintenance.MakeDurableOrOwe(recovered.ChangesInventory
                ? () => recovery.WriteInventory(_checkpoint.Current.KernelOffset, recovered.End) : null);
        }

        _log.Room.ReserveFirst(makesFile: _hasThreads && !_state.RefusesMessages);
        _retention.CheckDisk();
        _retention.WarnOfLimits();
        _queues.IsRecovering = false;
        _index?.EndRecovery();
        _state.IsRunning = true;
        if (_hasThreads)
        {
            Reader.Start(new ColdReader("store-read", Options.ColdReadThreads, Options.ColdReadQueueLength), new ColdReader("store-query", threads: 1, Options.KeyQueryQueueLength));
            _flusher.Start();
            _maintenance.Start();
        }
    }
}
