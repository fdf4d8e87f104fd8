namespace RocketOps.Store.Contracts;

/// <summary>RocketMQ's running flags (store.md §2.9). Any but <see cref="NotReadable"/> refuses appends.</summary>
[Flags]
public enum StoreFlags
{
    None = 0,
    NotReadable = 1,

    /// <summary>A write or flush of the commit log failed, or somebody made the store read-only. A failed fsync is never retried: only a restart helps.</summary>
    NotWriteable = 2,

    /// <summary>A consume queue could not be written.</summary>
    LogicQueueError = 4,

    /// <summary>The index could not be written.</summary>
    IndexError = 8,

    /// <summary>Cleared when space returns.</summary>
    DiskFull = 16,
}
