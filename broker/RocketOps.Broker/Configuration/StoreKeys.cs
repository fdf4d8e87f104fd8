using RocketOps.Hosting.Properties;
using static RocketOps.Hosting.Properties.PropertyDefinition;

namespace RocketOps.Broker.Configuration;

/// <summary>Keys of the store: its files, its disk, and what one answer takes out of it.</summary>
internal static class StoreKeys
{
    public static readonly PropertyDefinition<int> MaxTransferBytesOnMessageInMemory = Int32(
        "maxTransferBytesOnMessageInMemory", 262_144, 1, 8 * 1024 * 1024, live: true,
        description: "Bytes of one pull answer from memory.");

    public static readonly PropertyDefinition<int> MaxTransferCountOnMessageInMemory = Int32(
        "maxTransferCountOnMessageInMemory", 32, 1, 65_536, live: true,
        description: "Messages of one pull answer from memory.");

    public static readonly PropertyDefinition<int> MaxTransferBytesOnMessageInDisk = Int32(
        "maxTransferBytesOnMessageInDisk", 65_536, 1, 8 * 1024 * 1024, live: true,
        description: "Bytes of one pull answer of messages that are not in memory (accessMessageInMemoryMaxRatio), nor in the page " +
            "cache.");

    public static readonly PropertyDefinition<int> MaxTransferCountOnMessageInDisk = Int32(
        "maxTransferCountOnMessageInDisk", 8, 1, 65_536, live: true,
        description: "Messages of one pull answer that are not in memory (accessMessageInMemoryMaxRatio), nor in the page cache.");

    public static readonly PropertyDefinition<int> AccessMessageInMemoryMaxRatio = Int32(
        "accessMessageInMemoryMaxRatio", 40, 1, 100, live: true,
        description: "Percentage of the machine's memory within which messages count as in memory.");

    public static readonly PropertyDefinition<int> SlaveTimeout = Int32(
        "slaveTimeout", 3_000, 1, live: true,
        description: "Milliseconds a send waits for the slaves before it is answered FLUSH_SLAVE_TIMEOUT. With failover=Automatic it " +
            "is answered code 14 and waits for haMaxTimeSlaveNotCatchup and leaseRenewMillis together at least, so that a member " +
            "that hangs is in sync no longer before.");

    public static readonly PropertyDefinition<long> StoreVolumeBytes = Int64(
        "storeVolumeBytes", 0, 0,
        description: "Bytes of the volume that the store has; 0 asks the file system. Lengths of files that are not set follow it. " +
            "Not in RocketMQ.");

    public static readonly PropertyDefinition<int> MappedFileSizeCommitLog = Int32(
        "mappedFileSizeCommitLog", 1024 * 1024 * 1024, 4_096,
        description: "Bytes of a commit-log file, and most a message can have. When not set, the length an existing store has, else " +
            "an eighth of the volume, at most the default.");

    public static readonly PropertyDefinition<int> MappedFileSizeConsumeQueue = Int32(
        "mappedFileSizeConsumeQueue", 300_000 * 20, 20,
        description: "Bytes of a consume-queue file, rounded up to a multiple of 20. In proportion to mappedFileSizeCommitLog when " +
            "neither is set.");

    public static readonly PropertyDefinition<int> MapperFileSizeBatchConsumeQueue = Int32(
        "mapperFileSizeBatchConsumeQueue", 300_000 * 46, 46,
        description: "Bytes of a file of a batch consume queue, rounded up to a multiple of 46. In proportion to " +
            "mappedFileSizeCommitLog when neither is set.");

    public static readonly PropertyDefinition<bool> EnableConsumeQueueExt = Boolean(
        "enableConsumeQueueExt", false,
        description: "Units of consume queues have extensions in consumequeue_ext, which hold the bit maps of " +
            "enableCalcFilterBitMap. Those of a store that has some are read in any case.");

    public static readonly PropertyDefinition<int> MappedFileSizeConsumeQueueExt = Int32(
        "mappedFileSizeConsumeQueueExt", 48 * 1024 * 1024, 1_024,
        description: "Bytes of a file of extensions; it takes no more room than what is in it.");

    public static readonly PropertyDefinition<int> MaxHashSlotNum = Int32(
        "maxHashSlotNum", 5_000_000, 1,
        description: "Hash slots of an index file. In proportion to mappedFileSizeCommitLog when neither is set.");

    public static readonly PropertyDefinition<int> MaxIndexNum = Int32(
        "maxIndexNum", 20_000_000, 1,
        description: "Entries of an index file. In proportion to mappedFileSizeCommitLog when neither is set.");

    public static readonly PropertyDefinition<bool> MessageIndexEnable = Boolean(
        "messageIndexEnable", true,
        description: "Keys are indexed.");

    public static readonly PropertyDefinition<RocketOps.Store.Contracts.FlushDiskType> FlushDiskType = Choice(
        "flushDiskType", RocketOps.Store.Contracts.FlushDiskType.AsyncFlush,
        new Dictionary<string, RocketOps.Store.Contracts.FlushDiskType>(StringComparer.Ordinal)
        {
            ["ASYNC_FLUSH"] = RocketOps.Store.Contracts.FlushDiskType.AsyncFlush,
            ["SYNC_FLUSH"] = RocketOps.Store.Contracts.FlushDiskType.SyncFlush,
        },
        description: "Sends are acknowledged when the kernel has them (ASYNC_FLUSH; a killed broker loses nothing) or when the disk " +
            "has them (SYNC_FLUSH).");

    public static readonly PropertyDefinition<int> FlushIntervalCommitLog = Int32(
        "flushIntervalCommitLog", 500, 1, live: true,
        description: "Milliseconds between flushes with ASYNC_FLUSH.");

    public static readonly PropertyDefinition<int> OsPageCacheBusyTimeout = Int32(
        "osPageCacheBusyTimeOutMills", 1_000, 1, live: true,
        description: "Sends are answered SYSTEM_BUSY while the write that runs has been in the kernel for longer than this, in " +
            "milliseconds.");

    public static readonly PropertyDefinition<bool> WarmMapedFileEnable = Boolean(
        "warmMapedFileEnable", false,
        description: "The next commit-log file is filled with zeros ahead of need, paced: shortens the longest waits of SYNC_FLUSH, " +
            "writes every log byte twice.");

    public static readonly PropertyDefinition<int> SyncFlushTimeout = Int32(
        "syncFlushTimeout", 5_000, 1, live: true,
        description: "Milliseconds a send waits for the disk before it is answered FLUSH_DISK_TIMEOUT.");

    public static readonly PropertyDefinition<string> DeleteWhen = Text(
        "deleteWhen", "04", "hours of the day separated by `;`", static text => IsHours(text), live: true,
        description: "Hours in which expired files are deleted.");

    public static readonly PropertyDefinition<int> FileReservedTime = Int32(
        "fileReservedTime", 72, 1, live: true,
        description: "Hours after which a commit-log file has expired.");

    public static readonly PropertyDefinition<int> DiskMaxUsedSpaceRatio = Int32(
        "diskMaxUsedSpaceRatio", 75, 1, 100, live: true,
        description: "Percentage of used disk above which expired files are deleted at any hour.");

    public static readonly PropertyDefinition<int> DiskSpaceWarningLevelRatio = Int32(
        "diskSpaceWarningLevelRatio", 90, 1, 100, live: true,
        description: "Percentage of used disk above which sends are refused. When not set, only while less than a quarter of a " +
            "commit-log file is free.");

    public static readonly PropertyDefinition<int> DiskSpaceCleanForciblyRatio = Int32(
        "diskSpaceCleanForciblyRatio", 85, 1, 100, live: true,
        description: "Percentage of used disk above which files are deleted whatever their age. When not set, only while less than " +
            "four commit-log files are free.");

    public static readonly PropertyDefinition<bool> CleanFileForciblyEnable = Boolean(
        "cleanFileForciblyEnable", true, live: true,
        description: "Files may be deleted before they have expired when the disk fills up.");

    /// <summary>All of them.</summary>
    public static readonly IReadOnlyList<PropertyDefinition> All =
    [
        MaxTransferBytesOnMessageInMemory, MaxTransferCountOnMessageInMemory, MaxTransferBytesOnMessageInDisk,
        MaxTransferCountOnMessageInDisk, AccessMessageInMemoryMaxRatio, SlaveTimeout, StoreVolumeBytes, MappedFileSizeCommitLog,
        MappedFileSizeConsumeQueue, MapperFileSizeBatchConsumeQueue, EnableConsumeQueueExt, MappedFileSizeConsumeQueueExt,
        MaxHashSlotNum, MaxIndexNum, MessageIndexEnable, FlushDiskType, FlushIntervalCommitLog, OsPageCacheBusyTimeout,
        WarmMapedFileEnable, SyncFlushTimeout, DeleteWhen, FileReservedTime, DiskMaxUsedSpaceRatio, DiskSpaceWarningLevelRatio,
        DiskSpaceCleanForciblyRatio, CleanFileForciblyEnable,
    ];

    private static bool IsHours(string text)
    {
        foreach (string hour in text.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (!int.TryParse(hour, out int value) || value is < 0 or > 23)
            {
                return false;
            }
        }

        return true;
    }
}
