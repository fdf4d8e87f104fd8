using RocketOps.Store.ConsumeQueues;

namespace RocketOps.Store.Log;

/// <summary>
/// Describes records that came as another store's bytes for dispatch, while they are in the processor's caches. What is not plain, a topic or queue that was not seen yet or inner
/// batches, is left out: dispatch reads those records. Under the append lock.
/// </summary>
internal sealed class RawDescriber(StoreTopicTable topics, MessageDescriber describer, DescriptorRing ring)
{
    /// <param name="records">Whole records, which have been checked.</param>
    /// <param name="offset">Of the first in the log.</param>
    public void Describe(ReadOnlySpan<byte> records, long offset)
    {
        int at = 0;
        while (at < records.Length && RecordView.Parse(records[at..], offset + at, verifyCrc: false, out RecordView record) == RecordCheck.Valid)
        {
            if (FindQueue(record) is { } queue)
            {
                if (!describer.Describe(queue, record.SysFlag, record.Properties).AddTo(ring, record.PhysicalOffset, record.Size, record.QueueOffset, record.StoreTimestamp))
                {
                    // Dispatch is behind, and reads what follows as well.
                    return;
                }

                if (SysFlags.HasQueueUnit(record.SysFlag))
                {
                    queue.NextOffset = Math.Max(queue.NextOffset, record.QueueOffset + 1);
                }
            }

            at += record.Size;
        }
    }

    private ConsumeQueue? FindQueue(in RecordView record) =>
        (record.SysFlag & SysFlags.InnerBatch) == 0 && topics.Find(record.Topic)?.FindQueue(record.QueueId) is { IsLoaded: true } queue and not BatchConsumeQueue ? queue : null;
}
