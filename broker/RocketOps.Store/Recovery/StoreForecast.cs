using RocketOps.Store.Inventory;

namespace RocketOps.Store.Recovery;

/// <summary>Findings of a start that is not made, and from where on it would read the log.</summary>
/// <param name="Known">The inventory, as far as it is of this log.</param>
/// <param name="Queues">What is wrong with queues, and what the start does to them.</param>
/// <param name="ReadFrom">Offset of the log from which on it is read.</param>
/// <param name="QueuesFrom">Messages from there on are put into their queues where these lack them.</param>
/// <param name="FinishesCut">The last stop has interrupted a cut of the log: the start finishes it, and nothing else was compared.</param>
internal sealed record StoreForecast(
    InventoryContent Known, IReadOnlyList<QueueFinding> Queues, long ReadFrom, long QueuesFrom, bool FinishesCut);
