using RocketOps.Store.Inventory;

namespace RocketOps.Store.Recovery;

/// <summary>Files that tell the next start how far this run came.</summary>
/// <param name="Checkpoint">Offsets of the log.</param>
/// <param name="Inventory">Queues, index and deletions up to them.</param>
internal sealed record RestartFiles(CheckpointFile Checkpoint, StoreInventory Inventory);
