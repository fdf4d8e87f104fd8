namespace RocketOps.Store.Contracts;

/// <summary>Readable range of a queue, in queue offsets; both 0 for an unknown queue.</summary>
/// <param name="Min">First message.</param>
/// <param name="Max">Exclusive end.</param>
public readonly record struct QueueOffsets(long Min, long Max);
