namespace RocketOps.Election.Tests.Simulation;

/// <summary>A schedule ended in something that must never be.</summary>
internal sealed class RuleBrokenException(string message) : Exception(message);
