using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Contracts;
using RocketOps.Store.Log;
using RocketOps.Store.Records;

namespace RocketOps.Store.Dispatching;

/// <summary>
/// Counts the queues on over messages that are in the log and not dispatched yet, so that new ones get the offsets behind them. A member that becomes master has such messages where
/// only what is replicated is dispatched. One caller at a time, the owner of dispatch.
/// </summary>
internal sealed class UndispatchedQueues(CommitLog log, StoreTopicTable topics, CopiedDeletions copied) : ILogVisitor
{
    /// <summary>End of the counted part of the log; 0 when nothing has been counted, or the log was cut since.</summary>
    public long CountedTo { get; private set; }

    /// <summary>The log was cut: what was counted may not be there any more.</summary>
    public void Forget() => CountedTo = 0;

    /// <summary>
    /// Has new messages go on behind everything in the log. Everything appended is written, nothing is appended meanwhile, and this thread may wait for the disk. Throws
    /// <see cref="StoreException"/> when the log cannot be read.
    /// </summary>
    /// <param name="dispatched">Offset in the log up to which the queues know their messages.</param>
    /// <param name="cancellationToken">Ends the walk; the queues counted so far stay counted.</param>
    public void CountOn(long dispatched, CancellationToken cancellationToken)
    {
        long end = log.Appended;
        ScanEnd read = new LogScanner(log.Segments).Scan(dispatched, end, this, cancellationToken);
        if (read.Offset < end)
        {
            throw new StoreException($"The log cannot be read at {read.Offset} ({read.Reason}).");
        }

        CountedTo = end;
    }

    void ILogVisitor.OnRecord(in RecordView record)
    {
        if (copied.Cover(record.Topic, record.PhysicalOffset, record.StoreTimestamp))
        {
            // Dispatch leaves it out.
            return;
        }

        if (!SysFlags.HasQueueUnit(record.SysFlag) || (uint)record.QueueId >= StoreTopic.MaxQueues || (topics.Find(record.Topic) is null && !StoreTopicTable.IsValidName(record.Topic)))
        {
            return;
        }

        StoreTopic topic = topics.GetOrAdd(record.Topic);
        topics.EnsureListed(topic);
        bool isBatch = (record.SysFlag & SysFlags.InnerBatch) != 0;
        if (isBatch)
        {
            topic.TrySetBatch(isBatch: true);
        }

        if (topics.GetOrAddQueue(topic, record.QueueId) is { } queue)
        {
            queue.EnsureLoaded();
            InnerBatch place = isBatch ? InnerBatch.Of(record.Properties, record.QueueOffset) : new InnerBatch(record.QueueOffset, 1);
            log.SetNextOffset(queue, place.BaseOffset + place.Count);
        }
    }

    void ILogVisitor.OnBlank(long offset, int size)
    {
    }
}
