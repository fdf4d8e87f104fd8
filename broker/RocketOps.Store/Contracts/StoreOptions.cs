namespace RocketOps.Store.Contracts;

/// <summary>Settings of a store that hold for as long as it runs, and those it begins with (<see cref="Tuning"/>). Defaults are RocketMQ's where it has the key (named in each comment), else explained.</summary>
public sealed class StoreOptions
{
    /// <summary><c>storePathRootDir</c>.</summary>
    public required string RootDirectory { get; init; }

    /// <summary><c>storePathCommitLog</c>; null is <c>commitlog</c> below the root.</summary>
    public string? CommitLogDirectory { get; init; }

    /// <summary>Settings that may be changed later, as they are at the start; afterwards <c>MessageStore.Tuning</c> has them.</summary>
    public StoreTuning Tuning { get; init; } = new();

    /// <summary><c>flushDiskType</c>.</summary>
    public FlushDiskType FlushDiskType { get; init; } = FlushDiskType.AsyncFlush;

    /// <summary>
    /// True when consumers see, and queues and index hold, only what is <see cref="LogPosition.Replicated"/>: for a member of a group that
    /// elects its master, where the end of the log may be cut off in favour of another member's.
    /// </summary>
    public bool DispatchesReplicatedOnly { get; init; }

    /// <summary><c>mappedFileSizeCommitLog</c>, bytes. Fixed for the life of a store.</summary>
    public int CommitLogFileBytes { get; init; } = 1024 * 1024 * 1024;

    /// <summary><c>mappedFileSizeConsumeQueue</c>, bytes, a multiple of 20. Fixed for the life of a store.</summary>
    public int ConsumeQueueFileBytes { get; init; } = 300_000 * 20;

    /// <summary><c>mapperFileSizeBatchConsumeQueue</c>, a multiple of 46: files of batch consume queues.</summary>
    public int BatchConsumeQueueFileBytes { get; init; } = 300_000 * 46;

    /// <summary><c>enableConsumeQueueExt</c>: units of consume queues point to extensions, which hold which filters matched (<c>MessageStore.BitMaps</c>).</summary>
    public bool ConsumeQueueExtEnabled { get; init; }

    /// <summary><c>mappedFileSizeConsumeQueueExt</c>, bytes. Fixed for the life of a store; the files are sparse.</summary>
    public int ConsumeQueueExtFileBytes { get; init; } = 48 * 1024 * 1024;

    /// <summary><c>messageIndexEnable</c>.</summary>
    public bool IndexEnabled { get; init; } = true;

    /// <summary><c>maxHashSlotNum</c>.</summary>
    public int IndexSlots { get; init; } = 5_000_000;

    /// <summary><c>maxIndexNum</c>.</summary>
    public int IndexEntries { get; init; } = 20_000_000;

    /// <summary>Index entries a query by key looks at, at most; each may be a read from the disk. A query that comes so far answers with what it has found.</summary>
    public int IndexQuerySteps { get; init; } = 100_000;

    /// <summary>Bytes of the largest body the store has room for: at least <c>maxMessageSize</c>, which is what clients are held to.</summary>
    public int MaxMessageBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>
    /// Room for what is appended and not yet written, a power of two, and for what consumers who keep up read: 16 MiB outlast a disk that hesitates, and must hold two of the largest records.
    /// </summary>
    public int TailBytes { get; init; } = 16 * 1024 * 1024;

    /// <summary>
    /// Bytes of <see cref="TailBytes"/> that are used while they are enough, a power of two. 4 MiB hold most of a second of what an
    /// ordinary broker is sent; who reads later finds it in the page cache.
    /// </summary>
    public int UsualTailBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>
    /// Appended messages whose description waits in memory for dispatch, which reads the records of others; 64 bytes each, a power of two or 0. A quarter of a MiB takes
    /// what one thread writes before it hands on, 4 MiB of messages of 1 KiB.
    /// </summary>
    public int DescribedMessages { get; init; } = 4096;

    /// <summary><c>flushCommitLogLeastPages</c>, pages of 4 KiB.</summary>
    public int FlushLeastPages { get; init; } = 4;

    /// <summary><c>flushCommitLogThoroughInterval</c>.</summary>
    public int FlushThoroughIntervalMs { get; init; } = 10_000;

    /// <summary>
    /// Unflushed bytes that, with asynchronous flush, start a flush before its interval has passed: the kernel never accumulates seconds of
    /// dirty data, whose write-back would then stall the writer.
    /// </summary>
    public int FlushPaceBytes { get; init; } = 32 * 1024 * 1024;

    /// <summary>
    /// <c>warmMapedFileEnable</c>: the next log file is filled with zeros ahead of need. A flush of written blocks changes nothing of the file system's own and so
    /// waits for no journal commit, which is most of the tail of SYNC_FLUSH. Costs writing every log byte twice, and a start after a kill reads what is zero-filled.
    /// </summary>
    public bool ZeroFillAhead { get; init; }

    /// <summary>Bytes a second at which files are filled at least; faster when the log itself grows faster, so that the file is ready when it is needed.</summary>
    public int ZeroFillBytesPerSecond { get; init; } = 16 * 1024 * 1024;

    /// <summary><c>flushIntervalConsumeQueue</c>: queues and index entries are handed to the kernel this often; a killed process re-reads the log from there.</summary>
    public int ConsumeQueueFlushIntervalMs { get; init; } = 1000;

    /// <summary><c>flushConsumeQueueThoroughInterval</c>: queues and index are made durable this often; a machine that lost power re-reads the log from there.</summary>
    public int ConsumeQueueThoroughIntervalMs { get; init; } = 60_000;

    /// <summary>Log bytes after which queues and index are handed to the kernel early, so that recovery after a kill reads no more than about this much.</summary>
    public int RecoveryPaceBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>Delays of <c>messageDelayLevel</c> in milliseconds, level 1 first: the tags code of the schedule topic is a delivery time (store.md §3.2).</summary>
    public IReadOnlyList<long> DelayLevelsMs { get; init; } =
    [
        1_000, 5_000, 10_000, 30_000, 60_000, 120_000, 180_000, 240_000, 300_000, 360_000, 420_000, 480_000, 540_000, 600_000, 1_200_000, 1_800_000, 3_600_000,
        7_200_000,
    ];

    /// <summary><c>autoMessageVersionOnTopicLen</c>: topics of more than 127 bytes are stored with magic V2, which a 4.9 broker cannot read; false refuses them.</summary>
    public bool LongTopics { get; init; } = true;

    /// <summary>5.4's tag index: one more index entry per tagged message. Off keeps the index equal to 4.9's.</summary>
    public bool TagIndexEnabled { get; init; }

    /// <summary><c>cleanResourceInterval</c>.</summary>
    public int CleanIntervalMs { get; init; } = 10_000;

    /// <summary>
    /// Blocks of the log's files kept in memory for consumers that are behind, each of whose queues has its messages between those of others; a multiple of four, 0 for none. 128 are 4 MiB,
    /// taken when they are first used: as far as the queues of one consumer drift apart.
    /// </summary>
    public int ReadBlocks { get; init; } = 128;

    /// <summary>Size of such a block: two dozen messages of 1 KiB.</summary>
    public int ReadBlockBytes { get; init; } = 32 * 1024;

    /// <summary>Threads that read what is neither in memory nor in the page cache. Two keep a disk busy without letting one slow read hold up all.</summary>
    public int ColdReadThreads { get; init; } = 2;

    /// <summary>Cold reads waiting at most; more are refused, which the broker answers as busy.</summary>
    public int ColdReadQueueLength { get; init; } = 4096;

    /// <summary>Queries by key waiting at most; more are refused. One thread runs them, one after the other.</summary>
    public int KeyQueryQueueLength { get; init; } = 256;

    /// <summary>
    /// Consume-queue files kept open; beyond it the least recently used are closed, after being made durable where needed. Enough for the busy queues of a large
    /// broker, and a small part of the descriptors a process usually has.
    /// </summary>
    public int MaxOpenQueueFiles { get; init; } = 4096;

    internal string CommitLogPath => CommitLogDirectory ?? Path.Combine(RootDirectory, "commitlog");

    /// <summary>Returns what is wrong, one sentence per setting; empty when all is well.</summary>
    public IReadOnlyList<string> Validate()
    {
        List<string> errors = [.. Tuning.Validate()];
        Check(RootDirectory.Length > 0, "the store directory is empty");
        Check(CommitLogFileBytes >= 4096, "mappedFileSizeCommitLog must be at least 4096");
        Check(ConsumeQueueFileBytes >= 20 && ConsumeQueueFileBytes % 20 == 0, "mappedFileSizeConsumeQueue must be a multiple of 20");
        Check(BatchConsumeQueueFileBytes >= 46 && BatchConsumeQueueFileBytes % 46 == 0, "mapperFileSizeBatchConsumeQueue must be a multiple of 46");
        Check(ConsumeQueueExtFileBytes >= 1024, "mappedFileSizeConsumeQueueExt must be at least 1024");
        Check(IndexSlots > 0, "maxHashSlotNum must be positive");
        Check(IndexEntries > 1, "maxIndexNum must be at least 2");
        Check(40L + (IndexSlots * 4L) + (IndexEntries * 20L) <= int.MaxValue, "an index file (40 + 4 x maxHashSlotNum + 20 x maxIndexNum) must stay below 2 GiB");
        Check(MaxMessageBytes is > 0 and <= 128 * 1024 * 1024, "maxMessageSize must be between 1 and 134217728");
        Check(TailBytes > 0 && (TailBytes & (TailBytes - 1)) == 0, "the memory tail must be a power of two");
        Check(UsualTailBytes > 0 && (UsualTailBytes & (UsualTailBytes - 1)) == 0, "the usual memory tail must be a power of two");
        Check(DescribedMessages >= 0 && (DescribedMessages & (DescribedMessages - 1)) == 0, "the number of described messages must be a power of two");
        Check(ZeroFillBytesPerSecond > 0, "files must be filled at some speed");
        Check(MaxOpenQueueFiles >= 16, "at least 16 consume-queue files must be allowed to be open");
        Check(IndexQuerySteps > 0, "a query by key must be allowed to look at an entry");
        Check(ReadBlocks >= 0 && ReadBlocks % 4 == 0 && ReadBlockBytes > 0, "blocks of the log that are read ahead must have a size, and their number be a multiple of four");
        Check(ColdReadThreads > 0, "at least one thread must read cold data");
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

/// <summary>RocketMQ's <c>flushDiskType</c>.</summary>
public enum FlushDiskType
{
    /// <summary>An acknowledged message is in the kernel: it survives the death of the process, not a power cut of the last half second.</summary>
    AsyncFlush = 0,

    /// <summary>An acknowledged message is on the disk, and no consumer sees one that is not.</summary>
    SyncFlush,
}
