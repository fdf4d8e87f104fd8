namespace RocketOps.Faults.Tests.Histories;

/// <summary>A consumer group of a random history.</summary>
public sealed record GroupOfHistory(string Name, string Topic, bool IsOrderly = false);
