namespace RocketOps.Store.Dump;

/// <summary>Something in a store that is not as it should be, or that nobody could look at.</summary>
/// <param name="Kind">What it means for the store.</param>
/// <param name="Where">File or queue, and the place in it.</param>
/// <param name="What">What is wrong.</param>
public sealed record StoreFinding(StoreFindingKind Kind, string Where, string What);
