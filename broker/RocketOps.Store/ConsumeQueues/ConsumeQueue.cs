using Microsoft.Extensions.Logging;
using RocketOps.Store.Contracts;
using RocketOps.Store.Files;

namespace RocketOps.Store.ConsumeQueues;

/// <summary>
/// One queue of one topic: units of 20 bytes, unit i of the queue at byte i × 20 of its files taken together. A unit's index is the queue offset of its message, but in a
/// <see cref="BatchConsumeQueue"/>.
/// <para>
/// Units are put into memory by whoever dispatches and handed to the kernel in runs, at the latest by the maintenance pass; what a killed process had not handed
/// over is rebuilt from the log. Nothing of a queue is read before somebody needs it, so that the number of queues does not count at start.
/// </para>
/// <para>
/// One putter at a time. The lock guards loading, writing and truncation; readers take it only to load and to open a file. Positions: min ≤ written ≤ max.
/// </para>
/// </summary>
internal partial class ConsumeQueue
{
    private const int FirstRingUnits = 16;
    private const int MaxRecoveryRingUnits = 4096;

    /// <summary>Units that recovery keeps in memory when the disk has no room for them: 20 MiB, more than a minute of one queue.</summary>
    private const int MaxUnwrittenUnits = 1024 * 1024;
    private const int UnitsPerWrite = 512;

    /// <summary>
    /// Largest gap filled with filler units. A gap comes from a queue file lost with its directory entry; a larger one from a damaged queue offset, which no
    /// checksum covers.
    /// </summary>
    private const long MaxGap = 1_000_000;

    private readonly QueueFiles _files;
    private readonly ConsumeQueueExt? _ext;
    private readonly QueueEnvironment _environment;
    private readonly Lock _lock = new();

    private volatile UnitRing? _ring;
    private volatile bool _loaded;
    private long _min;
    private long _written;
    private long _max;
    private long _maxPhysicalEnd;

    // What the last unit that was handed over points to, −1 without one. Under the lock.
    private long _writtenPhysicalOffset = -1;

    // What the unit at min points to, −1 when that is not known: tells retention that there is nothing to do without a look at the disk.
    private long _minPhysicalOffset = -1;
    private int _dirty;
    private bool _destroyed;

    /// <summary>A queue of that number; <paramref name="isNew"/>: it has no files, so there is nothing to be loaded.</summary>
    public ConsumeQueue(StoreTopic topic, int queueId, QueueEnvironment environment, bool isNew)
    {
        _loaded = isNew;
        Topic = topic;
        QueueId = queueId;
        _environment = environment;
        _files = new QueueFiles(environment, topic.Name, queueId, _lock);
        _ext = environment.Ext is null ? null : new ConsumeQueueExt(environment.Ext, topic, queueId, _lock);
    }

    public StoreTopic Topic { get; }

    public int QueueId { get; }

    /// <summary>Queue offset of the next message appended to the log; under the append lock. Ahead of <see cref="Max"/> by what is not dispatched yet.</summary>
    public long NextOffset { get; set; }

    public bool IsLoaded => _loaded;

    /// <summary>The next unit can be put without a look at the disk. For the putter.</summary>
    public bool TakesUnitsAtOnce => _loaded && (_ext is null || !_environment.WritesExt || _ext.HasEnd);

    /// <summary>Queue offset of the first message that can be read.</summary>
    public virtual long Min => First;

    /// <summary>Exclusive end of the queue offsets that can be read.</summary>
    public virtual long Max => End;

    /// <summary>Index of the first unit.</summary>
    public long First => Volatile.Read(ref _min);

    /// <summary>Exclusive end of the units' indexes.</summary>
    public long End => Volatile.Read(ref _max);

    public int UnitsPerFile => _environment.UnitsPerFile;

    public int UnitBytes => _environment.UnitBytes;

    protected ILogger Logger => _environment.Logger;

    /// <summary>End, in the log, of the last record that has a unit: what lies before it is here already.</summary>
    protected long MaxPhysicalEnd => _maxPhysicalEnd;

    private bool IsWritten => Volatile.Read(ref _written) == End;

    /// <summary>Reads the ends of the queue from its files unless that has been done. May wait for the disk.</summary>
    public void EnsureLoaded()
    {
        if (!_loaded)
        {
            lock (_lock)
            {
                if (!_loaded)
                {
                    Load();
                }
            }
        }
    }

    /// <summary>
    /// Adds the unit of a message. Returns whether it has become readable: false for one that is there already (a record dispatched again by recovery) and for
    /// one whose queue offset cannot be right.
    /// </summary>
    public bool Put(long queueOffset, in ConsumeQueueUnit unit) => Put(queueOffset, unit, storeTimestamp: 0, bitMap: default);

    /// <summary>The same with what an extension is to hold, where queues have extensions.</summary>
    public bool Put(long queueOffset, in ConsumeQueueUnit unit, long storeTimestamp, ReadOnlySpan<byte> bitMap)
    {
        EnsureLoaded();
        long max = _max;
        if (unit.End <= _maxPhysicalEnd || queueOffset < max)
        {
            if (unit.End > _maxPhysicalEnd)
            {
                LogOffsetTaken(_environment.Logger, Topic.Name, QueueId, queueOffset, unit.PhysicalOffset, max);
            }

            return false;
        }

        if (queueOffset > max)
        {
            if (max == 0 && _files.Starts.IsEmpty)
            {
                // The queue's earlier files are gone (expired, or never copied): it begins in the middle of a file.
                BeginAt(queueOffset);
            }
            else if (queueOffset - max > MaxGap)
            {
                LogOffsetTooFar(_environment.Logger, Topic.Name, QueueId, queueOffset, unit.PhysicalOffset, max);
                return false;
            }
            else
            {
                LogGap(_environment.Logger, Topic.Name, QueueId, max, queueOffset);
                while (_max < queueOffset)
                {
                    PutInRing(ConsumeQueueUnit.Filler);
                }
            }
        }

        PutInRing(_ext is not null && _environment.WritesExt ? unit with { TagsCode = _ext.Append(new ExtUnit(unit.TagsCode, storeTimestamp, bitMap)) } : unit);
        _maxPhysicalEnd = unit.End;
        return true;
    }

    /// <summary>
    /// Tells whether a record behind all of this queue's claims its first offset. In a copied log this means that, where the log was
    /// appended, the topic was deleted with its queues and made again, which leaves no other trace there: what this queue has belongs to
    /// the topic that is gone.
    /// </summary>
    public bool IsBegunAnewBy(long queueOffset, in ConsumeQueueUnit unit)
    {
        if (queueOffset != 0)
        {
            return false;
        }

        EnsureLoaded();
        return _max > 0 && unit.PhysicalOffset >= _maxPhysicalEnd;
    }

    /// <summary>
    /// Sets aside what there is (<see cref="QueueFiles.SetAside"/>) and begins at offset 0: no checksum covers what says that the queue is to. By the putter, on a thread that may wait for the
    /// disk. Readers may be at it: they find the queue empty. What counts on (<see cref="NextOffset"/>) is the caller's.
    /// </summary>
    public void BeginAnew()
    {
        lock (_lock)
        {
            // The files first: should they stay, the queue has what it had, and it is tried again. Extensions may lack.
            WriteUnitsLocked();
            _ext?.SetAside();
            string aside = _files.SetAside();
            LogBegunAnew(_environment.Logger, Topic.Name, QueueId, Max, aside);
            Volatile.Write(ref _max, 0);
            Volatile.Write(ref _min, 0);
            _ring = null;
            SetEnd(0, countsOn: false);
        }
    }

    /// <summary>Tells whether a message of the queue ends behind an offset of the log. Called by the putter.</summary>
    public bool ReachesBehind(PhysicalOffset offset)
    {
        EnsureLoaded();
        return _maxPhysicalEnd > offset.Value;
    }

    /// <summary>Sets the dirty mark; true when it was not set, and the caller has to remember the queue.</summary>
    public bool MarkDirty() => Volatile.Read(ref _dirty) == 0 && Interlocked.Exchange(ref _dirty, 1) == 0;

    /// <summary>Hands all units to the kernel. True when something is now to be made durable.</summary>
    public bool WriteUnits()
    {
        Volatile.Write(ref _dirty, 0);
        Interlocked.MemoryBarrier();
        lock (_lock)
        {
            if (_destroyed)
            {
                return false;
            }

            WriteUnitsLocked();
            return _files.HasUnsynced || _ext?.HasUnsynced == true;
        }
    }

    /// <summary>Extent of the queue in the kernel. Loads it where that has not been done; may wait for the disk.</summary>
    public QueuePlace Place
    {
        get
        {
            EnsureLoaded();
            lock (_lock)
            {
                return new QueuePlace(_files.Starts is [var first, ..] ? first : 0, _written, _writtenPhysicalOffset);
            }
        }
    }

    public QueueName Name => new(_environment.IsBatch, Topic.Name, QueueId);

    /// <inheritdoc cref="QueueFiles.UnsyncedBytes"/>
    public long UnsyncedBytes => _files.UnsyncedBytes;

    /// <inheritdoc cref="QueueFiles.Flush"/>
    public void Flush(ISet<string> unsyncedDirectories)
    {
        // First what the units point to.
        _ext?.Flush(unsyncedDirectories);
        _files.Flush(unsyncedDirectories);
    }

    /// <summary>Index of the unit that holds the message of a queue offset, or of the first behind it; <see cref="End"/> without one. False when finding it would wait for the disk.</summary>
    public virtual bool TryFindIndex(long queueOffset, bool mayBlock, out long index)
    {
        index = queueOffset;
        return true;
    }

    /// <summary>Queue offset of the first message of the unit at an index, and of the next message at the end. False when it cannot be read, or not without waiting.</summary>
    public virtual bool TryGetOffset(long index, bool mayBlock, out long queueOffset)
    {
        queueOffset = index;
        return true;
    }

    /// <summary>
    /// Reads the extension at a unit's address (<see cref="ExtAddress"/>); not there when it cannot be read, and the message itself is to
    /// be looked at. The window is this queue's.
    /// </summary>
    public ReadOutcome ReadExt(long address, ExtWindow window, bool mayBlock, out ExtUnit unit)
    {
        if (_ext is not null)
        {
            return window.Read(_ext, ExtAddress.OffsetOf(address), mayBlock, out unit);
        }

        unit = default;
        return ReadOutcome.NotThere;
    }

    /// <summary>
    /// Copies units from <paramref name="index"/> on, as many as fit, are there and lie in one place. Returns how many; 0 at or behind the end, and where a file
    /// is missing; −1 when that would wait for the disk.
    /// </summary>
    public int ReadUnits(long index, Span<byte> destination, bool mayBlock)
    {
        while (true)
        {
            int count = (int)Math.Min(End - index, destination.Length / UnitBytes);
            if (count <= 0 || index < 0)
            {
                return 0;
            }

            UnitRing? ring = _ring;
            if (ring is not null && index >= ring.ValidFrom)
            {
                if (ring.TryCopyOut(index, destination[..(count * UnitBytes)]))
                {
                    return count;
                }

                continue;
            }

            long written = Volatile.Read(ref _written);
            if (index >= written)
            {
                // Between the two looks the ring was written out and replaced.
                continue;
            }

            count = (int)Math.Min(count, Math.Min(written - index, UnitsPerFile - (index % UnitsPerFile)));
            return _files.Read(index, destination[..(count * UnitBytes)], mayBlock);
        }
    }

    /// <summary>One unit; may wait for the disk.</summary>
    public bool TryReadUnit(long index, out ConsumeQueueUnit unit)
    {
        Span<byte> bytes = stackalloc byte[QueueFiles.MaxUnitBytes];
        bytes = bytes[..UnitBytes];
        if (ReadUnits(index, bytes, mayBlock: true) == 1)
        {
            unit = _files.Decode(bytes);
            return unit.IsWritten;
        }

        unit = default;
        return false;
    }

    /// <summary>
    /// Cuts all units of records at or behind an offset and zeroes what lay behind them: after the loss of the log's end they point nowhere, and later to other
    /// messages. For recovery before use, and for a cut of the log while nobody appends or dispatches: all units are written then. Readers may be at it.
    /// </summary>
    /// <param name="physicalOffset">Units of records before it are durable.</param>
    /// <param name="pointsToItsRecord">Whether the record a unit points to names this queue and that queue offset.</param>
    public void TruncateFrom(long physicalOffset, Func<ConsumeQueue, long, ConsumeQueueUnit, bool> pointsToItsRecord)
    {
        lock (_lock)
        {
            if (_destroyed)
            {
                return;
            }

            if (_loaded && IsWritten && _maxPhysicalEnd <= physicalOffset && !_environment.IsRecovering)
            {
                // Nothing to cut; what was appended and not dispatched counts on again when it is.
                NextOffset = Max;
                return;
            }

            _files.List();
            long end = QueueSearch.FindEnd(_files, physicalOffset);

            // A unit that lies across two sectors, of which a power cut kept the second, may look like one of an older record.
            if (end > 0 && _files.TryReadUnit(end - 1, out ConsumeQueueUnit last) && !last.IsFiller && !pointsToItsRecord(this, OffsetIn(_files, end - 1), last))
            {
                end--;
            }

            // Readers look behind neither end before the files change.
            Volatile.Write(ref _max, Math.Min(_max, end));
            _ring = null;
            _files.ZeroFrom(end);
            SetEnd(end);
        }
    }

    /// <summary>
    /// Removes files whose last unit points below the log's first offset; the newest file stays. Then min is the first unit that still points into the log. A
    /// queue nobody has used does not become loaded by this: its min is found when it is.
    /// </summary>
    public int ExpireBelow(long minPhysicalOffset)
    {
        lock (_lock)
        {
            if (!_loaded && !_destroyed && _files.Starts.IsEmpty)
            {
                _files.List();
            }

            int removed = 0;
            while (_files.Starts is [_, var next, ..] && _files.TryReadUnit(next - 1, out ConsumeQueueUnit last) && !last.IsFiller && last.End <= minPhysicalOffset)
            {
                Volatile.Write(ref _min, Math.Max(_min, next));
                _files.RemoveFirst();
                removed++;
            }

            if (_loaded)
            {
                RaiseMin(minPhysicalOffset);
                OnEndsChanged();
                if (_ext is not null && TryReadUnit(_min, out ConsumeQueueUnit first))
                {
                    _ext.ExpireBelow(first.TagsCode);
                }
            }

            return removed;
        }
    }

    /// <summary>Gives memory and descriptors of an idle queue back. Only by the putter.</summary>
    public void ReleaseIdle()
    {
        lock (_lock)
        {
            if (_loaded && IsWritten && !_files.HasUnsynced && _ext?.HasUnsynced != true)
            {
                _ring = null;
                _files.CloseAll();
                _ext?.CloseAll();
            }
        }
    }

    /// <summary>Closes the files at the end of the store, when everything that should be durable is.</summary>
    public void CloseFiles()
    {
        lock (_lock)
        {
            _files.Abandon();
            _ext?.Abandon();
        }
    }

    /// <summary>Deletes all files and the directory. The queue is not used again.</summary>
    public void Destroy()
    {
        lock (_lock)
        {
            _destroyed = true;
            _files.Delete();
            _ext?.Delete();
        }
    }

    private void Load()
    {
        _files.List();
        long logEnd = _environment.LogEndOffset();
        long end = QueueSearch.FindEnd(_files, logEnd);
        if (_files.TryReadUnit(end, out ConsumeQueueUnit unit))
        {
            // At the end of the queue, such a unit would make every message that follows look as if it were there already; within it, readers skip it.
            long damagedAt = end;
            end = QueueSearch.FindEndBehindDamage(_files, end, logEnd);
            LogDamaged(_environment.Logger, Topic.Name, QueueId, damagedAt, unit.PhysicalOffset, end);
            _files.ZeroFrom(end);
        }

        SetEnd(end);
    }

    /// <summary>
    /// Called when the first or last unit is another one, for a queue whose offsets are not the indexes. Under the lock, except before the
    /// queue is used.
    /// </summary>
    protected virtual void OnEndsChanged()
    {
    }

    /// <summary>Queue offset of the first message of a unit that lies in the files; they are read, and it is there.</summary>
    protected virtual long OffsetIn(QueueFiles files, long index) => index;

    /// <summary>Returns the place of the next unit, which <see cref="PublishUnit"/> makes readable.</summary>
    protected Span<byte> ReserveUnit()
    {
        long index = _max;
        UnitRing? ring = _ring;
        if (ring is null)
        {
            ring = new UnitRing(FirstRingUnits, index, UnitBytes);
            _ring = ring;
        }
        else if (index - Volatile.Read(ref _written) >= ring.Capacity)
        {
            if (_environment.IsRecovering)
            {
                ring = WriteInRecovery(ring, index);
                _ring = ring;
            }
            else
            {
                // Full before the maintenance pass came. Writing would open files on a connection's loop; how far dispatch may run ahead of the passes is bounded.
                ring = ring.Grow();
                _ring = ring;
            }
        }

        return ring.Reserve(index);
    }

    /// <summary>The unit that was reserved is whole, and its record ends there.</summary>
    protected void PublishUnit(long physicalEnd)
    {
        _maxPhysicalEnd = physicalEnd;
        Volatile.Write(ref _max, _max + 1);
    }

    private void PutInRing(in ConsumeQueueUnit unit)
    {
        unit.Write(ReserveUnit());
        Volatile.Write(ref _max, _max + 1);
    }

    /// <summary>
    /// Writes what the ring has, as no maintenance runs yet, and how much is dispatched is not bounded. Returns the ring that goes on at
    /// the index.
    /// </summary>
    private UnitRing WriteInRecovery(UnitRing ring, long index)
    {
        try
        {
            WriteUnits();
            return ring.Capacity < MaxRecoveryRingUnits ? new UnitRing(ring.Capacity * 4, index, UnitBytes) : ring;
        }
        catch (StoreIOException e) when (e.MayBeRetried && ring.Capacity < MaxUnwrittenUnits)
        {
            // The first pass tries again, and refuses messages until it can. Consumers read them from here.
            return ring.Grow();
        }
    }

    private void BeginAt(long queueOffset)
    {
        lock (_lock)
        {
            Volatile.Write(ref _min, queueOffset);
            Volatile.Write(ref _written, queueOffset);
            _ring = null;
            Volatile.Write(ref _max, queueOffset);
        }
    }

    /// <summary>Units before the first one of a queue's first file are filler, not zeros, or Java would take the queue for empty (store.md §3.3).</summary>
    private void FillBefore(long queueOffset)
    {
        int inFile = (int)(queueOffset % UnitsPerFile);
        byte[] filler = new byte[inFile * ConsumeQueueUnit.Size];
        for (int at = 0; at < filler.Length; at += ConsumeQueueUnit.Size)
        {
            ConsumeQueueUnit.Filler.Write(filler.AsSpan(at));
        }

        _files.Write(queueOffset - inFile, filler);
    }

    private void WriteUnitsLocked()
    {
        long max = End;
        if (_written == max)
        {
            return;
        }

        if (_files.Starts.IsEmpty && _written % UnitsPerFile != 0)
        {
            FillBefore(_written);
        }

        // Before the units that point there: a killed process leaves no unit without its extension.
        _ext?.Write();
        Span<byte> buffer = stackalloc byte[UnitsPerWrite * ConsumeQueueUnit.Size];
        int unitsPerWrite = buffer.Length / UnitBytes;
        while (_written < max)
        {
            int count = (int)Math.Min(Math.Min(unitsPerWrite, max - _written), UnitsPerFile - (_written % UnitsPerFile));
            Span<byte> units = buffer[..(count * UnitBytes)];
            if (_ring?.TryCopyOut(_written, units) != true)
            {
                throw new StoreException($"Units {_written} to {max} of queue {QueueId} of {Topic.Name} are neither written nor in memory.");
            }

            _files.Write(_written, units);
            if (ConsumeQueueUnit.Read(units[^UnitBytes..]) is { IsFiller: false } last)
            {
                _writtenPhysicalOffset = last.PhysicalOffset;
            }

            Volatile.Write(ref _written, _written + count);
        }
    }

    /// <summary>Min becomes the first unit that is no filler and still points into the log.</summary>
    private void RaiseMin(long minPhysicalOffset)
    {
        if (_minPhysicalOffset >= minPhysicalOffset)
        {
            return;
        }

        Volatile.Write(ref _min, QueueSearch.FindMin(_files, _min, _written, minPhysicalOffset, out _minPhysicalOffset));
    }

    /// <summary>The queue ends there, and begins with what still points into the log. <paramref name="countsOn"/>: so do the offsets of what is appended.</summary>
    private void SetEnd(long end, bool countsOn = true)
    {
        Volatile.Write(ref _written, end);
        Volatile.Write(ref _max, end);
        ConsumeQueueUnit last = QueueSearch.LastUnit(_files, end);
        _maxPhysicalEnd = last.End;
        _writtenPhysicalOffset = last.IsWritten ? last.PhysicalOffset : -1;
        Volatile.Write(ref _min, _files.Starts is [var first, ..] ? first : 0);
        _minPhysicalOffset = -1;
        RaiseMin(_environment.LogMinOffset());
        OnEndsChanged();
        NextOffset = countsOn ? Max : NextOffset;
        _ext?.Load(last.TagsCode);
        _loaded = true;
    }

    [LoggerMessage(EventId = 2101, Level = LogLevel.Error, Message = "Queue {QueueId} of {Topic} ends at {Max}, but the record at {PhysicalOffset} claims offset {QueueOffset}: it cannot be read through the queue")]
    private static partial void LogOffsetTaken(ILogger logger, string topic, int queueId, long queueOffset, long physicalOffset, long max);

    [LoggerMessage(EventId = 2102, Level = LogLevel.Error, Message = "Queue {QueueId} of {Topic} ends at {Max}, but the record at {PhysicalOffset} claims offset {QueueOffset}: too far away to be right, it is left out of the queue")]
    private static partial void LogOffsetTooFar(ILogger logger, string topic, int queueId, long queueOffset, long physicalOffset, long max);

    [LoggerMessage(EventId = 2107, Level = LogLevel.Information, Message = "Queue {QueueId} of {Topic}, which ended at {Max}, begins anew: the topic was deleted and made again where its messages come from. Its files were moved to {Aside}")]
    private static partial void LogBegunAnew(ILogger logger, string topic, int queueId, long max, string aside);

    [LoggerMessage(EventId = 2105, Level = LogLevel.Error, Message = "Queue {QueueId} of {Topic} is damaged: its unit {QueueOffset} points to {PhysicalOffset}, where its message cannot be. The last unit that can be right is the one before {End}; what follows is cleared")]
    private static partial void LogDamaged(ILogger logger, string topic, int queueId, long queueOffset, long physicalOffset, long end);

    [LoggerMessage(EventId = 2103, Level = LogLevel.Error, Message = "Queue {QueueId} of {Topic} misses the messages from {From} to {To}: filled with units that are skipped")]
    private static partial void LogGap(ILogger logger, string topic, int queueId, long from, long to);
}
