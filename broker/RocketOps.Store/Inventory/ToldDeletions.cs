using System.Text;
using RocketOps.Store.Contracts;
using RocketOps.Store.Log;

namespace RocketOps.Store.Inventory;

/// <summary>
/// Deletions that the broker's table of topics notes, for a start that makes queues again from the log: the inventory that noted them too
/// may be lost, or a copy of before. A note counts where the log goes on behind it; one that lies behind the log's end is of a table that
/// is newer than the store. It counts for messages that were stored by its time: others, in a log that was cut since, are of a topic that
/// was made again. One that was made in another broker's log counts for nothing. May wait for the disk; one thread.
/// </summary>
internal sealed class ToldDeletions
{
    private readonly IReadOnlyDictionary<string, ToldDeletion> _told;
    private readonly InventoryContent _known;
    private readonly LogSegments _log;
    private readonly Dictionary<string, ToldDeletion>.AlternateLookup<ReadOnlySpan<char>> _byName;
    private readonly Dictionary<string, bool> _counts = new(StringComparer.Ordinal);

    /// <param name="told">Deletions by topic.</param>
    /// <param name="known">The inventory.</param>
    /// <param name="log">The log.</param>
    public ToldDeletions(IReadOnlyDictionary<string, ToldDeletion> told, InventoryContent known, LogSegments log)
    {
        _told = told;
        _known = known;
        _log = log;
        _byName = new Dictionary<string, ToldDeletion>(told, StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <summary>Tells whether a record belongs to a topic that was deleted since.</summary>
    public bool Cover(ReadOnlySpan<byte> utf8Topic, long physicalOffset, long storeTimestamp)
    {
        if (_told.Count == 0 || utf8Topic.Length > RecordLayout.MaxTopicBytesV2)
        {
            return false;
        }

        Span<char> name = stackalloc char[utf8Topic.Length];
        return Encoding.UTF8.TryGetChars(utf8Topic, name, out int length)
            && _byName.TryGetValue(name[..length], out string? topic, out ToldDeletion deletion)
            && physicalOffset < deletion.End.Value && storeTimestamp <= deletion.Time && Counts(topic, deletion);
    }

    /// <summary>
    /// Returns the offset in the log that a topic was deleted at, where the record at an offset before that belongs to it; null where none
    /// was, or the record is a later one.
    /// </summary>
    public long? EndFor(string topic, long physicalOffset) =>
        _told.TryGetValue(topic, out ToldDeletion deletion) && physicalOffset < deletion.End.Value
            && RecordMarks.StoreTimestampOf(_log, physicalOffset) <= deletion.Time && Counts(topic, deletion)
            ? deletion.End.Value : null;

    /// <summary>
    /// Tells whether a topic was deleted after the inventory was last written, as far as can be told: what that says of its queues is over.
    /// </summary>
    public bool AreNewerFor(string topic) =>
        _told.TryGetValue(topic, out ToldDeletion deletion) && deletion.End.Value >= _known.Offset && Counts(topic, deletion);

    private bool Counts(string topic, in ToldDeletion deletion)
    {
        if (!_counts.TryGetValue(topic, out bool counts))
        {
            _counts[topic] = counts = !IsOfOtherLog(deletion)
                && (GoesOnBehind(deletion.End.Value) || (EndsAt(deletion.End.Value) && !HasQueues(topic)));
        }

        return counts;
    }

    private bool IsOfOtherLog(in ToldDeletion deletion) =>
        deletion.Log is { } records && RecordMarks.IsOther(_log, deletion.End.Value, records);

    /// <summary>A record begins there, or what ends a log file before the next one.</summary>
    private bool GoesOnBehind(long end) => RecordMarks.Follow(_log, end, end + 1) > end;

    /// <summary>
    /// The log ends there, or cannot be read on from there. A table that is newer than the store may note the same end: it was written when
    /// no message had come since.
    /// </summary>
    private bool EndsAt(long end)
    {
        long begin = Math.Max(_log.MinOffset, end - 1 - ((end - 1) % _log.FileBytes));
        return begin < end && RecordMarks.Leads(_log, begin, end);
    }

    private bool HasQueues(string topic) => _known.Queues.Keys.Any(name => name.Topic == topic);
}
