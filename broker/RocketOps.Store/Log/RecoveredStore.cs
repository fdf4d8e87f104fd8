namespace RocketOps.Store.Log;

/// <summary>Findings of recovery.</summary>
/// <param name="End">End of the log.</param>
/// <param name="Durable">Offset up to which it is certainly on the disk.</param>
/// <param name="Dispatched">Offset up to which queues and index have it.</param>
/// <param name="LastStoreTimestamp">Store time of the last message, 0 when none was read.</param>
/// <param name="LastRecord">Offset of the last message, −1 when none was read.</param>
/// <param name="IsDamaged">Whole records lay behind the end, and are gone.</param>
internal readonly record struct RecoveredStore(long End, long Durable, long Dispatched, long LastStoreTimestamp, long LastRecord, bool IsDamaged);
