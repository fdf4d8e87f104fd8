namespace RocketOps.Store.Contracts;

/// <summary>RocketMQ's <c>flushDiskType</c>.</summary>
public enum FlushDiskType
{
    /// <summary>An acknowledged message is in the kernel: it survives the death of the process, not a power cut of the last half second.</summary>
    AsyncFlush = 0,

    /// <summary>An acknowledged message is on the disk, and no consumer sees one that is not.</summary>
    SyncFlush,
}
