using System.Text;
using Microsoft.Extensions.Logging;
using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Dispatching;
using RocketOps.Store.Files;
using RocketOps.Store.Indexing;
using RocketOps.Store.Log;
using RocketOps.Store.Maintenance;
using RocketOps.Store.Reading;
using RocketOps.Store.Recovery;

namespace RocketOps.Store;

/// <summary>
/// The store of one broker: files as RocketMQ's, explicit I/O. A message is appended (it has its place), written (it is in the kernel and survives the process),
/// durable (it survives the machine) and dispatched (consumers see it), in this order but for the last two, which change places with ASYNC_FLUSH.
/// All members may be called from any thread. Start once, dispose once.
/// </summary>
public sealed class MessageStore : IAsyncDisposable
{
    private readonly IStoreFileSystem _files;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly StoreState _state;
    private readonly LogSegments _segments;
    private readonly SegmentAllocator _allocator;
    private readonly CommitLog _log;
    private readonly OpenQueueFiles _openQueueFiles;
    private readonly TopicTable _topics;
    private readonly MessageIndex? _index;
    private readonly Dispatcher _dispatcher;
    private readonly LogFlusher _flusher;
    private readonly MessageReader _reader;
    private readonly Retention _retention;
    private readonly bool _hasThreads;
    private readonly long _bootTimestamp;
    private StoreMaintenance? _maintenance;
    private CheckpointFile? _checkpoint;
    private ColdReader? _coldReader;
    private IDisposable? _lock;
    private bool _started;
    private bool _disposed;

    public MessageStore(StoreOptions options, IStoreFileSystem fileSystem, TimeProvider timeProvider, ILoggerFactory loggerFactory)
        : this(options, fileSystem, timeProvider, loggerFactory, hasThreads: true)
    {
    }

    /// <summary>Without threads nothing happens by itself: tests call <see cref="Flusher"/> and <see cref="Maintenance"/> in the order they want.</summary>
    internal MessageStore(StoreOptions options, IStoreFileSystem fileSystem, TimeProvider timeProvider, ILoggerFactory loggerFactory, bool hasThreads)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(fileSystem);
        ArgumentNullException.ThrowIfNull(timeProvider);
        ArgumentNullException.ThrowIfNull(loggerFactory);
        var errors = options.Validate();
        if (errors.Count > 0)
        {
            throw new StoreException($"The store's settings are wrong: {string.Join("; ", errors)}.");
        }

        Options = options;
        _files = fileSystem;
        _time = timeProvider;
        _hasThreads = hasThreads;
        _bootTimestamp = timeProvider.GetUtcNow().ToUnixTimeMilliseconds();
        _logger = loggerFactory.CreateLogger("RocketOps.Store");
        _state = new StoreState(_logger);
        _segments = new LogSegments(options.CommitLogFileBytes);
        _allocator = new SegmentAllocator(fileSystem, options.CommitLogPath, options.CommitLogFileBytes, ahead: hasThreads, _logger);
        _log = new CommitLog(options, _segments, _allocator, _state, timeProvider);
        _openQueueFiles = new OpenQueueFiles(options.MaxOpenQueueFiles);
        _topics = new TopicTable(new QueueEnvironment(fileSystem, QueuesDirectory, options.ConsumeQueueFileBytes, _openQueueFiles, () => _segments.MinOffset, () => _segments.EndOffset, _logger));
        _index = options.IndexEnabled ? new MessageIndex(options, fileSystem, timeProvider, _logger) : null;
        _dispatcher = new Dispatcher(options, _log, _topics, _index, _state, _logger);
        _flusher = new LogFlusher(options, _log, _dispatcher, _state, timeProvider, _logger);
        _reader = new MessageReader(options, _log, _topics, _state);
        _retention = new Retention(options, fileSystem, _log, _dispatcher, _topics, _index, _state, timeProvider, _logger);
    }

    public StoreOptions Options { get; }

    public StoreFlags Flags => _state.Flags;

    /// <summary>Who is told of messages that become readable; null for nobody. What recovery dispatches is not told.</summary>
    public IMessageArrivedObserver? ArrivedObserver
    {
        get => _dispatcher.Observer;
        set => _dispatcher.Observer = value;
    }

    /// <summary>A write has been in the kernel for longer than <c>osPageCacheBusyTimeOutMills</c>: sends are to be refused up front.</summary>
    public bool IsPageCacheBusy => _log.IsPageCacheBusy;

    /// <summary>How long the write that runs now has been in the kernel, in milliseconds; 0 when none runs.</summary>
    public long CurrentWriteMs => _log.CurrentWriteMs;

    /// <summary>Topics that have queues in the store, or were interned since the start.</summary>
    public IReadOnlyList<StoreTopic> Topics => _topics.All;

    internal CommitLog Log => _log;

    internal LogFlusher Flusher => _flusher;

    internal OpenQueueFiles OpenQueueFiles => _openQueueFiles;

    internal Retention Retention => _retention;

    internal StoreMaintenance Maintenance => _maintenance ?? throw NotStarted();

    private string QueuesDirectory => Path.Combine(Options.RootDirectory, "consumequeue");

    private string AbortPath => Path.Combine(Options.RootDirectory, "abort");

    /// <summary>Number of messages in a client batch body, −1 when it is malformed.</summary>
    public static int CountBatch(ReadOnlySpan<byte> batchBody) => CommitLog.CountBatch(batchBody);

    /// <summary>Locks the directory, recovers, and returns when everything recovered is readable. Throws <see cref="StoreException"/> when the store cannot be used.</summary>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (_started)
        {
            throw new StoreException("The store has been started already.");
        }

        _started = true;
        return _hasThreads ? Task.Run(() => Start(cancellationToken), cancellationToken) : StartHere(cancellationToken);
    }

    /// <summary>
    /// The interned topic of that name, made when missing. For cold paths and the first message of a topic; keep what it returns. Throws
    /// <see cref="ArgumentException"/> for a name that cannot be a directory; the broker's rules are stricter.
    /// </summary>
    public StoreTopic GetOrAddTopic(ReadOnlySpan<byte> utf8Name) =>
        TopicTable.IsValidName(utf8Name) ? _topics.GetOrAdd(utf8Name) : throw new ArgumentException($"'{Encoding.UTF8.GetString(utf8Name)}' cannot be a topic.", nameof(utf8Name));

    /// <summary>The interned topic of that name, or null. Neither allocates nor locks.</summary>
    public StoreTopic? FindTopic(ReadOnlySpan<byte> utf8Name) => _topics.Find(utf8Name);

    /// <summary>Ids of the queues that exist for a topic, ascending.</summary>
    public IReadOnlyList<int> GetQueueIds(StoreTopic topic)
    {
        ArgumentNullException.ThrowIfNull(topic);
        _topics.EnsureListed(topic);
        List<int> ids = [];
        foreach (var queue in topic.Queues)
        {
            if (queue is not null)
            {
                ids.Add(queue.QueueId);
            }
        }

        return ids;
    }

    /// <summary>
    /// Takes a message into the tail buffer: it has its place and its queue offset, but it is not in the kernel. Call <see cref="WritePending"/> before anybody is
    /// told of it. Allocates nothing.
    /// </summary>
    public AppendStatus Append(in MessageToAppend message, out AppendResult result)
    {
        if (!TryGetQueue(message.Topic, message.QueueId, out var queue, out var status))
        {
            result = default;
            return status;
        }

        return _log.Append(message, queue, out result);
    }

    /// <summary>As <see cref="Append"/> for a client batch. <paramref name="offsets"/> receives the offset of each record; it must hold at least as many as the batch has.</summary>
    public AppendStatus AppendBatch(in BatchToAppend batch, Span<PhysicalOffset> offsets, out AppendResult result)
    {
        if (!TryGetQueue(batch.Topic, batch.QueueId, out var queue, out var status))
        {
            result = default;
            return status;
        }

        return _log.AppendBatch(batch, queue, offsets, out result);
    }

    /// <summary>
    /// Hands everything appended so far to the kernel in one write and, with ASYNC_FLUSH, makes it readable. Returns the offset up to which the log is in the
    /// kernel: an append whose end lies beyond it must not be acknowledged (the write failed; the store is read-only). Whoever comes second finds its bytes
    /// already written or waits for the writer.
    /// </summary>
    public PhysicalOffset WritePending()
    {
        var written = _log.WritePending();
        _flusher.OnWritten(written);
        _maintenance?.OnWritten(written);
        if (Options.FlushDiskType == FlushDiskType.AsyncFlush)
        {
            _dispatcher.Run();
        }

        return new PhysicalOffset(written);
    }

    public bool IsDurable(PhysicalOffset upTo) => _log.Durable >= upTo.Value;

    /// <summary>Calls the waiter once when the log is durable up to there, the flush failed, or the time-out has passed.</summary>
    public void WhenDurable(PhysicalOffset upTo, IDurabilityWaiter waiter)
    {
        ArgumentNullException.ThrowIfNull(waiter);
        _flusher.WhenDurable(upTo, waiter);
    }

    /// <summary>
    /// Finds messages from memory and page cache only. <see cref="GetStatus.WouldBlock"/> says that the disk is needed: then, and only then, call
    /// <see cref="GetMessagesAsync"/>. Null filter = all messages.
    /// </summary>
    public GetStatus GetMessages(StoreTopic topic, int queueId, long queueOffset, GetLimits limits, IMessageFilter? filter, GetResult result)
    {
        ArgumentNullException.ThrowIfNull(topic);
        ArgumentNullException.ThrowIfNull(result);
        return _reader.Get(topic, queueId, queueOffset, limits, filter, result, mayBlock: false);
    }

    /// <summary>As <see cref="GetMessages"/> on a thread that may wait for the disk. <paramref name="result"/> belongs to the store until the task completes.</summary>
    public async ValueTask<GetStatus> GetMessagesAsync(StoreTopic topic, int queueId, long queueOffset, GetLimits limits, IMessageFilter? filter, GetResult result, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(topic);
        ArgumentNullException.ThrowIfNull(result);
        return await RunColdAsync(() => _reader.Get(topic, queueId, queueOffset, limits, filter, result, mayBlock: true), cancellationToken);
    }

    /// <summary>Copies log bytes from the memory tail or the page cache; false when that would wait for the disk or the bytes are gone.</summary>
    public bool TryRead(PhysicalOffset offset, Span<byte> destination) => _reader.Read(offset.Value, destination, mayBlock: false) == ReadOutcome.Done;

    /// <summary>Copies log bytes on a thread that may wait for the disk; false when they are not (or no longer) in the log.</summary>
    public async ValueTask<bool> ReadAsync(PhysicalOffset offset, Memory<byte> destination, CancellationToken cancellationToken) =>
        await RunColdAsync(() => _reader.Read(offset.Value, destination.Span, mayBlock: true), cancellationToken) == ReadOutcome.Done;

    /// <summary>Copies the records of a result one behind the other, <see cref="GetResult.TotalBytes"/> bytes; false as <see cref="TryRead"/>.</summary>
    public bool TryCopyMessages(GetResult result, Span<byte> destination)
    {
        ArgumentNullException.ThrowIfNull(result);
        return _reader.Copy(result.Messages, destination, mayBlock: false) == ReadOutcome.Done;
    }

    /// <summary>As <see cref="TryCopyMessages"/> on a thread that may wait for the disk; false when retention has removed a record meanwhile.</summary>
    public async ValueTask<bool> CopyMessagesAsync(GetResult result, Memory<byte> destination, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(result);
        return await RunColdAsync(() => _reader.Copy(result.Messages, destination.Span, mayBlock: true), cancellationToken) == ReadOutcome.Done;
    }

    /// <summary>The record at that offset, or null when there is no valid record.</summary>
    public async ValueTask<byte[]?> LookMessageAsync(PhysicalOffset offset, CancellationToken cancellationToken) =>
        await RunColdAsync(() => _reader.Look(offset.Value), cancellationToken);

    /// <summary>First queue offset that can be read; 0 for an unknown queue. Reads the queue's ends from disk when nobody has used it since the start.</summary>
    public long MinOffset(StoreTopic topic, int queueId)
    {
        ArgumentNullException.ThrowIfNull(topic);
        _reader.TryFindQueue(topic, queueId, mayBlock: true, out var queue);
        return queue?.Min ?? 0;
    }

    /// <summary>Exclusive end of what can be read; 0 for an unknown queue. Reads the queue's ends from disk when nobody has used it since the start.</summary>
    public long MaxOffset(StoreTopic topic, int queueId)
    {
        ArgumentNullException.ThrowIfNull(topic);
        _reader.TryFindQueue(topic, queueId, mayBlock: true, out var queue);
        return queue?.Max ?? 0;
    }

    /// <summary>Queue offset by store time (request 29), between min and max; 0 for an unknown queue.</summary>
    public async ValueTask<long> OffsetByTimeAsync(StoreTopic topic, int queueId, long timestamp, TimeBoundary boundary, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(topic);
        return await RunColdAsync(
            () => _reader.TryFindQueue(topic, queueId, mayBlock: true, out var queue) && queue is not null ? _reader.OffsetByTime(queue, timestamp, boundary) : 0,
            cancellationToken);
    }

    /// <summary>Store time of the message at a queue offset, −1 when there is none.</summary>
    public async ValueTask<long> StoreTimestampAtAsync(StoreTopic topic, int queueId, long queueOffset, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(topic);
        return await RunColdAsync(
            () => _reader.TryFindQueue(topic, queueId, mayBlock: true, out var queue) && queue is not null ? _reader.StoreTimestampAt(queue, queueOffset) : -1,
            cancellationToken);
    }

    /// <summary>Records by key (or unique key) with store time in [begin, end], newest first; empty without an index.</summary>
    public async ValueTask<IndexQueryResult> QueryIndexAsync(StoreTopic topic, string key, int maxNum, long begin, long end, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(topic);
        ArgumentNullException.ThrowIfNull(key);
        return _index is null
            ? new IndexQueryResult([], 0, new PhysicalOffset(0))
            : await RunColdAsync(() => _index.Query(topic.Name, key, maxNum, begin, end), cancellationToken);
    }

    /// <summary>Removes the queues of a topic. Its records stay in the log until they expire.</summary>
    public async ValueTask DeleteTopicAsync(StoreTopic topic, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(topic);
        _topics.EnsureListed(topic);
        while (!_dispatcher.TryOwn())
        {
            await Task.Yield();
            cancellationToken.ThrowIfCancellationRequested();
        }

        try
        {
            _topics.Remove(topic);
            foreach (var queue in topic.Delete())
            {
                queue?.Destroy();
            }

            var directory = Path.Combine(QueuesDirectory, topic.Name);
            if (_files.DirectoryExists(directory))
            {
                _files.DeleteDirectory(directory);
                _files.FlushDirectory(QueuesDirectory);
            }
        }
        finally
        {
            _dispatcher.Release();
        }

        _dispatcher.Run();

        // Recovery begins behind the deleted messages now; it would bring the queues back otherwise.
        await RunColdAsync(
            () =>
            {
                Maintenance.MakeDurable();
                return true;
            },
            cancellationToken);
    }

    public StoreStats GetStats() => new()
    {
        MinOffset = new PhysicalOffset(_segments.MinOffset),
        MaxOffset = new PhysicalOffset(_log.Appended),
        WrittenOffset = new PhysicalOffset(_log.Written),
        DurableOffset = new PhysicalOffset(_log.Durable),
        DispatchedOffset = new PhysicalOffset(_dispatcher.Dispatched),
        DiskUsedRatio = _retention.DiskUsedRatio,
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
        var wasRunning = _state.IsRunning;
        _state.IsRunning = false;
        _log.Quiesce();
        if (wasRunning)
        {
            _log.WritePending();
        }

        if (_maintenance is not null)
        {
            await _maintenance.StopAsync();
        }

        await _flusher.StopAsync();
        if (wasRunning && !_state.HasFailed)
        {
            await StopCleanAsync();
        }

        _coldReader?.Dispose();
        await _allocator.CloseAsync();
        _topics.ForEachQueue(queue => queue.CloseFiles());
        _index?.Dispose();
        _segments.CloseAll();
        _checkpoint?.Dispose();
        _maintenance?.Dispose();
        _flusher.Dispose();
        _lock?.Dispose();
    }

    private static StoreException NotStarted() => new("The store has not been started.");

    private async Task StopCleanAsync()
    {
        // Another thread may be dispatching the very last messages.
        while (_dispatcher.Dispatched < _log.Written && !_state.HasFailed)
        {
            _dispatcher.Run();
            await Task.Yield();
        }

        try
        {
            Maintenance.MakeDurable();
            if (!_state.HasFailed && _dispatcher.Dispatched == _log.Appended)
            {
                _files.DeleteFile(AbortPath);
                _files.FlushDirectory(Options.RootDirectory);
            }
        }
        catch (StoreIOException e)
        {
            _state.Fail(StoreFlags.LogicQueueError, "The clean stop", e);
        }
    }

    private Task StartHere(CancellationToken cancellationToken)
    {
        Start(cancellationToken);
        return Task.CompletedTask;
    }

    private void Start(CancellationToken cancellationToken)
    {
        _files.CreateDirectory(Options.RootDirectory);
        _files.CreateDirectory(Options.CommitLogPath);
        _files.CreateDirectory(QueuesDirectory);
        var lockPath = Path.Combine(Options.RootDirectory, "lock");
        _lock = _files.TryLock(lockPath) ?? throw new StoreException($"{Options.RootDirectory} is in use: another broker holds {lockPath}.");
        using (var file = _files.Open(lockPath, FileOpenMode.OpenOrCreate))
        {
            file.Write("lock"u8, 0);
        }

        var isClean = !_files.FileExists(AbortPath);
        _checkpoint = new CheckpointFile(_files, Options.RootDirectory);
        var recovery = new StoreRecovery(Options, _files, _segments, _allocator, _topics, _index, _dispatcher, _time, _logger);
        var recovered = recovery.Run(_checkpoint.Current, isClean, cancellationToken);
        _log.Start(recovered.End, recovered.Durable, recovered.LastStoreTimestamp);
        _dispatcher.Start(recovered.End, recovered.LastStoreTimestamp);
        _maintenance = new StoreMaintenance(Options, _files, _log, _dispatcher, _flusher, _index, _checkpoint, _retention, _openQueueFiles, _state, _time);
        WriteAbort();
        if (!_checkpoint.Current.HasPositions || Options.FlushDiskType == FlushDiskType.SyncFlush)
        {
            // A store of Java's gets our positions; with SYNC_FLUSH what consumers are about to see must not be taken back.
            _maintenance.MakeDurable();
        }

        _retention.CheckDisk();
        _state.IsRunning = true;
        if (_hasThreads)
        {
            _coldReader = new ColdReader(Options.ColdReadThreads, Options.ColdReadQueueLength);
            _flusher.Start();
            _maintenance.Start();
        }
    }

    /// <summary>Java 5 writes its process id into it, 4.9 nothing; both only ask whether it is there.</summary>
    private void WriteAbort()
    {
        using (var abort = _files.Open(AbortPath, FileOpenMode.Truncate))
        {
            abort.Write(Encoding.ASCII.GetBytes(Environment.ProcessId.ToString()), 0);
            abort.FlushData();
        }

        _files.FlushDirectory(Options.RootDirectory);
    }

    private bool TryGetQueue(StoreTopic topic, int queueId, out ConsumeQueue queue, out AppendStatus status)
    {
        var found = topic.FindQueue(queueId);
        if (found is { IsLoaded: true })
        {
            queue = found;
            status = AppendStatus.Ok;
            return true;
        }

        return TryGetQueueSlow(topic, queueId, out queue, out status);
    }

    private bool TryGetQueueSlow(StoreTopic topic, int queueId, out ConsumeQueue queue, out AppendStatus status)
    {
        queue = null!;
        if ((uint)queueId >= StoreTopic.MaxQueues)
        {
            status = AppendStatus.MessageIllegal;
            return false;
        }

        status = _state.AppendStatus;
        if (status != AppendStatus.Ok)
        {
            return false;
        }

        if (topic.IsDeleted)
        {
            topic = _topics.GetOrAdd(topic.Utf8Name.Span);
        }

        queue = _topics.GetOrAddQueue(topic, queueId);
        try
        {
            queue.EnsureLoaded();
            return true;
        }
        catch (Exception e) when (e is StoreIOException or StoreException)
        {
            _state.Fail(StoreFlags.LogicQueueError, $"Opening queue {queueId} of {topic.Name}", e);
            status = AppendStatus.ServiceNotAvailable;
            return false;
        }
    }

    private async Task<T> RunColdAsync<T>(Func<T> read, CancellationToken cancellationToken)
    {
        var reader = _coldReader;
        if (reader is null)
        {
            return _hasThreads ? throw NotStarted() : read();
        }

        return await reader.RunAsync(read, cancellationToken);
    }
}
