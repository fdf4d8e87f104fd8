namespace RocketOps.Faults.Tests.Histories;

/// <summary>The offsets of a group were set back to a time, while its members were at work.</summary>
/// <param name="Group">Whose.</param>
/// <param name="To">The time, in milliseconds since 1970: what is stored from then on comes again.</param>
/// <param name="At">When that was.</param>
/// <param name="Received">The highest number of a receipt before.</param>
public sealed record Rewind(string Group, long To, long At, long Received);
