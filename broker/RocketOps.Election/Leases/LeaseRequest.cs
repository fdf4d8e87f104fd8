namespace RocketOps.Election.Leases;

/// <summary>A request to the lease store that is under way, or was.</summary>
/// <param name="Id">Answers name it; those of requests that were given up are ignored.</param>
/// <param name="SentAt">Time stamp of the monotonic clock, from before it was sent.</param>
/// <param name="SentWallClock">As <paramref name="SentAt"/>, by the wall clock.</param>
/// <param name="Record">What it writes; null when it reads.</param>
/// <param name="ExpectedVersion">What it replaces; null when it creates, or reads.</param>
internal sealed record LeaseRequest(long Id, long SentAt, DateTimeOffset SentWallClock, LeaseRecord? Record, string? ExpectedVersion);
