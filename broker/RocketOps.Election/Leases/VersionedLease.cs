namespace RocketOps.Election.Leases;

/// <summary>A lease as it was read or written.</summary>
/// <param name="Record">What it says.</param>
/// <param name="Version">Of the store that keeps it; changes with every write of anybody, and is compared for equality only.</param>
public sealed record VersionedLease(LeaseRecord Record, string Version);
