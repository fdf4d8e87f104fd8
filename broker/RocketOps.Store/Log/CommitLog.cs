using System.Buffers.Binary;
using System.Numerics;
using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Files;
using RocketOps.Store.Records;

namespace RocketOps.Store.Log;

/// <summary>
/// The log. Appending is a short critical section that gives out offsets and copies into the tail. Writing hands all that is pending to the kernel in one call; one
/// thread at a time does, the leader, and takes along what others append meanwhile; a follower never waits for it, its replies wait for the position.
/// The append lock and the flush lock are taken alone; nothing is locked while the kernel writes.
/// </summary>
internal sealed class CommitLog
{
    /// <summary>What a leader writes for itself and others before it hands on: its own replies wait meanwhile.</summary>
    private const int MaxLedBytes = 4 * 1024 * 1024;

    private readonly StoreOptions _options;
    private readonly LogPositions _positions;
    private readonly TimeProvider _time;
    private readonly StoreState _state;
    private readonly LogTail _tail;
    private readonly DescriptorRing _descriptors;
    private readonly MessageDescriber _describer;
    private readonly LogSegments _segments;
    private readonly SegmentAllocator _allocator;
    private readonly Lock _appendLock = new();
    private readonly Lock _flushLock = new();
    private readonly byte[] _wrapScratch;
    private readonly int _maxPendingBytes;
    private readonly int _prepareAheadAt;
    private readonly ReserveSteps _steps;

    private long _lastStoreTimestamp;
    private long _messagesAppended;
    private long _startOffset;
    private int _writing;
    private int _restQueued;
    private long _writeStartedAt;
    private int _cuts;
    private long _lowestCut = long.MaxValue;

    public CommitLog(StoreOptions options, LogPositions positions, LogSegments segments, SegmentAllocator allocator, StoreState state, TimeProvider time)
    {
        _positions = positions;
        _options = options;
        _segments = segments;
        _allocator = allocator;
        _state = state;
        _time = time;

        // What is pending must have room for the largest unit of append twice: one in the making, and the filler of a file it did not fit into. The quarter
        // that is never pending keeps readers who are up to date in memory while a burst is being written.
        long largest = MaxUnitBytes(options);
        _tail = new LogTail((int)Math.Max((uint)options.TailBytes, BitOperations.RoundUpToPowerOf2((uint)(((2 * largest) + RecordLayout.BlankBytes) * 4 / 3))));
        _descriptors = new DescriptorRing(options.DescribedMessages);
        _describer = new MessageDescriber(options);
        _maxPendingBytes = _tail.Capacity / 4 * 3;
        _wrapScratch = GC.AllocateUninitializedArray<byte>((int)largest);

        // Half a file ahead: more than a second at the speed of the fastest disks, and a fresh store does not take twice its space at once.
        _prepareAheadAt = options.CommitLogFileBytes / 2;
        _steps = ReserveSteps.Of(options);
    }

    public LogTail Tail => _tail;

    /// <summary>What dispatch need not read from the log.</summary>
    public DescriptorRing Descriptors => _descriptors;

    public LogSegments Segments => _segments;

    public long Appended => _positions.AppendedOffset;

    public long Written => _positions.Reached(LogPosition.Written);

    public long Durable => _positions.Reached(LogPosition.Durable);

    /// <summary>Writes, and dispatches, what a leader has left to others; on a thread that may wait for the kernel. Without one the leader goes on to the end.</summary>
    public IThreadPoolWorkItem? Rest { get; set; }

    /// <summary>Whether an append of a message that finds memory full writes. Not in a running store: it may stand on a connection's loop, where only the commit may wait for the kernel.</summary>
    public bool AppendsMayWrite { get; set; } = true;

    public long MessagesAppended => Volatile.Read(ref _messagesAppended);

    public long BytesAppended => Appended - _startOffset;

    /// <summary>A write has been in the kernel for longer than <c>osPageCacheBusyTimeOutMills</c>.</summary>
    public bool IsPageCacheBusy => CurrentWriteMs > _options.PageCacheBusyTimeoutMs;

    /// <summary>How long the write that runs now has been in the kernel, in milliseconds; 0 when none runs.</summary>
    public long CurrentWriteMs
    {
        get
        {
            long since = Volatile.Read(ref _writeStartedAt);
            return since == 0 ? 0 : (long)_time.GetElapsedTime(since).TotalMilliseconds;
        }
    }

    /// <summary>Largest record, or batch of records, that can be appended.</summary>
    public static long MaxUnitBytes(StoreOptions options) =>
        options.MaxMessageBytes + RecordLayout.FixedBytes + 1 + (2 * RecordLayout.IPv6ExtraBytes) + RecordLayout.MaxTopicBytesV2 + RecordLayout.MaxPropertiesBytes;

    /// <summary>Before use: the log ends at that offset, is known to be durable up to another, and nothing of it is in the tail.</summary>
    public void Start(long end, long durable, long lastStoreTimestamp)
    {
        _positions.Start(end, durable);
        _startOffset = end;
        _lastStoreTimestamp = lastStoreTimestamp;
        _tail.Start(end);
        _allocator.Start(end);
    }

    /// <summary>Looks for room as the first message would, so that a broker without any says so before one comes. Nothing is created for a log without files.</summary>
    public void ReserveFirst()
    {
        lock (_appendLock)
        {
            if (Appended < _segments.EndOffset)
            {
                ReserveBlocks(Appended + 1);
            }
        }
    }

    /// <summary>Bytes that are reserved at once when the log needs more.</summary>
    public long NextReserveBytes => _allocator.NextStepBytes;

    /// <summary>Whether messages find a place without another block of the disk. One of unusual size may not.</summary>
    public bool HasReservedRoom => _allocator.ReservedEnd - Appended > Math.Min(_options.MaxMessageBytes, _steps.First / 4);

    /// <summary>
    /// Counts when a cut begins to change what lies behind it, and again when it has ended, before anything is appended there; odd means that one is under way.
    /// Taken before a queue or the log is looked at, it tells afterwards (<see cref="IsIntact"/>) whether what was found is still that.
    /// </summary>
    public int Cuts => Volatile.Read(ref _cuts);

    /// <summary>Whether bytes read up to an offset, or units that point to them, belong to the log as it was when <see cref="Cuts"/> was <paramref name="cuts"/>.</summary>
    public bool IsIntact(int cuts, long end)
    {
        Volatile.ReadBarrier();
        return Cuts == cuts || end <= Volatile.Read(ref _lowestCut);
    }

    /// <summary>Becomes the one who writes; false while somebody else is. Until <see cref="ReleaseWriting"/> nothing is handed to the kernel.</summary>
    public bool TryOwnWriting() => Interlocked.CompareExchange(ref _writing, 1, 0) == 0;

    public void ReleaseWriting() => Interlocked.Exchange(ref _writing, 0);

    /// <summary>
    /// The log ends there from now on. Appends are refused, nobody writes (<see cref="TryOwnWriting"/>), and everything before the offset is durable. Readers see the
    /// end before the count, and the count before any byte changes.
    /// </summary>
    public void BeginCut(long offset, long lastStoreTimestamp)
    {
        lock (_flushLock)
        {
            _startOffset -= Appended - offset;
            _positions.CutTo(offset);
            _lastStoreTimestamp = lastStoreTimestamp;
            _tail.Start(offset);
        }

        Volatile.Write(ref _lowestCut, Math.Min(_lowestCut, offset));
        Interlocked.Increment(ref _cuts);
    }

    /// <summary>Queues and files are cut as well.</summary>
    public void EndCut() => Interlocked.Increment(ref _cuts);

    public AppendStatus Append(in MessageToAppend message, ConsumeQueue queue, out AppendResult result)
    {
        result = default;
        ReadOnlySpan<byte> topic = message.Topic.Utf8Name.Span;
        PropertyParts properties = new(message.Properties, message.MoreProperties, message.LastProperties);
        AppendStatus status = Check(topic, message.Body.Length, properties.Length);
        if (status != AppendStatus.Ok)
        {
            return status;
        }

        RecordEncoder record = new()
        {
            Topic = topic,
            QueueId = message.QueueId,
            Flag = message.Flag,
            SysFlag = RecordEncoder.WithHostBits(message.SysFlag, message.BornHost, message.StoreHost),
            BornTimestamp = message.BornTimestamp,
            BornHost = message.BornHost,
            StoreHost = message.StoreHost,
            ReconsumeTimes = message.ReconsumeTimes,
            PreparedTransactionOffset = message.PreparedTransactionOffset,
            Body = message.Body,
            BodyCrc = Crc32.ComputeForRecord(message.Body),
            Properties = properties,
        };
        int size = (int)record.Size;
        MessageDescription description = _describer.Describe(queue, record.SysFlag, properties);
        while (true)
        {
            lock (_appendLock)
            {
                status = Reserve(queue, size, out long offset);
                if (status == AppendStatus.Ok)
                {
                    long storeTimestamp = NextStoreTimestamp();
                    bool hasUnit = SysFlags.HasQueueUnit(message.SysFlag);
                    long queueOffset = hasUnit ? queue.NextOffset : 0;
                    Encode(record, offset, size, queueOffset, storeTimestamp);
                    if (hasUnit)
                    {
                        queue.NextOffset = queueOffset + 1;
                    }

                    description.AddTo(_descriptors, offset, size, queueOffset, storeTimestamp);
                    _messagesAppended++;
                    _positions.AppendedOffset = offset + size;
                    result = new AppendResult(new PhysicalOffset(offset), new PhysicalOffset(offset + size), queueOffset, storeTimestamp, 1, _positions.Generation);
                    return AppendStatus.Ok;
                }
            }

            if (!MakeRoom(ref status, mayWrite: AppendsMayWrite))
            {
                return status;
            }
        }
    }

    public AppendStatus AppendBatch(in BatchToAppend batch, ConsumeQueue queue, Span<PhysicalOffset> offsets, out AppendResult result)
    {
        result = default;
        ReadOnlySpan<byte> topic = batch.Topic.Utf8Name.Span;
        AppendStatus status = MeasureBatch(batch, topic, offsets.Length, out int totalSize, out int count);
        if (status != AppendStatus.Ok)
        {
            return status;
        }

        while (true)
        {
            lock (_appendLock)
            {
                // The batch is one unit: if it does not fit into the rest of the file, all of it moves to the next.
                status = Reserve(queue, totalSize, out long start);
                if (status == AppendStatus.Ok)
                {
                    long storeTimestamp = NextStoreTimestamp();
                    long firstQueueOffset = queue.NextOffset;
                    long at = start;
                    int index = 0;
                    BatchBodyReader reader = new(batch.Body);
                    while (reader.MoveNext())
                    {
                        RecordEncoder record = Record(batch, topic, ref reader, Crc32.ComputeForRecord(reader.Body));
                        int size = (int)record.Size;
                        Encode(record, at, size, firstQueueOffset + index, storeTimestamp);
                        _describer.Describe(queue, record.SysFlag, record.Properties).AddTo(_descriptors, at, size, firstQueueOffset + index, storeTimestamp);
                        offsets[index++] = new PhysicalOffset(at);
                        at += size;
                    }

                    queue.NextOffset = firstQueueOffset + count;
                    _messagesAppended += count;
                    _positions.AppendedOffset = at;
                    result = new AppendResult(new PhysicalOffset(start), new PhysicalOffset(at), firstQueueOffset, storeTimestamp, count, _positions.Generation);
                    return AppendStatus.Ok;
                }
            }

            if (!MakeRoom(ref status, mayWrite: AppendsMayWrite))
            {
                return status;
            }
        }
    }

    /// <summary>See <see cref="LogWriter.AppendRaw"/>.</summary>
    public AppendStatus AppendRaw(long offset, ReadOnlySpan<byte> bytes, out int taken)
    {
        taken = 0;
        while (true)
        {
            AppendStatus status = IsPageCacheBusy ? AppendStatus.Busy : _state.AppendStatus;
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

                status = ReserveRaw(offset + taken, run.Bytes);
                if (status == AppendStatus.Ok)
                {
                    _tail.CopyIn(offset + taken, bytes.Slice(taken, run.Bytes));
                    _messagesAppended += run.Messages;
                    _lastStoreTimestamp = Math.Max(_lastStoreTimestamp, run.LastStoreTimestamp);
                    taken += run.Bytes;
                    _positions.AppendedOffset = offset + taken;
                    continue;
                }
            }

            if (!MakeRoom(ref status, mayWrite: true))
            {
                return status;
            }
        }
    }

    /// <summary>
    /// Hands everything appended to the kernel, unless another thread is at it, which then takes it along: this one returns at once, and what it appended is written
    /// when the position says so. Returns the written position.
    /// </summary>
    public long WritePending()
    {
        long led = 0;
        while (Written < Appended && !_state.HasFailed)
        {
            if (Interlocked.CompareExchange(ref _writing, 1, 0) != 0)
            {
                // The leader looks again after letting go, and this thread has appended before it looked: one of the two sees the other.
                return Written;
            }

            try
            {
                led += WriteAsLeader();
            }
            finally
            {
                Interlocked.Exchange(ref _writing, 0);
            }

            _positions.Complete(LogPosition.Written);
            if (led >= MaxLedBytes && QueueRest())
            {
                return Written;
            }
        }

        if (_state.HasFailed)
        {
            _positions.Complete(LogPosition.Written);
        }

        return Written;
    }

    /// <summary>To be called by <see cref="Rest"/> before it writes.</summary>
    public void RestBegins() => Interlocked.Exchange(ref _restQueued, 0);

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

    /// <summary>Returns when no append is in its critical section. Later ones see what the caller has published before.</summary>
    public void Quiesce()
    {
        lock (_appendLock)
        {
        }
    }

    /// <summary>Number of messages of a batch body, −1 when it is malformed.</summary>
    public static int CountBatch(ReadOnlySpan<byte> body)
    {
        int count = 0;
        BatchBodyReader reader = new(body);
        while (reader.MoveNext())
        {
            count++;
        }

        return reader.IsMalformed ? -1 : count;
    }

    private static RecordEncoder Record(in BatchToAppend batch, ReadOnlySpan<byte> topic, scoped ref BatchBodyReader reader, int bodyCrc) => new()
    {
        Topic = topic,
        QueueId = batch.QueueId,
        Flag = reader.Flag,
        SysFlag = RecordEncoder.WithHostBits(batch.SysFlag, batch.BornHost, batch.StoreHost),
        BornTimestamp = batch.BornTimestamp,
        BornHost = batch.BornHost,
        StoreHost = batch.StoreHost,
        ReconsumeTimes = batch.ReconsumeTimes,
        PreparedTransactionOffset = 0,
        Body = reader.Body,
        BodyCrc = bodyCrc,
        Properties = new PropertyParts(reader.Properties, batch.MoreProperties, default),
    };

    private AppendStatus MeasureBatch(in BatchToAppend batch, ReadOnlySpan<byte> topic, int maxCount, out int totalSize, out int count)
    {
        totalSize = 0;
        count = 0;
        if (batch.Body.Length > _options.MaxMessageBytes || (batch.SysFlag & SysFlags.TransactionMask) != 0 || topic.Length > RecordLayout.MaxTopicBytesV1)
        {
            return AppendStatus.MessageIllegal;
        }

        long total = 0;
        BatchBodyReader reader = new(batch.Body);
        while (reader.MoveNext())
        {
            RecordEncoder record = Record(batch, topic, ref reader, bodyCrc: 0);
            AppendStatus status = Check(topic, record.Body.Length, record.Properties.Length);
            if (status != AppendStatus.Ok)
            {
                return status;
            }

            total += record.Size;
            count++;
        }

        // Many tiny messages grow several times over by their headers; the sum must still be one unit of append.
        if (reader.IsMalformed || count == 0 || count > maxCount || total > MaxUnitBytes(_options) || total + RecordLayout.BlankBytes > _options.CommitLogFileBytes)
        {
            return AppendStatus.MessageIllegal;
        }

        totalSize = (int)total;
        return AppendStatus.Ok;
    }

    private AppendStatus Check(ReadOnlySpan<byte> topic, int bodyLength, int propertiesLength)
    {
        AppendStatus status = _state.AppendStatus;
        if (status != AppendStatus.Ok)
        {
            return status;
        }

        // What comes now would lie in memory until the kernel takes writes again, and its producer wait for that long.
        if (IsPageCacheBusy)
        {
            return AppendStatus.Busy;
        }

        if (propertiesLength > RecordLayout.MaxPropertiesBytes)
        {
            return AppendStatus.PropertiesTooLong;
        }

        int maxTopic = _options.LongTopics ? RecordLayout.MaxTopicBytesV2 : RecordLayout.MaxTopicBytesV1;
        bool fits = bodyLength <= _options.MaxMessageBytes && topic.Length <= maxTopic
            && RecordLayout.FixedBytes + 1 + (2 * RecordLayout.IPv6ExtraBytes) + (long)bodyLength + topic.Length + propertiesLength + RecordLayout.BlankBytes <= _options.CommitLogFileBytes;
        return fits ? AppendStatus.Ok : AppendStatus.MessageIllegal;
    }

    /// <summary>Under the append lock: the place of the next unit, after ending the file when the unit does not fit into it.</summary>
    private AppendStatus Reserve(ConsumeQueue queue, int size, out long offset)
    {
        offset = Appended;
        if (!_state.TakesMessages)
        {
            return AppendStatus.ServiceNotAvailable;
        }

        // The queue was looked up before the lock was taken; its offsets must not go on in the next topic of that name.
        if (queue.Topic.IsClosed)
        {
            return AppendStatus.QueueNotLoaded;
        }

        long segmentEnd = _segments.EndOffset;
        long left = segmentEnd - offset;
        bool rolls = size + RecordLayout.BlankBytes > left;
        long filler = rolls ? left : 0;
        if (offset + filler + size - Written > _maxPendingBytes)
        {
            return AppendStatus.Busy;
        }

        AppendStatus status = rolls ? Roll(offset, (int)filler, size) : ReserveBlocks(offset + size);
        if (status != AppendStatus.Ok)
        {
            return status;
        }

        if (rolls)
        {
            offset += filler;
        }
        else if (left < _prepareAheadAt)
        {
            _allocator.PrepareAhead(segmentEnd);
        }

        _tail.Reserve(offset + size);
        return AppendStatus.Ok;
    }

    /// <summary>Under the append lock: the place of bytes that follow another log's file ends. They cross none.</summary>
    private AppendStatus ReserveRaw(long offset, int size)
    {
        if (!_state.TakesRawBytes)
        {
            return AppendStatus.ServiceNotAvailable;
        }

        if (offset + size - Written > _maxPendingBytes)
        {
            return AppendStatus.Busy;
        }

        // Where the source ended its file exactly here, nothing is to be filled: the next begins.
        long segmentEnd = _segments.EndOffset;
        bool rolls = offset == segmentEnd;
        AppendStatus status = rolls ? Roll(offset, filler: 0, size) : ReserveBlocks(offset + size);
        if (status != AppendStatus.Ok)
        {
            return status;
        }

        if (!rolls && segmentEnd - offset < _prepareAheadAt)
        {
            _allocator.PrepareAhead(segmentEnd);
        }

        _tail.Reserve(offset + size);
        return AppendStatus.Ok;
    }

    /// <summary>
    /// Ends the file with a blank record and begins the next. The filler behind the record is written as zeros, so that log, tail and a slave's copy are one
    /// unbroken run of bytes. The blocks of both, and the next file, are there before anything is said to be in them: a full disk refuses messages and loses none.
    /// </summary>
    private AppendStatus Roll(long offset, int filler, int size)
    {
        try
        {
            if (filler > 0)
            {
                _allocator.Reserve(_segments.Last, offset + filler);
            }

            _segments.Add(_allocator.Take(offset + filler, offset + filler + size));
        }
        catch (StoreIOException e)
        {
            return NoBlocks(e);
        }

        // A log that begins its first file has nothing to end.
        if (filler < RecordLayout.BlankBytes)
        {
            return AppendStatus.Ok;
        }

        _tail.Reserve(offset + filler);
        _tail.GetSpans(offset, filler, out Span<byte> first, out Span<byte> second);
        first.Clear();
        second.Clear();
        Span<byte> blank = stackalloc byte[RecordLayout.BlankBytes];
        BinaryPrimitives.WriteInt32BigEndian(blank, filler);
        BinaryPrimitives.WriteInt32BigEndian(blank[4..], RecordLayout.MagicBlank);
        _tail.CopyIn(offset, blank);
        _positions.AppendedOffset = offset + filler;
        return AppendStatus.Ok;
    }

    /// <summary>Under the append lock: blocks of the log's last file up to an offset, so that no write fails for want of them.</summary>
    private AppendStatus ReserveBlocks(long end)
    {
        LogSegment segment = _segments.Last;
        try
        {
            _allocator.Reserve(segment, end);
        }
        catch (StoreIOException e)
        {
            return NoBlocks(e);
        }

        _allocator.ReserveAhead(segment, end);
        return AppendStatus.Ok;
    }

    private AppendStatus NoBlocks(StoreIOException reason)
    {
        if (reason.IsDiskFull)
        {
            _state.SetDiskFull(DiskShortage.NoRoomForLog, reason.Message);
            return AppendStatus.DiskFull;
        }

        _state.Fail(StoreFlags.NotWriteable, "Reserving room for the commit log", reason);
        return AppendStatus.FileCreationFailed;
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

    /// <summary>
    /// After a refused reservation: writes what is pending, or has it written by <see cref="Rest"/>, if nobody else does. True to try again. What another thread writes this one does
    /// not wait for: <see cref="AppendStatus.WouldBlock"/>, or busy when that write hangs.
    /// </summary>
    private bool MakeRoom(ref AppendStatus status, bool mayWrite)
    {
        if (status != AppendStatus.Busy)
        {
            return false;
        }

        if (_state.HasFailed)
        {
            status = AppendStatus.ServiceNotAvailable;
            return false;
        }

        if (mayWrite || Rest is null)
        {
            long before = Written;
            if (WritePending() > before)
            {
                return true;
            }
        }
        else
        {
            QueueRest();
        }

        status = _state.HasFailed ? AppendStatus.ServiceNotAvailable : IsPageCacheBusy ? AppendStatus.Busy : AppendStatus.WouldBlock;
        return false;
    }

    /// <summary>False when it is queued already, or there is none.</summary>
    private bool QueueRest()
    {
        if (Rest is null || Interlocked.Exchange(ref _restQueued, 1) != 0)
        {
            return false;
        }

        ThreadPool.UnsafeQueueUserWorkItem(Rest, preferLocal: false);
        return true;
    }

    /// <summary>One write of what is pending now. Returns the bytes written.</summary>
    private long WriteAsLeader()
    {
        long start = Written;
        long target = Appended;
        if (start >= target || _state.HasFailed)
        {
            return 0;
        }

        Volatile.Write(ref _writeStartedAt, Math.Max(1, _time.GetTimestamp()));
        try
        {
            Write(start, target);
        }
        catch (StoreIOException e)
        {
            _state.Fail(StoreFlags.NotWriteable, "Writing the commit log", e);
        }
        finally
        {
            Volatile.Write(ref _writeStartedAt, 0);
        }

        return Written - start;
    }

    private void Write(long at, long target)
    {
        while (at < target)
        {
            LogSegment segment = _segments.Find(at) ?? throw new StoreException($"No commit-log file holds offset {at}.");
            long inFile = at - segment.BaseOffset;
            int length = (int)Math.Min(target - at, _segments.FileBytes - inFile);
            _tail.GetSpans(at, length, out Span<byte> first, out Span<byte> second);
            if (second.IsEmpty)
            {
                segment.File.Write(first, inFile);
            }
            else
            {
                segment.File.Write(first, second, inFile);
            }

            at += length;
            _positions.Move(LogPosition.Written, at);
        }
    }
}
