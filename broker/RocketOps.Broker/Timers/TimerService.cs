using System.Text;
using Microsoft.Extensions.Logging;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Messages;
using RocketOps.Broker.Roles;
using RocketOps.Store;
using RocketOps.Store.Contracts;
using RocketOps.Store.Dispatching;
using RocketOps.Store.Files;
using RocketOps.Store.Timers;

namespace RocketOps.Broker.Timers;

/// <summary>
/// Delivers messages at the times they ask for: takes those that come into the timer topic, in its order, into slots of the timer wheel, and stores again what is in the slots whose
/// time has come, once everything is taken that was stored until then. What is due when it is stored is delivered at once. Sleeps while nothing waits, and otherwise until the next slot, but a second at most: the clock may be set.
/// Part of a master's <c>RoleSession</c>. Source: remoting.md §5.2.
/// </summary>
internal sealed partial class TimerService : IAsyncDisposable
{
    private const int MaxMessagesOfRead = 1024;

    /// <summary>Messages of a slot that are stored with one write.</summary>
    private const int MaxMessagesOfWrite = 1024;

    /// <summary>Bytes after which a write is not waited with.</summary>
    private const int MaxBytesOfWrite = 4 * 1024 * 1024;

    /// <summary>A unit that claims a record of more is looked at before there is memory for it.</summary>
    private const int MaxTrustedBytes = 8 * 1024 * 1024;

    /// <summary>Pause after a delivery that the store refused.</summary>
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(100);

    private static readonly TimeSpan FailureDelay = TimeSpan.FromSeconds(3);

    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan ExpiryInterval = TimeSpan.FromSeconds(30);

    private readonly CurrentOptions<TimerOptions> _options;
    private readonly MessageStore _store;
    private readonly MessageAppender _appender;
    private readonly DueMessages _waiting;
    private readonly TimerTopic _topic;
    private readonly TimerTable _table;
    private readonly TimerMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger<TimerService> _logger;
    private readonly ArrivalSignal _arrived = new();
    private readonly ServiceLoop _loop;
    private readonly QueueBlock _block;
    private readonly HashSet<string> _deleted = new(StringComparer.Ordinal);
    private byte[] _record = [];
    private byte[] _properties = new byte[4096];
    private TimerChain? _chain;
    private TimerUnit? _next;

    // What was stored before is taken: a message that takes another one back was stored before that is due.
    private long _takenBeforeMs;

    // Found again after a write that failed, a slot lacks the same messages: they are counted once.
    private long _brokenSlotMs = -1;
    private long _lastExpiry;

    public TimerService(
        CurrentOptions<TimerOptions> options,
        MessageStore store,
        MessageAppender appender,
        DueMessages waiting,
        TimerTable table,
        TimerMetrics metrics,
        TimeProvider time,
        ILogger<TimerService> logger)
    {
        _options = options;
        _store = store;
        _appender = appender;
        _waiting = waiting;
        _topic = table.Topic;
        _table = table;
        _metrics = metrics;
        _time = time;
        _logger = logger;
        _block = new QueueBlock(store, table.Topic.Topic, TimerTopic.Queue, MaxMessagesOfRead);
        _lastExpiry = time.GetTimestamp();
        _loop = new ServiceLoop(GoOnAsync, OnFailed, time);
    }

    public void Start()
    {
        if (_options.Value.TimerEnabled)
        {
            _loop.Start();
        }
    }

    public void OnArrived(in MessageArrival message)
    {
        if (ReferenceEquals(message.Topic, _topic.Topic))
        {
            _arrived.Set();
        }
    }

    /// <summary>Ends after what is being written, and notes how far it came.</summary>
    public async ValueTask DisposeAsync()
    {
        await _loop.DisposeAsync();
        _block.Dispose();
        try
        {
            await _table.CheckpointAsync();
        }
        catch (Exception failure) when (failure is IOException or StoreIOException or StoreException)
        {
            LogNotNoted(failure);
        }

        await _metrics.EndAsync();
    }

    /// <summary>A round, and the time until the next one.</summary>
    private async Task GoOnAsync(CancellationToken cancellationToken)
    {
        await _table.LoadAsync(cancellationToken);
        TimeSpan? wait = _table.IsLoaded ? await RoundAsync(cancellationToken) : null;
        if (wait is not { } time)
        {
            await _arrived.WaitAsync(cancellationToken);
        }
        else if (time != TimeSpan.Zero)
        {
            await _arrived.WaitAsync(time < LongestWait ? time : LongestWait, _time, cancellationToken);
        }
    }

    private TimeSpan OnFailed(Exception failure)
    {
        // What was delivered of the slot is noted; the rest is read again.
        _chain = null;
        LogRoundFailed(failure, _table.QueueOffset, _table.ReadMs, FailureDelay.TotalSeconds);
        return FailureDelay;
    }

    /// <summary>Takes one block of the topic and delivers one write; how long to wait for the next round, null for a message.</summary>
    private async Task<TimeSpan?> RoundAsync(CancellationToken cancellationToken)
    {
        TimerOptions now = _options.Value;
        if (await _table.FollowClockAsync())
        {
            _chain = null;
        }

        await _table.WriteAdditionsAsync();
        bool takes = !now.TimerStopsEnqueue && !_table.IsFarBehind;
        TimeSpan? taken = takes ? await TakeAsync(cancellationToken) : now.TimerStopsEnqueue ? LongestWait : TimeSpan.Zero;
        TimeSpan? delivered = now.TimerStopsDequeue ? LongestWait : await DeliverAsync(takes ? _takenBeforeMs : long.MaxValue, cancellationToken);
        _table.BeginCheckpoint();
        _metrics.BeginWrite();
        if (_time.GetElapsedTime(_lastExpiry) >= ExpiryInterval)
        {
            _lastExpiry = _time.GetTimestamp();
            await _table.RemoveExpiredAsync();
        }

        TimeSpan? wait = taken is null || delivered < taken ? delivered : taken;
        return wait is null && _table.HasChanged ? now.TimerFlushInterval : wait;
    }

    /// <summary>Takes the next messages of the topic; how long to wait with the next ones, null when there are none.</summary>
    private async Task<TimeSpan?> TakeAsync(CancellationToken cancellationToken)
    {
        if (!await _block.ReadAsync(_table.QueueOffset, cancellationToken))
        {
            if (_block.Next == _table.QueueOffset)
            {
                _takenBeforeMs = long.MaxValue;
                return null;
            }

            if (_table.CountUntaken(_table.QueueOffset, _block.Next) is var untaken and > 0)
            {
                CountLost(untaken, $"not taken before offset {_block.Next}");
            }

            _table.SetQueueOffset(_block.Next);
            return TimeSpan.Zero;
        }

        _takenBeforeMs = RecordView.Read(_block.Records[..RecordView.SizeAt(_block.Records)]).StoreTimestamp;
        _table.DropUntaken();
        Progress progress = default;
        long startedAt = _time.GetTimestamp();
        do
        {
            progress.Obstacle = default;
            TakeSome(ref progress);
            if (progress.Appended > 0 && !await _appender.WriteAsync(progress.CopiesEnd, progress.Appended, startedAt))
            {
                return RetryDelay;
            }

            if (progress.Next > 0)
            {
                if (progress.Lost > 0)
                {
                    CountLost(progress.Lost, $"not taken before offset {progress.Next}");
                }

                SetQueueOffset(progress);
                progress.Appended = 0;
                progress.Lost = 0;
            }

            await _table.WriteAdditionsAsync();
        }
        while (progress.Obstacle.Topic is not null && await _waiting.OvercomeAsync(progress.Obstacle));

        if (progress.Obstacle.Topic is not null)
        {
            return RetryDelay;
        }

        _table.SetQueueOffset(_block.Next);
        return TimeSpan.Zero;
    }

    private void SetQueueOffset(in Progress progress)
    {
        if (progress.Appended > 0)
        {
            _table.SetQueueOffset(progress.Next, progress.CopiesEnd.Offset);
        }
        else
        {
            _table.SetQueueOffset(progress.Next);
        }
    }

    private void TakeSome(ref Progress progress)
    {
        ReadOnlySpan<byte> records = _block.Records;
        while (progress.At < records.Length)
        {
            int size = RecordView.SizeAt(records[progress.At..]);
            RecordView record = RecordView.Read(records.Slice(progress.At, size));
            TimerProperties.Found found = TimerProperties.Read(record.Properties);
            if (found.SlotMs < 0)
            {
                if (!TrySetAside(record, "it says no time", ref progress))
                {
                    return;
                }
            }
            else if (_table.WasTaken(record, found.SlotMs))
            {
                // A unit of it is in the log; or its copy lies behind it.
            }
            else if (found.SlotMs + _table.PrecisionMs > Now() || !TakesAtOnce(record, found))
            {
                // Behind the units of a slot that is being delivered nobody looks any more.
                _table.Add(record, found, _chain is null ? _table.ReadMs : _table.ReadMs + _table.PrecisionMs);
            }
            else if (found.DeletedKey.IsEmpty && !TryDeliver(record, TimerProperties.TakenTooLate, ref progress))
            {
                return;
            }

            progress.Lost += _table.CountUntaken(progress.Next > 0 ? progress.Next : _table.QueueOffset, record.QueueOffset);
            progress.At += size;
            progress.Next = record.QueueOffset + 1;
        }
    }

    /// <summary>
    /// A message whose step was over when it was stored goes to its topic without a detour. One that has come due since, as with a new master that begins to read the topic, goes into its slot all the same: what takes it
    /// back may lie farther on in the topic.
    /// </summary>
    private bool TakesAtOnce(in RecordView record, in TimerProperties.Found found) =>
        found.SlotMs < _table.WriteMs && found.SlotMs + _table.PrecisionMs <= record.StoreTimestamp && !_options.Value.TimerStopsDequeue;

    /// <summary>
    /// Delivers messages of the first slot that is due, up to one write; how long to wait with the next ones, null when nothing waits but for what comes in the topic. A slot that ends behind <paramref name="takenBeforeMs"/> is
    /// not complete: something in the topic may still be about one of its messages.
    /// </summary>
    private async Task<TimeSpan?> DeliverAsync(long takenBeforeMs, CancellationToken cancellationToken)
    {
        if (_chain is null && !await FindChainAsync(takenBeforeMs, cancellationToken))
        {
            return _table.FindNextDue() is { } due && due <= takenBeforeMs ? Until(due) : null;
        }

        long startedAt = _time.GetTimestamp();
        Progress progress = default;
        long units = 0;
        long bytes = 0;
        while (progress.Appended < MaxMessagesOfWrite && bytes < MaxBytesOfWrite && await NextUnitAsync() is { } unit)
        {
            if (unit.IsDelete)
            {
                // Of the slot's beginning: what it is about is known.
            }
            else if (!await ReadRecordAsync(unit, cancellationToken))
            {
                progress.Lost++;
            }
            else if (!TryDeliver(unit, ref progress))
            {
                break;
            }

            _next = null;
            units++;
            bytes += unit.RecordBytes;
        }

        if (progress.Appended > 0 && !await _appender.WriteAsync(progress.CopiesEnd, progress.Appended, startedAt))
        {
            // Nothing of it is noted: it is read again.
            _chain = null;
            return RetryDelay;
        }

        if (progress.Lost > 0)
        {
            CountLost(progress.Lost, $"of slot {_table.ReadMs}");
        }

        if (units > 0)
        {
            _table.SetDelivered(units, progress.Appended > 0 ? progress.CopiesEnd.Offset : null);
        }

        if (progress.Obstacle.Topic is not null)
        {
            return await _waiting.OvercomeAsync(progress.Obstacle) ? TimeSpan.Zero : RetryDelay;
        }

        if (await NextUnitAsync() is null)
        {
            _chain = null;
            _table.EndSlot();
        }

        return TimeSpan.Zero;
    }

    private TimeSpan Until(long dueMs) => TimeSpan.FromMilliseconds(Math.Max(1, dueMs - Now()));

    /// <summary>The next unit of the chain, which stays the next until it is done.</summary>
    private async ValueTask<TimerUnit?> NextUnitAsync()
    {
        if (_next is null && _chain is { } chain)
        {
            // Nearly always from memory; a stretch is read from the log now and then.
            _next = chain.HasLoaded ? chain.TryNext(out TimerUnit unit) ? unit : null : await _table.RunOnDiskAsync(() => chain.TryNext(out TimerUnit read) ? read : (TimerUnit?)null);
        }

        return _next;
    }

    /// <summary>Opens the first slot that is due: what its deletions are about, and up to where it is delivered already.</summary>
    private async Task<bool> FindChainAsync(long takenBeforeMs, CancellationToken cancellationToken)
    {
        _next = null;
        _deleted.Clear();
        if (await _table.FindDueAsync(takenBeforeMs) is not { } chain)
        {
            return false;
        }

        if (chain.SlotMs != _brokenSlotMs && chain.Missing > _table.DeliveredOfSlot)
        {
            _brokenSlotMs = chain.SlotMs;
            CountLost(chain.Missing - _table.DeliveredOfSlot, $"of slot {chain.SlotMs}, of which the timer log has the newest {chain.Units} only");
        }

        foreach (TimerUnit deletion in chain.Deletions)
        {
            // Without its record the message it is about, which is older, is mostly gone as well.
            if (await ReadRecordAsync(deletion, cancellationToken))
            {
                _deleted.Add(Encoding.UTF8.GetString(TimerProperties.Read(RecordView.Read(_record.AsSpan(0, deletion.RecordBytes)).Properties).DeletedKey));
            }
        }

        // From the oldest on: those that are missing came first.
        long delivered = _table.DeliveredOfSlot - chain.Missing;
        await _table.RunOnDiskAsync(() =>
        {
            for (long i = 0; i < delivered && chain.TryNext(out _); i++)
            {
            }

            return true;
        });
        _chain = chain;
        return true;
    }

    /// <summary>Reads a unit's record; false when it is not, or no longer, in the log.</summary>
    private async ValueTask<bool> ReadRecordAsync(TimerUnit unit, CancellationToken cancellationToken)
    {
        PhysicalOffset offset = new(unit.Offset);
        if (unit.RecordBytes > MaxTrustedBytes)
        {
            byte[]? record = await _store.Reader.LookMessageAsync(offset, cancellationToken);
            if (record?.Length == unit.RecordBytes)
            {
                _record = record;
                return IsWaiting(unit);
            }
        }
        else
        {
            if (_record.Length < unit.RecordBytes)
            {
                _record = new byte[Math.Max(unit.RecordBytes, 16 * 1024)];
            }

            Memory<byte> record = _record.AsMemory(0, unit.RecordBytes);
            if (_store.Reader.TryRead(offset, record.Span) || await _store.Reader.ReadAsync(offset, record, cancellationToken))
            {
                return IsWaiting(unit);
            }
        }

        return false;
    }

    private bool IsWaiting(in TimerUnit unit)
    {
        ReadOnlySpan<byte> bytes = _record.AsSpan(0, unit.RecordBytes);
        return RecordView.Parse(bytes, unit.Offset, verifyCrc: false, out RecordView record) == RecordCheck.Valid && record.Size == unit.RecordBytes && record.Topic.SequenceEqual(_topic.Topic.Utf8Name.Span);
    }

    private bool TryDeliver(in TimerUnit unit, ref Progress progress)
    {
        RecordView record = RecordView.Read(_record.AsSpan(0, unit.RecordBytes));
        if (_deleted.Count > 0 && IsDeleted(TimerProperties.Read(record.Properties)))
        {
            return true;
        }

        return unit.IsRoll ? TryRoll(record, unit.AddedMs, ref progress) : TryDeliver(record, unit.AddedMs, ref progress);
    }

    /// <summary>5.4 and later name the bare key, unless told otherwise, 5.3 topic and key.</summary>
    private bool IsDeleted(in TimerProperties.Found found)
    {
        if (found.UniqKey.IsEmpty)
        {
            return false;
        }

        string key = Encoding.UTF8.GetString(found.UniqKey);
        return _deleted.Contains(key) || _deleted.Contains($"{Encoding.UTF8.GetString(found.Topic)}+{key}");
    }

    /// <summary>Stores the message in its topic; false when that has to be tried again.</summary>
    private bool TryDeliver(in RecordView record, long takenMs, ref Progress progress)
    {
        int length = WriteProperties(record, takenMs, rolls: 0);
        AppendStatus status = _waiting.Deliver(record, _properties.AsSpan(0, length), out DueMessages.Obstacle obstacle, out AppendResult result);
        return Count(status, obstacle, result, ref progress);
    }

    /// <summary>Stores the message at the end of the timer topic, from where it goes on.</summary>
    private bool TryRoll(in RecordView record, long takenMs, ref Progress progress)
    {
        int length = WriteProperties(record, takenMs, TimerProperties.Read(record.Properties).Rolls + 1);
        AppendStatus status = _waiting.Append(record, _properties.AsSpan(0, length), _topic.Topic, TimerTopic.Queue, out DueMessages.Obstacle obstacle, out AppendResult result);
        return status == AppendStatus.MessageIllegal ? TrySetAside(record, "it cannot be stored on its way", ref progress) : Count(status, obstacle, result, ref progress);
    }

    private bool TrySetAside(in RecordView record, string reason, ref Progress progress)
    {
        AppendStatus status = _waiting.SetAside(record, reason, out DueMessages.Obstacle obstacle, out AppendResult result);
        return Count(status, obstacle, result, ref progress);
    }

    private int WriteProperties(in RecordView record, long takenMs, int rolls)
    {
        int needed = record.Properties.Length + TimerProperties.MaxAddedBytes;
        if (_properties.Length < needed)
        {
            _properties = new byte[needed];
        }

        return TimerProperties.Write(record.Properties, takenMs, rolls, Now(), _properties);
    }

    private static bool Count(AppendStatus status, DueMessages.Obstacle obstacle, in AppendResult result, ref Progress progress)
    {
        switch (status)
        {
            case AppendStatus.Ok:
                progress.CopiesEnd = progress.CopiesEnd == default ? result.Mark : result.Mark.And(progress.CopiesEnd);
                progress.Appended++;
                return true;
            case AppendStatus.MessageIllegal:
                // Passed over, as nothing takes it.
                return true;
            default:
                progress.Obstacle = obstacle;
                return false;
        }
    }

    private void CountLost(long messages, string which) => _waiting.CountLost(messages, _topic.Topic, $"{messages} {which}");

    private long Now() => _time.GetUtcNow().ToUnixTimeMilliseconds();

    [LoggerMessage(EventId = 3811, Level = LogLevel.Error, Message = "The timers failed at message {QueueOffset} of their topic and slot {SlotMs}; tried again in {Seconds} s")]
    private partial void LogRoundFailed(Exception error, long queueOffset, long slotMs, double seconds);

    [LoggerMessage(EventId = 3815, Level = LogLevel.Error, Message = "Noting at the end how far the timers have come failed; messages since the last note are delivered again")]
    private partial void LogNotNoted(Exception failure);

    /// <summary>Result for the messages of one write.</summary>
    private struct Progress
    {
        /// <summary>Messages stored again.</summary>
        public int Appended;

        /// <summary>Their mark in the log.</summary>
        public LogMark CopiesEnd;

        /// <summary>Messages that should have been among them, and are not in the log.</summary>
        public long Lost;

        /// <summary>Place to go on at in a block.</summary>
        public int At;

        /// <summary>Queue offset to go on at in a block, 0 when nothing was done.</summary>
        public long Next;

        /// <summary>Reason why the store did not take the next message.</summary>
        public DueMessages.Obstacle Obstacle;
    }
}
