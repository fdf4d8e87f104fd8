namespace RocketOps.Store.ConsumeQueues;

/// <summary>Name of a queue within the store.</summary>
/// <param name="IsBatch">The queue is a batch consume queue.</param>
/// <param name="Topic">The topic.</param>
/// <param name="QueueId">The queue of it.</param>
internal readonly record struct QueueName(bool IsBatch, string Topic, int QueueId);

/// <summary>Extent of the files of a queue.</summary>
/// <param name="First">Index of the first unit of the first file.</param>
/// <param name="End">Index behind the last unit.</param>
/// <param name="LastPhysicalOffset">Offset, in the log, of the record that the last unit points to; −1 without a unit.</param>
internal readonly record struct QueuePlace(long First, long End, long LastPhysicalOffset);
