using RocketOps.Store.Files;

namespace RocketOps.Store.ConsumeQueues;

/// <summary>An open file of a consume queue and the index of its first unit.</summary>
internal sealed record QueueFile(long FirstUnit, IStoreFile File);
