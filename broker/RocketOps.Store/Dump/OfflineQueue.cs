using RocketOps.Store.ConsumeQueues;

namespace RocketOps.Store.Dump;

/// <summary>A queue of a store that is looked at.</summary>
internal sealed record OfflineQueue(string Topic, int QueueId, bool IsBatch, string Directory);

/// <summary>A unit of such a queue: the queue offset of its first message, how many it stands for, and what it points to. Units of batch consume queues have a store time.</summary>
internal readonly record struct OfflineUnit(long QueueOffset, int Count, ConsumeQueueUnit Unit, long StoreTimestamp = 0)
{
    public static OfflineUnit Of(in BatchUnit unit) => new(unit.BaseOffset, unit.Count, unit.IsWritten ? unit.Unit : default, unit.StoreTimestamp);
}
