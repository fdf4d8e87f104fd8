namespace RocketOps.Interop.Tests;

/// <summary>A message of <see cref="StoreOfOurs"/> and where it lies.</summary>
internal sealed record WrittenMessage(int QueueId, long QueueOffset, long Offset, long End, string BodySha256);
