using System.Text;
using RocketOps.Protocol.Names;
using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Files;
using RocketOps.Store.Indexing;
using RocketOps.Store.Log;
using RocketOps.Store.Records;
using RocketOps.Store.Recovery;

namespace RocketOps.Store.Dump;

/// <summary>
/// Compares every byte of a store directory that has a meaning with what it must be: sizes, magic numbers, places and checksums of records;
/// each unit of each queue with its record and the other way round; entries and chains of the index; the checkpoint; and all of them with
/// each other, as the next start does. Changes nothing.
/// </summary>
public sealed class StoreVerifier
{
    /// <summary>Findings of one queue that are told one by one.</summary>
    private const int MostOfQueue = 20;

    private const string MakeAgain = "have the broker make all queues again: stop it, delete checkpoint, create an empty file abort, and start it";

    private readonly IStoreFileSystem _files;
    private readonly string _root;
    private readonly string? _commitLog;
    private readonly int? _indexSlots;
    private readonly Action<StoreFinding> _report;
    private readonly Dictionary<(string Topic, int QueueId), QueueTrack> _queues = [];
    private long _messages;
    private long _units;
    private long _indexEntries;
    private long _lastStoreTimestamp;
    private int _damages;
    private int _repairable;
    private int _unchecked;
    private StoreForecast? _forecast;
    private readonly HashSet<(string Topic, int QueueId)> _mended = [];
    private readonly Dictionary<QueueName, long> _wrongFrom = [];
    private int _ofQueue = int.MinValue;
    private StoreFindingKind _lastKind;

    /// <summary>Verifies the store below <paramref name="root"/>; index files whose broker has sizes of its own for them need <paramref name="indexSlots"/> (<c>maxHashSlotNum</c>).</summary>
    /// <param name="files">The disk.</param>
    /// <param name="root">The store's directory.</param>
    /// <param name="indexSlots"><c>maxHashSlotNum</c>; null for what the length of index files tells.</param>
    /// <param name="report">Takes the findings.</param>
    /// <param name="commitLog">Directory of the log (<c>storePathCommitLog</c>); null for <c>commitlog</c> below the root.</param>
    public StoreVerifier(IStoreFileSystem files, string root, int? indexSlots, Action<StoreFinding> report, string? commitLog = null)
    {
        _files = files;
        _root = root;
        _commitLog = commitLog;
        _indexSlots = indexSlots;
        _report = report;
    }

    public VerifyResult Run(CancellationToken cancellationToken)
    {
        using OfflineStore store = OfflineStore.Open(_files, _root, _commitLog);
        foreach (string problem in store.Problems)
        {
            Damage("commitlog", problem);
        }

        StoppedStore stopped = new(_files, _root, _commitLog, _indexSlots);
        StartForecast start = stopped.Foresee(cancellationToken);
        foreach (StoreFinding finding in start.Findings)
        {
            Report(finding);
        }

        if (stopped.UnknownIndex is var (bytes, count))
        {
            // What lies where depends on the number of slots, of which the files say nothing.
            _unchecked += count;
            string files = count == 1 ? "a file has" : $"{count} files have";
            _report(new StoreFinding(
                StoreFindingKind.Unchecked, "index", $"{files} {bytes} bytes, which none has by default: the broker has a "
                + "maxHashSlotNum or maxIndexNum of its own, on which it depends what lies where. Give maxHashSlotNum as --index-slots"));
        }

        if (start.Refusal is not null && store.Segments.All.Count == 0)
        {
            // Nothing can be compared.
            return new VerifyResult(0, 0, 0, 0, _damages, _repairable, _unchecked);
        }

        _forecast = start.Found;
        foreach (QueueFinding finding in _forecast?.Queues ?? [])
        {
            _mended.Add((finding.Name.Topic, finding.Name.QueueId));
            if (finding.Mend is QueueMend.Cut or QueueMend.SetAside or QueueMend.Removed)
            {
                _wrongFrom[finding.Name] = finding.Mend == QueueMend.Cut ? finding.At : 0;
            }
        }

        long end = VerifyLog(store, cancellationToken);
        foreach (OfflineQueue queue in store.Queues())
        {
            cancellationToken.ThrowIfCancellationRequested();
            VerifyQueue(store, queue, end);
        }

        foreach (((string topic, int queueId), QueueTrack track) in _queues)
        {
            if (!track.Seen && !_mended.Contains((topic, queueId)))
            {
                VerifyMissing(topic, queueId, track);
            }
        }

        foreach ((string name, long length, IndexHeader header) in store.IndexFiles())
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (stopped.UnknownIndex is null && !start.Deleted.Contains(Path.Combine(_root, "index", name)))
            {
                VerifyIndex(store, stopped.IndexSlots, name, length, header, end);
            }
        }

        VerifyCheckpoint(store);
        return new VerifyResult(_messages, _units, _indexEntries, end, _damages, _repairable, _unchecked);
    }

    private long VerifyLog(OfflineStore store, CancellationToken cancellationToken)
    {
        // Asked before anything is read, or what the scan reads behind the end would count as data.
        Dictionary<LogSegment, long> dataEnds = store.Segments.All.ToDictionary(segment => segment, segment => segment.File.GetDataEnd());
        ScanEnd end = new LogScanner(store.Segments).Scan(store.Segments.MinOffset, new Visitor(this, store.Segments), cancellationToken);
        if (end.Reason != RecordCheck.Empty)
        {
            Damage($"commitlog {end.Offset}", $"the record there is damaged: {end.Reason}");
        }

        foreach (LogSegment segment in store.Segments.All)
        {
            long data = segment.BaseOffset + store.Segments.FileBytes <= end.Offset ? -1 : FirstData(segment, Math.Max(0, end.Offset - segment.BaseOffset), dataEnds[segment]);
            if (data >= 0)
            {
                Damage($"commitlog {segment.BaseOffset + data}", $"data lies behind the end of the log at {end.Offset}");
                break;
            }
        }

        return end.Offset;
    }

    private static long FirstData(LogSegment segment, long from, long dataEnd)
    {
        byte[] chunk = new byte[1024 * 1024];
        long at = from;
        while (at < dataEnd && (at = segment.File.NextDataOffset(at)) >= 0)
        {
            int length = segment.File.Read(chunk, at);
            if (length == 0)
            {
                break;
            }

            int found = chunk.AsSpan(0, length).IndexOfAnyExcept((byte)0);
            if (found >= 0)
            {
                return at + found;
            }

            at += length;
        }

        return -1;
    }

    private void OnRecord(in RecordView record)
    {
        _messages++;
        string where = $"commitlog {record.PhysicalOffset}";
        if (record.StoreTimestamp < _lastStoreTimestamp)
        {
            Damage(where, $"stored at {record.StoreTimestamp}, before its predecessor at {_lastStoreTimestamp}");
        }

        _lastStoreTimestamp = Math.Max(_lastStoreTimestamp, record.StoreTimestamp);
        if (!SysFlags.HasQueueUnit(record.SysFlag))
        {
            return;
        }

        if (_forecast?.Known.IsDeleted(record.Topic, record.PhysicalOffset, record.StoreTimestamp) == true)
        {
            return;
        }

        (string, int QueueId) key = (Encoding.UTF8.GetString(record.Topic), record.QueueId);
        if (!_queues.TryGetValue(key, out QueueTrack? track))
        {
            _queues[key] = track = new QueueTrack { Next = record.QueueOffset };
        }

        // A topic deleted and made again starts at 0.
        if (record.QueueOffset != track.Next && record.QueueOffset != 0)
        {
            Damage(where, $"offset {record.QueueOffset} of queue {record.QueueId} of {key.Item1}, where {track.Next} comes next");
        }

        // Only such a record has several offsets, and only a batch consume queue takes it.
        track.Next = record.QueueOffset + ((record.SysFlag & SysFlags.InnerBatch) == 0 ? 1 : InnerBatch.Of(record.Properties, record.QueueOffset).Count);
        track.Count++;
        track.Last = record.PhysicalOffset;
    }

    private void VerifyMissing(string topic, int queueId, QueueTrack track)
    {
        string where = $"queue {queueId} of {topic}";
        string what = $"does not exist, but the log holds {track.Count} messages of it";
        if (_forecast is null || track.Last >= _forecast.QueuesFrom)
        {
            Repairable(where, what);
        }
        else
        {
            // A version without an inventory leaves no note of a deletion.
            _unchecked++;
            _report(new StoreFinding(StoreFindingKind.Unchecked, where, $"{what}. If the topic was deleted, all is well. If not, {MakeAgain}"));
        }
    }


    private void VerifyQueue(OfflineStore store, OfflineQueue queue, long logEnd)
    {
        (string topic, int queueId) = (queue.Topic, queue.QueueId);
        bool isLight = TopicNames.IsLight(topic);
        long wrongFrom = WrongFrom(queue);
        _ofQueue = 0;
        long next = -1;
        using OfflineExt ext = store.Ext(topic, queueId);
        foreach ((long index, int count, ConsumeQueueUnit unit, long storeTimestamp) in store.Units(queue))
        {
            _units++;
            if (index >= wrongFrom)
            {
                continue;
            }

            string where = $"queue {queueId} of {topic}, offset {index}";
            if (next >= 0 && index != next)
            {
                Damage(where, $"follows {next - 1}");
            }

            next = index + count;
            if (unit.PhysicalOffset < store.Segments.MinOffset)
            {
                continue;
            }

            if (unit.End > logEnd)
            {
                Repairable(where, $"points to {unit.PhysicalOffset}, behind the end of the log at {logEnd}");
                continue;
            }

            VerifyUnit(store, ext, queue, new OfflineUnit(index, count, unit, storeTimestamp), isLight, where);
        }

        if (_queues.TryGetValue((topic, queueId), out QueueTrack? track))
        {
            track.Seen = true;
            if (next < track.Next && !_mended.Contains((topic, queueId)))
            {
                string what = $"ends at {Math.Max(0, next)}, but the log holds messages up to {track.Next}";
                if (_forecast is null || track.Last >= _forecast.QueuesFrom)
                {
                    Repairable($"queue {queueId} of {topic}", what);
                }
                else
                {
                    Damage($"queue {queueId} of {topic}", $"{what}, and the next start does not look there. To complete it, {MakeAgain}");
                }
            }
        }

        if (_ofQueue > MostOfQueue)
        {
            _report(new StoreFinding(_lastKind, $"queue {queueId} of {topic}", $"{_ofQueue - MostOfQueue} more places like these"));
        }

        _ofQueue = int.MinValue;
    }

    /// <summary>First unit of a queue that the next start cuts off or moves away, which was told; none otherwise.</summary>
    private long WrongFrom(OfflineQueue queue) =>
        _wrongFrom.GetValueOrDefault(new QueueName(queue.IsBatch, queue.Topic, queue.QueueId), long.MaxValue);

    private void VerifyUnit(OfflineStore store, OfflineExt ext, OfflineQueue queue, in OfflineUnit place, bool isLight, string where)
    {
        (string topic, int queueId, long index, ConsumeQueueUnit unit) = (queue.Topic, queue.QueueId, place.QueueOffset, place.Unit);
        if (unit.RecordSize > store.Segments.FileBytes)
        {
            Damage(where, $"names a size of {unit.RecordSize}");
            return;
        }

        byte[] bytes = new byte[unit.RecordSize];
        int length = store.Segments.Read(unit.PhysicalOffset, bytes, mayBlock: true);
        RecordCheck check = RecordView.Parse(bytes.AsSpan(0, length), unit.PhysicalOffset, verifyCrc: false, out RecordView record);
        if (check != RecordCheck.Valid || record.Size != unit.RecordSize)
        {
            Damage(where, $"points to {unit.PhysicalOffset}, where no record of {unit.RecordSize} bytes is ({check})");
            return;
        }

        RecordProperties properties = RecordProperties.Read(record.Properties);
        bool isSchedule = topic == "SCHEDULE_TOPIC_XXXX" && properties.DelayLevel > 0;
        int tagsCode = properties.Tags.IsEmpty ? 0 : JavaHash.Compute(properties.Tags);
        if (FindTagsCode(ext, unit, record, where) is { } found && (isSchedule ? found < record.StoreTimestamp : found != tagsCode))
        {
            Damage(where, $"has tags code {found}, the record at {unit.PhysicalOffset} {tagsCode}");
        }

        if (queue.IsBatch && InnerBatch.Of(record.Properties, record.QueueOffset) is var inner && inner != new InnerBatch(index, place.Count))
        {
            Damage(where, $"stands for {place.Count} messages, the record at {unit.PhysicalOffset} has {inner.Count} from offset {inner.BaseOffset} on");
        }

        if (queue.IsBatch && place.StoreTimestamp != record.StoreTimestamp)
        {
            Damage(where, $"names the store time {place.StoreTimestamp}, the record at {unit.PhysicalOffset} {record.StoreTimestamp}");
        }

        if (!isLight && (record.QueueOffset != index || record.QueueId != queueId || !record.Topic.SequenceEqual(Encoding.UTF8.GetBytes(topic))))
        {
            Damage(where, $"points to {unit.PhysicalOffset}, a record of offset {record.QueueOffset} of queue {record.QueueId} of {Encoding.UTF8.GetString(record.Topic)}");
        }
    }

    /// <summary>The unit's own, or that of its extension; null when there is none to be compared.</summary>
    private long? FindTagsCode(OfflineExt ext, in ConsumeQueueUnit unit, in RecordView record, string where)
    {
        if (!ExtAddress.Is(unit.TagsCode))
        {
            return unit.TagsCode;
        }

        if (!ext.TryRead(unit.TagsCode, out ExtUnit extension))
        {
            Repairable(where, $"has no extension at {ExtAddress.OffsetOf(unit.TagsCode)}: the message is looked at instead");
            return null;
        }

        if (extension.StoreTimestamp != record.StoreTimestamp)
        {
            Damage(where, $"has the extension of a message stored at {extension.StoreTimestamp}, the record at {unit.PhysicalOffset} was at {record.StoreTimestamp}");
            return null;
        }

        return extension.TagsCode;
    }

    private void VerifyIndex(OfflineStore store, int slots, string name, long length, IndexHeader header, long logEnd)
    {
        string where = $"index {name}";
        long capacity = (length - IndexLayout.HeaderBytes - ((long)slots * IndexLayout.SlotBytes)) / IndexLayout.EntryBytes;
        if (header.IndexCount > capacity)
        {
            Damage(where, $"counts {header.IndexCount} entries, but has room for {capacity}");
            return;
        }

        using IStoreFile file = store.OpenIndex(name);
        byte[] entries = new byte[header.IndexCount * IndexLayout.EntryBytes];
        file.Read(entries, IndexLayout.EntryAt(slots, 0));

        int chained = ChainedEntries(store, long.Parse(name), header.IndexCount);
        int unchained = 0;

        // Of each slot the newest entry so far: what an entry must name as its predecessor, and in the end what the slot must hold.
        Dictionary<int, int> newest = new();
        for (int number = 1; number < header.IndexCount; number++)
        {
            _indexEntries++;
            IndexEntry entry = IndexEntry.Read(entries.AsSpan(number * IndexLayout.EntryBytes));
            int slot = entry.KeyHash < 0 ? -1 : entry.KeyHash % slots;
            if (slot < 0 || entry.PhysicalOffset < 0 || entry.SecondsSinceBegin < 0)
            {
                Damage($"{where}, entry {number}", $"is no entry: {entry}");
                continue;
            }

            if (entry.PhysicalOffset >= logEnd)
            {
                Repairable($"{where}, entry {number}", $"points to {entry.PhysicalOffset}, behind the end of the log");
            }

            if (number >= chained && entry.Previous == 0 && newest.ContainsKey(slot))
            {
                unchained++;
            }
            else if (entry.Previous != newest.GetValueOrDefault(slot))
            {
                Damage($"{where}, entry {number}", $"is followed by {entry.Previous} in its chain, where {newest.GetValueOrDefault(slot)} belongs");
            }

            newest[slot] = number;
        }

        if (unchained > 0)
        {
            Repairable(where, $"{unchained} entries do not name the ones before them yet");
        }

        VerifySlots(file, where, slots, newest, header, isChained: chained == header.IndexCount);
    }

    /// <summary>While a broker runs, and after a kill, the newest entries are in no chain: the checkpoint has the number of the first that may not be.</summary>
    private static int ChainedEntries(OfflineStore store, long name, int count)
    {
        if (store.ReadCheckpoint() is not { HasPositions: true, Index: var index })
        {
            return count;
        }

        return name < index.Name ? count : name == index.Name ? Math.Min(index.Entries, count) : 1;
    }

    private void VerifySlots(IStoreFile file, string where, int slots, Dictionary<int, int> newest, IndexHeader header, bool isChained)
    {
        byte[] bytes = new byte[slots * IndexLayout.SlotBytes];
        file.Read(bytes, IndexLayout.HeaderBytes);
        int wrong = 0;
        for (int slot = 0; slot < slots; slot++)
        {
            int value = System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(slot * IndexLayout.SlotBytes));
            wrong += value == newest.GetValueOrDefault(slot) ? 0 : 1;
        }

        if (wrong > 0)
        {
            // While a broker runs, and after a kill, the slots in the file are behind the entries.
            Repairable(where, $"{wrong} slots do not name their newest entry");
        }

        if (header.UsedSlots != newest.Count)
        {
            string found = $"counts {header.UsedSlots} used slots, where {newest.Count} are";
            if (isChained)
            {
                Damage(where, found);
            }
            else
            {
                Repairable(where, found);
            }
        }
    }

    private void VerifyCheckpoint(OfflineStore store)
    {
        if (store.ReadCheckpoint() is { } checkpoint && _messages > 0
            && Math.Max(checkpoint.PhysicTimestamp, checkpoint.LogicsTimestamp) is var newest && newest > _lastStoreTimestamp)
        {
            Damage("checkpoint", $"names {newest}, after the last message in the log at {_lastStoreTimestamp}");
        }
    }

    private void Damage(string where, string what) => Report(new StoreFinding(StoreFindingKind.Damage, where, what));

    private void Repairable(string where, string what) => Report(new StoreFinding(StoreFindingKind.Repairable, where, what));

    private void Report(StoreFinding finding)
    {
        _damages += finding.Kind == StoreFindingKind.Damage ? 1 : 0;
        _repairable += finding.Kind == StoreFindingKind.Repairable ? 1 : 0;
        _lastKind = finding.Kind;
        if (++_ofQueue <= MostOfQueue)
        {
            _report(finding);
        }
    }

    private sealed class QueueTrack
    {
        public long Next { get; set; }

        public long Count { get; set; }

        public long Last { get; set; }

        public bool Seen { get; set; }
    }

    private sealed class Visitor(StoreVerifier verifier, LogSegments segments) : ILogVisitor
    {
        public void OnRecord(in RecordView record) => verifier.OnRecord(record);

        public void OnBlank(long offset, int size)
        {
            long left = segments.FileBytes - (offset % segments.FileBytes);
            if (size != left)
            {
                verifier.Damage($"commitlog {offset}", $"the end-of-file record claims {size} bytes, {left} are left");
            }
        }
    }
}
