namespace RocketOps.Election.Tests.Simulation;

/// <summary>The process has died in the middle of this: nothing that follows is done.</summary>
internal sealed class SimProcessEndedException : Exception;
