using System.Buffers.Binary;
using Microsoft.Extensions.Logging;
using RocketOps.Protocol.Names;
using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Contracts;
using RocketOps.Store.Files;
using RocketOps.Store.Indexing;
using RocketOps.Store.Inventory;
using RocketOps.Store.Log;

namespace RocketOps.Store.Recovery;

/// <summary>Cuts the files of log and queues at an offset, for recovery and while the store runs. Each step can be made again after a crash.</summary>
internal sealed partial class StoreCuts
{
    private readonly StoreOptions _options;
    private readonly IStoreFileSystem _files;
    private readonly LogSegments _segments;
    private readonly StoreTopicTable _topics;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;

    public StoreCuts(StoreOptions options, IStoreFileSystem files, LogSegments segments, StoreTopicTable topics, TimeProvider time, ILogger logger)
    {
        _options = options;
        _files = files;
        _segments = segments;
        _topics = topics;
        _time = time;
        _logger = logger;
    }

    /// <summary>The queues there are, once <see cref="CutQueues"/> has looked.</summary>
    public IEnumerable<ConsumeQueue> Queues => _topics.All.SelectMany(static topic => topic.Queues).OfType<ConsumeQueue>();

    /// <summary>Carries out a cut that a crash has interrupted: log files and topics are loaded, the index is not.</summary>
    public void Finish(CheckpointFile checkpoint, StoreInventory inventory)
    {
        if (CutIntent.Read(_files, _options.RootDirectory) is { } intent && _segments.All.Count > 0)
        {
            CutLog(intent.Offset);
            CutQueues(intent.Offset);
            (long indexTimestamp, IndexPosition newest, _) = IndexFolder.DropFrom(_files, _options, intent.RebuildFrom);
            Checkpoint current = checkpoint.Current;

            // The cut began with a checkpoint of everything that was dispatched.
            long queuesFrom = Math.Max(intent.RebuildFrom, Math.Min(intent.Offset, current.LogicsPhysicalOffset));
            inventory.Replace(intent.Offset, current.DurableAnchor.Offset < intent.Offset ? current.DurableAnchor : LogAnchor.None,
                queuesFrom, new IndexExtent(newest.Name, newest.Entries, 0), Queues.Select(static queue => (queue.Name, queue.Place)));
            LogAnchor anchor = LogAnchor.At(_segments, intent.RebuildFrom);
            checkpoint.Write(
                current.CutAt(intent.RebuildFrom, queuesFrom, current.LastStoreTimestamp, indexTimestamp) with
                {
                    Index = newest.Name == current.Index.Name ? current.Index : newest,
                    InventoryId = inventory.Id,
                    KernelAnchor = anchor,
                    DurableAnchor = anchor,
                    FirstAnchor = LogAnchor.At(_segments, _segments.MinOffset),
                },
                durable: true);
            LogFinished(intent.Offset);
        }

        End();
    }

    /// <summary>A cut begins: from here on a start carries it out. Durable when it returns.</summary>
    public void Begin(CutIntent intent) => intent.Write(_files, _options.RootDirectory);

    /// <summary>The cut has been carried out, or nothing of it.</summary>
    public void End() => CutIntent.Remove(_files, _options.RootDirectory);

    /// <summary>Copies the log from the offset on to a file in that directory below the store's. Returns its path.</summary>
    public string CopyAside(long offset, string directory) => Tail(directory).CopyAside(offset);

    /// <summary>The log's files end at the offset: those behind it are deleted, but for the first, and the rest of the last is zeros. Durable when it returns.</summary>
    public void CutLog(long offset)
    {
        while (_segments.All is [_, .., var last] && last.BaseOffset >= offset)
        {
            _segments.RemoveLast();
            last.File.Dispose();
            _files.DeleteFile(last.File.Path);

            // One after the other, or a power cut could leave a hole before those that come back.
            _files.FlushDirectory(_options.CommitLogPath);
        }

        Tail(DamagedTail.UsualDirectory).ZeroFrom(offset);
    }

    /// <summary>Units of records at or behind the offset are gone from all queues. Durable when it returns.</summary>
    public void CutQueues(long physicalOffset)
    {
        HashSet<string> unsyncedDirectories = [];
        foreach (StoreTopic topic in _topics.All)
        {
            _topics.EnsureListed(topic);
            foreach (ConsumeQueue? queue in topic.Queues)
            {
                if (queue is null)
                {
                    continue;
                }

                // Units that recovery has just put are written first: cutting looks at the files. Made durable, their files can be closed when there are many.
                if (queue.IsLoaded && queue.WriteUnits())
                {
                    queue.Flush(unsyncedDirectories);
                }

                queue.TruncateFrom(physicalOffset, PointsToItsRecord);

                // The directory, when files were deleted: one that came back would hold units of what is no longer there.
                queue.Flush(unsyncedDirectories);
            }
        }

        foreach (string directory in unsyncedDirectories)
        {
            _files.FlushDirectory(directory);
        }
    }

    private DamagedTail Tail(string asideDirectory) => new(_files, _segments, _options.RootDirectory, _time, _logger, asideDirectory);

    private bool PointsToItsRecord(ConsumeQueue queue, long queueOffset, ConsumeQueueUnit unit)
    {
        // What has expired cannot be asked; units of light queues point to records of another topic.
        if (unit.PhysicalOffset < _segments.MinOffset || TopicNames.IsLight(queue.Topic.Name))
        {
            return true;
        }

        Span<byte> head = stackalloc byte[RecordLayout.PhysicalOffsetAt + 8];
        return _segments.Read(unit.PhysicalOffset, head, mayBlock: true) == head.Length
            && BinaryPrimitives.ReadInt64BigEndian(head[RecordLayout.PhysicalOffsetAt..]) == unit.PhysicalOffset
            && BinaryPrimitives.ReadInt32BigEndian(head[RecordLayout.QueueIdAt..]) == queue.QueueId
            && BinaryPrimitives.ReadInt64BigEndian(head[RecordLayout.QueueOffsetAt..]) == queueOffset;
    }

    [LoggerMessage(EventId = 2421, Level = LogLevel.Information, Message = "The cut of the log at {Offset}, which the last stop has interrupted, was carried out")]
    private partial void LogFinished(long offset);
}
