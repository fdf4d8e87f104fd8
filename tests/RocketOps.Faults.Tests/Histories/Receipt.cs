namespace RocketOps.Faults.Tests.Histories;

/// <summary>One message that a member of a group has handled: noted at the end of that, before anybody hears of it.</summary>
/// <param name="Number">Ascending over all members and groups.</param>
/// <param name="Group">Whose member it was.</param>
/// <param name="Body">Which message.</param>
/// <param name="At">When, in milliseconds since 1970.</param>
/// <param name="QueueId">Queue of the group's topic that it was read from; -1 when it came by the retry topic, or nobody knows.</param>
/// <param name="QueueOffset">Where in the queue; likewise.</param>
public sealed record Receipt(long Number, string Group, string Body, long At, int QueueId = -1, long QueueOffset = -1);
