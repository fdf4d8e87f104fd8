using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging;
using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Contracts;
using RocketOps.Store.Dispatching;
using RocketOps.Store.Files;
using RocketOps.Store.Indexing;
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
/// </summary>
internal sealed partial class StoreRecovery
{
    private readonly StoreOptions _options;
    private readonly IStoreFileSystem _files;
    private readonly LogSegments _segments;
    private readonly SegmentAllocator _allocator;
    private readonly StoreTopicTable _topics;
    private readonly MessageIndex? _index;
    private readonly RecordDispatch _dispatch;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly StoreCuts _cuts;

    public StoreRecovery(StoreOptions options, IStoreFileSystem files, LogSegments segments, SegmentAllocator allocator, StoreTopicTable topics, MessageIndex? index, RecordDispatch dispatch, TimeProvider time, ILogger logger)
    {
        _options = options;
        _files = files;
        _segments = segments;
        _allocator = allocator;
        _topics = topics;
        _index = index;
        _dispatch = dispatch;
        _time = time;
        _logger = logger;
        _cuts = new StoreCuts(options, files, segments, topics, time, logger);
    }

    /// <summary>Recovers. <paramref name="isClean"/>: there was no abort file.</summary>
    public RecoveredStore Run(CheckpointFile checkpointFile, bool isClean, CancellationToken cancellationToken)
    {
        long started = Stopwatch.GetTimestamp();
        LoadSegments();
        if (_segments.All.Count == 0)
        {
            SetQueuesAside();
        }

        if (_index is not null)
        {
            IndexFolder.CheckLengths(_files, _options);
        }

        _topics.Load();
        _cuts.Finish(checkpointFile);
        Checkpoint checkpoint = checkpointFile.Current;
        if (_segments.All.Count == 0)
        {
            _index?.Load(deleteAfter: long.MinValue, known: null, readFrom: 0, logEnd: 0);
            return new RecoveredStore(0, 0, 0, 0, CommitLog.NoRecord, IsDamaged: false);
        }

        DamagedTail tail = new(_files, _segments, _options.RootDirectory, _time, _logger);
        Plan plan = MakePlan(checkpoint, isClean, cancellationToken);
        if (_index is not null && plan.CutsIndex)
        {
            // Noted before a key is put again: a second cut must not take what lies there then for what was on the disk.
            checkpoint = checkpoint with { Index = new IndexCut(_options, _files, _logger).Run(checkpoint.DurableOffset, checkpoint.Index) };
            checkpointFile.Write(checkpoint, durable: true);
        }

        _index?.Load(plan.TrustsFiles || plan.CutsIndex ? null : checkpoint.IndexTimestamp, checkpoint.HasPositions ? checkpoint.Index : null, plan.Start, _segments.EndOffset);
        if (plan.CutsQueues)
        {
            _cuts.CutQueues(plan.QueuesFrom);
        }

        _dispatch.QueuesFrom = plan.QueuesFrom;

        // What had been dispatched was replicated; of what follows that is not known yet.
        long dispatchTo = _options.DispatchesReplicatedOnly ? plan.QueuesFrom : long.MaxValue;
        DispatchingVisitor visitor = new(_dispatch, dispatchTo, plan.LastStoreTimestamp);
        ScanEnd end = new LogScanner(_segments, suspectsTornEnd: !isClean).Scan(plan.Start, visitor, cancellationToken);
        _dispatch.QueuesFrom = 0;
        bool hadRecords = tail.Clear(end);
        if (hadRecords)
        {
            // Units behind the damage point to records that are no longer there.
            _cuts.CutQueues(end.Offset);
        }

        DropEmptyFiles(end.Offset, tail);
        double elapsedMs = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        LogRecovered(isClean ? "clean" : "unclean", plan.Start, end.Offset, visitor.Records, elapsedMs);
        return new RecoveredStore(end.Offset, Math.Min(plan.DurableOffset, end.Offset), Math.Min(dispatchTo, end.Offset), visitor.LastStoreTimestamp, visitor.LastRecord, hadRecords && end.Reason != RecordCheck.TornText);
    }

    private Plan MakePlan(Checkpoint checkpoint, bool isClean, CancellationToken cancellationToken)
    {
        if (checkpoint.HasPositions)
        {
            Guid boot = BootIds.Of(_files, _options);
            bool sameBoot = boot != Guid.Empty && checkpoint.BootId == boot;
            bool trusts = isClean || (sameBoot && !IsBrokenBefore(checkpoint, cancellationToken));
            long start = trusts ? checkpoint.KernelOffset : checkpoint.DurableOffset;
            if (start >= _segments.MinOffset && start <= _segments.EndOffset)
            {
                // Later than the start after a cut only: what lies between may belong to a topic that was deleted, whose name has a new one.
                long queuesFrom = checkpoint.LogicsPhysicalOffset <= _segments.EndOffset ? Math.Max(start, checkpoint.LogicsPhysicalOffset) : start;
                return new Plan(start, queuesFrom, trusts, CutsQueues: !trusts, CutsIndex: !trusts, isClean ? start : checkpoint.DurableOffset, checkpoint.LastStoreTimestamp);
            }
        }

        LogSegment file = isClean ? NewestFileWithMessages() : NewestFileBefore(checkpoint.MinTimestamp);
        return new Plan(file.BaseOffset, file.BaseOffset, isClean, CutsQueues: !isClean, CutsIndex: false, file.BaseOffset, 0);
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

    private void LoadSegments()
    {
        List<(string Path, long Offset)> found = [];
        foreach (FileEntry entry in _files.List(_options.CommitLogPath))
        {
            if (!entry.IsDirectory && entry.Name.Length == 20 && long.TryParse(entry.Name, NumberStyles.None, CultureInfo.InvariantCulture, out long offset))
            {
                found.Add((Path.Combine(_options.CommitLogPath, entry.Name), offset));
            }
        }

        found.Sort((left, right) => left.Offset.CompareTo(right.Offset));
        for (int i = 0; i < found.Count; i++)
        {
            LoadSegment(found[i].Path, found[i].Offset, isLast: i == found.Count - 1);
        }
    }

    private void LoadSegment(string path, long offset, bool isLast)
    {
        int fileBytes = _segments.FileBytes;
        IStoreFile file = _files.Open(path, FileOpenMode.ReadWrite);
        long length = file.Length;
        if (length != fileBytes)
        {
            if (!isLast || length != 0)
            {
                file.Dispose();
                throw new StoreException($"Commit-log file {path} has {length} bytes instead of {fileBytes}: was the store written with another mappedFileSizeCommitLog, or copied in part?");
            }

            // The process died between creating the file and setting its length.
            file.SetLength(fileBytes);
        }

        if (offset % fileBytes != 0)
        {
            file.Dispose();
            throw new StoreException($"Commit-log file {path} does not begin at a multiple of {fileBytes} bytes.");
        }

        if (_segments.All.Count > 0 && offset != _segments.EndOffset)
        {
            file.Dispose();
            throw new StoreException($"The commit log misses the file {LogSegments.FileName(_segments.EndOffset)}: {path} does not follow {_segments.All[^1].File.Path}.");
        }

        _segments.Add(new LogSegment(offset, file));
    }

    /// <summary>
    /// Sets the queues aside when there is no log: they point nowhere (Java deletes them; they are kept where they harm nobody). Called
    /// before topics are loaded: those that somebody has interned already are not affected, as nothing of them has been read.
    /// </summary>
    private void SetQueuesAside()
    {
        SetAside("consumequeue");
        SetAside("batchconsumequeue");
        SetAside("consumequeue_ext");
    }

    private void SetAside(string directory)
    {
        string from = Path.Combine(_options.RootDirectory, directory);
        if (!_files.List(from).Any(static entry => entry.IsDirectory))
        {
            return;
        }

        string damaged = Path.Combine(_options.RootDirectory, "damaged");
        string to = Path.Combine(damaged, $"{directory}-{_time.GetUtcNow():yyyyMMddHHmmssfff}");
        _files.CreateDirectory(damaged);
        _files.Rename(from, to);
        _files.CreateDirectory(from);
        _files.FlushDirectory(_options.RootDirectory);
        LogQueuesAside(to);
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

    [LoggerMessage(EventId = 2412, Level = LogLevel.Error, Message = "There are consume queues but no commit log: they were moved to {Path}")]
    private partial void LogQueuesAside(string path);

    private readonly record struct Plan(long Start, long QueuesFrom, bool TrustsFiles, bool CutsQueues, bool CutsIndex, long DurableOffset, long LastStoreTimestamp);

    private sealed class NoVisitor : ILogVisitor
    {
        public void OnRecord(in RecordView record)
        {
        }

        public void OnBlank(long offset, int size)
        {
        }
    }

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
