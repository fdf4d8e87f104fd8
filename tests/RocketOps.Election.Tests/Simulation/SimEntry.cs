namespace RocketOps.Election.Tests.Simulation;

/// <summary>One message in a log, one offset long.</summary>
/// <param name="Id">Never twice.</param>
/// <param name="Epoch">Of the master that took it.</param>
/// <param name="QueueOffset">Its number in the queue, as that master counted.</param>
/// <param name="CopyOf">The message that the master delivered by it; 0 for a producer's.</param>
internal readonly record struct SimEntry(int Id, long Epoch, long QueueOffset, int CopyOf = 0);
