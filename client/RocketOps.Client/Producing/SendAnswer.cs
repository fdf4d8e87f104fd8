namespace RocketOps.Client.Producing;

/// <summary>What a broker says to a send.</summary>
/// <param name="Code">Its response code.</param>
/// <param name="Remark">Its words; null when it stored the message.</param>
/// <param name="OffsetMessageId">Where the message is stored; null when the broker does not say.</param>
/// <param name="QueueId">Queue; −1 when the broker does not say.</param>
/// <param name="QueueOffset">Position in the queue; −1 when the broker does not say.</param>
internal readonly record struct SendAnswer(int Code, string? Remark, string? OffsetMessageId, int QueueId, long QueueOffset);
