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
