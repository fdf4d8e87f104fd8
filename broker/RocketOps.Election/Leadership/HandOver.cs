namespace RocketOps.Election.Leadership;

/// <summary>A planned switchover that is under way: writes are stopped.</summary>
/// <param name="Member">Who is to lead next.</param>
/// <param name="BegunAt">Time stamp of the monotonic clock.</param>
/// <param name="Leaves">This member stops afterwards: its successor is not to wait for it.</param>
/// <param name="Reason">Text for people behind the name of the successor; empty when a person or a stop wants it.</param>
internal sealed record HandOver(string Member, long BegunAt, bool Leaves, string Reason);
