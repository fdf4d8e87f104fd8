namespace RocketOps.Faults.Tests.Histories;

/// <summary>A topic was deleted, and made again afterwards: what was sent until then is gone by order.</summary>
/// <param name="Topic">Which topic.</param>
/// <param name="At">When the broker had said that it is done, in milliseconds since 1970.</param>
public sealed record Deletion(string Topic, long At);
