using System.Diagnostics;
using Microsoft.Extensions.Logging;
using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Contracts;
using RocketOps.Store.Dispatching;
using RocketOps.Store.Files;
using RocketOps.Store.Indexing;
using RocketOps.Store.Inventory;
using RocketOps.Store.Log;
using RocketOps.Store.Records;

namespace RocketOps.Store.Recovery;

/// <summary>
/// Brings a store into the state of a running one: finds the end of the log, and dispatches what queues and index do not have yet. How far back it looks depends
/// on what is known about the last stop:
/// <list type="bullet">
/// <item>our own, clean, or killed on the machine that still runs: from the last hand-over to the kernel, a second or <see cref="StoreOptions.RecoveryPaceBytes"/> back; a member of a group that was killed reads its log from the last durable point first;</item>
/// <item>our own, and the machine started anew: from the last durable point; units and keys behind it are cut and made again, in every queue and the index;</item>
/// <item>Java's, clean: from the newest file with messages; Java's, unclean: from the file its own rule names (store.md §4.3).</item>
/// </list>
/// Before that it compares: the log with what the inventory knows of it, each queue with the inventory and the log, the index with the
/// checkpoint. Where one of them is older than the rest it begins where the oldest is complete; where the log is another store's, or queues
/// have no log, the start is refused. Nothing is cut at a place that was not reached by reading from a record that is known.
/// </summary>
internal sealed partial class StoreRecovery
{
    private static readonly QueueFindings Unchanged = new(new Dictionary<QueueName, QueuePlace>(), long.MaxValue, LastRecord: -1,
        HasChanged: false, []);

    private readonly StoreOptions _options;
    private readonly IStoreFileSystem _files;
    private readonly LogSegments _segments;
    private readonly SegmentAllocator _allocator;
    private readonly StoreTopicTable _topics;
    private readonly MessageIndex? _index;
    private readonly StoreInventory _inventory;
    private readonly RecordDispatch _dispatch;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly StoreCuts _cuts;
    private readonly LogFolder _log;
    private IReadOnlyDictionary<QueueName, QueuePlace> _places = new Dictionary<QueueName, QueuePlace>();

    public StoreRecovery(
        StoreOptions options, IStoreFileSystem files, LogSegments segments, SegmentAllocator allocator, StoreTopicTable topics,
        MessageIndex? index, StoreInventory inventory, RecordDispatch dispatch, TimeProvider time, ILogger logger)
    {
        _options = options;
        _files = files;
        _segments = segments;
        _allocator = allocator;
        _topics = topics;
        _index = index;
        _inventory = inventory;
        _dispatch = dispatch;
        _time = time;
        _logger = logger;
        _cuts = new StoreCuts(options, files, segments, topics, time, logger);
        _log = new LogFolder(options, files, segments);
    }

    /// <summary>Deletions that the broker's table notes, by topic.</summary>
    public IReadOnlyDictionary<string, ToldDeletion> Told { get; init; } = new Dictionary<string, ToldDeletion>();

    /// <summary>Recovers. <paramref name="isClean"/>: there was no abort file.</summary>
    public RecoveredStore Run(CheckpointFile checkpointFile, bool isClean, CancellationToken cancellationToken)
    {
        long started = Stopwatch.GetTimestamp();
        InventoryContent known = Open(checkpointFile.Current, isClean);
        bool finishesCut = CutIntent.Read(_files, _options.RootDirectory) is not null;
        if (!finishesCut)
        {
            _cuts.End();
        }
        else
        {
            // What the cut was at is not what the inventory says. It was checked when the store was started that began it.
            _topics.Load();
            _cuts.Finish(checkpointFile, _inventory);
            known = StoreInventory.Read(_files, _options.RootDirectory, long.MaxValue);
            known.KeepDeletionsOf(_segments);
            known.Told = new ToldDeletions(Told, known, _segments);
        }

        if (_segments.All.Count == 0)
        {
            _topics.Load();
            _index?.Load(deleteAfter: long.MinValue, known: null, readFrom: 0, logEnd: 0);
            return new RecoveredStore(0, 0, 0, 0, CommitLog.NoRecord, IsDamaged: false);
        }

        DamagedTail tail = new(_files, _segments, _options.RootDirectory, _time, _logger);
        Comparison compared = Compare(checkpointFile.Current, known, isClean, finishesCut, cancellationToken);
        Plan plan = MakePlan(checkpointFile, compared, isClean, cancellationToken);
        if (!finishesCut)
        {
            _topics.Load();
        }

        Checkpoint checkpoint = checkpointFile.Current;
        if (_index is not null && plan.CutsIndex)
        {
            // Noted before a key is put again: a second cut must not take what lies there then for what was on the disk.
            checkpoint = checkpoint with { Index = new IndexCut(_options, _files, _logger).Run(checkpoint.DurableOffset, checkpoint.Index) };
            checkpointFile.Write(checkpoint, durable: true);
        }

        _index?.Load(checkpoint.HasPositions || plan.TrustsFiles || compared.KnowsNothing ? null : checkpoint.IndexTimestamp,
            checkpoint.HasPositions ? checkpoint.Index : null, plan.ReadAgainFrom, _segments.EndOffset, plan.IndexedThrough);
        if (plan.CutsQueues)
        {
            _cuts.CutQueues(plan.QueuesFrom);
        }

        _dispatch.QueuesFrom = Math.Min(plan.QueuesFrom, plan.RebuildFrom);
        _dispatch.Deletions = known;
        _dispatch.BelievesNewQueues = plan.RebuildFrom != long.MaxValue || !compared.IsReached || IsLogOfLater(plan.Start, isClean);

        // What had been dispatched was replicated; of what follows that is not known yet.
        long dispatchTo = _options.DispatchesReplicatedOnly ? plan.QueuesFrom : long.MaxValue;
        DispatchingVisitor visitor = new(_dispatch, dispatchTo, plan.LastStoreTimestamp);
        long readTo = ReadAgain(plan, visitor, out bool hasGap, cancellationToken);
        ScanEnd end = new LogScanner(_segments, suspectsTornEnd: !isClean).Scan(readTo, visitor, cancellationToken);
        _dispatch.QueuesFrom = 0;
        _dispatch.Deletions = null;
        _dispatch.BelievesNewQueues = false;
        if (checkpointFile.Current.HasPositions && (isClean || IsSameBoot(checkpointFile.Current)))
        {
            new LogFileEnds(_options, _segments).CheckThatNothingFollows(end.Offset);
        }

        bool hadRecords = tail.Clear(end);
        if (hadRecords)
        {
            // Units behind the damage point to records that are no longer there.
            _cuts.CutQueues(end.Offset);
        }

        DropEmptyFiles(end.Offset, tail);
        double elapsedMs = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        LogRecovered(isClean ? "clean" : "unclean", plan.ReadAgainFrom, end.Offset, visitor.Records, elapsedMs);

        // Files behind what the checkpoint knows to be durable may have been removed since: the next flush begins with what is there.
        long durable = Math.Min(Math.Max(plan.DurableOffset, _segments.MinOffset), end.Offset);
        return new RecoveredStore(
            end.Offset, durable, Math.Min(dispatchTo, end.Offset), visitor.LastStoreTimestamp,
                visitor.LastRecord,
            hasGap || (hadRecords && end.Reason != RecordCheck.TornText), compared.Queues.HasChanged || plan.RebuildFrom != long.MaxValue);
    }

    /// <summary>
    /// Compares as <see cref="Run"/> does, and ends where that begins to read the log. For a file system that keeps its files as they are;
    /// what the start would be refused for is thrown.
    /// </summary>
    public StoreForecast Foresee(CheckpointFile checkpointFile, bool isClean, CancellationToken cancellationToken)
    {
        InventoryContent known = Open(checkpointFile.Current, isClean);
        bool finishesCut = CutIntent.Read(_files, _options.RootDirectory) is not null;
        if (finishesCut || _segments.All.Count == 0)
        {
            return new StoreForecast(known, [], 0, 0, finishesCut);
        }

        Comparison compared = Compare(checkpointFile.Current, known, isClean, finishesCut, cancellationToken);
        Plan plan = MakePlan(checkpointFile, compared, isClean, cancellationToken);
        return new StoreForecast(known, compared.Queues.Mended, plan.ReadAgainFrom, Math.Min(plan.QueuesFrom, plan.RebuildFrom),
            FinishesCut: false);
    }

    /// <summary>
    /// Opens log and inventory. Throws <see cref="StoreException"/> when they are not of one store, or the log is missing or has files that
    /// cannot be right.
    /// </summary>
    private InventoryContent Open(Checkpoint checkpoint, bool isClean)
    {
        _log.Load();
        InventoryContent known = StoreInventory.Read(_files, _options.RootDirectory, KnownUpTo(checkpoint, isClean));
        _log.CheckThatItIsThere(known);
        if (_index is not null)
        {
            IndexFolder.CheckLengths(_files, _options);
        }

        known = _log.CheckThatItIsTheSame(checkpoint, known);
        known.KeepDeletionsOf(_segments);
        known.Told = new ToldDeletions(Told, known, _segments);
        _inventory.Open(known, checkpoint.InventoryId, isClean);
        return known;
    }

    /// <summary>
    /// Reads what lies before the place that the end of the log is looked for from. Damage there ends nothing: its messages are lost, and
    /// those behind it are in the log as ever. Returns where the rest begins.
    /// </summary>
    private long ReadAgain(in Plan plan, DispatchingVisitor visitor, out bool hasGap, CancellationToken cancellationToken)
    {
        hasGap = false;
        LogScanner scanner = new(_segments);
        long at = plan.ReadAgainFrom;
        while (at < plan.Start)
        {
            ScanEnd end = scanner.Scan(at, plan.Start, visitor, cancellationToken);
            at = end.Offset;
            if (at < plan.Start)
            {
                long next = new RecordSearch(_segments).Next(at + 1, plan.Start);
                next = next < 0 ? plan.Start : next;
                LogUnreadable(at, next, end.Reason);
                hasGap = true;
                at = next;
            }
        }

        return Math.Max(at, plan.Start);
    }

    /// <summary>
    /// Writes the inventory as the queues are now that all of them are complete and durable up to <paramref name="offset"/> of the log,
    /// which ends at <paramref name="logEnd"/>.
    /// </summary>
    public void WriteInventory(long offset, long logEnd)
    {
        Dictionary<QueueName, QueuePlace> places = new(_places);
        _topics.ForEachQueue(queue =>
        {
            if (queue.IsLoaded)
            {
                places[queue.Name] = queue.Place;
            }
        });
        _inventory.Replace(logEnd, LogAnchor.None, offset, _index?.Written ?? default,
            places.Select(static place => (place.Key, place.Value)));
    }

    /// <summary>
    /// Passes of the inventory behind it say what was on its way to the disk only; where all of the kernel is there, all of them count.
    /// </summary>
    private long KnownUpTo(Checkpoint checkpoint, bool isClean) => isClean || IsSameBoot(checkpoint) ? long.MaxValue
        : checkpoint.DurableOffset;

    private bool IsSameBoot(Checkpoint checkpoint) => BootIds.Of(_files, _options) is var boot && boot != Guid.Empty
        && checkpoint.BootId == boot;

    /// <summary>Compares log and queues with what is known of them.</summary>
    private Comparison Compare(Checkpoint checkpoint, InventoryContent known, bool isClean, bool finishesCut,
        CancellationToken cancellationToken)
    {
        bool trusts = checkpoint.HasPositions && (isClean || (IsSameBoot(checkpoint) && !IsBrokenBefore(checkpoint, cancellationToken)));
        long start = trusts ? checkpoint.KernelOffset : checkpoint.DurableOffset;
        LogAnchor anchor = trusts ? checkpoint.KernelAnchor : checkpoint.DurableAnchor;
        bool isReached = checkpoint.HasPositions && IsReached(anchor, start);
        if (checkpoint.HasPositions && !isReached && !finishesCut)
        {
            _log.CheckThatItEndsBefore(anchor, start, cancellationToken);
        }

        if (checkpoint.HasPositions && !finishesCut)
        {
            new LogFileEnds(_options, _segments).Check(start, cancellationToken);
        }

        bool expects = checkpoint.HasPositions && checkpoint.InventoryId != 0 && checkpoint.InventoryId == known.Id
            && known.Offset >= start;
        bool knowsNothing = !expects && (checkpoint.InventoryId != 0 || checkpoint.IsEmpty);
        if (finishesCut)
        {
            return new Comparison(start, trusts, checkpoint.HasPositions && start >= _segments.MinOffset
                && start <= _segments.EndOffset, expects, Unchanged, known, KnowsNothing: false);
        }

        bool byPositions = isReached || (checkpoint.HasPositions && checkpoint.InventoryId == 0);
        long cutAt = trusts || (isClean && !checkpoint.HasPositions) ? _segments.EndOffset : byPositions ? start
            : FileToReadFrom(checkpoint, isClean, knowsNothing).BaseOffset;
        QueueFindings queues = new QueueCheck(_files, _segments, _topics.Environment, known, cutAt, knowsNothing, expects, _logger)
            .Run(expects && isReached && ReachesAsFar(start, known), cancellationToken);
        _places = queues.Places;
        if (!isReached && checkpoint.HasPositions && checkpoint.InventoryId == 0 && start >= _segments.MinOffset
            && start <= _segments.EndOffset)
        {
            // Positions of a version that left no record to find them by: the last message of a queue serves as well.
            isReached = start == _segments.MinOffset
                || RecordMarks.Leads(_segments, queues.LastRecord >= _segments.MinOffset && queues.LastRecord < start
                    ? queues.LastRecord : _segments.MinOffset, start);
        }

        return new Comparison(start, trusts, isReached, expects, queues, known, knowsNothing);
    }

    /// <summary>An offset is one of this log: its beginning, or a place that a known record leads to.</summary>
    private bool IsReached(LogAnchor anchor, long offset) =>
        offset >= _segments.MinOffset && offset <= _segments.EndOffset
            && (offset == _segments.MinOffset || anchor.Leads(_segments, offset));

    /// <summary>
    /// The log goes on to where the inventory says: one that is newer than checkpoint and log knows units of messages that the log does not
    /// have.
    /// </summary>
    private bool ReachesAsFar(long start, InventoryContent known) => known.Offset <= start
        || RecordMarks.Leads(_segments, start, known.Offset);

    private Plan MakePlan(CheckpointFile checkpointFile, Comparison compared, bool isClean, CancellationToken cancellationToken)
    {
        Plan plan = PlanByPositions(checkpointFile.Current, compared, isClean);
        long rebuildFrom = RebuildFrom(checkpointFile.Current, compared);
        IndexFindings index = _index is null ? new IndexFindings(long.MaxValue, -1)
            : new IndexCheck(_options, _files, _segments, _logger).Run(
                checkpointFile, compared.Expects ? compared.Known.Index
                    : new IndexExtent(checkpointFile.Current.Index.Name, checkpointFile.Current.Index.Entries, 0), compared.IsReached,
                    plan.TrustsFiles, compared.KnowsNothing, plan.Start,
                cancellationToken);
        long from = Math.Min(rebuildFrom, index.From);
        plan = plan with { ReadAgainFrom = Math.Min(from, plan.Start), IndexedThrough = index.Through };

        if (rebuildFrom < plan.QueuesFrom)
        {
            plan = plan with { RebuildFrom = rebuildFrom };
            _inventory.NoteRebuild(rebuildFrom);
            LogRebuild(rebuildFrom);
        }

        return plan;
    }

    private Plan PlanByPositions(Checkpoint checkpoint, Comparison compared, bool isClean)
    {
        long start = compared.Start;
        if (compared.IsReached)
        {
            // Later than the start after a cut only: what lies between may belong to a topic that was deleted, whose name has a new one.
            long queuesFrom = checkpoint.LogicsPhysicalOffset <= _segments.EndOffset ? Math.Max(start, checkpoint.LogicsPhysicalOffset)
                : start;
            return new Plan(
                start, start, queuesFrom, compared.Trusts, CutsQueues: !compared.Trusts, CutsIndex: !compared.Trusts, isClean ? start
                    : checkpoint.DurableOffset, checkpoint.LastStoreTimestamp);
        }

        if (checkpoint.HasPositions)
        {
            LogNotReached(start, _options.CommitLogPath);
        }

        LogSegment file = FileToReadFrom(checkpoint, isClean, compared.KnowsNothing);
        return new Plan(file.BaseOffset, file.BaseOffset, file.BaseOffset, isClean, CutsQueues: !isClean, CutsIndex: false,
            file.BaseOffset, 0);
    }

    /// <summary>
    /// The log file to look for the end from where the checkpoint names no offset of this log. Where nothing is known the files before are
    /// read as well, and a gap in them ends nothing.
    /// </summary>
    private LogSegment FileToReadFrom(Checkpoint checkpoint, bool isClean, bool knowsNothing) =>
        isClean || checkpoint.HasPositions || knowsNothing ? NewestFileWithMessages() : NewestFileBefore(checkpoint.MinTimestamp);

    /// <summary>Offset from which on queues lack messages of the log; <see cref="long.MaxValue"/> when they have all there were.</summary>
    private long RebuildFrom(Checkpoint checkpoint, Comparison compared)
    {
        long from = compared.Queues.RebuildFrom;
        if (compared.Known.RebuildFrom >= 0)
        {
            // The start before this one was broken off while it completed queues.
            from = Math.Min(from, Math.Max(compared.Known.RebuildFrom, _segments.MinOffset));
        }

        if (compared.Known.HasForgottenDeletions)
        {
            return _segments.MinOffset;
        }

        if (compared.Expects)
        {
            // The queues have what was dispatched when the inventory was told, which the checkpoint does not show. A log file begins with a
            // record.
            return compared.IsReached ? from : Math.Min(from,
                Math.Max(_segments.MinOffset, compared.Known.Offset - (compared.Known.Offset % _segments.FileBytes)));
        }

        if (compared.KnowsNothing)
        {
            return _segments.MinOffset;
        }

        // As RocketMQ: what no queue points to was not dispatched, as far as anybody can tell.
        long last = compared.Queues.LastRecord;
        return Math.Min(from, last < _segments.MinOffset ? _segments.MinOffset : RecordMarks.After(_segments, last));
    }

    /// <summary>
    /// Tells whether the log of a member of a group ends between the last durable point and the last hand-over to the kernel, where nobody
    /// looks otherwise: the kernel may have lost a page that it could not write. What follows it was acknowledged to the master, so that
    /// the copy must know.
    /// </summary>
    private bool IsBrokenBefore(Checkpoint checkpoint, CancellationToken cancellationToken)
    {
        long from = Math.Max(checkpoint.DurableOffset, _segments.MinOffset);
        return _options.DispatchesReplicatedOnly && from < checkpoint.KernelOffset
            && new LogScanner(_segments).Scan(from, checkpoint.KernelOffset, new NoVisitor(), cancellationToken).Offset < checkpoint.KernelOffset;
    }

    /// <summary>
    /// The log goes on farther behind the checkpoint than a run leaves it: the rest of the store is an earlier copy. Topics may have been
    /// deleted and made again in between, without a note here.
    /// </summary>
    private bool IsLogOfLater(long start, bool isClean) => isClean
        ? RecordMarks.Of(_segments, start) != 0
        : _segments.All.Any(segment => segment.BaseOffset > start + _segments.FileBytes && RecordMarks.Of(_segments, segment.BaseOffset) != 0);

    /// <summary>The newest file that begins with a record. Files before it were completed and flushed by the clean stop.</summary>
    private LogSegment NewestFileWithMessages()
    {
        for (int i = _segments.All.Count - 1; i > 0; i--)
        {
            if (FirstStoreTimestamp(_segments.All[i]) is not null)
            {
                return _segments.All[i];
            }
        }

        return _segments.All[0];
    }

    /// <summary>Java's rule: the newest file whose first record was stored before everything the checkpoint vouches for; without one the first.</summary>
    private LogSegment NewestFileBefore(long timestamp)
    {
        for (int i = _segments.All.Count - 1; i > 0; i--)
        {
            if (FirstStoreTimestamp(_segments.All[i]) is > 0 and var first && first <= timestamp)
            {
                return _segments.All[i];
            }
        }

        return _segments.All[0];
    }

    private long? FirstStoreTimestamp(LogSegment segment)
    {
        byte[] bytes = new byte[Math.Min(_segments.FileBytes, 64 * 1024)];
        while (true)
        {
            int length = segment.File.Read(bytes, 0);
            switch (RecordView.Parse(bytes.AsSpan(0, length), segment.BaseOffset, verifyCrc: false, out RecordView record))
            {
                case RecordCheck.Valid:
                    return record.StoreTimestamp;
                case RecordCheck.Incomplete when bytes.Length < _segments.FileBytes:
                    bytes = new byte[(int)Math.Min(_segments.FileBytes, bytes.Length * 8L)];
                    break;
                default:
                    return null;
            }
        }
    }

    /// <summary>Empty files behind the one the log ends in: the first is the prepared next, others are of no use.</summary>
    private void DropEmptyFiles(long end, DamagedTail tail)
    {
        while (_segments.All.Count > 1 && _segments.All[^1] is var last && last.BaseOffset > end)
        {
            if (tail.HasData(last))
            {
                throw new StoreException($"{last.File.Path} still holds data behind the end of the log at {end}.");
            }

            _segments.RemoveLast();
            if (last.BaseOffset - _segments.FileBytes <= end)
            {
                _allocator.Adopt(last);
            }
            else
            {
                last.File.Dispose();
                _files.DeleteFile(last.File.Path);

                // One after the other, or a power cut could leave a hole before those that come back.
                _files.FlushDirectory(_options.CommitLogPath);
            }
        }
    }

    [LoggerMessage(EventId = 2411, Level = LogLevel.Information, Message = "Recovered after a {Kind} stop: read the log from {Start} to {End}, {Records} messages, in {Milliseconds:F0} ms")]
    private partial void LogRecovered(string kind, long start, long end, long records, double milliseconds);

    [LoggerMessage(EventId = 2413, Level = LogLevel.Warning, Message = ""
        + "Queues lack messages of the commit log: the broker reads it from {From} on to complete them")]
    private partial void LogRebuild(long from);

    [LoggerMessage(EventId = 2415, Level = LogLevel.Error, Message = ""
        + "The commit log cannot be read from {From} to {To} ({Reason}): messages there cannot be put into their queues again")]
    private partial void LogUnreadable(long from, long to, RecordCheck reason);

    [LoggerMessage(EventId = 2414, Level = LogLevel.Error, Message = "The checkpoint says that the commit log reached {Offset}, but the "
        + "log in {Folder} does not lead there: it is "
        + "older than the rest of the store, or was changed by something else than a broker. The broker reads what there is, compares "
            + "all queues with it and goes on from its end")]
    private partial void LogNotReached(long offset, string folder);

    /// <param name="Start">Where the end of the log is looked for from; a record begins there.</param>
    /// <param name="ReadAgainFrom">Where the log is read from: there or earlier.</param>
    /// <param name="QueuesFrom">Messages before it are in their queues.</param>
    /// <param name="TrustsFiles">What queues and index hold was handed to the kernel that still runs, or is durable.</param>
    /// <param name="CutsQueues">Units from <paramref name="QueuesFrom"/> on are cut off first.</param>
    /// <param name="CutsIndex">Keys from the durable point on are cut off first.</param>
    /// <param name="DurableOffset">The log is durable up to there.</param>
    /// <param name="LastStoreTimestamp">Store time of the last message before the start.</param>
    /// <param name="RebuildFrom">Messages from there on are not all in their queues.</param>
    /// <param name="IndexedThrough">Keys of messages up to there are in the index.</param>
    private readonly record struct Plan(
        long Start, long ReadAgainFrom, long QueuesFrom, bool TrustsFiles, bool CutsQueues, bool CutsIndex, long DurableOffset,
            long LastStoreTimestamp,
        long RebuildFrom = long.MaxValue, long IndexedThrough = -1);

    /// <param name="Start">Offset up to which queues and index are complete, by the checkpoint.</param>
    /// <param name="Trusts">What was handed to the kernel is there.</param>
    /// <param name="IsReached">That offset is one of this log.</param>
    /// <param name="Expects">The inventory belongs to the checkpoint.</param>
    /// <param name="Queues">What was found.</param>
    /// <param name="Known">The inventory.</param>
    /// <param name="KnowsNothing">
    /// Checkpoint or inventory is lost, or one is of another time than the other: nothing tells what queues and keys there were.
    /// </param>
    private readonly record struct Comparison(
        long Start, bool Trusts, bool IsReached, bool Expects, QueueFindings Queues, InventoryContent Known, bool KnowsNothing);

    private sealed class DispatchingVisitor : ILogVisitor
    {
        private readonly RecordDispatch _dispatch;
        private readonly long _dispatchTo;

        public DispatchingVisitor(RecordDispatch dispatch, long dispatchTo, long lastStoreTimestamp)
        {
            _dispatch = dispatch;
            _dispatchTo = dispatchTo;
            LastStoreTimestamp = lastStoreTimestamp;
        }

        public long Records { get; private set; }

        public long LastStoreTimestamp { get; private set; }

        public long LastRecord { get; private set; } = CommitLog.NoRecord;

        public void OnRecord(in RecordView record)
        {
            Records++;
            LastStoreTimestamp = record.StoreTimestamp;
            LastRecord = record.PhysicalOffset;
            if (record.PhysicalOffset < _dispatchTo)
            {
                _dispatch.Dispatch(record, RecordProperties.Read(record.Properties), out _);
            }
        }

        public void OnBlank(long offset, int size)
        {
        }
    }
}
