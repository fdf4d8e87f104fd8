namespace RocketOps.Store;

/// <summary>What became of bytes whose durability somebody waits for.</summary>
public enum DurabilityOutcome
{
    Durable = 0,

    /// <summary>Not within <see cref="StoreOptions.SyncFlushTimeoutMs"/> (FLUSH_DISK_TIMEOUT): stored and perhaps durable later.</summary>
    TimedOut,

    /// <summary>The flush failed or the store stopped. The store is read-only now; the bytes may be gone after a power cut.</summary>
    Failed,
}
