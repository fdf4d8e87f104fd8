namespace RocketOps.Client.Calls;

/// <summary>Answer of a broker to a send.</summary>
/// <param name="Code">Its response code.</param>
/// <param name="Remark">Its words; null when it stored the message.</param>
/// <param name="OffsetMessageId">Where the message is stored; null when the broker does not say.</param>
/// <param name="QueueId">Queue; −1 when the broker does not say.</param>
/// <param name="QueueOffset">Position in the queue; −1 when the broker does not say.</param>
/// <param name="RecallHandle">What the message can be recalled by while it waits for its time; null when the broker does not say.</param>
/// <param name="Version">The broker's release, see <see cref="RocketOps.Protocol.Commands.MqVersion"/>.</param>
internal readonly record struct SendAnswer(int Code, string? Remark, string? OffsetMessageId, int QueueId, long QueueOffset, string? RecallHandle, int Version);
