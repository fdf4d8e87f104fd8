namespace RocketOps.Faults.Tests.Histories;

/// <summary>Offsets of a logical queue that no message has: between two stretches of it.</summary>
/// <param name="Topic">Whose queue.</param>
/// <param name="QueueId">The logical queue.</param>
/// <param name="From">The first one.</param>
/// <param name="To">Behind the last one.</param>
public sealed record Hole(string Topic, int QueueId, long From, long To);
