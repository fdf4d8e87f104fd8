using System.Collections.Immutable;
using System.Text.Json.Serialization;
using RocketOps.Protocol.Bodies;
using RocketOps.Store.Contracts;

namespace RocketOps.Broker.Persistence;

/// <summary>
/// Note of a deletion that a master made: only for one of these does a slave remove what its master's table lacks. A table that was lost
/// has none.
/// </summary>
/// <param name="Time">
/// When the deletion was over, in ms since 1970: all messages of what was deleted were stored by then. With <paramref name="End"/> it
/// tells one deletion of a name from another. While the deletion is under way: when it was begun.
/// </param>
/// <param name="End">
/// End of the log when the last message of the topic had been taken in: all messages of what was deleted lie before it. Null while the
/// deletion is under way; 0 for what has no messages.
/// </param>
/// <param name="Offsets">The consumer offsets went too.</param>
internal sealed record DeletionNote(
    [property: JsonPropertyName("time")] long Time,
    [property: JsonPropertyName("end")] long? End,
    [property: JsonPropertyName("offsets")] bool Offsets = true);

/// <summary>
/// History of a table, kept in the table's own file and told to slaves: its deletions, and for a slave what it followed last. RocketMQ's
/// brokers ignore it. Immutable.
/// </summary>
/// <param name="Deletions">Newest deletion of each name, <see cref="MaxDeletions"/> at most.</param>
/// <param name="Followed">Version of the master's table that was taken over last; null when none was.</param>
/// <param name="Kept">
/// Names that stay although that table lacked them, as it was lost: a master that notes no deletions may not take them away later either.
/// </param>
/// <param name="LostBefore">
/// End of the log when a master found that its own table was lost; what was stored before may speak of entries that are missing. Null when
/// it never was.
/// </param>
internal sealed record TableHistory(
    ImmutableSortedDictionary<string, DeletionNote> Deletions, DataVersion? Followed, ImmutableSortedSet<string> Kept, long? LostBefore)
{
    /// <summary>
    /// Deletions that are kept. A slave that was away for longer keeps what was deleted, with a warning. They are in every file and, once
    /// per change, on the way to every slave: some hundred bytes each.
    /// </summary>
    public const int MaxDeletions = 10_000;

    public static TableHistory Empty { get; } = new(
        ImmutableSortedDictionary.Create<string, DeletionNote>(StringComparer.Ordinal), Followed: null,
            ImmutableSortedSet.Create<string>(StringComparer.Ordinal), LostBefore: null);

    /// <summary>Returns the history as a file has it.</summary>
    public static TableHistory From(TableHistoryFile? file) => file is null
        ? Empty
        : Empty with
        {
            Deletions = Empty.Deletions.SetItems(file.Deletions ?? []),
            Followed = file.Followed,
            Kept = Empty.Kept.Union(file.Kept ?? []),
            LostBefore = file.LostBefore,
        };

    /// <summary>Returns the history as a file has it; null when there is none.</summary>
    /// <param name="log">Records of the log that the ends of deletions are offsets of; null for a table without such.</param>
    public TableHistoryFile? ToFile(LogRecords? log = null) => this == Empty
        ? null
        : new TableHistoryFile
        {
            Deletions = Deletions.IsEmpty ? null : new Dictionary<string, DeletionNote>(Deletions),
            Log = Deletions.IsEmpty || log is not { Marks.Count: > 0 } ? null : new Dictionary<long, ulong>(log.Marks),
            Followed = Followed,
            Kept = Kept.IsEmpty ? null : [.. Kept],
            LostBefore = LostBefore,
        };

    /// <summary>Notes the deletion in the place of an older one of that name. The oldest goes when there are too many.</summary>
    public TableHistory With(string name, DeletionNote note)
    {
        ImmutableSortedDictionary<string, DeletionNote> deletions = Deletions.SetItem(name, note);
        if (deletions.Count > MaxDeletions)
        {
            deletions = deletions.Remove(deletions.MinBy(static entry => entry.Value.Time).Key);
        }

        return this with { Deletions = deletions, Kept = Kept.Remove(name) };
    }

    /// <summary>Drops the notes of these names.</summary>
    public TableHistory Without(IReadOnlyCollection<string> names) =>
        names.Count == 0 ? this : this with { Deletions = Deletions.RemoveRange(names) };

    /// <summary>Returns the deletions of the other table that are over, and are not noted here.</summary>
    public IReadOnlyList<KeyValuePair<string, DeletionNote>> NewIn(IReadOnlyDictionary<string, DeletionNote> deletions) =>
        [.. deletions.Where(entry => entry.Value.End is not null && Deletions.GetValueOrDefault(entry.Key) != entry.Value)];

    /// <summary>
    /// True when that version of the table followed is older than the one followed last: a table that begins anew, or an older copy.
    /// </summary>
    public bool IsBehind(DataVersion version) => Followed is { } last
        && (version.Counter < last.Counter || version.Timestamp < last.Timestamp);
}

/// <summary>Form of a <see cref="TableHistory"/> in files.</summary>
internal sealed class TableHistoryFile
{
    [JsonPropertyName("deletions")]
    public Dictionary<string, DeletionNote>? Deletions { get; init; }

    /// <summary>
    /// Offset → fingerprint of records of the log that the ends of deletions are offsets of: notes of another log do not count. Null in
    /// files of earlier versions.
    /// </summary>
    [JsonPropertyName("log")]
    public Dictionary<long, ulong>? Log { get; init; }

    /// <summary>Returns the records of the log; null when the file has none.</summary>
    public LogRecords? ReadLog() => Log is { Count: > 0 } ? new LogRecords(Log) : null;

    [JsonPropertyName("followed")]
    public DataVersion? Followed { get; init; }

    [JsonPropertyName("kept")]
    public List<string>? Kept { get; init; }

    [JsonPropertyName("lostBefore")]
    public long? LostBefore { get; init; }
}

/// <summary>A master's table as a slave has been told it.</summary>
/// <param name="Version">Version of the table.</param>
/// <param name="Entries">What is in it, by name.</param>
/// <param name="Deletions">Deletions that the master has noted, by name; null from a master that notes none, as RocketMQ's.</param>
internal sealed record FollowedTable<T>(DataVersion Version, IReadOnlyDictionary<string, T> Entries, IReadOnlyDictionary<string,
    DeletionNote>? Deletions);

/// <summary>Plan of a slave for names that it has and its master's table lacks without a new note.</summary>
/// <param name="Removed">They were deleted, as far as can be told: the table is a later one of a master that notes no deletions.</param>
/// <param name="Outcome">What became of the others.</param>
/// <param name="Entries">Names that the master's table has.</param>
internal sealed record FollowPlan(IReadOnlyList<string> Removed, FollowOutcome Outcome, IEnumerable<string> Entries)
{
    /// <param name="history">History of the slave's table.</param>
    /// <param name="master">The master's table.</param>
    /// <param name="names">Names in the slave's table.</param>
    public static FollowPlan Of<T>(TableHistory history, FollowedTable<T> master, IEnumerable<string> names)
    {
        List<string> removed = [];
        List<string> kept = [];
        bool isBehind = history.IsBehind(master.Version);
        bool mayBelieve = master.Deletions is null && history.Followed is not null && !isBehind;
        foreach (string name in names.Where(name => !master.Entries.ContainsKey(name)))
        {
            DeletionNote? note = master.Deletions?.GetValueOrDefault(name);
            if (mayBelieve && !history.Kept.Contains(name))
            {
                removed.Add(name);
            }
            else if (note is null || (note.End is not null && history.Deletions.GetValueOrDefault(name) == note))
            {
                kept.Add(name);
            }
        }

        kept.Sort(StringComparer.Ordinal);
        return new FollowPlan(removed, new FollowOutcome(IsComplete: true, isBehind, history.Followed, kept, Deleted: []),
            master.Entries.Keys)
        { Version = master.Version };
    }

    public required DataVersion Version { get; init; }

    /// <summary>Returns the history once the table is followed.</summary>
    public TableHistory After(TableHistory history) => history with
    {
        Followed = Version,
        Kept = history.Kept.Except(Entries).Union(Outcome.Kept)
    };
}

/// <summary>Result for a slave's table when it followed its master's.</summary>
/// <param name="IsComplete">It is as the master's, but for what is kept.</param>
/// <param name="IsBehind">The master's table is older than the one followed last: it was lost, or is an older copy.</param>
/// <param name="Before">Version followed last; null when there was none.</param>
/// <param name="Kept">Names that the master's table lacks without a note of a deletion: they stay.</param>
/// <param name="Deleted">Names that were deleted.</param>
internal sealed record FollowOutcome(bool IsComplete, bool IsBehind, DataVersion? Before, IReadOnlyList<string> Kept,
    IReadOnlyList<string> Deleted)
{
    /// <summary>The table was of that version already.</summary>
    public static FollowOutcome Nothing { get; } = new(IsComplete: true, IsBehind: false, Before: null, Kept: [], Deleted: []);
}
