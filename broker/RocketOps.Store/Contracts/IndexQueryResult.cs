namespace RocketOps.Store.Contracts;

/// <summary>Records whose key has the hash asked for, newest first; topic and key text are not compared (store.md §3.5).</summary>
/// <param name="Offsets">Offsets of the records.</param>
/// <param name="LastUpdateTimestamp">Store time of the newest indexed message, 0 without an index.</param>
/// <param name="LastUpdateOffset">Its offset.</param>
public sealed record IndexQueryResult(IReadOnlyList<PhysicalOffset> Offsets, long LastUpdateTimestamp, PhysicalOffset LastUpdateOffset);
