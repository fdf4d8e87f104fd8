namespace RocketOps.Faults.Tests.Histories;

/// <summary>A group's offset as the broker answered it, in the order of asking.</summary>
/// <param name="Group">Whose.</param>
/// <param name="QueueId">Of the one topic that is asked about.</param>
/// <param name="Offset">What the broker answered.</param>
/// <param name="Kills">How often the broker had been killed by then: what it had not saved then is gone, at RocketMQ, too.</param>
/// <param name="Received">The highest number of a receipt at the time of the answer: what led to the offset was handled by then.</param>
public sealed record CommittedOffset(string Group, int QueueId, long Offset, int Kills, long Received = long.MaxValue);
