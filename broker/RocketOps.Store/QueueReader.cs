using System.Diagnostics.CodeAnalysis;
using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Contracts;
using RocketOps.Store.Files;
using RocketOps.Store.Indexing;
using RocketOps.Store.Log;
using RocketOps.Store.Reading;

namespace RocketOps.Store;

/// <summary>
/// The side of a store that messages go out by: queues, records, times and keys. What is in memory or in the page cache is answered at once, the rest on a few
/// threads that may wait for the disk. Thread-safe.
/// </summary>
public sealed class QueueReader
{
    private readonly LogReader _reader;
    private readonly QueueScan _scan;
    private readonly QueueLookup _lookup;
    private readonly StoreTopicTable _topics;
    private readonly MessageIndex? _index;
    private readonly LogPositions _positions;
    private readonly bool _hasThreads;
    private volatile Task _cut = Task.CompletedTask;
    private ColdReader? _coldReader;
    private ColdReader? _queryReader;

    internal QueueReader(LogReader reader, QueueScan scan, QueueLookup lookup, StoreTopicTable topics, MessageIndex? index, LogPositions positions, bool hasThreads)
    {
        _reader = reader;
        _scan = scan;
        _lookup = lookup;
        _topics = topics;
        _index = index;
        _positions = positions;
        _hasThreads = hasThreads;
    }

    /// <summary>Completes when the cut of the log that is under way has ended.</summary>
    internal Task Cut
    {
        set => _cut = value;
    }

    /// <summary>
    /// Finds messages from memory and page cache only, and looks into some records at most. <see cref="GetStatus.WouldBlock"/> says that the disk is needed, or more time: then, and only then, call
    /// <see cref="GetMessagesAsync"/>. Null filter = all messages.
    /// </summary>
    public GetStatus GetMessages(StoreTopic topic, int queueId, long queueOffset, GetLimits limits, IMessageFilter? filter, GetResult result)
    {
        ArgumentNullException.ThrowIfNull(topic);
        ArgumentNullException.ThrowIfNull(result);
        return _scan.Get(topic, queueId, queueOffset, limits, filter, result, mayBlock: false);
    }

    /// <summary>
    /// Reads like <see cref="GetMessages"/>, on a thread that may wait for the disk. <paramref name="result"/> belongs to the store until
    /// the task completes.
    /// </summary>
    public async ValueTask<GetStatus> GetMessagesAsync(StoreTopic topic, int queueId, long queueOffset, GetLimits limits, IMessageFilter? filter, GetResult result, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(topic);
        ArgumentNullException.ThrowIfNull(result);
        return await RunColdAsync(() => _scan.Get(topic, queueId, queueOffset, limits, filter, result, mayBlock: true), cancellationToken);
    }

    /// <summary>
    /// Begins what <see cref="GetMessagesAsync"/> does; false, and nothing is begun, when too many reads wait for the disk already or the
    /// store has stopped.
    /// </summary>
    public bool TryGetMessagesCold(
        StoreTopic topic, int queueId, long queueOffset, GetLimits limits, IMessageFilter? filter, GetResult result, CancellationToken cancellationToken, [NotNullWhen(true)] out Task<GetStatus>? reading)
    {
        ArgumentNullException.ThrowIfNull(topic);
        ArgumentNullException.ThrowIfNull(result);
        return TryRunCold(() => _scan.Get(topic, queueId, queueOffset, limits, filter, result, mayBlock: true), cancellationToken, out reading);
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
        return _reader.Copy(result, destination, mayBlock: false) == ReadOutcome.Done;
    }

    /// <summary>
    /// Finds where the records of a result lie, for a system call to read them there. False when they are not all in one file and in the
    /// page cache: then <see cref="TryCopyMessages"/> may do. To be disposed at once: what changes the log waits.
    /// </summary>
    public bool TryMapMessages(GetResult result, out MappedMessages mapped)
    {
        ArgumentNullException.ThrowIfNull(result);
        return _reader.TryMap(result, out mapped);
    }

    /// <summary>
    /// Copies like <see cref="TryCopyMessages(GetResult, Span{byte})"/>, on a thread that may wait for the disk; false when retention or a
    /// cut of the log has removed a record meanwhile.
    /// </summary>
    public async ValueTask<bool> CopyMessagesAsync(GetResult result, Memory<byte> destination, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(result);
        return await RunColdAsync(() => _reader.Copy(result, destination.Span, mayBlock: true), cancellationToken) == ReadOutcome.Done;
    }

    /// <summary>
    /// Begins what <see cref="CopyMessagesAsync"/> does; false, and nothing is begun, when too many reads wait for the disk already or the
    /// store has stopped.
    /// </summary>
    public bool TryCopyMessagesCold(GetResult result, Memory<byte> destination, CancellationToken cancellationToken, [NotNullWhen(true)] out Task<bool>? copying)
    {
        ArgumentNullException.ThrowIfNull(result);
        return TryRunCold(() => _reader.Copy(result, destination.Span, mayBlock: true) == ReadOutcome.Done, cancellationToken, out copying);
    }

    /// <summary>The record at that offset, or null when there is no valid record.</summary>
    public async ValueTask<byte[]?> LookMessageAsync(PhysicalOffset offset, CancellationToken cancellationToken) =>
        await RunColdAsync(() => _reader.Look(offset.Value), cancellationToken);

    /// <summary>The same for who counts what it holds: <paramref name="reading"/> is told the record's size before memory is taken for it, by the thread that reads. It may be none all the same.</summary>
    public async ValueTask<byte[]?> LookMessageAsync(PhysicalOffset offset, Action<int> reading, CancellationToken cancellationToken) =>
        await RunColdAsync(() => _reader.Look(offset.Value, reading), cancellationToken);

    /// <summary>The same for consumers: null, too, for one that a change of the master may take from the log (<see cref="LogPositions.Kept"/>).</summary>
    public ValueTask<byte[]?> LookKeptMessageAsync(PhysicalOffset offset, CancellationToken cancellationToken) =>
        offset < _positions.Kept ? LookMessageAsync(offset, cancellationToken) : default;

    /// <summary>Offset of the log's last record, −1 when it has none. Where nothing was appended yet it walks over the log file that it lies in, on a thread that may wait for the disk.</summary>
    public async ValueTask<long> FindLastRecordAsync(CancellationToken cancellationToken) => await RunColdAsync(_reader.FindLastRecord, cancellationToken);

    /// <summary>
    /// Offset of the last record before an offset of the log; −1 where no record ends there, so that a log that ends at it is no beginning
    /// of this one. Walks over the log file that it lies in, on a thread that may wait for the disk.
    /// </summary>
    public async ValueTask<long> FindLastRecordBeforeAsync(PhysicalOffset end, CancellationToken cancellationToken) =>
        await RunColdAsync(() => _reader.FindLastRecordBefore(end.Value), cancellationToken);

    /// <summary>
    /// Finds the begin and end offsets of a queue in memory. False when nobody has used the queue since the start: its ends are on the
    /// disk, and <see cref="GetOffsetsAsync"/> reads them.
    /// </summary>
    public bool TryGetOffsets(StoreTopic topic, int queueId, out QueueOffsets offsets)
    {
        ArgumentNullException.ThrowIfNull(topic);
        bool isKnown = _topics.TryFindQueue(topic, queueId, mayBlock: false, out ConsumeQueue? queue);
        offsets = isKnown && queue is not null ? new QueueOffsets(queue.Min, queue.Max) : default;
        return isKnown;
    }

    /// <summary>
    /// Returns the begin and end offsets of a queue. A queue nobody has used since the start is loaded first, on a thread that may wait for
    /// the disk.
    /// </summary>
    public ValueTask<QueueOffsets> GetOffsetsAsync(StoreTopic topic, int queueId, CancellationToken cancellationToken)
    {
        return TryGetOffsets(topic, queueId, out QueueOffsets offsets) ? new ValueTask<QueueOffsets>(offsets) : LoadAsync();

        async ValueTask<QueueOffsets> LoadAsync() => await RunColdAsync(
            () =>
            {
                _topics.TryFindQueue(topic, queueId, mayBlock: true, out ConsumeQueue? queue);
                return queue is null ? default : new QueueOffsets(queue.Min, queue.Max);
            },
            cancellationToken);
    }

    /// <summary>The offset of the queue's next message: behind its last one in the log, whether consumers see that or not, once they were counted (<see cref="MessageStore.PrepareForMessagesAsync"/>) and until something is appended.</summary>
    public async ValueTask<long> GetNextOffsetAsync(StoreTopic topic, int queueId, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(topic);
        return await RunColdAsync(() => _topics.TryFindQueue(topic, queueId, mayBlock: true, out ConsumeQueue? queue) && queue is not null ? queue.NextOffset : 0, cancellationToken);
    }

    /// <summary>Queue offset by store time (request 29), between min and max; 0 for an unknown queue.</summary>
    public async ValueTask<long> OffsetByTimeAsync(StoreTopic topic, int queueId, long timestamp, TimeBoundary boundary, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(topic);
        return await RunColdAsync(
            () => _topics.TryFindQueue(topic, queueId, mayBlock: true, out ConsumeQueue? queue) && queue is not null ? _lookup.OffsetByTime(queue, timestamp, boundary) : 0,
            cancellationToken);
    }

    /// <summary>Store time of the message at a queue offset, −1 when there is none.</summary>
    public async ValueTask<long> StoreTimestampAtAsync(StoreTopic topic, int queueId, long queueOffset, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(topic);
        return await RunColdAsync(
            () => _topics.TryFindQueue(topic, queueId, mayBlock: true, out ConsumeQueue? queue) && queue is not null ? _lookup.StoreTimestampAt(queue, queueOffset) : -1,
            cancellationToken);
    }

    /// <summary>The entries of a queue for <paramref name="count"/> offsets from one on, those that point nowhere left out; empty outside of the queue. Null for an unknown queue.</summary>
    public async ValueTask<IReadOnlyList<QueueUnit>?> ReadUnitsAsync(StoreTopic topic, int queueId, long queueOffset, int count, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(topic);
        return await RunColdAsync(
            () => _topics.TryFindQueue(topic, queueId, mayBlock: true, out ConsumeQueue? queue) && queue is not null ? QueueLookup.ReadUnits(queue, queueOffset, count) : null,
            cancellationToken);
    }

    /// <summary>
    /// Records by key (or unique key) with store time in [begin, end], newest first; empty without an index. Waits while the log is being cut, when the index lacks what is put
    /// again.
    /// </summary>
    public async ValueTask<IndexQueryResult> QueryIndexAsync(StoreTopic topic, string key, int maxNum, long begin, long end, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(topic);
        ArgumentNullException.ThrowIfNull(key);
        if (_index is null)
        {
            return new IndexQueryResult([], 0, new PhysicalOffset(0));
        }

        while (true)
        {
            await _cut.WaitAsync(cancellationToken);
            int cuts = _reader.Cuts;
            IndexQueryResult result = await RunOnAsync(_queryReader, () => _index.Query(topic.Name, key, maxNum, begin, end, cancellationToken), cancellationToken);
            if (_reader.WasWhole(cuts))
            {
                return result;
            }
        }
    }

    /// <summary>Gives cold reads their threads to wait on, and queries by key, which may take long, one of their own.</summary>
    internal void Start(ColdReader coldReader, ColdReader queryReader)
    {
        _coldReader = coldReader;
        _queryReader = queryReader;
    }

    internal void Stop()
    {
        _queryReader?.Dispose();
        _coldReader?.Dispose();
    }

    /// <summary>Runs it on a thread that may wait for the disk; here and now in a store without threads.</summary>
    internal Task<T> RunColdAsync<T>(Func<T> read, CancellationToken cancellationToken) => RunOnAsync(_coldReader, read, cancellationToken);

    private bool TryRunCold<T>(Func<T> read, CancellationToken cancellationToken, [NotNullWhen(true)] out Task<T>? running)
    {
        if (_coldReader is { } reader)
        {
            return reader.TryRun(read, cancellationToken, out running);
        }

        running = RunColdAsync(read, cancellationToken);
        return true;
    }

    private async Task<T> RunOnAsync<T>(ColdReader? reader, Func<T> read, CancellationToken cancellationToken)
    {
        if (reader is null)
        {
            return _hasThreads ? throw new StoreException("The store has not been started.") : read();
        }

        return await reader.RunAsync(read, cancellationToken);
    }
}
