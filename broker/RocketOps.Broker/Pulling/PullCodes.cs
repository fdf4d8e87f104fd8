using RocketOps.Remoting.Commands;
using RocketOps.Store;

namespace RocketOps.Broker.Pulling;

/// <summary>The one table from what a read found to the answer's code. Source: store.md §5.2.</summary>
internal static class PullCodes
{
    public static int From(GetStatus status, long requestedOffset) => status switch
    {
        GetStatus.Found => ResponseCode.Success,
        GetStatus.MessageWasRemoving or GetStatus.NoMatchedMessage => ResponseCode.PullRetryImmediately,
        // A consumer with a stale offset on an empty queue would wait for ever if it were held.
        GetStatus.NoMatchedLogicQueue or GetStatus.NoMessageInQueue => requestedOffset == 0 ? ResponseCode.PullNotFound : ResponseCode.PullOffsetMoved,
        GetStatus.OffsetFoundNull or GetStatus.OffsetOverflowOne => ResponseCode.PullNotFound,
        GetStatus.OffsetOverflowBadly or GetStatus.OffsetTooSmall => ResponseCode.PullOffsetMoved,
        _ => ResponseCode.SystemError,
    };

    /// <summary>RocketMQ's name of the status, the remark of every answer.</summary>
    public static ReadOnlySpan<byte> RemarkOf(GetStatus status) => status switch
    {
        GetStatus.Found => "FOUND"u8,
        GetStatus.NoMatchedLogicQueue => "NO_MATCHED_LOGIC_QUEUE"u8,
        GetStatus.NoMessageInQueue => "NO_MESSAGE_IN_QUEUE"u8,
        GetStatus.OffsetTooSmall => "OFFSET_TOO_SMALL"u8,
        GetStatus.OffsetOverflowOne => "OFFSET_OVERFLOW_ONE"u8,
        GetStatus.OffsetOverflowBadly => "OFFSET_OVERFLOW_BADLY"u8,
        GetStatus.OffsetFoundNull => "OFFSET_FOUND_NULL"u8,
        GetStatus.MessageWasRemoving => "MESSAGE_WAS_REMOVING"u8,
        GetStatus.NoMatchedMessage => "NO_MATCHED_MESSAGE"u8,
        _ => "store getMessage return null"u8,
    };
}
