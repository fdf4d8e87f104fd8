using RocketOps.Store;

namespace RocketOps.Broker.Admin;

/// <summary>
/// Why sends are refused for want of room, for the operator and the command line. No figures that change, so that who compares two answers sees a difference only
/// when there is one.
/// </summary>
internal static class DiskShortageTexts
{
    /// <summary>Key of the runtime figures; there only while sends are refused. Not in RocketMQ.</summary>
    public const string Key = "rocketOpsSendsRefused";

    /// <summary>Null when there is room.</summary>
    public static string? Find(DiskShortage shortage, StoreTuning tuning) => shortage switch
    {
        DiskShortage.None => null,
        DiskShortage.AboveLimit => $"the disk is full: more than {tuning.DiskWarningRatio} % of it are used (diskSpaceWarningLevelRatio)",
        DiskShortage.NoRoomForQueues => "the disk is full: no room for queues and index",
        _ => "the disk is full: no room for the next part of the log",
    };
}
