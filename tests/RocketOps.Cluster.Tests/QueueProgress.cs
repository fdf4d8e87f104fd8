namespace RocketOps.Cluster.Tests;

/// <summary>How far a group is on a queue, as one broker says.</summary>
/// <param name="End">Where the next message of the queue will be.</param>
/// <param name="Committed">Before it, everything has been consumed.</param>
/// <param name="Given">Before it, everything has been given to members by this broker, or has been consumed.</param>
internal sealed record QueueProgress(long End, long Committed, long Given);
