namespace RocketOps.Faults.Tests.Histories;

/// <summary>One message as a consumer got it.</summary>
public sealed record Reading(int QueueId, long QueueOffset, string Body);
