namespace RocketOps.Store.Dump;

/// <summary>Something in a store that is not as it should be.</summary>
/// <param name="IsDamage">False for what the next start puts right by itself, as the missing end of a queue after a kill.</param>
/// <param name="Where">File or queue, and the place in it.</param>
/// <param name="What">What is wrong.</param>
public sealed record StoreFinding(bool IsDamage, string Where, string What);
