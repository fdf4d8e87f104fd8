namespace RocketOps.Replication.Leadership;

/// <summary>A planned switchover that is under way: writes are stopped.</summary>
/// <param name="Member">Who is to lead next.</param>
/// <param name="BegunAt">Time stamp of the monotonic clock.</param>
internal sealed record HandOver(string Member, long BegunAt);
