namespace RocketOps.Store.Log;

/// <summary>What recovery found.</summary>
/// <param name="End">End of the log.</param>
/// <param name="Durable">Up to where it is certainly on the disk.</param>
/// <param name="Dispatched">Up to where queues and index have it.</param>
/// <param name="LastStoreTimestamp">Store time of the last message, 0 when none was read.</param>
/// <param name="LastRecord">Offset of the last message, −1 when none was read.</param>
/// <param name="IsDamaged">Whole records lay behind the end, and are gone.</param>
internal readonly record struct RecoveredStore(long End, long Durable, long Dispatched, long LastStoreTimestamp, long LastRecord, bool IsDamaged);
