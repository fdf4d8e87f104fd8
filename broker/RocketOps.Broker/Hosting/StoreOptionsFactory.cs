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
        return new StoreOptions
        {
            RootDirectory = options.StoreRoot,
            CommitLogDirectory = options.CommitLogFolder,
            FlushDiskType = options.FlushDisk,
            DispatchesReplicatedOnly = options.Group is not null,
            CommitLogFileBytes = values.Get(BrokerKeys.MappedFileSizeCommitLog),
            // RocketMQ rounds up to whole units.
            ConsumeQueueFileBytes = (values.Get(BrokerKeys.MappedFileSizeConsumeQueue) + QueueUnitBytes - 1) / QueueUnitBytes * QueueUnitBytes,
            BatchConsumeQueueFileBytes = (values.Get(BrokerKeys.MapperFileSizeBatchConsumeQueue) + BatchUnitBytes - 1) / BatchUnitBytes * BatchUnitBytes,
            ConsumeQueueExtEnabled = values.Get(BrokerKeys.EnableConsumeQueueExt),
            ConsumeQueueExtFileBytes = values.Get(BrokerKeys.MappedFileSizeConsumeQueueExt),
            IndexEnabled = values.Get(BrokerKeys.MessageIndexEnable),
            IndexSlots = values.Get(BrokerKeys.MaxHashSlotNum),
            IndexEntries = values.Get(BrokerKeys.MaxIndexNum),
            MaxMessageBytes = largestBody,
            ZeroFillAhead = values.Get(BrokerKeys.WarmMapedFileEnable),
            DelayLevelsMs = [.. Enumerable.Range(1, options.DelayLevels.MaxLevel).Select(level => (long)options.DelayLevels.DelayOf(level).TotalMilliseconds)],
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
        long fileBytes = values.Get(BrokerKeys.MappedFileSizeCommitLog);
        return new StoreTuning
        {
            FlushIntervalMs = values.Get(BrokerKeys.FlushIntervalCommitLog),
            PageCacheBusyTimeoutMs = values.Get(BrokerKeys.OsPageCacheBusyTimeout),
            SlaveTimeoutMs = Math.Max(values.Get(BrokerKeys.SlaveTimeout), LongestWait(options.Group)),
            SyncFlushTimeoutMs = values.Get(BrokerKeys.SyncFlushTimeout),
            MaxTransferBytesInMemory = values.Get(BrokerKeys.MaxTransferBytesOnMessageInMemory),
            MaxTransferCountInMemory = values.Get(BrokerKeys.MaxTransferCountOnMessageInMemory),
            MaxTransferBytesOnDisk = values.Get(BrokerKeys.MaxTransferBytesOnMessageInDisk),
            MaxTransferCountOnDisk = values.Get(BrokerKeys.MaxTransferCountOnMessageInDisk),
            AccessMessageInMemoryMaxRatio = options.MemoryRatio,
            FileReservedHours = values.Get(BrokerKeys.FileReservedTime),
            DeleteHours = [.. values.Get(BrokerKeys.DeleteWhen).Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(static hour => int.Parse(hour, CultureInfo.InvariantCulture))],
            DiskMaxUsedRatio = values.Get(BrokerKeys.DiskMaxUsedSpaceRatio),
            DiskWarningRatio = values.Get(BrokerKeys.DiskSpaceWarningLevelRatio),
            DiskCleanForciblyRatio = values.Get(BrokerKeys.DiskSpaceCleanForciblyRatio),

            // RocketMQ's ratios speak of a disk of the broker's own. On one that others fill, 95 % used may leave more than any store needs, so they alone decide only
            // where somebody has set them.
            DiskWarningBytes = values.IsSet(BrokerKeys.DiskSpaceWarningLevelRatio) ? long.MaxValue : fileBytes / 4,
            DiskCleanForciblyBytes = values.IsSet(BrokerKeys.DiskSpaceCleanForciblyRatio) ? long.MaxValue : fileBytes * 4,
            CleanFilesForcibly = values.Get(BrokerKeys.CleanFileForciblyEnable),
        };
    }
}
