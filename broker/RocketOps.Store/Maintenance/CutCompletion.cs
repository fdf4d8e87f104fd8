using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Contracts;
using RocketOps.Store.Dispatching;
using RocketOps.Store.Indexing;
using RocketOps.Store.Log;
using RocketOps.Store.Records;
using RocketOps.Store.Recovery;

namespace RocketOps.Store.Maintenance;

/// <summary>
/// Completion of queues and index out of a log whose end is cut off while the store runs. Whoever calls owns the dispatcher, and nothing is
/// written meanwhile.
/// </summary>
internal sealed class CutCompletion : ILogVisitor
{
    private readonly StoreOptions _options;
    private readonly CommitLog _log;
    private readonly QueueEnvironment _queues;
    private readonly MessageIndex? _index;
    private readonly Dispatcher _dispatcher;

    public CutCompletion(StoreOptions options, CommitLog log, QueueEnvironment queues, MessageIndex? index, Dispatcher dispatcher)
    {
        _options = options;
        _log = log;
        _queues = queues;
        _index = index;
        _dispatcher = dispatcher;
    }

    /// <summary>
    /// Plans from where on the log is to be read again for a cut at the offset: for queues from <paramref name="queuesFrom"/>, for the
    /// index perhaps earlier.
    /// </summary>
    public CutIntent Plan(long offset, out long queuesFrom)
    {
        queuesFrom = Math.Min(offset, _dispatcher.Dispatched);
        long from = Math.Max(_log.Segments.MinOffset, Math.Min(queuesFrom, _index?.RebuildStart(queuesFrom) ?? queuesFrom));
        return new CutIntent(offset, from);
    }

    /// <summary>The index ends where it is then completed from.</summary>
    public void CutIndex(CutIntent intent) => _index?.Truncate(intent.RebuildFrom);

    /// <summary>Dispatches again what queues and index lack. Throws <see cref="StoreException"/> when the log cannot be read.</summary>
    public void Run(CutIntent intent, long queuesFrom, long lastStoreTimestamp)
    {
        // Whether what stays is replicated is known no better than before.
        long dispatchTo = _options.DispatchesReplicatedOnly ? queuesFrom : intent.Offset;
        _dispatcher.Restart(dispatchTo, intent.RebuildFrom, lastStoreTimestamp);
        _dispatcher.Records.QueuesFrom = queuesFrom;
        _queues.IsRecovering = true;
        ScanEnd end = new LogScanner(_log.Segments).Scan(intent.RebuildFrom, dispatchTo, this, CancellationToken.None);
        if (end.Offset != dispatchTo)
        {
            throw new StoreException($"The log cannot be read at {end.Offset} ({end.Reason}).");
        }

        _dispatcher.Records.QueuesFrom = 0;
        _queues.IsRecovering = false;
        _index?.EndRecovery();
    }

    void ILogVisitor.OnRecord(in RecordView record) =>
        _dispatcher.Records.Dispatch(record, RecordProperties.Read(record.Properties), out _);

    void ILogVisitor.OnBlank(long offset, int size)
    {
    }
}
