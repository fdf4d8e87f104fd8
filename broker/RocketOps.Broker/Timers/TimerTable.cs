using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Roles;
using RocketOps.Store;
using RocketOps.Store.Files;
using RocketOps.Store.Timers;

namespace RocketOps.Broker.Timers;

/// <summary>
/// How far the timers have come, which outlives the sessions of masters: the next message of the timer topic to take, the next slot to deliver, wheel and log. Its checkpoint says
/// nothing that a power cut could still take back. One session uses it at a time; a checkpoint may be written meanwhile.
/// </summary>
internal sealed partial class TimerTable : IAsyncDisposable
{
    /// <summary>After damage: how much earlier than the clock a message must have been put back for its first copy to be passed over.</summary>
    private static readonly TimeSpan RollSlack = TimeSpan.FromHours(1);

    private readonly BrokerSettings _settings;
    private readonly MessageStore _store;
    private readonly TimerTopic _topic;
    private readonly IStoreFileSystem _files;
    private readonly TimerCheckpointFile _checkpointFile;
    private readonly TimeProvider _time;
    private readonly ILogger<TimerTable> _logger;
    private readonly DiskThread _disk = new("timers");
    private readonly DiskThread _flusher = new("timers-flush");
    private readonly RestingProgress _slots;
    private readonly RestingProgress _messages;
    private readonly RestingProgress _masterMessages;
    private readonly List<Addition> _additions = [];
    private readonly SemaphoreSlim _counting = new(1);
    private volatile TimerIndex? _index;
    private Task _checkpointing = Task.CompletedTask;
    private TimerCheckpoint? _checkpoint;
    private long _takenBefore;
    private long _readBefore;
    private long _takenUpTo = -1;
    private long _loadedAt;
    private bool _isSeeded;
    private volatile bool _isUnwritten;
    private volatile bool _hasChanged;
    private long _lastCheckpoint;
    private long _taken;
    private long _delivered;

    public TimerTable(BrokerSettings settings, MessageStore store, TimerTopic topic, IStoreFileSystem files, TimeProvider time, ILogger<TimerTable> logger)
    {
        _settings = settings;
        _store = store;
        _topic = topic;
        _files = files;
        _checkpointFile = new TimerCheckpointFile(files, settings.Current.StoreRoot);
        _time = time;
        _logger = logger;
        _slots = new RestingProgress(() => store.Positions.Kept);
        _messages = new RestingProgress(() => store.Positions.Kept);
        _masterMessages = new RestingProgress(() => store.Positions.Kept);
        PrecisionMs = settings.Current.TimerPrecisionMs;
        _lastCheckpoint = time.GetTimestamp();
    }

    /// <summary>Milliseconds of a slot.</summary>
    public int PrecisionMs { get; }

    /// <summary>Everything before this slot is delivered.</summary>
    public long ReadMs
    {
        get => _slots.Value;
        private set => _slots.Set(value);
    }

    /// <summary>The slot of now, in which nothing is due yet; follows the clock.</summary>
    public long WriteMs { get; private set; }

    /// <summary>The next message of the timer topic.</summary>
    public long QueueOffset
    {
        get => _messages.Value;
        private set => _messages.Set(value);
    }

    /// <summary>Units of the slot at <see cref="ReadMs"/> that are delivered.</summary>
    public long DeliveredOfSlot { get; private set; }

    /// <summary>The last checkpoint that is on the disk; null before the first.</summary>
    public TimerCheckpoint? Checkpoint => Volatile.Read(ref _checkpoint);

    public bool IsLoaded => _index is not null;

    /// <summary>
    /// Whether all that was taken is in its slots. Any thread, but one that does not run the timers must read <see cref="QueueOffset"/> first: true then says that what lies before the offset
    /// it has read is in its slots. An offset that is read after this may lie behind messages that were taken between the two and are in no slot yet.
    /// </summary>
    public bool IsWritten => !_isUnwritten && _additions.Count == 0;

    /// <summary>
    /// Whether nothing waits in a slot of what lies before <paramref name="queueOffset"/> in the timer topic, which is how far messages were taken: the slot that was delivered last does not tell, as it
    /// stays the last until another message comes. False before they are loaded. Any thread.
    /// </summary>
    public bool HasDeliveredAll(out long queueOffset)
    {
        queueOffset = QueueOffset;
        Interlocked.MemoryBarrier();
        return IsWritten && _index is { } index && index.IsEmpty;
    }

    /// <summary>Messages and deletions that were put into slots since the start. Any thread.</summary>
    public long Taken => Volatile.Read(ref _taken);

    /// <summary>Messages and deletions whose slots have come since the start. Any thread.</summary>
    public long Delivered => Volatile.Read(ref _delivered);

    /// <summary>Messages that wait in slots, minus deletions. Takes about a millisecond. Any thread.</summary>
    public long CountWaiting() => _index?.CountAll() ?? 0;

    /// <summary>For how long the first slot with messages is due already, in milliseconds, as far as it has been looked at. Any thread.</summary>
    public long LateMs => CountWaiting() > 0 ? Math.Max(0, Now() - ReadMs - PrecisionMs) : 0;

    /// <summary>
    /// Messages that wait, by Java's hash of their topic, minus deletions: reads the units of every slot, a slot at a time between what the timers do. One count at a time. Nothing before
    /// the first message with a time.
    /// </summary>
    public async Task<IReadOnlyDictionary<int, long>> CountByTopicAsync(CancellationToken cancellationToken)
    {
        Dictionary<int, long> counts = [];
        await _counting.WaitAsync(cancellationToken);
        try
        {
            if (_index is not { } index)
            {
                return counts;
            }

            (long first, long delivered) = (ReadMs, DeliveredOfSlot);
            long end = first + TimerSpan();
            for (long slot = first; slot < end; slot += PrecisionMs)
            {
                if (index.CountAt(slot) != 0)
                {
                    long slotMs = slot;
                    await _disk.RunAsync(() => Count(index.Read(slotMs), slotMs == first ? delivered : 0, counts)).WaitAsync(cancellationToken);
                }
            }

            return counts;
        }
        finally
        {
            _counting.Release();
        }
    }

    private TimerIndex Index => _index ?? throw new InvalidOperationException("the timers are not loaded");

    /// <summary>Whether no more messages are taken for a slot: above the limit by chance, from twice the limit on for certain, as RocketMQ does. Any thread.</summary>
    public bool IsCongested(long slotMs)
    {
        long limit = _settings.Current.TimerMaxPerSlot;
        if (limit == int.MaxValue || _index is not { } index)
        {
            return false;
        }

        long count = index.CountAt(slotMs);
        return count > limit && (count >= limit * 2 || Random.Shared.Next(1000) > 1000 * (count - limit) / (limit + 0.1));
    }

    /// <summary>Opens what an earlier process left, or makes it anew. Nothing is made while no timer was ever used.</summary>
    public async Task LoadAsync(CancellationToken cancellationToken)
    {
        if (_index is not null)
        {
            return;
        }

        string root = _settings.Current.StoreRoot;
        QueueOffsets queue = await _store.Reader.GetOffsetsAsync(_topic.Topic, TimerTopic.Queue, cancellationToken);
        if (queue.Max == 0 && !_checkpointFile.Exists)
        {
            return;
        }

        TimerCheckpoint? checkpoint = await ReadCheckpointAsync();

        TimerIndex index = new(_files, root, PrecisionMs, _settings.Current.TimerLogFileBytes);
        try
        {
            long now = Floor(Now());
            ReadMs = Floor(checkpoint?.ReadMs ?? now);
            WriteMs = ReadMs;
            DeliveredOfSlot = ReadMs == checkpoint?.ReadMs ? checkpoint.DeliveredOfSlot : 0;
            if (checkpoint is not null && await _disk.RunAsync(() => TryOpen(index, checkpoint with { ReadMs = ReadMs })))
            {
                _takenUpTo = await _disk.RunAsync(index.FindLastOffset);
                QueueOffset = Math.Clamp(await CorrectAsync(checkpoint, cancellationToken), queue.Min, queue.Max);

                // Of what the master took while this broker was a slave, the slots that it called delivered are passed over.
                (_takenBefore, _readBefore) = (checkpoint.MasterQueueOffset, ReadMs);
            }
            else
            {
                // The truth is in the topic. What the checkpoint calls delivered is not delivered again.
                await _disk.RunAsync(index.Clear);
                (_takenBefore, _readBefore) = (Math.Max(checkpoint?.QueueOffset ?? 0, checkpoint?.MasterQueueOffset ?? 0), ReadMs);
                DeliveredOfSlot = 0;
                QueueOffset = queue.Min;
                if (queue.Max > queue.Min && checkpoint is not null)
                {
                    LogRebuilt(root, queue.Min, queue.Max);
                }
            }

            _loadedAt = QueueOffset;
            _checkpoint = checkpoint;
            _index = index;
        }
        catch
        {
            index.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Follows the clock; true when it was set back by more than a slot. Time that was delivered comes again then, and its slots are emptied first; messages that wait keep their
    /// time.
    /// </summary>
    public async Task<bool> FollowClockAsync()
    {
        long now = Floor(Now());
        if (now >= WriteMs)
        {
            WriteMs = now;
        }
        else if (now < WriteMs - PrecisionMs)
        {
            if (now < ReadMs)
            {
                await GoBackAsync(now);
            }

            WriteMs = now;
            return true;
        }

        return false;
    }

    /// <summary>So much is overdue, as after days without a broker, that the wheel has no room for what comes: that must be delivered before anything is taken.</summary>
    public bool IsFarBehind => WriteMs - ReadMs >= TimerSpan() - (60L * PrecisionMs);

    /// <summary>A message that was taken before, whatever the queue says: its unit is in the log already, or it was delivered before the files were damaged.</summary>
    public bool WasTaken(in RecordView record, long slotMs)
    {
        if (record.PhysicalOffset <= _takenUpTo)
        {
            return true;
        }

        if (record.QueueOffset >= _takenBefore)
        {
            return false;
        }

        // What passed on the way was stored anew, and that copy lies behind it in the queue.
        long stopMs = TimerClock.StopOf(slotMs, Floor(record.StoreTimestamp), PrecisionMs, _settings.Current.TimerRollWindowSlots, out bool rolls);
        return rolls ? stopMs + (long)RollSlack.TotalMilliseconds < _readBefore : slotMs < _readBefore;
    }

    /// <summary>The message goes into its slot, or into that of a stop on the way, when <see cref="WriteAdditionsAsync"/> is called; nothing before it in the queue is to be taken again.</summary>
    /// <param name="record">The message.</param>
    /// <param name="found">What it says of its time.</param>
    /// <param name="firstMs">The first slot that takes anything: the one to deliver next.</param>
    public void Add(in RecordView record, in TimerProperties.Found found, long firstMs)
    {
        long slot = TimerClock.StopOf(Math.Max(Floor(found.SlotMs), firstMs), WriteMs, PrecisionMs, _settings.Current.TimerRollWindowSlots, out bool rolls);
        int magic = TimerUnit.Default | (rolls ? TimerUnit.Roll : 0) | (found.DeletedKey.IsEmpty ? 0 : TimerUnit.Delete);
        _hasChanged = true;
        _additions.Add(new Addition(record.QueueOffset, slot, WriteMs, magic, record.PhysicalOffset, record.Size, JavaHash.Compute(found.Topic)));
    }

    /// <summary>Messages of the topic within [from, to) that nobody has taken before: neither this broker when its files were whole, nor another master.</summary>
    public long CountUntaken(long from, long to) => Math.Max(0, to - Math.Max(from, _takenBefore));

    /// <summary>Everything before <paramref name="offset"/> is taken.</summary>
    public void SetQueueOffset(long offset)
    {
        _hasChanged |= offset != QueueOffset;
        QueueOffset = offset;
    }

    /// <summary>The same, when messages before it were due and delivered at once, and their copies lie before <paramref name="copiesEnd"/>.</summary>
    public void SetQueueOffset(long offset, PhysicalOffset copiesEnd)
    {
        _hasChanged = true;
        _messages.Advance(offset, copiesEnd);
    }

    /// <summary>What was added from the next message on is not: it will be taken again.</summary>
    public void DropUntaken() => _additions.RemoveAll(unit => unit.QueueOffset >= QueueOffset);

    /// <summary>Brings what was added into the kernel; when it throws, the next call goes on where it failed.</summary>
    public async Task WriteAdditionsAsync()
    {
        if (IsWritten)
        {
            return;
        }

        _isUnwritten = true;
        int added = 0;
        try
        {
            await _disk.RunAsync(() =>
            {
                foreach (Addition unit in _additions)
                {
                    Index.Add(unit.SlotMs, unit.AddedMs, unit.Magic, unit.Offset, unit.RecordBytes, unit.TopicHash);
                    added++;
                }

                Index.Write();
            });
            _isUnwritten = false;
        }
        finally
        {
            Volatile.Write(ref _taken, _taken + added);
            _additions.RemoveRange(0, added);
        }
    }

    /// <summary>The chain of the first slot whose step is over, also by <paramref name="untilMs"/>, from which on <see cref="ReadMs"/> then goes; null when there is none.</summary>
    public async Task<TimerChain?> FindDueAsync(long untilMs)
    {
        // Never before its step is over, by the clock of now as well.
        long end = Math.Min(WriteMs, Floor(Math.Min(untilMs, Now())));
        long slot = Index.NextUsed(ReadMs, end);
        if (slot < 0)
        {
            if (end > ReadMs)
            {
                (ReadMs, DeliveredOfSlot) = (end, 0);
            }

            return null;
        }

        if (slot != ReadMs)
        {
            (ReadMs, DeliveredOfSlot) = (slot, 0);
        }

        return await _disk.RunAsync(() => Index.Read(slot));
    }

    /// <summary>So many units of the slot more are done, and their copies, if there are any, lie before <paramref name="copiesEnd"/>.</summary>
    public void SetDelivered(long units, PhysicalOffset? copiesEnd)
    {
        if (copiesEnd is { } end)
        {
            _slots.Advance(ReadMs, end);
        }

        DeliveredOfSlot += units;
        Volatile.Write(ref _delivered, _delivered + units);
        _hasChanged = true;
    }

    /// <summary>The slot is delivered.</summary>
    public void EndSlot()
    {
        Index.Forget(ReadMs);
        _hasChanged = true;
        (ReadMs, DeliveredOfSlot) = (ReadMs + PrecisionMs, 0);
    }

    /// <summary>When the next slot's step is over, in milliseconds since 1970; null when nothing waits.</summary>
    public long? FindNextDue()
    {
        long slot = Index.NextUsed(ReadMs, ReadMs + TimerSpan());
        return slot < 0 ? null : slot + PrecisionMs;
    }

    /// <summary>Whether something is not in a checkpoint, nor on its way into one.</summary>
    public bool HasChanged => _hasChanged && _index is not null;

    /// <summary>Begins a checkpoint when the last one is old enough, and something has changed; it goes on by itself.</summary>
    public void BeginCheckpoint()
    {
        if (_checkpointing.IsCompleted && HasChanged && IsWritten && _time.GetElapsedTime(_lastCheckpoint) >= _settings.Current.TimerFlushInterval)
        {
            _lastCheckpoint = _time.GetTimestamp();
            _checkpointing = TryCheckpointAsync();
        }
    }

    /// <summary>Notes how far the timers have come once that, copies and timer log, is on the disk. Throws <see cref="IOException"/> or <see cref="StoreIOException"/> when that fails.</summary>
    public async Task CheckpointAsync()
    {
        await _checkpointing;
        if (_index is not null && IsWritten)
        {
            await WriteCheckpointAsync();
        }
    }

    /// <summary>The log was cut while nobody delivered: messages whose copies are gone are to be delivered again, and none is waited for that is gone itself.</summary>
    public async Task CutAsync(PhysicalOffset end, CancellationToken cancellationToken)
    {
        await LoadAsync(cancellationToken);
        if (_index is null)
        {
            return;
        }

        await _checkpointing;
        if (_additions.Count > 0)
        {
            QueueOffset = Math.Min(QueueOffset, _additions[0].QueueOffset);
            _additions.Clear();
        }

        if (_slots.Cut(end) is not null)
        {
            DeliveredOfSlot = 0;
            _readBefore = Math.Min(_readBefore, ReadMs);
        }

        long? first = _messages.Cut(end);
        _takenBefore = Math.Min(_takenBefore, Math.Min(first ?? long.MaxValue, _masterMessages.Cut(end) ?? long.MaxValue));
        QueueOffset = Math.Min(QueueOffset, (await _store.Reader.GetOffsetsAsync(_topic.Topic, TimerTopic.Queue, cancellationToken)).Max);
        _takenUpTo = Math.Min(_takenUpTo, end.Value - 1);

        // Of what was taken before the start, the slots do not tell what was delivered at once.
        if (!await _disk.RunAsync(() => Index.TryCut(end.Value, ReadMs)) || first < _loadedAt)
        {
            await _disk.RunAsync(Index.Clear);
            (_takenBefore, _readBefore, _takenUpTo, QueueOffset) = (QueueOffset, ReadMs, -1, 0);
        }

        await CheckpointAsync();
    }

    /// <summary>
    /// A slave takes over how far its master has delivered: from there on this broker goes on when it becomes the master. What it took itself as a master before stays in its
    /// files. Nobody delivers meanwhile. Throws <see cref="IOException"/> or <see cref="StoreIOException"/> when it cannot be noted. Source: store.md §7.2, apache/rocketmq
    /// SlaveSynchronize.syncTimerCheckPoint of 5.5.0.
    /// </summary>
    /// <param name="master">The master's checkpoint.</param>
    /// <param name="copiesEnd">All copies of what it calls delivered lie before it, here and durable.</param>
    public async Task FollowAsync(TimerCheckpoint master, PhysicalOffset copiesEnd)
    {
        ArgumentNullException.ThrowIfNull(master);
        TimerCheckpoint? own = Checkpoint ?? await ReadCheckpointAsync();
        if (_index is not null)
        {
            // Slots that were emptied in memory may have to be delivered again: the files are opened anew for that.
            await CheckpointAsync();
            own = Checkpoint;
            _index.Dispose();
            _index = null;
        }
        else if (own is not null && own.ReadMs == master.ReadMs && own.MasterQueueOffset == master.MasterQueueOffset)
        {
            return;
        }

        FollowTo(_slots, own?.ReadMs ?? 0, master.ReadMs, copiesEnd);
        FollowTo(_masterMessages, own?.MasterQueueOffset ?? 0, master.MasterQueueOffset, copiesEnd);
        TimerCheckpoint next = (own ?? new TimerCheckpoint(0, 0, 0, 0, 0, 0, IsOwn: true)) with
        {
            ReadMs = master.ReadMs,
            DeliveredOfSlot = 0,
            MasterQueueOffset = master.MasterQueueOffset,
            Counter = master.Counter,
            TimestampMs = master.TimestampMs,
            Unkept = FindUnkept(copiesEnd, _masterMessages.Kept),
        };
        await _flusher.RunAsync(() => _checkpointFile.Write(next));
        Volatile.Write(ref _checkpoint, next);
    }

    /// <summary>Removes timer-log files whose messages retention has taken.</summary>
    public async Task RemoveExpiredAsync()
    {
        if (_index is { } index && _checkpointing.IsCompleted)
        {
            long min = _store.GetStats().MinOffset.Value;
            await _disk.RunAsync(() =>
            {
                while (index.TryDeleteExpired(min))
                {
                }
            });
        }
    }

    /// <summary>Runs what may wait for the disk.</summary>
    public Task<T> RunOnDiskAsync<T>(Func<T> work) => _disk.RunAsync(work);

    public async ValueTask DisposeAsync()
    {
        await _checkpointing;
        _disk.Dispose();
        _flusher.Dispose();
        _index?.Dispose();
    }

    private long Now() => _time.GetUtcNow().ToUnixTimeMilliseconds();

    private long Floor(long ms) => ms / PrecisionMs * PrecisionMs;

    private static void Count(TimerChain chain, long delivered, Dictionary<int, long> counts)
    {
        for (long i = 0; chain.TryNext(out TimerUnit unit); i++)
        {
            if (i >= delivered && unit.SlotMs == chain.SlotMs)
            {
                ref long count = ref CollectionsMarshal.GetValueRefOrAddDefault(counts, unit.TopicHash, out _);
                count += (unit.Magic & TimerUnit.Delete) != 0 ? -1 : 1;
            }
        }
    }

    private async Task GoBackAsync(long now)
    {
        // Copies must be safe before the slots they come from are gone.
        await CheckpointAsync();
        LogClockSetBack(ReadMs - now);
        if (ReadMs - now < TimerSpan())
        {
            long readMs = ReadMs;
            await _disk.RunAsync(() => Index.Empty(now, readMs));
        }
        else
        {
            // More than a turn of the wheel: what waits may be where time comes again.
            await _disk.RunAsync(Index.Clear);
            (_takenBefore, _readBefore, _takenUpTo) = (QueueOffset, ReadMs, -1);
            QueueOffset = (await _store.Reader.GetOffsetsAsync(_topic.Topic, TimerTopic.Queue, CancellationToken.None)).Min;
        }

        (ReadMs, DeliveredOfSlot) = (now, 0);
        await CheckpointAsync();
    }

    /// <summary>Also takes up, once, what of it is not certain to stay: a log that is cut after the start has to know as one that is cut before it.</summary>
    private async Task<TimerCheckpoint?> ReadCheckpointAsync()
    {
        TimerCheckpoint? checkpoint = await _disk.RunAsync(_checkpointFile.Read);
        if (!_isSeeded && checkpoint is not null)
        {
            TimerUnkept unkept = checkpoint.Unkept ?? new TimerUnkept(0, checkpoint.ReadMs, checkpoint.QueueOffset, checkpoint.MasterQueueOffset);
            PhysicalOffset restsOn = new(unkept.RestsOn);
            FollowTo(_slots, unkept.ReadMs, checkpoint.ReadMs, restsOn);
            FollowTo(_messages, unkept.QueueOffset, checkpoint.QueueOffset, restsOn);
            FollowTo(_masterMessages, unkept.MasterQueueOffset, checkpoint.MasterQueueOffset, restsOn);
        }

        _isSeeded = true;
        return checkpoint;
    }

    private static void FollowTo(RestingProgress progress, long from, long to, PhysicalOffset restsOn)
    {
        progress.Set(from);
        if (to > from)
        {
            progress.Advance(to, restsOn);
        }
        else
        {
            progress.Set(to);
        }
    }

    /// <summary>Null when whatever was noted so far, all of it before <paramref name="end"/> in the log, stays whoever leads next.</summary>
    private TimerUnkept? FindUnkept(PhysicalOffset end, long masterQueueOffset) => end <= _store.Positions.Kept ? null : new TimerUnkept(end.Value, _slots.Kept, _messages.Kept, masterQueueOffset);

    private long TimerSpan() => 7L * 86_400 * PrecisionMs;

    private bool TryOpen(TimerIndex index, TimerCheckpoint checkpoint)
    {
        try
        {
            return index.TryOpen(checkpoint, _store.Positions.Appended.Value);
        }
        catch (Exception damage) when (damage is InvalidDataException or OverflowException)
        {
            return false;
        }
    }

    /// <summary>RocketMQ's number may be ahead of what is in its log after a power cut.</summary>
    private async ValueTask<long> CorrectAsync(TimerCheckpoint checkpoint, CancellationToken cancellationToken)
    {
        if (checkpoint.IsOwn || _takenUpTo < 0 || await _store.Reader.LookMessageAsync(new PhysicalOffset(_takenUpTo), cancellationToken) is not { } record)
        {
            return checkpoint.QueueOffset;
        }

        RecordView last = RecordView.Read(record);
        return last.Topic.SequenceEqual(_topic.Topic.Utf8Name.Span) ? Math.Min(checkpoint.QueueOffset, last.QueueOffset + 1) : checkpoint.QueueOffset;
    }

    private async Task TryCheckpointAsync()
    {
        try
        {
            await WriteCheckpointAsync();
        }
        catch (Exception failure) when (failure is IOException or StoreIOException or StoreException)
        {
            _hasChanged = true;
            LogCheckpointFailed(failure);
        }
    }

    private async Task WriteCheckpointAsync()
    {
        _hasChanged = false;
        TimerCheckpoint next = new(ReadMs, Index.End, QueueOffset, DeliveredOfSlot, (Checkpoint?.Counter ?? 0) + 1, Now(), IsOwn: true);

        // All that was taken and all copies lie before it.
        LogMark end = _store.Positions.End;
        next = next with { Unkept = FindUnkept(end.Offset, _messages.Kept) };
        WaitOutcome outcome;
        do
        {
            outcome = await _store.Writer.WhenAsync(LogPosition.Durable, end);
        }
        while (outcome == WaitOutcome.TimedOut);
        if (outcome != WaitOutcome.Reached)
        {
            throw new IOException($"the log is not on the disk ({outcome}), so how far the timers have come is not noted");
        }

        await _flusher.RunAsync(() =>
        {
            Index.Flush();
            _checkpointFile.Write(next);
        });
        Volatile.Write(ref _checkpoint, next);
    }

    [LoggerMessage(EventId = 3801, Level = LogLevel.Warning, Message = "Timer wheel and log in {Root} do not fit their checkpoint; they are made anew from the messages {From} to {To} of rmq_sys_wheel_timer")]
    private partial void LogRebuilt(string root, long from, long to);

    [LoggerMessage(EventId = 3802, Level = LogLevel.Warning, Message = "The clock was set back: {Milliseconds} ms that had been delivered come again. Messages that wait keep their time")]
    private partial void LogClockSetBack(long milliseconds);

    [LoggerMessage(EventId = 3803, Level = LogLevel.Error, Message = "Noting how far the timers have come failed; after a crash messages since the last note are delivered again")]
    private partial void LogCheckpointFailed(Exception failure);

    private readonly record struct Addition(long QueueOffset, long SlotMs, long AddedMs, int Magic, long Offset, int RecordBytes, int TopicHash);
}
