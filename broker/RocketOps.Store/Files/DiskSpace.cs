namespace RocketOps.Store.Files;

/// <summary>State of a disk in bytes: its size, what is free, and what of that this process may use.</summary>
public readonly record struct DiskSpace(long TotalBytes, long FreeBytes, long AvailableBytes)
{
    /// <summary>Used percent, rounded up, of what is used or usable: RocketMQ's figure (UtilAll.getDiskPartitionSpaceUsedPercent).</summary>
    public int UsedPercent
    {
        get
        {
            long used = TotalBytes - FreeBytes;
            long entire = used + AvailableBytes;
            return entire <= 0 ? 0 : (int)Math.Ceiling(used * 100.0 / entire);
        }
    }
}
