using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Contracts;
using RocketOps.Store.Dispatching;
using RocketOps.Store.Files;
using RocketOps.Store.Log;
using RocketOps.Store.State;

namespace RocketOps.Store;

/// <summary>
/// The side of a store that messages come in by: appending, handing to the kernel, and waiting until the log has come as far as a reply needs. Thread-safe.
/// </summary>
public sealed class LogWriter
{
    private readonly CommitLog _log;
    private readonly CurrentTuning _tuning;
    private readonly LogPositions _positions;
    private readonly Dispatcher _dispatcher;
    private readonly StoreTopicTable _topics;
    private readonly QueueReader _reader;
    private readonly StoreState _state;
    private readonly TimeProvider _time;

    internal LogWriter(CurrentTuning tuning, LogPositions positions, CommitLog log, Dispatcher dispatcher, StoreTopicTable topics, QueueReader reader, StoreState state, TimeProvider time)
    {
        _log = log;
        _tuning = tuning;
        _positions = positions;
        _dispatcher = dispatcher;
        _topics = topics;
        _reader = reader;
        _state = state;
        _time = time;
    }

    /// <summary>The disk has kept a write, or an append that needs room on it, for longer than <c>osPageCacheBusyTimeOutMills</c>: sends are to be refused up front.</summary>
    public bool IsPageCacheBusy => _log.Writes.IsPageCacheBusy || _log.Room.IsLate;

    /// <summary>An append waits for blocks of the disk, or for the next file.</summary>
    public bool WaitsForRoom => _log.Room.Wanted is not null;

    /// <summary>Time in milliseconds that the running write has been in the kernel; 0 when none runs.</summary>
    public long CurrentWriteMs => _log.Writes.CurrentMs;

    /// <summary>Number of messages in a client batch body, −1 when it is malformed.</summary>
    public static int CountBatch(ReadOnlySpan<byte> batchBody) => AppendLimits.CountBatch(batchBody);

    /// <summary>Bytes that the properties take of the message of a client batch body that has most of them; of the messages before the fault where it is malformed.</summary>
    public static int LongestProperties(ReadOnlySpan<byte> batchBody) => AppendLimits.LongestProperties(batchBody);

    /// <summary>
    /// Takes a message into the tail buffer: it has its place and its queue offset, but it is not in the kernel. Call <see cref="WritePending"/> before anybody is
    /// told of it. Allocates nothing.
    /// </summary>
    public AppendStatus Append(in MessageToAppend message, out AppendResult result)
    {
        if (!TryGetQueue(message.Topic, message.QueueId, out ConsumeQueue queue, out AppendStatus status))
        {
            result = default;
            return status;
        }

        return _log.Append(message, queue, out result);
    }

    /// <summary>
    /// Appends a client batch, otherwise like <see cref="Append"/>. <paramref name="offsets"/> receives the offset of each record; it must
    /// hold at least as many as the batch has.
    /// </summary>
    public AppendStatus AppendBatch(in BatchToAppend batch, Span<PhysicalOffset> offsets, out AppendResult result)
    {
        if (!TryGetQueue(batch.Topic, batch.QueueId, out ConsumeQueue queue, out AppendStatus status))
        {
            result = default;
            return status;
        }

        return _log.AppendBatch(batch, queue, offsets, out result);
    }

    /// <summary>
    /// Makes a queue ready for appends after one answered <see cref="AppendStatus.QueueNotLoaded"/>, on a thread that may wait for the disk.
    /// <see cref="AppendStatus.Ok"/>: append again. <see cref="AppendStatus.Busy"/>: too many wait for the disk already. Anything else as from an append.
    /// </summary>
    public async ValueTask<AppendStatus> LoadQueueAsync(StoreTopic topic, int queueId, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(topic);
        if ((uint)queueId >= StoreTopic.MaxQueues)
        {
            return AppendStatus.MessageIllegal;
        }

        AppendStatus status = _state.AppendStatus;
        if (status != AppendStatus.Ok)
        {
            return status;
        }

        await Current(topic).Deletion.WaitAsync(cancellationToken);
        try
        {
            return await _reader.RunColdAsync(() => LoadQueue(topic, queueId), cancellationToken);
        }
        catch (ColdReadRefusedException)
        {
            return AppendStatus.Busy;
        }
    }

    /// <summary>
    /// Takes bytes as another store's log has them at that offset, so that this log becomes equal to it byte by byte: blank records and the ends of files are those of the
    /// source, whose files must be as long as these. Takes whole records, checked, and says in <paramref name="taken"/> how many bytes those were; what is left is the
    /// beginning of a record and is to be given again with its rest. Call <see cref="WritePending"/> afterwards; queues and index follow by dispatch.
    /// One thread at a time, and nothing else may be appended meanwhile. Any status but ok says why not all whole records were taken;
    /// <see cref="AppendStatus.MessageIllegal"/>: these are no records of a log at that offset. Throws <see cref="StoreException"/> when the log does not end at
    /// <paramref name="offset"/>.
    /// </summary>
    public AppendStatus AppendRaw(PhysicalOffset offset, ReadOnlySpan<byte> bytes, out int taken) => _log.AppendRaw(offset.Value, bytes, out taken);

    /// <summary>
    /// Hands everything appended so far to the kernel in one write and, with ASYNC_FLUSH, makes it readable. Returns the offset up to which the log is in the
    /// kernel. An append that is not (<see cref="LogPositions.IsReached"/>) must not be acknowledged yet: another thread is writing it, which this one does not wait for, or
    /// the write has failed; <see cref="LogPositions.When"/> tells which.
    /// </summary>
    public PhysicalOffset WritePending()
    {
        PhysicalOffset written = WriteWithoutDispatch();
        DispatchPending();
        return written;
    }

    /// <summary>The writing half of <see cref="WritePending"/>: the messages are safe to acknowledge, <see cref="DispatchPending"/> makes them readable.</summary>
    public PhysicalOffset WriteWithoutDispatch()
    {
        return new PhysicalOffset(_log.Writes.Write());
    }

    /// <summary>
    /// The other half: makes readable what was written and calls the observers, unless another thread is at it, which then takes this work too. With SYNC_FLUSH the
    /// flusher does it, as nobody may read what could still be lost.
    /// </summary>
    public void DispatchPending()
    {
        if (_positions.VisibleAt == LogPosition.Written)
        {
            _dispatcher.Run();
        }
    }

    /// <summary>
    /// Has a thread of the pool do what <see cref="WritePending"/> does: for callers that have more to append than can be written and
    /// dispatched meanwhile.
    /// </summary>
    public void WritePendingElsewhere() => _log.Writes.WriteElsewhere();

    /// <summary>The offset up to which the log is in the kernel; see <see cref="WritePending"/>.</summary>
    public PhysicalOffset Written => new(_log.Written);

    /// <summary>
    /// Completes, after <see cref="AppendStatus.WouldBlock"/>, when what was pending has been written and what was to be reserved is, or
    /// cannot be (appending again tells), or when <c>syncFlushTimeout</c> has passed.
    /// </summary>
    public Task<WaitOutcome> WhenRoomAsync()
    {
        if (_log.Room.Wanted is { } reserved)
        {
            return WhenReservedAsync(reserved);
        }

        WaitTask waiter = new();
        _positions.When(LogPosition.Written, _positions.End, waiter);
        return waiter.Task;
    }

    /// <summary>Completes when the log has come so far; see <see cref="LogPositions.When"/>.</summary>
    public Task<WaitOutcome> WhenAsync(LogPosition position, LogMark upTo)
    {
        WaitTask waiter = new();
        _positions.When(position, upTo, waiter);
        return waiter.Task;
    }

    private async Task<WaitOutcome> WhenReservedAsync(Task reserved)
    {
        await reserved.WaitAsync(TimeSpan.FromMilliseconds(_tuning.Value.SyncFlushTimeoutMs), _time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return reserved.IsCompleted ? WaitOutcome.Reached : WaitOutcome.TimedOut;
    }

    private bool TryGetQueue(StoreTopic topic, int queueId, out ConsumeQueue queue, out AppendStatus status)
    {
        ConsumeQueue? found = topic.FindQueue(queueId);
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

        while (true)
        {
            StoreTopic current = Current(topic);
            if (!current.IsListed || current.IsClosed)
            {
                status = AppendStatus.QueueNotLoaded;
                return false;
            }

            if (_topics.GetOrAddQueue(current, queueId) is { } found)
            {
                queue = found;
                status = found.IsLoaded ? AppendStatus.Ok : AppendStatus.QueueNotLoaded;
                return found.IsLoaded;
            }
        }
    }

    private AppendStatus LoadQueue(StoreTopic topic, int queueId)
    {
        try
        {
            StoreTopic current = Current(topic);
            if (!current.IsClosed)
            {
                // Null says that a deletion has come first: the next append finds that out, and waits for its end.
                _topics.EnsureListed(current);
                _topics.GetOrAddQueue(current, queueId)?.EnsureLoaded();
            }

            return AppendStatus.Ok;
        }
        catch (Exception e) when (e is StoreIOException or StoreException)
        {
            _state.Fail(StoreFlags.LogicQueueError, $"Opening queue {queueId} of {topic.Name}", e);
            return AppendStatus.ServiceNotAvailable;
        }
    }

    /// <summary>The topic itself, or the one that has taken the name of a deleted one.</summary>
    private StoreTopic Current(StoreTopic topic) => topic.IsDeleted ? _topics.GetOrAdd(topic.Utf8Name.Span) : topic;

    private sealed class WaitTask : ILogWaiter
    {
        private readonly TaskCompletionSource<WaitOutcome> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<WaitOutcome> Task => _completion.Task;

        public void OnPosition(PhysicalOffset upTo, WaitOutcome outcome) => _completion.TrySetResult(outcome);
    }
}
