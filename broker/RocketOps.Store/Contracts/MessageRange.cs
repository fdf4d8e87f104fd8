namespace RocketOps.Store.Contracts;

/// <summary>One record in the log.</summary>
public readonly record struct MessageRange(PhysicalOffset Offset, int Size);
