namespace RocketOps.Store.Contracts;

/// <summary>A deletion of a topic, as the broker's table notes it.</summary>
/// <param name="End">End of the log once the topic was gone: its messages lie before it.</param>
/// <param name="Time">When it was gone, ms since 1970: its messages were stored by then.</param>
/// <param name="Log">Records of the log that the topic was deleted in; null when they are not known.</param>
public readonly record struct ToldDeletion(PhysicalOffset End, long Time, LogRecords? Log = null);
