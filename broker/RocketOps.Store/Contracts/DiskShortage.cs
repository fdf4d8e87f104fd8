namespace RocketOps.Store.Contracts;

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
