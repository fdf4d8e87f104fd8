using System.Buffers.Binary;
using System.Numerics;
using RocketOps.Store.Checksums;
using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Files;
using RocketOps.Store.Records;

namespace RocketOps.Store.Log;

/// <summary>
/// The log. Four positions follow each other: appended (in the tail), written (in the kernel), durable (on the disk); dispatch follows one of the latter two.
/// Appending is a short critical section that gives out offsets and copies into the tail; writing hands all that is pending to the kernel in one call.
/// Locks, in this order where both are held: write, append. The flush lock is taken alone.
/// </summary>
internal sealed class CommitLog
{
    private readonly StoreOptions _options;
    private readonly TimeProvider _time;
    private readonly StoreState _state;
    private readonly LogTail _tail;
    private readonly LogSegments _segments;
    private readonly SegmentAllocator _allocator;
    private readonly Lock _appendLock = new();
    private readonly Lock _writeLock = new();
    private readonly Lock _flushLock = new();
    private readonly byte[] _wrapScratch;
    private readonly int _maxPendingBytes;
    private readonly int _prepareAheadAt;

    private long _appended;
    private long _written;
    private long _durable;
    private long _lastStoreTimestamp;
    private long _messagesAppended;
    private long _startOffset;
    private long _writeStartedAtMs;

    public CommitLog(StoreOptions options, LogSegments segments, SegmentAllocator allocator, StoreState state, TimeProvider time)
    {
        _options = options;
        _segments = segments;
        _allocator = allocator;
        _state = state;
        _time = time;

        // What is pending must have room for the largest unit of append twice: one in the making, and the filler of a file it did not fit into. The quarter
        // that is never pending keeps readers who are up to date in memory while a burst is being written.
        var largest = MaxUnitBytes(options);
        _tail = new LogTail((int)Math.Max((uint)options.TailBytes, BitOperations.RoundUpToPowerOf2((uint)(((2 * largest) + RecordLayout.BlankBytes) * 4 / 3))));
        _maxPendingBytes = _tail.Capacity / 4 * 3;
        _wrapScratch = GC.AllocateUninitializedArray<byte>((int)largest);

        // Half a file ahead: more than a second at the speed of the fastest disks, and a fresh store does not take twice its space at once.
        _prepareAheadAt = options.CommitLogFileBytes / 2;
    }

    public LogTail Tail => _tail;

    public LogSegments Segments => _segments;

    public long Appended => Volatile.Read(ref _appended);

    public long Written => Volatile.Read(ref _written);

    public long Durable => Volatile.Read(ref _durable);

    public long MessagesAppended => Volatile.Read(ref _messagesAppended);

    public long BytesAppended => Appended - _startOffset;

    /// <summary>A write has been in the kernel for longer than <c>osPageCacheBusyTimeOutMills</c>.</summary>
    public bool IsPageCacheBusy => CurrentWriteMs > _options.PageCacheBusyTimeoutMs;

    /// <summary>How long the write that runs now has been in the kernel, in milliseconds; 0 when none runs.</summary>
    public long CurrentWriteMs
    {
        get
        {
            var since = Volatile.Read(ref _writeStartedAtMs);
            return since == 0 ? 0 : Environment.TickCount64 - since;
        }
    }

    /// <summary>Largest record, or batch of records, that can be appended.</summary>
    public static long MaxUnitBytes(StoreOptions options) =>
        options.MaxMessageBytes + RecordLayout.FixedBytes + 1 + (2 * RecordLayout.IPv6ExtraBytes) + RecordLayout.MaxTopicBytesV2 + RecordLayout.MaxPropertiesBytes;

    /// <summary>Before use: the log ends at that offset, is known to be durable up to another, and nothing of it is in the tail.</summary>
    public void Start(long end, long durable, long lastStoreTimestamp)
    {
        _appended = end;
        _written = end;
        _durable = durable;
        _startOffset = end;
        _lastStoreTimestamp = lastStoreTimestamp;
        _tail.Start(end);
    }

    public AppendStatus Append(in MessageToAppend message, ConsumeQueue queue, out AppendResult result)
    {
        result = default;
        var topic = message.Topic.Utf8Name.Span;
        var properties = new PropertyParts(message.Properties, message.MoreProperties, message.LastProperties);
        var status = Check(topic, message.Body.Length, properties.Length);
        if (status != AppendStatus.Ok)
        {
            return status;
        }

        var record = new RecordEncoder
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
        var size = (int)record.Size;
        while (true)
        {
            lock (_appendLock)
            {
                status = Reserve(size, out var offset);
                if (status == AppendStatus.Ok)
                {
                    var storeTimestamp = NextStoreTimestamp();
                    var hasUnit = SysFlags.HasQueueUnit(message.SysFlag);
                    var queueOffset = hasUnit ? queue.NextOffset : 0;
                    Encode(record, offset, size, queueOffset, storeTimestamp);
                    if (hasUnit)
                    {
                        queue.NextOffset = queueOffset + 1;
                    }

                    _messagesAppended++;
                    Volatile.Write(ref _appended, offset + size);
                    result = new AppendResult(new PhysicalOffset(offset), new PhysicalOffset(offset + size), queueOffset, storeTimestamp, 1);
                    return AppendStatus.Ok;
                }
            }

            if (!MakeRoom(ref status))
            {
                return status;
            }
        }
    }

    public AppendStatus AppendBatch(in BatchToAppend batch, ConsumeQueue queue, Span<PhysicalOffset> offsets, out AppendResult result)
    {
        result = default;
        var topic = batch.Topic.Utf8Name.Span;
        var status = MeasureBatch(batch, topic, offsets.Length, out var totalSize, out var count);
        if (status != AppendStatus.Ok)
        {
            return status;
        }

        while (true)
        {
            lock (_appendLock)
            {
                // The batch is one unit: if it does not fit into the rest of the file, all of it moves to the next.
                status = Reserve(totalSize, out var start);
                if (status == AppendStatus.Ok)
                {
                    var storeTimestamp = NextStoreTimestamp();
                    var firstQueueOffset = queue.NextOffset;
                    var at = start;
                    var index = 0;
                    var reader = new BatchBodyReader(batch.Body);
                    while (reader.MoveNext())
                    {
                        var record = Record(batch, topic, ref reader, Crc32.ComputeForRecord(reader.Body));
                        var size = (int)record.Size;
                        Encode(record, at, size, firstQueueOffset + index, storeTimestamp);
                        offsets[index++] = new PhysicalOffset(at);
                        at += size;
                    }

                    queue.NextOffset = firstQueueOffset + count;
                    _messagesAppended += count;
                    Volatile.Write(ref _appended, at);
                    result = new AppendResult(new PhysicalOffset(start), new PhysicalOffset(at), firstQueueOffset, storeTimestamp, count);
                    return AppendStatus.Ok;
                }
            }

            if (!MakeRoom(ref status))
            {
                return status;
            }
        }
    }

    /// <summary>Hands everything appended to the kernel. Returns the written position; it stays behind what was appended only when the write failed.</summary>
    public long WritePending()
    {
        var target = Appended;
        if (Written >= target || _state.HasFailed)
        {
            return Written;
        }

        lock (_writeLock)
        {
            // Whatever others appended while this thread waited goes with the same write.
            target = Appended;
            if (_written < target && !_state.HasFailed)
            {
                Volatile.Write(ref _writeStartedAtMs, Environment.TickCount64);
                try
                {
                    Write(target);
                }
                catch (StoreIOException e)
                {
                    _state.Fail(StoreFlags.NotWriteable, "Writing the commit log", e);
                }
                finally
                {
                    Volatile.Write(ref _writeStartedAtMs, 0);
                }
            }

            return _written;
        }
    }

    /// <summary>Makes everything written durable. Returns the durable position. A failed flush is never repeated: the kernel has forgotten which pages it lost.</summary>
    public long Flush()
    {
        lock (_flushLock)
        {
            var target = Written;
            if (_durable >= target || _state.HasFailed)
            {
                return _durable;
            }

            try
            {
                for (var at = _durable; at < target;)
                {
                    var segment = _segments.Find(at) ?? throw new StoreException($"No commit-log file holds offset {at}.");
                    segment.File.FlushData();
                    at = Math.Min(target, segment.BaseOffset + _segments.FileBytes);
                    Volatile.Write(ref _durable, at);
                }
            }
            catch (StoreIOException e)
            {
                _state.Fail(StoreFlags.NotWriteable, "Flushing the commit log", e);
            }

            return _durable;
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
        var count = 0;
        var reader = new BatchBodyReader(body);
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
        var reader = new BatchBodyReader(batch.Body);
        while (reader.MoveNext())
        {
            var record = Record(batch, topic, ref reader, bodyCrc: 0);
            var status = Check(topic, record.Body.Length, record.Properties.Length);
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
        var status = _state.AppendStatus;
        if (status != AppendStatus.Ok)
        {
            return status;
        }

        if (propertiesLength > RecordLayout.MaxPropertiesBytes)
        {
            return AppendStatus.PropertiesTooLong;
        }

        var maxTopic = _options.LongTopics ? RecordLayout.MaxTopicBytesV2 : RecordLayout.MaxTopicBytesV1;
        var fits = bodyLength <= _options.MaxMessageBytes && topic.Length <= maxTopic
            && RecordLayout.FixedBytes + 1 + (2 * RecordLayout.IPv6ExtraBytes) + (long)bodyLength + topic.Length + propertiesLength + RecordLayout.BlankBytes <= _options.CommitLogFileBytes;
        return fits ? AppendStatus.Ok : AppendStatus.MessageIllegal;
    }

    /// <summary>Under the append lock: the place of the next unit, after ending the file when the unit does not fit into it.</summary>
    private AppendStatus Reserve(int size, out long offset)
    {
        offset = _appended;
        if (!_state.IsRunning)
        {
            return AppendStatus.ServiceNotAvailable;
        }

        var segmentEnd = _segments.EndOffset;
        var left = segmentEnd - offset;
        var rolls = size + RecordLayout.BlankBytes > left;
        var filler = rolls ? left : 0;
        if (offset + filler + size - Written > _maxPendingBytes)
        {
            return AppendStatus.Busy;
        }

        if (rolls)
        {
            var status = Roll(offset, (int)filler);
            if (status != AppendStatus.Ok)
            {
                return status;
            }

            offset += filler;
        }
        else if (left < _prepareAheadAt)
        {
            _allocator.PrepareAhead(segmentEnd);
        }

        _tail.Reserve(offset + size);
        return AppendStatus.Ok;
    }

    /// <summary>
    /// Ends the file with a blank record and begins the next. The filler behind the record is written as zeros, so that log, tail and a slave's copy are one
    /// unbroken run of bytes. The next file exists before anything is said to be in it: a full disk refuses messages and loses none.
    /// </summary>
    private AppendStatus Roll(long offset, int filler)
    {
        try
        {
            _segments.Add(_allocator.Take(offset + filler));
        }
        catch (StoreIOException e) when (e.IsDiskFull)
        {
            _state.SetDiskFull(e.Message);
            return AppendStatus.DiskFull;
        }
        catch (StoreIOException e)
        {
            _state.Fail(StoreFlags.NotWriteable, "Creating a commit-log file", e);
            return AppendStatus.FileCreationFailed;
        }

        // A log that begins its first file has nothing to end.
        if (filler < RecordLayout.BlankBytes)
        {
            return AppendStatus.Ok;
        }

        _tail.Reserve(offset + filler);
        _tail.GetSpans(offset, filler, out var first, out var second);
        first.Clear();
        second.Clear();
        Span<byte> blank = stackalloc byte[RecordLayout.BlankBytes];
        BinaryPrimitives.WriteInt32BigEndian(blank, filler);
        BinaryPrimitives.WriteInt32BigEndian(blank[4..], RecordLayout.MagicBlank);
        _tail.CopyIn(offset, blank);
        Volatile.Write(ref _appended, offset + filler);
        return AppendStatus.Ok;
    }

    private void Encode(scoped in RecordEncoder record, long offset, int size, long queueOffset, long storeTimestamp)
    {
        if (_tail.TryGetSpan(offset, size, out var place))
        {
            record.Encode(place, offset, queueOffset, storeTimestamp);
            return;
        }

        // Once per round of the ring a record wraps around its end.
        var scratch = _wrapScratch.AsSpan(0, size);
        record.Encode(scratch, offset, queueOffset, storeTimestamp);
        _tail.CopyIn(offset, scratch);
    }

    /// <summary>Under the append lock. Store time never goes back in the log, whatever the clock does.</summary>
    private long NextStoreTimestamp()
    {
        var now = _time.GetUtcNow().ToUnixTimeMilliseconds();
        _lastStoreTimestamp = Math.Max(_lastStoreTimestamp, now);
        return _lastStoreTimestamp;
    }

    /// <summary>After a refused reservation: writes what is pending, unless that is what hangs. True to try again.</summary>
    private bool MakeRoom(ref AppendStatus status)
    {
        if (status != AppendStatus.Busy || IsPageCacheBusy)
        {
            return false;
        }

        WritePending();
        if (_state.HasFailed)
        {
            status = AppendStatus.ServiceNotAvailable;
            return false;
        }

        return true;
    }

    private void Write(long target)
    {
        while (_written < target)
        {
            var segment = _segments.Find(_written) ?? throw new StoreException($"No commit-log file holds offset {_written}.");
            var inFile = _written - segment.BaseOffset;
            var length = (int)Math.Min(target - _written, _segments.FileBytes - inFile);
            _tail.GetSpans(_written, length, out var first, out var second);
            if (second.IsEmpty)
            {
                segment.File.Write(first, inFile);
            }
            else
            {
                segment.File.Write(first, second, inFile);
            }

            Volatile.Write(ref _written, _written + length);
        }
    }
}
