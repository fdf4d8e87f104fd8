namespace RocketOps.Store.Contracts;

/// <summary>What can be read of a queue, in queue offsets; both 0 for an unknown one.</summary>
/// <param name="Min">First message.</param>
/// <param name="Max">Exclusive end.</param>
public readonly record struct QueueOffsets(long Min, long Max);
