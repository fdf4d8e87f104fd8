namespace RocketOps.Faults.Tests.Histories;

/// <summary>A consumer group of a random history.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Topic">What it reads, every queue from its beginning.</param>
/// <param name="IsOrderly">Whether it asks for the order of keys.</param>
/// <param name="IsAlone">Whether it has one member: two that hand a queue over may commit what the other one was further than.</param>
public sealed record GroupOfHistory(string Name, string Topic, bool IsOrderly = false, bool IsAlone = false);
