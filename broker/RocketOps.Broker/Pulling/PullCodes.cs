using RocketOps.Protocol.Commands;
using RocketOps.Store.Contracts;

namespace RocketOps.Broker.Pulling;

/// <summary>The one table from what a read found to the answer. Source: store.md §5.2.</summary>
internal static class PullCodes
{
    public static PullOutcome From(GetStatus status, long requestedOffset) => status switch
    {
        GetStatus.Found => PullOutcome.Found,
        GetStatus.MessageWasRemoving or GetStatus.NoMatchedMessage => PullOutcome.RetryAtOnce,
        // A consumer with a stale offset on an empty queue would wait for ever if it were held.
        GetStatus.NoMatchedLogicQueue or GetStatus.NoMessageInQueue => requestedOffset == 0 ? PullOutcome.NotFound : PullOutcome.OffsetMoved,
        GetStatus.OffsetFoundNull or GetStatus.OffsetOverflowOne => PullOutcome.NotFound,
        GetStatus.OffsetOverflowBadly or GetStatus.OffsetTooSmall => PullOutcome.OffsetMoved,
        _ => PullOutcome.NotReadable,
    };

    /// <summary>The outcome in remoting's codes.</summary>
    public static int CodeOf(PullOutcome outcome) => outcome switch
    {
        PullOutcome.Found => ResponseCode.Success,
        PullOutcome.NotFound => ResponseCode.PullNotFound,
        PullOutcome.RetryAtOnce => ResponseCode.PullRetryImmediately,
        PullOutcome.OffsetMoved or PullOutcome.OffsetReset => ResponseCode.PullOffsetMoved,
        _ => ResponseCode.SystemError,
    };

    /// <summary>RocketMQ's name of what happened, the remark of every answer.</summary>
    public static ReadOnlySpan<byte> RemarkOf(in PullAnswer answer) => answer.Outcome == PullOutcome.OffsetReset ? "OFFSET_RESET"u8 : RemarkOf(answer.Status);

    private static ReadOnlySpan<byte> RemarkOf(GetStatus status) => status switch
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
