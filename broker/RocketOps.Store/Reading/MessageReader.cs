using System.Buffers.Binary;
using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Contracts;
using RocketOps.Store.Log;
using RocketOps.Store.Records;
using RocketOps.Store.State;

namespace RocketOps.Store.Reading;

/// <summary>
/// Reads queues and records: from memory, then from the page cache, and, only where the caller may wait, from the disk. Takes no lock. One code for both: with
/// <c>mayBlock</c> false it gives up with "would block" where it would wait.
/// </summary>
internal sealed class MessageReader
{
    /// <summary>Bytes of consume queue looked at per call at least, as in RocketMQ: a filter that matches little must not keep a thread.</summary>
    private const int MinScanBytes = 16_000;

    /// <summary>
    /// Records that a call which must not wait reads for a filter, and about how many bytes of them: two tenths of a millisecond. A loop serves others, and hundreds of pulls come in one receive.
    /// </summary>
    private const int MaxFilteredRecords = 128;
    private const int MaxFilteredBytes = 256 * 1024;

    /// <summary>About how many bytes any call reads for a filter: a few threads read for everybody, and a reader that is told how far it is comes again.</summary>
    private const int MaxFilteredBytesOfAny = 32 * 1024 * 1024;

    /// <summary>Bytes of the log for which one look at the page cache counts: as far as the kernel reads ahead, about.</summary>
    private const int AtHandBytes = 128 * 1024;

    private readonly CurrentTuning _tuning;
    private readonly CommitLog _log;
    private readonly TopicTable _topics;
    private readonly StoreState _state;
    private readonly BlockCache _blocks;
    private readonly MappedFiles _mapped = new();
    private readonly long _machineBytes;
    private readonly long _largestRecord;

    public MessageReader(StoreOptions options, CurrentTuning tuning, CommitLog log, TopicTable topics, StoreState state)
    {
        _tuning = tuning;
        _log = log;
        _topics = topics;
        _state = state;
        _blocks = new BlockCache(log, options.ReadBlocks, options.ReadBlockBytes);
        _largestRecord = AppendLimits.MaxUnitBytes(options);
        _machineBytes = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
    }

    /// <inheritdoc cref="CommitLog.Cuts"/>
    public int Cuts => _log.Cuts;

    /// <summary>Whether nothing has been cut since <see cref="Cuts"/> was that, nor was then. A store that has failed while it was cut gives what it has.</summary>
    public bool WasWhole(int cuts) => (cuts % 2 == 0 && _log.Cuts == cuts) || _state.HasFailed;

    /// <summary>The decision table of store.md §5.1.</summary>
    public GetStatus Get(StoreTopic topic, int queueId, long queueOffset, GetLimits limits, IMessageFilter? filter, GetResult result, bool mayBlock)
    {
        result.Reset();
        int cuts = _log.Cuts;
        result.Cuts = cuts;
        result.Status = GetCore(topic, queueId, queueOffset, limits, filter, result, mayBlock);
        if (_log.IsIntact(cuts, long.MaxValue))
        {
            return result.Status;
        }

        // What was found may be half of before the cut and half of after.
        result.Reset();
        result.Status = GetStatus.NotReadable;
        return result.Status;
    }

    /// <summary>The queue, or null; false when looking would wait for the disk.</summary>
    public bool TryFindQueue(StoreTopic topic, int queueId, bool mayBlock, out ConsumeQueue? queue)
    {
        queue = null;
        if (!topic.IsListed)
        {
            if (!mayBlock)
            {
                return false;
            }

            _topics.EnsureListed(topic);
        }

        queue = topic.FindQueue(queueId);
        if (queue is null || queue.IsLoaded)
        {
            return true;
        }

        if (mayBlock)
        {
            queue.EnsureLoaded();
        }

        return mayBlock;
    }

    /// <summary>Copies log bytes below the written end.</summary>
    public ReadOutcome Read(long offset, Span<byte> destination, bool mayBlock) => Read(offset, destination, mayBlock, _log.Cuts);

    /// <summary>The same for a record that was found when <see cref="CommitLog.Cuts"/> was <paramref name="cuts"/>: what has taken its place since is not read for it.</summary>
    private ReadOutcome Read(long offset, Span<byte> destination, bool mayBlock, int cuts, bool throughBlocks = false)
    {
        long end = offset + destination.Length;
        ReadOutcome outcome = ReadNow(offset, destination, mayBlock, throughBlocks);
        return outcome != ReadOutcome.Done || _log.IsIntact(cuts, end) ? outcome : ReadOutcome.NotThere;
    }

    private ReadOutcome ReadNow(long offset, Span<byte> destination, bool mayBlock, bool throughBlocks)
    {
        if (offset < 0 || offset + destination.Length > _log.Written)
        {
            return ReadOutcome.NotThere;
        }

        if (_log.Tail.TryCopyOut(offset, destination) || (throughBlocks && _blocks.TryRead(offset, destination)))
        {
            return ReadOutcome.Done;
        }

        while (!destination.IsEmpty)
        {
            int read = _log.Segments.Read(offset, destination, mayBlock);
            if (read <= 0)
            {
                return read < 0 ? ReadOutcome.WouldBlock : ReadOutcome.NotThere;
            }

            offset += read;
            destination = destination[read..];
        }

        return ReadOutcome.Done;
    }

    /// <summary>Copies records one behind the other. Neighbours in the log are copied in one go; those that lie between records of other queues through blocks.</summary>
    public ReadOutcome Copy(GetResult result, Span<byte> destination, bool mayBlock)
    {
        ReadOnlySpan<MessageRange> messages = result.Messages;
        bool throughBlocks = !mayBlock && _blocks.IsWorthwhile(messages, result.TotalBytes);
        while (!messages.IsEmpty)
        {
            long start = messages[0].Offset.Value;
            long end = start + messages[0].Size;
            int count = 1;
            while (count < messages.Length && messages[count].Offset.Value == end)
            {
                end += messages[count++].Size;
            }

            int length = (int)(end - start);
            ReadOutcome outcome = Read(start, destination[..length], mayBlock, result.Cuts, throughBlocks);
            if (outcome != ReadOutcome.Done)
            {
                return outcome;
            }

            destination = destination[length..];
            messages = messages[count..];
        }

        return ReadOutcome.Done;
    }

    /// <summary>Where the records of a result lie in the page cache; false when they are in memory, in more than one file, too far apart, or not all there.</summary>
    public bool TryMap(GetResult result, out MappedMessages mapped)
    {
        mapped = default;
        ReadOnlySpan<MessageRange> messages = result.Messages;
        if (messages.IsEmpty)
        {
            return false;
        }

        long start = messages[0].Offset.Value;
        long end = messages[^1].Offset.Value + messages[^1].Size;
        if (start >= _log.Tail.ValidFrom || end > _log.Written || end - start > (long)result.TotalBytes * BlockCache.MaxSpread || _log.Segments.Find(start) is not { } segment
            || end > segment.BaseOffset + _log.Segments.FileBytes || _mapped.Find(segment, _log.Segments.FileBytes) is not { } mapping)
        {
            return false;
        }

        // What was looked at is what is between the first and the last: nothing that a damaged queue points to may lie elsewhere.
        long at = start;
        foreach (MessageRange message in messages)
        {
            if (message.Offset.Value < at)
            {
                return false;
            }

            at = message.Offset.Value + message.Size;
        }

        bool isHeld = false;
        try
        {
            mapping.DangerousAddRef(ref isHeld);
        }
        catch (ObjectDisposedException)
        {
            return false;
        }

        if (mapping.IsCached(start - segment.BaseOffset, end - start) && _log.TryLend(result.Cuts, end))
        {
            mapped = new MappedMessages(_log, mapping, segment.BaseOffset);
            return true;
        }

        mapping.DangerousRelease();
        return false;
    }

    /// <summary>
    /// The whole record at an offset, null when none is there, or it is larger than this store takes. Its size is told before memory is taken for it. May wait for the disk.
    /// </summary>
    public byte[]? Look(long offset, Action<int>? reading = null)
    {
        Span<byte> head = stackalloc byte[4];
        int cuts = _log.Cuts;
        if (Read(offset, head, mayBlock: true, cuts) != ReadOutcome.Done)
        {
            return null;
        }

        // Any offset may be asked for, and a body may look like the head of a record: nobody gets to choose how much is allocated.
        int size = BinaryPrimitives.ReadInt32BigEndian(head);
        if (size < RecordLayout.FixedBytes || size > _largestRecord)
        {
            return null;
        }

        reading?.Invoke(size);
        byte[] bytes = new byte[size];
        return Read(offset, bytes, mayBlock: true, cuts) == ReadOutcome.Done && RecordView.Parse(bytes, offset, verifyCrc: false, out _) == RecordCheck.Valid ? bytes : null;
    }

    /// <summary>
    /// Offset of the last record that the kernel has, −1 when the log has none. Where it is not known, after a start that had nothing to read and after a cut, this walks over the file that it
    /// lies in; may wait for the disk.
    /// </summary>
    public long FindLastRecord()
    {
        long end = _log.Written;
        if (_log.LastRecord is var known && known >= _log.Segments.MinOffset && known < end)
        {
            return known;
        }

        long min = _log.Segments.MinOffset;
        long at = Math.Max(min, (end - 1) / _log.Segments.FileBytes * _log.Segments.FileBytes);
        long last = -1;
        Span<byte> head = stackalloc byte[RecordLayout.BlankBytes];
        while (at + head.Length <= end && Read(at, head, mayBlock: true) == ReadOutcome.Done)
        {
            int size = BinaryPrimitives.ReadInt32BigEndian(head);
            if (size < RecordLayout.FixedBytes || BinaryPrimitives.ReadInt32BigEndian(head[4..]) == RecordLayout.MagicBlank)
            {
                break;
            }

            last = at;
            at += size;
        }

        return last;
    }

    /// <summary>Store time of the message at a queue offset, −1 when it cannot be read. May wait for the disk.</summary>
    public long StoreTimestampAt(ConsumeQueue queue, long queueOffset)
    {
        return queue.TryFindIndex(queueOffset, mayBlock: true, out long index) ? StoreTimestampOf(queue, index) : -1;
    }

    private long StoreTimestampOf(ConsumeQueue queue, long index)
    {
        int cuts = _log.Cuts;
        if (!queue.TryReadUnit(index, out ConsumeQueueUnit unit) || unit.IsFiller)
        {
            return -1;
        }

        // The store time lies behind a born host of 8 or 20 bytes; the system flag says which.
        Span<byte> head = stackalloc byte[RecordLayout.BornHostAt + 20 + 8];
        if (unit.RecordSize < head.Length || Read(unit.PhysicalOffset, head, mayBlock: true, cuts) != ReadOutcome.Done)
        {
            return -1;
        }

        int sysFlag = BinaryPrimitives.ReadInt32BigEndian(head[RecordLayout.SysFlagAt..]);
        return BinaryPrimitives.ReadInt64BigEndian(head[(RecordLayout.BornHostAt + ((sysFlag & SysFlags.BornHostIPv6) != 0 ? 20 : 8))..]);
    }

    /// <summary>Entries of a queue from the one that holds an offset on, for so many offsets. May wait for the disk.</summary>
    public static List<QueueUnit> ReadUnits(ConsumeQueue queue, long queueOffset, int count)
    {
        List<QueueUnit> units = [];
        if (queueOffset < queue.Min || queueOffset >= queue.Max || !queue.TryFindIndex(queueOffset, mayBlock: true, out long index))
        {
            return units;
        }

        for (long end = Math.Min(queue.End, index + count); index < end; index++)
        {
            if (queue.TryReadUnit(index, out ConsumeQueueUnit unit) && !unit.IsFiller && queue.TryGetOffset(index, mayBlock: true, out long offset) && offset - queueOffset < count)
            {
                units.Add(new QueueUnit(offset, new PhysicalOffset(unit.PhysicalOffset), unit.RecordSize, unit.TagsCode));
            }
        }

        return units;
    }

    /// <summary>
    /// Queue offset by store time, clamped to [min, max]. In a batch consume queue that of a record's first message, and of the last record when none is as young: as RocketMQ
    /// does it. May wait for the disk.
    /// </summary>
    public long OffsetByTime(ConsumeQueue queue, long timestamp, TimeBoundary boundary)
    {
        long low = queue.First;
        long high = queue.End;
        long min = low;
        long end = high;

        // First unit whose time is not below (lower) or above (upper) the given one; what cannot be read has expired and counts as older.
        while (low < high)
        {
            long middle = low + ((high - low) / 2);
            long time = StoreTimestampOf(queue, middle);
            bool before = boundary == TimeBoundary.Lower ? time < timestamp : time <= timestamp;
            if (before)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        long found = boundary == TimeBoundary.Lower ? low : Math.Max(min, low - 1);
        if (queue is not BatchConsumeQueue)
        {
            return found;
        }

        found = end > min && (found == end || StoreTimestampOf(queue, end - 1) <= timestamp) ? end - 1 : found;
        return queue.TryGetOffset(found, mayBlock: true, out long queueOffset) ? queueOffset : queue.Min;
    }

    private GetStatus GetCore(StoreTopic topic, int queueId, long queueOffset, GetLimits limits, IMessageFilter? filter, GetResult result, bool mayBlock)
    {
        if (!_state.IsReadable || !_state.IsRunning || (result.Cuts & 1) != 0)
        {
            return GetStatus.NotReadable;
        }

        if (!TryFindQueue(topic, queueId, mayBlock, out ConsumeQueue? queue))
        {
            return GetStatus.WouldBlock;
        }

        if (queue is null)
        {
            return GetStatus.NoMatchedLogicQueue;
        }

        long min = queue.Min;
        long max = queue.Max;
        result.MinOffset = min;
        result.MaxOffset = max;
        if (queueOffset > 0 && queueOffset > max && queueOffset <= queue.NextOffset)
        {
            // It is in the log and not to be seen yet. Under another master it may have been: whoever has read it is right to wait for the next.
            result.NextBeginOffset = queueOffset;
            return GetStatus.OffsetOverflowOne;
        }

        if (max == 0)
        {
            return GetStatus.NoMessageInQueue;
        }

        if (queueOffset < min)
        {
            result.NextBeginOffset = min;
            return GetStatus.OffsetTooSmall;
        }

        if (queueOffset >= max)
        {
            result.NextBeginOffset = queueOffset == max ? queueOffset : max;
            return queueOffset == max ? GetStatus.OffsetOverflowOne : GetStatus.OffsetOverflowBadly;
        }

        // A batch consume queue's units are counted otherwise than its messages.
        return queue.TryFindIndex(queueOffset, mayBlock, out long index) ? Scan(queue, index, max, limits, filter, result, mayBlock)
            : mayBlock ? GetStatus.NotReadable : GetStatus.WouldBlock;
    }

    /// <summary>From the unit at an index on, which is the queue offset but in a batch consume queue, to the queue's end of a moment ago.</summary>
    private GetStatus Scan(ConsumeQueue queue, long index, long max, GetLimits limits, IMessageFilter? filter, GetResult result, bool mayBlock)
    {
        int unitBytes = queue.UnitBytes;
        bool isBatch = unitBytes == BatchUnit.Size;
        int maxMessages = Math.Max(1, limits.MaxMessages);

        // As Java, with two limits more: how many are asked for is the client's choice, and what no answer would hold is no reason to look further. One file of units at most.
        StoreTuning tuning = _tuning.Value;
        int mostWanted = limits.IsForOwnUse ? maxMessages : Math.Min(maxMessages, Math.Max(tuning.MaxTransferCountInMemory, tuning.MaxTransferCountOnDisk));
        long scanEnd = Math.Min(isBatch ? queue.End : max, index + Math.Min(Math.Max(MinScanBytes / unitBytes, mostWanted), queue.UnitsPerFile));
        long logMin = _log.Segments.MinOffset;
        long logEnd = _log.Written;
        bool removed = false;
        long at = index;
        long lastPhysical = -1;
        while (at < scanEnd)
        {
            int wanted = (int)Math.Min(scanEnd - at, result.Units.Length / unitBytes);
            int count = queue.ReadUnits(at, result.Units.AsSpan(0, wanted * unitBytes), mayBlock);
            if (count < 0)
            {
                return GetStatus.WouldBlock;
            }

            if (count == 0)
            {
                break;
            }

            for (int i = 0; i < count; i++)
            {
                ConsumeQueueUnit unit = ConsumeQueueUnit.Read(result.Units.AsSpan(i * unitBytes));
                int messages = 1;
                if (isBatch)
                {
                    BatchUnit batch = BatchUnit.Read(result.Units.AsSpan(i * unitBytes));
                    messages = batch.Count;
                    if (batch.BaseOffset >= max)
                    {
                        // Has come since: what the consumer is told next must not lie behind the end it is told.
                        scanEnd = at;
                        break;
                    }
                }

                ReadOutcome place = Locate(unit, logMin, logEnd, mayBlock);
                if (place == ReadOutcome.WouldBlock)
                {
                    return GetStatus.WouldBlock;
                }

                if (place == ReadOutcome.NotThere)
                {
                    removed = true;
                    at++;
                    continue;
                }

                if (IsFull(result, unit, messages, maxMessages, limits, logEnd, mayBlock))
                {
                    scanEnd = at;
                    break;
                }

                if (HasFilteredEnough(result, mayBlock))
                {
                    if (!mayBlock && result.Count == 0)
                    {
                        return GetStatus.WouldBlock;
                    }

                    scanEnd = at;
                    break;
                }

                switch (Matches(queue, unit, filter, result, mayBlock))
                {
                    case ReadOutcome.WouldBlock:
                        return GetStatus.WouldBlock;
                    case ReadOutcome.Done:
                        result.Add(new MessageRange(new PhysicalOffset(unit.PhysicalOffset), unit.RecordSize));
                        result.AddInner(messages - 1);
                        lastPhysical = unit.PhysicalOffset;
                        break;
                }

                at++;
            }
        }

        if (at == index && result.Count == 0)
        {
            // The queue's file is missing: on with the next.
            at = index - (index % queue.UnitsPerFile) + queue.UnitsPerFile;
            result.NextBeginOffset = isBatch ? queue.Min : at;
            return GetStatus.OffsetFoundNull;
        }

        if (!queue.TryGetOffset(at, mayBlock, out long next))
        {
            return mayBlock ? GetStatus.NotReadable : GetStatus.WouldBlock;
        }

        result.NextBeginOffset = Math.Min(next, max);
        if (result.Count > 0)
        {
            result.SuggestPullingFromSlave = logEnd - lastPhysical > InMemoryBytes(tuning);
            return GetStatus.Found;
        }

        return removed ? GetStatus.MessageWasRemoving : GetStatus.NoMatchedMessage;
    }

    /// <summary>
    /// Whether a unit points to something that can be in the log. One of a size this broker would not take is believed only when the record says the same: a
    /// damaged unit must not make somebody allocate its 2 GiB.
    /// </summary>
    private ReadOutcome Locate(in ConsumeQueueUnit unit, long logMin, long logEnd, bool mayBlock)
    {
        if (unit.PhysicalOffset < logMin || !unit.IsWritten || unit.IsFiller || unit.PhysicalOffset > logEnd - unit.RecordSize)
        {
            return ReadOutcome.NotThere;
        }

        if (unit.RecordSize <= _largestRecord)
        {
            return ReadOutcome.Done;
        }

        Span<byte> size = stackalloc byte[sizeof(int)];
        ReadOutcome outcome = Read(unit.PhysicalOffset, size, mayBlock);
        return outcome == ReadOutcome.Done && BinaryPrimitives.ReadInt32BigEndian(size) != unit.RecordSize ? ReadOutcome.NotThere : outcome;
    }

    private bool IsFull(GetResult result, in ConsumeQueueUnit unit, int messages, int maxMessages, in GetLimits limits, long logEnd, bool mayBlock)
    {
        if (result.Count == 0)
        {
            return false;
        }

        if (limits.IsForOwnUse)
        {
            return result.Count >= maxMessages || (long)result.TotalBytes + unit.RecordSize > limits.MaxBytes;
        }

        if (result.MessageCount + messages > maxMessages)
        {
            return true;
        }

        StoreTuning tuning = _tuning.Value;
        long bytes = (long)result.TotalBytes + unit.RecordSize;
        int count = result.MessageCount;
        bool isFullOfMemory = count >= tuning.MaxTransferCountInMemory || bytes > BytesLimit(tuning.MaxTransferBytesInMemory, limits);
        if (logEnd - unit.PhysicalOffset <= InMemoryBytes(tuning))
        {
            return isFullOfMemory;
        }

        bool isFullOfDisk = count >= tuning.MaxTransferCountOnDisk || bytes > BytesLimit(tuning.MaxTransferBytesOnDisk, limits);
        return isFullOfDisk && (mayBlock || isFullOfMemory || !IsAtHand(result, unit));
    }

    private static int BytesLimit(int ofStore, in GetLimits limits) => limits.MaxBytes > 0 ? Math.Min(ofStore, limits.MaxBytes) : ofStore;

    /// <summary>
    /// Whether a record can be read at once. How far behind the log's end it lies does not tell: what has not been read for gigabytes is in the page cache all the same while nobody else wants that memory.
    /// A hint, as one look counts for what lies close behind as well.
    /// </summary>
    private bool IsAtHand(GetResult result, in ConsumeQueueUnit unit)
    {
        long from = unit.PhysicalOffset - result.LookedAtHand;
        if (from is >= 0 and < AtHandBytes)
        {
            return true;
        }

        Span<byte> look = stackalloc byte[1];
        if (Read(unit.PhysicalOffset + unit.RecordSize - look.Length, look, mayBlock: false) != ReadOutcome.Done)
        {
            return false;
        }

        result.LookedAtHand = unit.PhysicalOffset;
        return true;
    }

    private static bool HasFilteredEnough(GetResult result, bool mayBlock) => mayBlock
        ? result.FilteredBytes >= MaxFilteredBytesOfAny
        : result.FilteredRecords >= MaxFilteredRecords || result.FilteredBytes >= MaxFilteredBytes;

    /// <summary>Readers further behind than this count as reading from the disk.</summary>
    private long InMemoryBytes(StoreTuning tuning) => _machineBytes / 100 * tuning.AccessMessageInMemoryMaxRatio;

    private ReadOutcome Matches(ConsumeQueue queue, in ConsumeQueueUnit unit, IMessageFilter? filter, GetResult result, bool mayBlock)
    {
        if (filter is null)
        {
            return ReadOutcome.Done;
        }

        bool checksTags = false;
        if (ExtAddress.Is(unit.TagsCode))
        {
            ReadOutcome ext = MatchesExt(queue, unit, filter, result, mayBlock, out checksTags);
            if (ext != ReadOutcome.Done)
            {
                return ext;
            }
        }
        else if (!filter.MatchesTagsCode(unit.TagsCode))
        {
            return ReadOutcome.NotThere;
        }

        if (!filter.NeedsRecord && !checksTags)
        {
            return ReadOutcome.Done;
        }

        if (unit.RecordSize > _log.Segments.FileBytes)
        {
            return ReadOutcome.NotThere;
        }

        if (result.RecordScratch.Length < unit.RecordSize)
        {
            result.RecordScratch = GC.AllocateUninitializedArray<byte>(unit.RecordSize);
        }

        result.FilteredRecords++;
        result.FilteredBytes += unit.RecordSize;
        Span<byte> record = result.RecordScratch.AsSpan(0, unit.RecordSize);
        ReadOutcome outcome = Read(unit.PhysicalOffset, record, mayBlock);
        if (outcome != ReadOutcome.Done)
        {
            return outcome;
        }

        return (!checksTags || MatchesTags(filter, record)) && (!filter.NeedsRecord || filter.MatchesRecord(record)) ? ReadOutcome.Done : ReadOutcome.NotThere;
    }

    /// <summary>First step for a unit with an extension. Where that cannot be read the message's own tags are to be looked at.</summary>
    private static ReadOutcome MatchesExt(ConsumeQueue queue, in ConsumeQueueUnit unit, IMessageFilter filter, GetResult result, bool mayBlock, out bool checksTags)
    {
        ReadOutcome outcome = queue.ReadExt(unit.TagsCode, result.ExtWindow ??= new ExtWindow(), mayBlock, out ExtUnit ext);
        checksTags = outcome == ReadOutcome.NotThere;
        return outcome switch
        {
            ReadOutcome.NotThere => ReadOutcome.Done,
            ReadOutcome.Done when !filter.MatchesTagsCode(ext.TagsCode) || !filter.MatchesBitMap(ext.StoreTimestamp, ext.BitMap) => ReadOutcome.NotThere,
            _ => outcome,
        };
    }

    private static bool MatchesTags(IMessageFilter filter, ReadOnlySpan<byte> record)
    {
        // A record that cannot be read is given out as it is, as it is without a filter.
        if (RecordView.Parse(record, expectedOffset: -1, verifyCrc: false, out RecordView view) != RecordCheck.Valid)
        {
            return true;
        }

        ReadOnlySpan<byte> tags = RecordProperties.Read(view.Properties).Tags;
        return filter.MatchesTagsCode(tags.IsEmpty ? 0 : JavaHash.Compute(tags));
    }
}
