namespace RocketOps.Store.Contracts;

/// <summary>Figures of a running store, taken at one moment.</summary>
public sealed record StoreStats
{
    public required PhysicalOffset MinOffset { get; init; }

    /// <summary>End of what has been appended.</summary>
    public required PhysicalOffset MaxOffset { get; init; }

    /// <summary>End of what the kernel has.</summary>
    public required PhysicalOffset WrittenOffset { get; init; }

    /// <summary>End of what survives a power cut.</summary>
    public required PhysicalOffset DurableOffset { get; init; }

    /// <summary>End of what consumers see.</summary>
    public required PhysicalOffset DispatchedOffset { get; init; }

    public long DispatchBehindBytes => WrittenOffset.Value - DispatchedOffset.Value;

    /// <summary>Used share of the disk that holds the commit log, 0 to 1; −1 while unknown.</summary>
    public required double DiskUsedRatio { get; init; }

    /// <summary>Bytes of that disk this process may still use; −1 while unknown.</summary>
    public required long DiskAvailableBytes { get; init; }

    /// <summary>Reason why messages are refused for lack of disk space.</summary>
    public required DiskShortage Shortage { get; init; }

    public required StoreFlags Flags { get; init; }

    /// <summary>Messages appended since the start.</summary>
    public required long MessagesAppended { get; init; }

    public required long BytesAppended { get; init; }

    public required long BootTimestamp { get; init; }
}

/// <summary>Reason why a store takes no messages for lack of disk space.</summary>
public enum DiskShortage
{
    /// <summary>There is room.</summary>
    None,

    /// <summary>More of the disk is used than <c>diskSpaceWarningLevelRatio</c> allows.</summary>
    AboveLimit,

    /// <summary>The next part of the log, which is reserved ahead, does not fit.</summary>
    NoRoomForLog,

    /// <summary>Queues or index, which follow the log, do not fit.</summary>
    NoRoomForQueues,
}

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

/// <summary>Messages, bytes and appends of a topic since its store was opened; recovery does not count.</summary>
/// <param name="Messages">Messages.</param>
/// <param name="Bytes">Bytes of their records.</param>
/// <param name="Times">Appends: one for a message, one for a batch.</param>
public readonly record struct TopicAppends(long Messages, long Bytes, long Times);
