using Microsoft.Extensions.Logging;
using RocketOps.Store.Contracts;
using RocketOps.Store.Files;
using RocketOps.Store.Log;
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
    private readonly LogPositions _positions;
    private readonly CommitLog _log;
    private readonly SegmentAllocator _allocator;
    private readonly StoreCuts _cuts;
    private readonly CutCompletion _completion;
    private readonly StoreMaintenance _maintenance;
    private readonly StoreState _state;
    private readonly ILogger _logger;

    public LogTruncation(
        LogPositions positions, CommitLog log, SegmentAllocator allocator, StoreCuts cuts, CutCompletion completion, StoreMaintenance maintenance,
        StoreState state, ILogger logger)
    {
        _positions = positions;
        _log = log;
        _allocator = allocator;
        _cuts = cuts;
        _completion = completion;
        _maintenance = maintenance;
        _state = state;
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

        string aside = keepIn is null ? "nowhere" : _cuts.CopyAside(offset, keepIn);
        CutIntent intent = _completion.Plan(offset, out long queuesFrom);
        try
        {
            _cuts.Begin(intent);
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

        LogCut(oldEnd, offset, intent.RebuildFrom, aside);
    }

    /// <summary>
    /// Takes the intent back when there was no room even for it. True when it is gone again: nothing has changed, and the store goes on.
    /// </summary>
    private bool TryTakeBack(Exception failure)
    {
        if (_log.Cuts.Count % 2 != 0 || failure is not StoreIOException { MayBeRetried: true })
        {
            return false;
        }

        try
        {
            _cuts.End();
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
        ScanEnd end = new LogScanner(_log.Segments).Scan(from, offset, last, cancellationToken);
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
        _cuts.CutLog(intent.Offset);
        _cuts.CutQueues(intent.Offset);
        _completion.CutIndex(intent);
        _maintenance.Restart(intent.RebuildFrom, queuesFrom, last.Offset, last.StoreTimestamp, intent.Offset, _cuts.Queues);
        _cuts.End();
        _completion.Run(intent, queuesFrom, last.StoreTimestamp);
        _log.Cuts.End();
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
}
