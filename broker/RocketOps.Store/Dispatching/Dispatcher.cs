using Microsoft.Extensions.Logging;
using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Contracts;
using RocketOps.Store.Files;
using RocketOps.Store.Indexing;
using RocketOps.Store.Log;
using RocketOps.Store.Records;
using RocketOps.Store.State;

namespace RocketOps.Store.Dispatching;

/// <summary>
/// Follows the log and makes its messages readable: consume queues, index, waiting readers. The same code serves a running store and recovery.
/// <para>
/// What this process appended itself comes with a description (<see cref="DescriptorRing"/>); other records, and what found no room there, are read from the log.
/// There is no dispatch thread: with ASYNC_FLUSH whoever has written to the log dispatches, with SYNC_FLUSH the flusher does, one at a time. A thread of its own
/// would have to be woken for every batch, which costs more than the dispatch (performance.md §11.2). Everything here is memory; files are the maintenance's. What
/// cannot be dispatched without a look at the disk (records that have left memory, a queue that nobody has loaded) is left to a thread of the pool.
/// </para>
/// </summary>
internal sealed partial class Dispatcher : IThreadPoolWorkItem, ILogFollower
{
    private const int ChunkBytes = 256 * 1024;

    /// <summary>Messages put with one hold of the index's lock.</summary>
    private const int MaxDescribed = 256;

    /// <summary>What one caller dispatches of its own and others' writes; the rest goes to the thread pool, for the caller has connections to attend to.</summary>
    private const int MaxBytesPerRun = 1024 * 1024;

    /// <summary>The maintenance comes after <see cref="StoreOptions.RecoveryPaceBytes"/>; this many times as much may wait for it.</summary>
    private const int PassesAhead = 4;

    private readonly StoreOptions _options;
    private readonly LogPositions _positions;
    private readonly CommitLog _log;
    private readonly TopicTable _topics;
    private readonly MessageIndex? _index;
    private readonly StoreState _state;
    private readonly ILogger _logger;
    private readonly Lock _dirtyLock = new();
    private readonly DispatchTurn _turn = new();
    private readonly UndispatchedQueues _undispatched;
    private List<ConsumeQueue> _dirty = [];
    private byte[] _chunk = GC.AllocateUninitializedArray<byte>(ChunkBytes);
    private IMessageBitMaps? _bitMaps;
    private byte[] _bitMap = [];
    private long _handedOver;
    private int _restQueued;

    // Of the thread that owns dispatch: it may wait for the disk.
    private bool _mayWait = true;
    private bool _observerFailed;
    private long _dispatched;
    private long _lastStoreTimestamp;

    public Dispatcher(StoreOptions options, LogPositions positions, CommitLog log, TopicTable topics, MessageIndex? index, StoreState state, ILogger logger)
    {
        _options = options;
        _positions = positions;
        _log = log;
        _topics = topics;
        _index = index;
        _state = state;
        _logger = logger;
        _undispatched = new UndispatchedQueues(log, topics);
    }

    public IMessageArrivedObserver? Observer { get; set; }

    /// <summary>Who tells which filters match a message; null when no unit gets an extension, or nobody knows.</summary>
    public IMessageBitMaps? BitMaps
    {
        get => _bitMaps;
        set
        {
            _bitMaps = value;
            _bitMap = value is null ? [] : new byte[IMessageBitMaps.MaxBytes];
        }
    }

    /// <summary>False in a store without threads: one run dispatches everything.</summary>
    public bool IsBounded { get; set; }

    /// <summary>The maintenance has handed queues and index to the kernel up to there.</summary>
    public long HandedOver
    {
        get => Volatile.Read(ref _handedOver);
        set => Volatile.Write(ref _handedOver, value);
    }

    /// <summary>
    /// What is dispatched and not handed over lies in memory, so that it is bounded: behind a disk that holds up the maintenance dispatch waits, and goes on with the
    /// maintenance's next pass. Appending does not wait.
    /// </summary>
    public bool IsTooFarAhead => IsBounded && Dispatched - HandedOver >= PassesAhead * (long)_options.RecoveryPaceBytes;

    /// <summary>
    /// What lies before it is in its queues, or belongs to a topic that was deleted since: only its keys are put. For recovery and after a cut, when the index begins earlier.
    /// </summary>
    public long QueuesFrom { get; set; }

    /// <summary>The last try stopped at a full disk; the next goes on there.</summary>
    public bool IsStalled { get; private set; }

    /// <summary>Everything before it is readable.</summary>
    public long Dispatched => Volatile.Read(ref _dispatched);

    /// <summary>Store time of the last message dispatched.</summary>
    public long LastStoreTimestamp => Volatile.Read(ref _lastStoreTimestamp);

    /// <summary>
    /// How far consumers may see: no message is readable that a crash could take back from an acknowledged reader's eyes, nor, where the group elects its master, a fail-over.
    /// </summary>
    public long Limit => Math.Min(_positions.Reached(_positions.VisibleAt), _positions.Kept.Value);

    public void Start(long offset, long lastStoreTimestamp)
    {
        _dispatched = offset;
        _handedOver = offset;
        _lastStoreTimestamp = Math.Max(_lastStoreTimestamp, lastStoreTimestamp);
    }

    /// <summary>The log was cut: what lies before the offset is dispatched again, then all is. Owned (<see cref="TryOwn"/>).</summary>
    public void Restart(long offset, long handedOver, long lastStoreTimestamp)
    {
        HandedOver = handedOver;
        Volatile.Write(ref _lastStoreTimestamp, lastStoreTimestamp);
        Volatile.Write(ref _dispatched, offset);
        _undispatched.Forget();
        _log.Descriptors.Clear();
        IsStalled = false;
    }

    /// <summary>New messages go on behind everything in the log. Owned; see <see cref="UndispatchedQueues.CountOn"/>.</summary>
    public void CountOn(CancellationToken cancellationToken) => _undispatched.CountOn(_dispatched, cancellationToken);

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

    /// <summary>The queues that have units the kernel does not have; the caller writes them.</summary>
    public List<ConsumeQueue> TakeDirty()
    {
        lock (_dirtyLock)
        {
            List<ConsumeQueue> dirty = _dirty;
            _dirty = [];
            return dirty;
        }
    }

    /// <summary>Those that could not be written stay dirty.</summary>
    public void ReturnDirty(List<ConsumeQueue> queues, int from)
    {
        lock (_dirtyLock)
        {
            _dirty.AddRange(queues[from..]);
        }
    }

    /// <summary>Puts one record where it belongs. Returns the queue when the message became readable with this.</summary>
    public ConsumeQueue? Dispatch(in RecordView record, in RecordProperties properties, out long tagsCode)
    {
        Volatile.Write(ref _lastStoreTimestamp, record.StoreTimestamp);
        tagsCode = 0;
        int queueId = record.QueueId;
        if ((uint)queueId >= StoreTopic.MaxQueues)
        {
            LogBadQueueId(record.PhysicalOffset, queueId);
            return null;
        }

        StoreTopic? topic = _topics.Find(record.Topic);
        if (topic is null)
        {
            if (!TopicTable.IsValidName(record.Topic))
            {
                LogBadTopic(record.PhysicalOffset);
                return null;
            }

            topic = _topics.GetOrAdd(record.Topic);
        }

        if ((record.SysFlag & SysFlags.InnerBatch) != 0)
        {
            // On a slave the record may come before its topic is known.
            _topics.EnsureListed(topic);
            topic.TrySetBatch(isBatch: true);
        }

        _index?.Put(topic, record, properties);
        if (!SysFlags.HasQueueUnit(record.SysFlag) || record.PhysicalOffset < QueuesFrom)
        {
            return null;
        }

        tagsCode = RecordTagsCode.Of(topic, properties, _options.DelayLevelsMs).At(record.StoreTimestamp);
        ReadOnlySpan<byte> bitMap = BitMaps?.Wants(topic) == true ? ComputeBitMap(BitMaps, topic, record.Properties) : default;
        ConsumeQueueUnit unit = new(record.PhysicalOffset, record.Size, tagsCode);
        ConsumeQueue? queue = _topics.GetOrAddQueue(topic, queueId);
        return queue is BatchConsumeQueue batch
            ? PutUnit(batch, InnerBatch.Of(record.Properties, record.QueueOffset), unit, record.StoreTimestamp)
            : PutUnit(queue, record.QueueOffset, unit, record.StoreTimestamp, bitMap);
    }

    private ReadOnlySpan<byte> ComputeBitMap(IMessageBitMaps bitMaps, StoreTopic topic, ReadOnlySpan<byte> properties) =>
        _bitMap.AsSpan(0, bitMaps.Compute(topic, properties, _bitMap));

    private ConsumeQueue? PutUnit(ConsumeQueue? queue, long queueOffset, in ConsumeQueueUnit unit, long storeTimestamp, ReadOnlySpan<byte> bitMap)
    {
        if (queue is null)
        {
            return null;
        }

        BeginAnewIfSaid(queue, queueOffset, unit);
        if (!queue.Put(queueOffset, unit, storeTimestamp, bitMap))
        {
            return null;
        }

        NotePut(queue, queueOffset + 1);
        return queue;
    }

    private BatchConsumeQueue? PutUnit(BatchConsumeQueue queue, InnerBatch place, in ConsumeQueueUnit unit, long storeTimestamp)
    {
        // One of no messages has properties that cannot be right, and so no place either.
        if (place.Count > 0)
        {
            BeginAnewIfSaid(queue, place.BaseOffset, unit);
        }

        if (!queue.Put(place.BaseOffset, place.Count, unit, storeTimestamp))
        {
            return null;
        }

        NotePut(queue, place.BaseOffset + place.Count);
        return queue;
    }

    /// <summary>
    /// Empties the queue where a copied record says that its topic was made anew. Elsewhere than among copied records such an offset is a damaged one, and the record is left out of the queue as any
    /// whose offset is taken.
    /// </summary>
    private void BeginAnewIfSaid(ConsumeQueue queue, long queueOffset, in ConsumeQueueUnit unit)
    {
        if (unit.PhysicalOffset < _log.CopiedTo && queue.IsBegunAnewBy(queueOffset, unit))
        {
            _log.BeginAnew(queue, isCounted: unit.PhysicalOffset < _undispatched.CountedTo);
        }
    }

    private void NotePut(ConsumeQueue queue, long nextOffset)
    {
        // Appending has counted on already, but in recovery, and for what came as another store's bytes.
        if (queue.NextOffset < nextOffset)
        {
            _log.RaiseNextOffset(queue, nextOffset);
        }

        if (queue.MarkDirty())
        {
            lock (_dirtyLock)
            {
                _dirty.Add(queue);
            }
        }
    }

    /// <summary>The stored properties of a message that is being dispatched by its description, for an observer who asks; borrowed until the next. None when they are just leaving memory.</summary>
    internal ReadOnlySpan<byte> ReadProperties(long offset, int size) => TryReadProperties(offset, size, out ReadOnlySpan<byte> properties) ? properties : default;

    private bool TryReadProperties(long offset, int size, out ReadOnlySpan<byte> properties)
    {
        if (_chunk.Length < size)
        {
            _chunk = GC.AllocateUninitializedArray<byte>(size);
        }

        bool isRead = TryReadChunk(offset, offset + size, out int length);
        properties = isRead ? RecordView.Read(_chunk.AsSpan(0, length)).Properties : default;
        return isRead;
    }

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
        bool arrived = false;
        RunEnd result = RunEnd.Done;
        _mayWait = mayWait;
        _observerFailed = false;
        try
        {
            long limit = Limit;
            while (result == RunEnd.Done && _dispatched < limit && (_dispatched < until || !IsBounded) && !_state.HasFailed && !IsTooFarAhead)
            {
                long end = Math.Min(Math.Min(limit, IsBounded ? until : limit), _dispatched + ChunkBytes);
                if (!TryDispatchDescribed(end, ref result, ref arrived)
                    && !(TryReadChunk(_dispatched, Math.Min(limit, _log.Descriptors.EndOfUndescribed(_dispatched)), out int length) && TryDispatchChunk(_chunk.AsSpan(0, length), ref arrived)))
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

        if (arrived)
        {
            CompleteRound();
        }

        return result;
    }

    private void CompleteRound()
    {
        try
        {
            Observer?.OnRoundCompleted();
        }
        catch (Exception e)
        {
            LogObserverFailed(e);
        }
    }

    /// <summary>Dispatches messages that begin before <paramref name="end"/> by their descriptions, as far as this thread may. False when the next has none.</summary>
    private bool TryDispatchDescribed(long end, ref RunEnd result, ref bool arrived)
    {
        DescriptorRing ring = _log.Descriptors;
        ring.ReleaseBefore(_dispatched);
        ReadOnlySpan<MessageDescriptor> messages = ring.First(_dispatched, end, MaxDescribed);
        if (messages.IsEmpty)
        {
            return false;
        }

        _index?.Put(messages);
        int done = 0;
        foreach (ref readonly MessageDescriptor message in messages)
        {
            if (!TryDispatch(message, ref arrived))
            {
                result = RunEnd.MustWait;
                break;
            }

            Volatile.Write(ref _dispatched, message.End);
            done++;
        }

        ring.Release(done);
        return true;
    }

    /// <summary>
    /// Copies the next bytes out of the tail: parsing in place would read what an appender may be overwriting when dispatch lags a ring behind. Not there any
    /// more, they come from the file. False when this thread may not wait for that.
    /// </summary>
    private bool TryReadChunk(long offset, long limit, out int length)
    {
        length = (int)Math.Min(limit - offset, _chunk.Length);
        if (_log.Tail.TryCopyOut(offset, _chunk.AsSpan(0, length)))
        {
            return true;
        }

        if (!_mayWait)
        {
            return false;
        }

        length = _log.Segments.Read(offset, _chunk.AsSpan(0, length), mayBlock: true);
        return length > 0 ? true : throw new StoreException($"The commit log cannot be read at {offset}.");
    }

    /// <summary>False where the next record is one for a thread that may wait.</summary>
    private bool TryDispatchChunk(ReadOnlySpan<byte> chunk, ref bool arrived)
    {
        long start = _dispatched;
        int at = 0;
        while (at < chunk.Length)
        {
            switch (RecordView.Parse(chunk[at..], start + at, verifyCrc: false, out RecordView record))
            {
                case RecordCheck.Valid when !_mayWait && !IsAtHand(record):
                    return false;
                case RecordCheck.Valid:
                    DispatchLive(record, ref arrived);
                    at += record.Size;
                    Volatile.Write(ref _dispatched, start + at);
                    break;
                case RecordCheck.Blank:
                    int fileBytes = _log.Segments.FileBytes;
                    Volatile.Write(ref _dispatched, ((start + at) / fileBytes * fileBytes) + fileBytes);
                    return true;
                case RecordCheck.Incomplete or RecordCheck.Empty when at > 0:
                    // The chunk ends within a record (perhaps one that begins with zero bytes so far): the next begins with it.
                    return true;
                case RecordCheck.Incomplete when chunk.Length == _chunk.Length && _chunk.Length < _log.Segments.FileBytes:
                    _chunk = GC.AllocateUninitializedArray<byte>((int)Math.Min(_log.Segments.FileBytes, _chunk.Length * 4L));
                    return true;
                case var broken:
                    throw new StoreException($"The commit log holds no record at {start + at}, where one was written: {broken}.");
            }
        }

        return true;
    }

    /// <summary>Whether a unit can be put without a look at the disk: the queue's ends are known, and it does not begin anew.</summary>
    private static bool IsAtHand(ConsumeQueue? queue, long queueOffset) =>
        queue is { TakesUnitsAtOnce: true, Topic.IsDeleted: false } && (queueOffset > 0 || queue.Max == 0);

    private bool IsAtHand(in RecordView record) => (record.SysFlag & SysFlags.InnerBatch) == 0
        && (!SysFlags.HasQueueUnit(record.SysFlag) || IsAtHand(_topics.Find(record.Topic)?.FindQueue(record.QueueId), record.QueueOffset));

    /// <summary>Whoever asks for the properties of a message (an observer, bit maps) finds them in memory.</summary>
    private bool HasPropertiesAtHand(in MessageDescriptor message) => (Observer is null && BitMaps is null) || message.Offset >= _log.Tail.ValidFrom;

    /// <summary>False when that is for a thread that may wait.</summary>
    private bool TryDispatch(in MessageDescriptor message, ref bool arrived)
    {
        Volatile.Write(ref _lastStoreTimestamp, message.StoreTimestamp);
        if (!SysFlags.HasQueueUnit(message.SysFlag))
        {
            return true;
        }

        ConsumeQueue? queue = message.Queue;
        if (!_mayWait && !(IsAtHand(queue, message.QueueOffset) && HasPropertiesAtHand(message)))
        {
            return false;
        }

        // Deleted since, and perhaps made anew: what is found by name counts, as for a record that is read.
        if (queue.Topic.IsDeleted)
        {
            queue = _topics.GetOrAddQueue(_topics.GetOrAdd(queue.Topic.Utf8Name.Span), queue.QueueId);
        }

        ReadOnlySpan<byte> bitMap = default;
        if (BitMaps is not null && queue is not null && BitMaps.Wants(queue.Topic))
        {
            if (!TryReadProperties(message.Offset, message.Size, out ReadOnlySpan<byte> properties))
            {
                return false;
            }

            bitMap = ComputeBitMap(BitMaps, queue.Topic, properties);
        }

        ConsumeQueueUnit unit = new(message.Offset, message.Size, message.TagsCode);
        queue = queue is BatchConsumeQueue batch
            ? PutUnit(batch, new InnerBatch(message.QueueOffset, 1), unit, message.StoreTimestamp)
            : PutUnit(queue, message.QueueOffset, unit, message.StoreTimestamp, bitMap);
        if (queue is not null)
        {
            Tell(
                new MessageArrival
                {
                    Topic = queue.Topic,
                    QueueId = queue.QueueId,
                    QueueOffset = message.QueueOffset,
                    TagsCode = message.TagsCode,
                    Offset = new PhysicalOffset(message.Offset),
                    Size = message.Size,
                    StoreTimestamp = message.StoreTimestamp,
                    Record = this,
                },
                ref arrived);
        }

        return true;
    }

    private void DispatchLive(in RecordView record, ref bool arrived)
    {
        RecordProperties properties = RecordProperties.Read(record.Properties);
        ConsumeQueue? queue = Dispatch(record, properties, out long tagsCode);
        if (queue is not null)
        {
            Tell(
                new MessageArrival
                {
                    Topic = queue.Topic,
                    QueueId = queue.QueueId,
                    // Of several the last: who waits for the first waits for it too.
                    QueueOffset = queue is BatchConsumeQueue ? queue.Max - 1 : record.QueueOffset,
                    TagsCode = tagsCode,
                    Offset = new PhysicalOffset(record.PhysicalOffset),
                    Size = record.Size,
                    StoreTimestamp = record.StoreTimestamp,
                    Properties = record.Properties,
                },
                ref arrived);
        }
    }

    private void Tell(in MessageArrival message, ref bool arrived)
    {
        if (Observer is not { } observer || _observerFailed)
        {
            return;
        }

        arrived = true;
        try
        {
            observer.OnArrived(message);
        }
        catch (Exception e)
        {
            // The message is readable all the same; who waits for it finds it at the next look. Once a round, as a fault may come with every message.
            _observerFailed = true;
            LogObserverFailed(e);
        }
    }

    /// <summary>How a thread's part of dispatch ended.</summary>
    private enum RunEnd
    {
        Done = 0,

        /// <summary>What comes next is to be done by a thread that may wait for the disk.</summary>
        MustWait,

        /// <summary>There is no point in going on now: the disk has no room.</summary>
        Stalled,
    }

    [LoggerMessage(EventId = 2303, Level = LogLevel.Error, Message = "Telling of arrived messages failed; they are readable, long polls may wait longer for them")]
    private partial void LogObserverFailed(Exception reason);

    [LoggerMessage(EventId = 2302, Level = LogLevel.Error, Message = "The record at {PhysicalOffset} names a topic that cannot be: it is left out of the queues")]
    private partial void LogBadTopic(long physicalOffset);

    [LoggerMessage(EventId = 2301, Level = LogLevel.Error, Message = "The record at {PhysicalOffset} names queue {QueueId}, which cannot be: it is left out of the queues")]
    private partial void LogBadQueueId(long physicalOffset, int queueId);
}
