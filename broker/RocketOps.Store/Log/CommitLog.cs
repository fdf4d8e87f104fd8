using System.Buffers;
using System.Diagnostics;
using System.Numerics;
using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Contracts;
using RocketOps.Store.Files;
using RocketOps.Store.Records;
using RocketOps.Store.State;

namespace RocketOps.Store.Log;

/// <summary>
/// The log. Appending is a short critical section that gives out offsets and copies into the tail; <see cref="Room"/> finds the place, <see cref="Writes"/> hands
/// what is pending to the kernel. The append lock and the flush lock are taken alone.
/// </summary>
internal sealed class CommitLog
{
    /// <summary>Instead of the offset of a record that is not known.</summary>
    public const long NoRecord = -1;

    private readonly LogPositions _positions;
    private readonly TimeProvider _time;
    private readonly StoreState _state;
    private readonly LogTail _tail;
    private readonly DescriptorRing _descriptors;
    private readonly MessageDescriber _describer;
    private readonly RawDescriber _rawDescriber;
    private readonly LogSegments _segments;
    private readonly SegmentAllocator _allocator;
    private readonly AppendLimits _limits;
    private readonly LogRoom _room;
    private readonly PendingWrites _writes;
    private readonly Lock _appendLock = new();
    private readonly Lock _flushLock = new();
    private readonly byte[] _wrapScratch;

    private long _lastStoreTimestamp;
    private long _lastRecord = NoRecord;
    private long _messagesAppended;
    private long _startOffset;
    private long _copiedTo;

    /// <param name="options">The store's.</param>
    /// <param name="tuning">The settings in force.</param>
    /// <param name="positions">How far the log has come.</param>
    /// <param name="segments">Its files.</param>
    /// <param name="allocator">Makes more of them.</param>
    /// <param name="topics">Whose queues give their next offsets.</param>
    /// <param name="state">Told of failures.</param>
    /// <param name="time">Gives store times.</param>
    /// <param name="appendsMayWrite">Whether an append that finds memory full writes; see <see cref="AppendsMayWrite"/>.</param>
    /// <param name="writeRest">Writes, and dispatches, what a thread that writes has left to others.</param>
    public CommitLog(
        StoreOptions options, CurrentTuning tuning, LogPositions positions, LogSegments segments, SegmentAllocator allocator, StoreTopicTable topics, StoreState state,
        TimeProvider time, bool appendsMayWrite, Action writeRest)
    {
        _positions = positions;
        _segments = segments;
        _allocator = allocator;
        _state = state;
        _time = time;
        AppendsMayWrite = appendsMayWrite;

        // What is pending must have room for the largest unit of append twice: one in the making, and the filler of a file it did not fit into.
        long largest = AppendLimits.MaxUnitBytes(options);
        int capacity = (int)Math.Max((uint)options.TailBytes, BitOperations.RoundUpToPowerOf2((uint)(((2 * largest) + RecordLayout.BlankBytes) * 4 / 3)));
        _tail = new LogTail(capacity, Math.Min(capacity, options.UsualTailBytes));
        _descriptors = new DescriptorRing(options.DescribedMessages);
        _describer = new MessageDescriber(options);
        _rawDescriber = new RawDescriber(topics, _describer, _descriptors);
        _room = new LogRoom(options, tuning, positions, _tail, segments, allocator, state);
        _writes = new PendingWrites(tuning, positions, _tail, segments, state, time, writeRest);
        _limits = new AppendLimits(options, state, _writes, _room);
        _wrapScratch = GC.AllocateUninitializedArray<byte>((int)largest);
    }

    public LogTail Tail => _tail;

    /// <summary>Descriptors of messages that dispatch need not read from the log.</summary>
    public DescriptorRing Descriptors => _descriptors;

    public LogSegments Segments => _segments;

    public long Appended => _positions.AppendedOffset;

    public long Written => _positions.Reached(LogPosition.Written);

    public long Durable => _positions.Reached(LogPosition.Durable);

    /// <summary>Hands what is appended to the kernel.</summary>
    public PendingWrites Writes => _writes;

    /// <summary>Room for the log that is reserved on the disk.</summary>
    public LogRoom Room => _room;

    /// <summary>Tells readers what a cut has taken from them.</summary>
    public CutFence Cuts { get; } = new();

    /// <summary>
    /// True when an append of a message that finds memory full writes. False in a running store: it may run on a connection's loop, where
    /// only the commit may wait for the kernel.
    /// </summary>
    public bool AppendsMayWrite { get; }

    public long MessagesAppended => Volatile.Read(ref _messagesAppended);

    public long BytesAppended => Appended - _startOffset;

    /// <summary>Offset of the last record of a message; −1 when it is not known without a look at the log.</summary>
    public long LastRecord => Volatile.Read(ref _lastRecord);

    /// <summary>
    /// Records before it may have come as another store's bytes, among which a queue may begin anew, because its topic was deleted and made again there. In the log of a master
    /// that never happens, so nothing is before it.
    /// </summary>
    public long CopiedTo
    {
        get => Volatile.Read(ref _copiedTo);
        set => Volatile.Write(ref _copiedTo, value);
    }

    /// <summary>
    /// Starts the log before use: it ends at that offset, is known to be durable up to another and dispatched up to a third, and nothing of
    /// it is in the tail.
    /// </summary>
    public void Start(in RecoveredStore recovered)
    {
        long end = recovered.End;
        _positions.Start(end, recovered.Durable, recovered.Dispatched);
        CopiedTo = Math.Min(CopiedTo, end);
        _startOffset = end;
        _lastStoreTimestamp = recovered.LastStoreTimestamp;
        _lastRecord = recovered.LastRecord;
        _tail.Start(end);
        _allocator.Start(end);
    }

    /// <summary>
    /// A log without a byte begins at that offset. Nobody appends, writes or dispatches meanwhile (<see cref="PendingWrites.TryOwn"/>, <c>Dispatcher.TryOwn</c>).
    /// May wait for the disk.
    /// </summary>
    public void BeginAt(long offset)
    {
        if (Appended != _segments.MinOffset)
        {
            throw new StoreException($"The log has messages from {_segments.MinOffset} to {Appended}, it cannot begin at {offset}.");
        }

        // Files made for a first message that has not come.
        _allocator.DropPrepared(-1, offset);
        while (_segments.All is [.., LogSegment empty])
        {
            _segments.RemoveLast();
            _allocator.Delete(empty);
        }

        lock (_appendLock)
        {
            _segments.BeginAt(offset);
            _tail.Start(offset);
            _startOffset = offset;
            _positions.BeginAt(offset);
        }
    }

    /// <summary>
    /// The log ends there from now on, behind that record. Appends are refused, nobody writes (<see cref="PendingWrites.TryOwn"/>), and everything before the offset is durable. Readers see the
    /// end before the count, and the count before any byte changes.
    /// </summary>
    public void BeginCut(long offset, long lastRecord, long lastStoreTimestamp)
    {
        lock (_flushLock)
        {
            _startOffset -= Appended - offset;
            Volatile.Write(ref _lastRecord, lastRecord);
            _positions.CutTo(offset);
            CopiedTo = Math.Min(CopiedTo, offset);
            _lastStoreTimestamp = lastStoreTimestamp;
            _tail.Start(offset);
        }

        Cuts.Begin(offset);
    }

    /// <summary>Memory of the tail that a burst has needed goes back when none did since the last call.</summary>
    public void TrimTail()
    {
        lock (_appendLock)
        {
            // What is pending stays where it is: somebody may be writing it from there.
            if (Written == Appended)
            {
                _tail.TryShrink(Appended);
            }
        }
    }

    public AppendStatus Append(in MessageToAppend message, ConsumeQueue queue, out AppendResult result)
    {
        result = default;
        ReadOnlySpan<byte> topic = message.Topic.Utf8Name.Span;
        PropertyParts properties = new(message.Properties, message.MoreProperties, message.LastProperties);
        AppendStatus status = _limits.Check(topic, message.Body.Length, properties.Length);
        if (status != AppendStatus.Ok)
        {
            return status;
        }

        RecordEncoder record = new(in message.FieldsInPlace)
        {
            Topic = topic,
            QueueId = message.QueueId,
            Body = message.Body,
            BodyCrc = ChecksumOf(message.Body),
            Properties = properties,
        };
        if ((record.SysFlag & SysFlags.InnerBatch) != 0)
        {
            return AppendInnerBatch(record, message, queue, out result);
        }

        if (queue is BatchConsumeQueue && InnerBatch.IsNamedIn(properties))
        {
            // Whoever reads the record would take it for several messages.
            return AppendStatus.MessageIllegal;
        }

        int size = (int)record.Size;
        MessageDescription description = _describer.Describe(queue, record.SysFlag, properties);
        while (true)
        {
            lock (_appendLock)
            {
                status = _room.Reserve(queue, size, out long offset);
                if (status == AppendStatus.Ok)
                {
                    long storeTimestamp = NextStoreTimestamp();
                    bool hasUnit = SysFlags.HasQueueUnit(record.SysFlag);
                    long queueOffset = hasUnit ? queue.NextOffset : 0;
                    Encode(record, offset, size, queueOffset, storeTimestamp);
                    if (hasUnit)
                    {
                        queue.NextOffset = queueOffset + 1;
                    }

                    description.AddTo(_descriptors, offset, size, queueOffset, storeTimestamp);
                    _lastRecord = offset;
                    _messagesAppended++;
                    queue.Topic.CountAppend(1, size);
                    _positions.AppendedOffset = offset + size;
                    result = new AppendResult(new PhysicalOffset(offset), new PhysicalOffset(offset + size), queueOffset, storeTimestamp, 1, _positions.Generation);
                    return AppendStatus.Ok;
                }
            }

            if (!_writes.MakeRoom(ref status, mayWrite: AppendsMayWrite))
            {
                return status;
            }
        }
    }

    /// <summary>
    /// A record that takes several queue offsets: the first of them is one of its properties, so that its length is not known before its place. Only in batch consume queues.
    /// Without a description: the properties are what dispatch needs, and it reads them from the record.
    /// </summary>
    private AppendStatus AppendInnerBatch(scoped in RecordEncoder record, in MessageToAppend message, ConsumeQueue queue, out AppendResult result)
    {
        result = default;
        int count = queue is BatchConsumeQueue && SysFlags.HasQueueUnit(record.SysFlag) ? InnerBatch.CountOf(record.Properties) : 0;
        if (count == 0)
        {
            return AppendStatus.MessageIllegal;
        }

        Span<byte> last = new byte[message.LastProperties.Length + 1 + InnerBatch.MaxBaseBytes];
        message.LastProperties.CopyTo(last);
        int baseAt = message.LastProperties.Length;
        if (baseAt > 0 && last[baseAt - 1] != PropertyReader.PropertyEnd)
        {
            last[baseAt++] = PropertyReader.PropertyEnd;
        }

        AppendStatus status = _limits.Check(record.Topic, record.Body.Length, new PropertyParts(message.Properties, message.MoreProperties, last).Length);
        if (status != AppendStatus.Ok)
        {
            return status;
        }

        while (true)
        {
            lock (_appendLock)
            {
                long queueOffset = queue.NextOffset;
                int lastLength = baseAt + InnerBatch.WriteBase(last[baseAt..], queueOffset);
                PropertyParts properties = new(message.Properties, message.MoreProperties, last[..lastLength]);
                RecordEncoder placed = record with { Properties = properties };
                int size = (int)placed.Size;
                status = _room.Reserve(queue, size, out long offset);
                if (status == AppendStatus.Ok)
                {
                    long storeTimestamp = NextStoreTimestamp();
                    Encode(placed, offset, size, queueOffset, storeTimestamp);
                    queue.NextOffset = queueOffset + count;
                    _lastRecord = offset;
                    _messagesAppended += count;
                    queue.Topic.CountAppend(count, size);
                    _positions.AppendedOffset = offset + size;
                    result = new AppendResult(new PhysicalOffset(offset), new PhysicalOffset(offset + size), queueOffset, storeTimestamp, count, _positions.Generation);
                    return AppendStatus.Ok;
                }
            }

            if (!_writes.MakeRoom(ref status, mayWrite: AppendsMayWrite))
            {
                return status;
            }
        }
    }

    public AppendStatus AppendBatch(in BatchToAppend batch, ConsumeQueue queue, Span<PhysicalOffset> offsets, out AppendResult result)
    {
        result = default;
        ReadOnlySpan<byte> topic = batch.Topic.Utf8Name.Span;
        AppendStatus status = _limits.MeasureBatch(batch, topic, offsets.Length, out int totalSize, out int count);
        if (status == AppendStatus.Ok && queue is BatchConsumeQueue && NamesInnerBatch(batch))
        {
            status = AppendStatus.MessageIllegal;
        }

        if (status != AppendStatus.Ok)
        {
            return status;
        }

        int[] checksums = ArrayPool<int>.Shared.Rent(count);
        try
        {
            ComputeChecksums(batch, checksums);
            return AppendBatch(batch, queue, totalSize, count, checksums, offsets, out result);
        }
        finally
        {
            ArrayPool<int>.Shared.Return(checksums);
        }
    }

    /// <summary>The part that takes the append lock, with what need not be computed under it.</summary>
    private AppendStatus AppendBatch(in BatchToAppend batch, ConsumeQueue queue, int totalSize, int count, ReadOnlySpan<int> checksums, Span<PhysicalOffset> offsets, out AppendResult result)
    {
        result = default;
        ReadOnlySpan<byte> topic = batch.Topic.Utf8Name.Span;
        while (true)
        {
            AppendStatus status;
            lock (_appendLock)
            {
                // The batch is one unit: if it does not fit into the rest of the file, all of it moves to the next.
                status = _room.Reserve(queue, totalSize, out long start);
                if (status == AppendStatus.Ok)
                {
                    long storeTimestamp = NextStoreTimestamp();
                    long firstQueueOffset = queue.NextOffset;
                    long at = start;
                    int index = 0;
                    BatchBodyReader reader = new(batch.Body);
                    while (reader.MoveNext())
                    {
                        RecordEncoder record = AppendLimits.BatchRecord(batch, topic, ref reader, checksums[index]);
                        int size = (int)record.Size;
                        Encode(record, at, size, firstQueueOffset + index, storeTimestamp);
                        _describer.Describe(queue, record.SysFlag, record.Properties)
                            .AddTo(_descriptors, at, size, firstQueueOffset + index, storeTimestamp);
                        offsets[index++] = new PhysicalOffset(at);
                        _lastRecord = at;
                        at += size;
                    }

                    queue.NextOffset = firstQueueOffset + count;
                    _messagesAppended += count;
                    queue.Topic.CountAppend(count, totalSize);
                    _positions.AppendedOffset = at;
                    result = new AppendResult(new PhysicalOffset(start), new PhysicalOffset(at), firstQueueOffset, storeTimestamp, count, _positions.Generation);
                    return AppendStatus.Ok;
                }
            }

            if (!_writes.MakeRoom(ref status, mayWrite: AppendsMayWrite))
            {
                return status;
            }
        }
    }

    /// <summary>See <c>LogWriter.AppendRaw</c>.</summary>
    public AppendStatus AppendRaw(long offset, ReadOnlySpan<byte> bytes, out int taken)
    {
        taken = 0;
        while (true)
        {
            AppendStatus status = _writes.IsPageCacheBusy ? AppendStatus.Busy : _state.RawStatus;
            if (status != AppendStatus.Ok)
            {
                return status;
            }

            if (!RawRecords.TryMeasure(bytes[taken..], offset + taken, _segments.FileBytes, _wrapScratch.Length, out RawRun run))
            {
                return AppendStatus.MessageIllegal;
            }

            if (run.Bytes == 0)
            {
                return AppendStatus.Ok;
            }

            lock (_appendLock)
            {
                if (Appended != offset + taken)
                {
                    throw new StoreException($"Bytes of offset {offset + taken} cannot be appended: the log ends at {Appended}.");
                }

                status = _room.ReserveRaw(offset + taken, run.Bytes);
                if (status == AppendStatus.Ok)
                {
                    ReadOnlySpan<byte> records = bytes.Slice(taken, run.Bytes);
                    _tail.CopyIn(offset + taken, records);
                    _rawDescriber.Describe(records, offset + taken);
                    _messagesAppended += run.Messages;
                    if (run.Messages > 0)
                    {
                        _lastRecord = offset + taken + run.LastMessageAt;
                        _lastStoreTimestamp = Math.Max(_lastStoreTimestamp, run.LastStoreTimestamp);
                    }

                    taken += run.Bytes;
                    CopiedTo = offset + taken;
                    _positions.AppendedOffset = offset + taken;
                    continue;
                }
            }

            if (!_writes.MakeRoom(ref status, mayWrite: true))
            {
                return status;
            }
        }
    }

    /// <summary>Makes everything written durable. Returns the durable position. A failed flush is never repeated: the kernel has forgotten which pages it lost.</summary>
    public long Flush()
    {
        lock (_flushLock)
        {
            long target = Written;
            long at = Durable;
            if (at >= target || _state.HasFailed)
            {
                return at;
            }

            try
            {
                while (at < target)
                {
                    LogSegment segment = _segments.Find(at) ?? throw new StoreException($"No commit-log file holds offset {at}.");
                    segment.File.FlushData();
                    at = Math.Min(target, segment.BaseOffset + _segments.FileBytes);
                    _positions.Move(LogPosition.Durable, at);
                }
            }
            catch (StoreIOException e)
            {
                _state.Fail(StoreFlags.NotWriteable, "Flushing the commit log", e);
            }

            return Durable;
        }
    }

    public void RaiseNextOffset(ConsumeQueue queue, long nextOffset)
    {
        lock (_appendLock)
        {
            queue.NextOffset = Math.Max(queue.NextOffset, nextOffset);
        }
    }

    /// <summary>The next message appended to the queue gets that offset.</summary>
    public void SetNextOffset(ConsumeQueue queue, long nextOffset)
    {
        lock (_appendLock)
        {
            queue.NextOffset = nextOffset;
        }
    }

    /// <summary>
    /// The queue is emptied, and the next message appended to it gets offset 0, unless what follows in the log has been counted already (<see cref="SetNextOffset"/>). By the owner
    /// of dispatch, on a thread that may wait for the disk.
    /// </summary>
    public void BeginAnew(ConsumeQueue queue, bool isCounted)
    {
        queue.BeginAnew();
        if (!isCounted)
        {
            SetNextOffset(queue, 0);
        }
    }

    /// <summary>Returns when no append is in its critical section. Later ones see what the caller has published before.</summary>
    public void Quiesce()
    {
        lock (_appendLock)
        {
        }
    }

    private static bool NamesInnerBatch(in BatchToAppend batch)
    {
        BatchBodyReader reader = new(batch.Body);
        while (reader.MoveNext())
        {
            if (InnerBatch.IsNamedIn(new PropertyParts(reader.Properties, batch.MoreProperties, default)))
            {
                return true;
            }
        }

        return false;
    }

    private void ComputeChecksums(in BatchToAppend batch, Span<int> checksums)
    {
        BatchBodyReader reader = new(batch.Body);
        for (int index = 0; reader.MoveNext(); index++)
        {
            checksums[index] = ChecksumOf(reader.Body);
        }
    }

    /// <summary>Computes the checksum of up to 4 MiB, for which no other append is to wait.</summary>
    private int ChecksumOf(ReadOnlySpan<byte> body)
    {
        Debug.Assert(!_appendLock.IsHeldByCurrentThread, "checksums are computed before the append lock is taken");
        return MaskedCrc32.Compute(body);
    }

    private void Encode(scoped in RecordEncoder record, long offset, int size, long queueOffset, long storeTimestamp)
    {
        if (_tail.TryGetSpan(offset, size, out Span<byte> place))
        {
            record.Encode(place, offset, queueOffset, storeTimestamp);
            return;
        }

        // Once per round of the ring a record wraps around its end.
        Span<byte> scratch = _wrapScratch.AsSpan(0, size);
        record.Encode(scratch, offset, queueOffset, storeTimestamp);
        _tail.CopyIn(offset, scratch);
    }

    /// <summary>Under the append lock. Store time never goes back in the log, whatever the clock does.</summary>
    private long NextStoreTimestamp()
    {
        long now = _time.GetUtcNow().ToUnixTimeMilliseconds();
        _lastStoreTimestamp = Math.Max(_lastStoreTimestamp, now);
        return _lastStoreTimestamp;
    }
}
