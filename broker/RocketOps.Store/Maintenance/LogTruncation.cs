using Microsoft.Extensions.Logging;
using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Contracts;
using RocketOps.Store.Dispatching;
using RocketOps.Store.Files;
using RocketOps.Store.Indexing;
using RocketOps.Store.Log;
using RocketOps.Store.Records;
using RocketOps.Store.Recovery;
using RocketOps.Store.State;

namespace RocketOps.Store.Maintenance;

/// <summary>
/// Cuts the end of the log off while the store runs. Whoever calls has stopped all who change it: appends are refused, the write, the dispatcher and the maintenance pass
/// are his. Before <see cref="CutIntent"/> is written nothing has changed. Afterwards whatever fails makes the store read-only, and the next start finishes the cut: what was appended
/// meanwhile would be cut off with the rest.
/// </summary>
internal sealed partial class LogTruncation
{
    private readonly StoreOptions _options;
    private readonly IStoreFileSystem _files;
    private readonly LogPositions _positions;
    private readonly CommitLog _log;
    private readonly SegmentAllocator _allocator;
    private readonly TopicTable _topics;
    private readonly QueueEnvironment _queues;
    private readonly MessageIndex? _index;
    private readonly Dispatcher _dispatcher;
    private readonly StoreMaintenance _maintenance;
    private readonly StoreState _state;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;

    public LogTruncation(StoreOptions options, IStoreFileSystem files, LogPositions positions, CommitLog log, SegmentAllocator allocator, TopicTable topics, QueueEnvironment queues, MessageIndex? index, Dispatcher dispatcher, StoreMaintenance maintenance, StoreState state, TimeProvider time, ILogger logger)
    {
        _options = options;
        _files = files;
        _positions = positions;
        _log = log;
        _allocator = allocator;
        _topics = topics;
        _queues = queues;
        _index = index;
        _dispatcher = dispatcher;
        _maintenance = maintenance;
        _state = state;
        _time = time;
        _logger = logger;
    }

    public void Run(long offset, string? keepIn, CancellationToken cancellationToken)
    {
        LastMessage last = Check(offset, cancellationToken);
        long oldEnd = _log.Appended;
        if (offset == oldEnd)
        {
            return;
        }

        // Everything written and durable: from here on only files count, and nothing before the cut depends on what comes.
        _maintenance.MakeDurable();
        if (_state.HasFailed)
        {
            throw new StoreException($"The log cannot be cut: it could not be made durable ({_state.Flags}).");
        }

        string aside = keepIn is null ? "nowhere" : new DamagedTail(_files, _log.Segments, _options.RootDirectory, _time, _logger, keepIn).CopyAside(offset);
        long queuesFrom = Math.Min(offset, _dispatcher.Dispatched);
        long from = Math.Max(_log.Segments.MinOffset, Math.Min(queuesFrom, _index?.RebuildStart(queuesFrom) ?? queuesFrom));
        CutIntent intent = new(offset, from);
        try
        {
            intent.Write(_files, _options.RootDirectory);
            Cut(intent, queuesFrom, last);
        }
        catch (Exception e)
        {
            bool isTakenBack = false;
            try
            {
                isTakenBack = TryTakeBack(e);
            }
            finally
            {
                // Whatever kept it from being taken back.
                if (!isTakenBack)
                {
                    _state.Fail(StoreFlags.NotWriteable, "Cutting the log, which the next start will finish,", e);
                    _positions.FailBehind(offset);
                }
            }

            throw;
        }

        LogCut(oldEnd, offset, from, aside);
    }

    /// <summary>Whether there was no room even for the intent, and it is gone again: nothing has changed, and the store goes on.</summary>
    private bool TryTakeBack(Exception failure)
    {
        if (_log.Cuts % 2 != 0 || failure is not StoreIOException { MayBeRetried: true })
        {
            return false;
        }

        try
        {
            CutIntent.Remove(_files, _options.RootDirectory);
            return true;
        }
        catch (StoreIOException)
        {
            return false;
        }
    }

    /// <summary>Refuses what is no boundary of records. Returns the last message before it.</summary>
    private LastMessage Check(long offset, CancellationToken cancellationToken)
    {
        long min = _log.Segments.MinOffset;
        if (offset < min || offset > _log.Appended)
        {
            throw new StoreException($"The log cannot be cut at {offset}: it begins at {min} and ends at {_log.Appended}.");
        }

        // From the last place before it where a record surely begins: any bytes may look like a record, a message's body too.
        long from = Math.Max(min, (offset - 1) / _log.Segments.FileBytes * _log.Segments.FileBytes);
        LastMessage last = new();
        LogEnd end = new LogScanner(_log.Segments).Scan(from, offset, last, cancellationToken);
        if (end.Offset != offset)
        {
            throw new StoreException($"The log cannot be cut at {offset}: no record begins there.");
        }

        return last;
    }

    private void Cut(CutIntent intent, long queuesFrom, LastMessage last)
    {
        _log.BeginCut(intent.Offset, last.Offset, last.StoreTimestamp);
        _positions.FailBehind(intent.Offset);
        _allocator.DropPrepared(intent.Offset == 0 ? 0 : (intent.Offset - 1) / _log.Segments.FileBytes * _log.Segments.FileBytes, intent.Offset);
        StoreCuts cuts = new(_options, _files, _log.Segments, _topics, _time, _logger);
        cuts.CutLog(intent.Offset);
        cuts.CutQueues(intent.Offset);
        _index?.Truncate(intent.RebuildFrom);
        _maintenance.Restart(intent.RebuildFrom, queuesFrom, last.StoreTimestamp);
        CutIntent.Remove(_files, _options.RootDirectory);

        // Whether what stays is replicated is known no better than before.
        long dispatchTo = _options.DispatchesReplicatedOnly ? queuesFrom : intent.Offset;
        _dispatcher.Restart(dispatchTo, intent.RebuildFrom, last.StoreTimestamp);
        _dispatcher.QueuesFrom = queuesFrom;
        _queues.IsRecovering = true;
        Redispatch redispatch = new(_dispatcher);
        LogEnd end = new LogScanner(_log.Segments).Scan(intent.RebuildFrom, dispatchTo, redispatch, CancellationToken.None);
        if (end.Offset != dispatchTo)
        {
            throw new StoreException($"The log cannot be read at {end.Offset} ({end.Reason}).");
        }

        _dispatcher.QueuesFrom = 0;
        _queues.IsRecovering = false;
        _index?.EndRecovery();
        _log.EndCut();
    }

    [LoggerMessage(EventId = 2422, Level = LogLevel.Warning, Message = "The log was cut from {OldEnd} to {Offset}; queues and index were completed from {From} on. What was cut off is kept in: {Aside}")]
    private partial void LogCut(long oldEnd, long offset, long from, string aside);

    private sealed class LastMessage : ILogVisitor
    {
        public long Offset { get; private set; } = CommitLog.NoRecord;

        public long StoreTimestamp { get; private set; }

        public void OnRecord(in RecordView record)
        {
            Offset = record.PhysicalOffset;
            StoreTimestamp = record.StoreTimestamp;
        }

        public void OnBlank(long offset, int size)
        {
        }
    }

    private sealed class Redispatch : ILogVisitor
    {
        private readonly Dispatcher _dispatcher;

        public Redispatch(Dispatcher dispatcher)
        {
            _dispatcher = dispatcher;
        }

        public void OnRecord(in RecordView record) => _dispatcher.Dispatch(record, RecordProperties.Read(record.Properties), out _);

        public void OnBlank(long offset, int size)
        {
        }
    }
}
