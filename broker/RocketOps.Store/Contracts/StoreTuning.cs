namespace RocketOps.Store.Contracts;

/// <summary>
/// Settings of a store that may be changed while it runs, see <c>MessageStore.Tuning</c>: none of them has a part in the form of its files or the size of its buffers. Immutable. Defaults are RocketMQ's.
/// </summary>
public sealed record StoreTuning
{
    /// <summary><c>flushIntervalCommitLog</c>, milliseconds.</summary>
    public int FlushIntervalMs { get; init; } = 500;

    /// <summary><c>syncFlushTimeout</c>, milliseconds. What waits when it is changed is judged by the new one, when the old one is over at the latest.</summary>
    public int SyncFlushTimeoutMs { get; init; } = 5000;

    /// <summary><c>slaveTimeout</c>: how long a message waits for the slaves, milliseconds; a change as of <see cref="SyncFlushTimeoutMs"/>.</summary>
    public int SlaveTimeoutMs { get; init; } = 3000;

    /// <summary><c>osPageCacheBusyTimeOutMills</c>: a write that takes longer makes appends answer busy.</summary>
    public int PageCacheBusyTimeoutMs { get; init; } = 1000;

    /// <summary><c>maxTransferBytesOnMessageInMemory</c>.</summary>
    public int MaxTransferBytesInMemory { get; init; } = 256 * 1024;

    /// <summary><c>maxTransferCountOnMessageInMemory</c>.</summary>
    public int MaxTransferCountInMemory { get; init; } = 32;

    /// <summary><c>maxTransferBytesOnMessageInDisk</c>.</summary>
    public int MaxTransferBytesOnDisk { get; init; } = 64 * 1024;

    /// <summary><c>maxTransferCountOnMessageInDisk</c>.</summary>
    public int MaxTransferCountOnDisk { get; init; } = 8;

    /// <summary><c>accessMessageInMemoryMaxRatio</c>, percent of the machine's memory; a reader further behind counts as reading from disk.</summary>
    public int AccessMessageInMemoryMaxRatio { get; init; } = 40;

    /// <summary><c>fileReservedTime</c>, hours.</summary>
    public int FileReservedHours { get; init; } = 72;

    /// <summary><c>deleteWhen</c>: hours of the day, local time, in which expired files go.</summary>
    public IReadOnlyList<int> DeleteHours { get; init; } = [4];

    /// <summary><c>diskMaxUsedSpaceRatio</c>, percent: above it expired files go at any hour.</summary>
    public int DiskMaxUsedRatio { get; init; } = 75;

    /// <summary><c>diskSpaceCleanForciblyRatio</c>, percent: above it files go whatever their age, if <see cref="CleanFilesForcibly"/>.</summary>
    public int DiskCleanForciblyRatio { get; init; } = 85;

    /// <summary><c>diskSpaceWarningLevelRatio</c>, percent: above it appends are refused.</summary>
    public int DiskWarningRatio { get; init; } = 90;

    /// <summary>
    /// Bytes: while at least so many are free, <see cref="DiskWarningRatio"/> refuses nothing. Ours: of a disk that others fill a ratio says little. The default is that
    /// the ratio alone counts.
    /// </summary>
    public long DiskWarningBytes { get; init; } = long.MaxValue;

    /// <summary>Bytes: while at least so many are free, <see cref="DiskCleanForciblyRatio"/> removes nothing. The default is that the ratio alone counts.</summary>
    public long DiskCleanForciblyBytes { get; init; } = long.MaxValue;

    /// <summary><c>cleanFileForciblyEnable</c>.</summary>
    public bool CleanFilesForcibly { get; init; } = true;

    /// <summary>Returns what is wrong, one sentence per setting; empty when all is well.</summary>
    public IReadOnlyList<string> Validate()
    {
        List<string> errors = [];
        Check(FlushIntervalMs > 0, "flushIntervalCommitLog must be positive");
        Check(SyncFlushTimeoutMs > 0, "syncFlushTimeout must be positive");
        Check(SlaveTimeoutMs > 0, "slaveTimeout must be positive");
        Check(FileReservedHours > 0, "fileReservedTime must be positive");
        Check(DiskWarningRatio is > 0 and <= 100, "diskSpaceWarningLevelRatio must be between 1 and 100");
        return errors;

        void Check(bool holds, string error)
        {
            if (!holds)
            {
                errors.Add(error);
            }
        }
    }
}
