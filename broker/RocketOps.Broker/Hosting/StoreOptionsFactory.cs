using System.Globalization;
using RocketOps.Broker.Configuration;
using RocketOps.Election.Members;
using RocketOps.Hosting.Properties;
using RocketOps.Store.Contracts;

namespace RocketOps.Broker.Hosting;

/// <summary>The store's settings out of the broker's configuration.</summary>
internal static class StoreOptionsFactory
{
    private const int QueueUnitBytes = 20;
    private const int BatchUnitBytes = 46;

    /// <param name="options">The broker's configuration.</param>
    /// <param name="largestBody">Bytes of the largest body that there is to be room for (<see cref="LargestBody"/>): <c>maxMessageSize</c> is for clients.</param>
    public static StoreOptions Create(BrokerOptions options, int largestBody)
    {
        PropertyValues values = options.Values;
        DelayLevels levels = DelayOptions.From(values).DelayLevels;
        return new StoreOptions
        {
            RootDirectory = options.StoreRoot,
            CommitLogDirectory = options.CommitLogFolder,
            FlushDiskType = values.Get(StoreKeys.FlushDiskType),
            DispatchesReplicatedOnly = options.Group is not null,
            CommitLogFileBytes = values.Get(StoreKeys.MappedFileSizeCommitLog),
            // RocketMQ rounds up to whole units.
            ConsumeQueueFileBytes = (values.Get(StoreKeys.MappedFileSizeConsumeQueue) + QueueUnitBytes - 1) / QueueUnitBytes * QueueUnitBytes,
            BatchConsumeQueueFileBytes = (values.Get(StoreKeys.MapperFileSizeBatchConsumeQueue) + BatchUnitBytes - 1) / BatchUnitBytes * BatchUnitBytes,
            ConsumeQueueExtEnabled = values.Get(StoreKeys.EnableConsumeQueueExt),
            ConsumeQueueExtFileBytes = values.Get(StoreKeys.MappedFileSizeConsumeQueueExt),
            IndexEnabled = values.Get(StoreKeys.MessageIndexEnable),
            IndexSlots = values.Get(StoreKeys.MaxHashSlotNum),
            IndexEntries = values.Get(StoreKeys.MaxIndexNum),
            MaxMessageBytes = largestBody,
            ZeroFillAhead = values.Get(StoreKeys.WarmMapedFileEnable),
            DelayLevelsMs = [.. Enumerable.Range(1, levels.MaxLevel).Select(level => (long)levels.DelayOf(level).TotalMilliseconds)],
            Tuning = TuningOf(options),
        };
    }

    /// <summary>
    /// Milliseconds until a copy that stands still is in sync no longer and the lease says so: for so long a message of an elected group is waited for, so that it is acknowledged late and not stored twice. 0 where nobody is waited for.
    /// </summary>
    private static int LongestWait(ElectionSettings? group) => group is { Options: { Mode: ReplicationMode.Sync } options } ? (int)(options.MaxLag + options.Lease.Renew).TotalMilliseconds : 0;

    /// <summary>Returns the options that may be changed while the broker runs.</summary>
    public static StoreTuning TuningOf(BrokerOptions options)
    {
        PropertyValues values = options.Values;
        long fileBytes = values.Get(StoreKeys.MappedFileSizeCommitLog);
        return new StoreTuning
        {
            FlushIntervalMs = values.Get(StoreKeys.FlushIntervalCommitLog),
            PageCacheBusyTimeoutMs = values.Get(StoreKeys.OsPageCacheBusyTimeout),
            SlaveTimeoutMs = Math.Max(values.Get(StoreKeys.SlaveTimeout), LongestWait(options.Group)),
            SyncFlushTimeoutMs = values.Get(StoreKeys.SyncFlushTimeout),
            MaxTransferBytesInMemory = values.Get(StoreKeys.MaxTransferBytesOnMessageInMemory),
            MaxTransferCountInMemory = values.Get(StoreKeys.MaxTransferCountOnMessageInMemory),
            MaxTransferBytesOnDisk = values.Get(StoreKeys.MaxTransferBytesOnMessageInDisk),
            MaxTransferCountOnDisk = values.Get(StoreKeys.MaxTransferCountOnMessageInDisk),
            AccessMessageInMemoryMaxRatio = values.Get(StoreKeys.AccessMessageInMemoryMaxRatio),
            FileReservedHours = values.Get(StoreKeys.FileReservedTime),
            DeleteHours = [.. values.Get(StoreKeys.DeleteWhen).Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(static hour => int.Parse(hour, CultureInfo.InvariantCulture))],
            DiskMaxUsedRatio = values.Get(StoreKeys.DiskMaxUsedSpaceRatio),
            DiskWarningRatio = values.Get(StoreKeys.DiskSpaceWarningLevelRatio),
            DiskCleanForciblyRatio = values.Get(StoreKeys.DiskSpaceCleanForciblyRatio),

            // RocketMQ's ratios speak of a disk of the broker's own. On one that others fill, 95 % used may leave more than any store needs, so they alone decide only
            // where somebody has set them.
            DiskWarningBytes = values.IsSet(StoreKeys.DiskSpaceWarningLevelRatio) ? long.MaxValue : fileBytes / 4,
            DiskCleanForciblyBytes = values.IsSet(StoreKeys.DiskSpaceCleanForciblyRatio) ? long.MaxValue : fileBytes * 4,
            CleanFilesForcibly = values.Get(StoreKeys.CleanFileForciblyEnable),
        };
    }
}
