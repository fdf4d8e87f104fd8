namespace RocketOps.Store.Contracts;

/// <summary>Why a store takes no messages for want of room.</summary>
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
