namespace RocketOps.Store.Contracts;

/// <summary>
/// Records of a log, by which files that speak of its offsets tell later whose they are: two logs have the same record at the same offset
/// only when one is a copy of the other. Immutable.
/// </summary>
/// <param name="Marks">Fingerprint of each record, by its offset in the log; empty when none is known.</param>
public sealed record LogRecords(IReadOnlyDictionary<long, ulong> Marks)
{
    /// <summary>No record is known.</summary>
    public static LogRecords None { get; } = new(new Dictionary<long, ulong>());
}
