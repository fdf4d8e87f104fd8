using System.Text;
using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Indexing;
using RocketOps.Store.Log;

namespace RocketOps.Store.Inventory;

/// <summary>
/// Content of an inventory file: which queues the store has and how far each reaches, which topics were deleted, how each log file begins.
/// Not thread-safe.
/// </summary>
internal sealed class InventoryContent
{
    private readonly Dictionary<QueueName, QueuePlace> _queues = [];
    private readonly Dictionary<string, TopicDeletionNote> _deletions = new(StringComparer.Ordinal);
    private readonly SortedDictionary<long, ulong> _logFiles = [];

    /// <summary>Identity of the file, which the checkpoint repeats; 0 when there was no file, or none that can be read.</summary>
    public long Id { get; init; }

    /// <summary>Length of the queue files it speaks of, in bytes.</summary>
    public int QueueFileBytes { get; init; }

    /// <summary>The same for batch consume queues.</summary>
    public int BatchQueueFileBytes { get; init; }

    /// <summary>Offset, in the log, of the last pass that was read; −1 without one.</summary>
    public long Offset { get; private set; } = -1;

    /// <summary>First offset of the log at that pass.</summary>
    public long LogMinOffset { get; private set; }

    /// <summary>
    /// A start has begun to make queues again from the log, from there on, and has not come to its end; −1 when none has.
    /// </summary>
    public long RebuildFrom { get; private set; } = -1;

    /// <summary>Extent that the index had in the kernel.</summary>
    public IndexExtent Index { get; set; }

    public IReadOnlyDictionary<QueueName, QueuePlace> Queues => _queues;

    /// <summary>Deletions by topic, the last of each.</summary>
    public IReadOnlyDictionary<string, TopicDeletionNote> Deletions => _deletions;

    /// <summary>Log files by their first offset, each with the fingerprint of its first record (<see cref="RecordMarks"/>).</summary>
    public IReadOnlyDictionary<long, ulong> LogFiles => _logFiles;

    public void NotePass(long offset, long logMinOffset)
    {
        Offset = offset;
        LogMinOffset = logMinOffset;
    }

    public void NoteQueue(in QueueName name, in QueuePlace place) => _queues[name] = place;

    /// <summary>The topic is gone with all queues noted so far.</summary>
    public void NoteDeletion(string topic, in TopicDeletionNote note)
    {
        _deletions[topic] = note;
        foreach (QueueName name in _queues.Keys.Where(name => name.Topic == topic).ToList())
        {
            _queues.Remove(name);
        }
    }

    public void NoteRebuild(long from) => RebuildFrom = RebuildFrom < 0 ? from : Math.Min(RebuildFrom, from);

    public void NoteLogFile(long baseOffset, ulong mark) => _logFiles[baseOffset] = mark;

    /// <summary>Forgets what is said of records that have expired.</summary>
    public void Expire(long logMinOffset)
    {
        foreach (string topic in _deletions.Where(deletion => deletion.Value.Offset <= logMinOffset)
            .Select(static deletion => deletion.Key).ToList())
        {
            _deletions.Remove(topic);
        }

        foreach (long baseOffset in _logFiles.Keys.TakeWhile(baseOffset => baseOffset < logMinOffset).ToList())
        {
            _logFiles.Remove(baseOffset);
        }
    }

    /// <summary>
    /// Deletions were forgotten that the log knows nothing of: it has messages of topics, perhaps, that no queue points to.
    /// </summary>
    public bool HasForgottenDeletions { get; private set; }

    /// <summary>Forgets deletions that were made with another log: one that is an older or newer copy has its own messages there.</summary>
    public void KeepDeletionsOf(LogSegments log)
    {
        foreach (string topic in _deletions.Where(deletion => !deletion.Value.IsOf(log)).Select(static deletion => deletion.Key).ToList())
        {
            _deletions.Remove(topic);
            HasForgottenDeletions = true;
        }
    }

    /// <summary>The log was cut at an offset: later records are others. A record before it is <paramref name="last"/>.</summary>
    public void CutLog(long offset, in LogAnchor last)
    {
        foreach (string topic in _deletions.Where(deletion => deletion.Value.Offset > offset).Select(static deletion => deletion.Key)
            .ToList())
        {
            _deletions[topic] = new TopicDeletionNote(offset, last);
        }

        foreach (long baseOffset in _logFiles.Keys.Where(baseOffset => baseOffset >= offset).ToList())
        {
            _logFiles.Remove(baseOffset);
        }
    }

    public void ForgetQueues() => _queues.Clear();

    /// <summary>Deletions that the broker's table notes, which this file may lack; null for none.</summary>
    public ToldDeletions? Told { get; set; }

    /// <summary>
    /// Tells whether a record, stored at a time in ms since 1970, belongs to a topic that was deleted since. May wait for the disk.
    /// </summary>
    public bool IsDeleted(ReadOnlySpan<byte> utf8Topic, long physicalOffset, long storeTimestamp) =>
        IsNoted(utf8Topic, physicalOffset) || Told?.Cover(utf8Topic, physicalOffset, storeTimestamp) == true;

    /// <summary>
    /// Returns the offset in the log that a topic was deleted at, where the record at an offset before that belongs to it; null where none
    /// was, or the record is a later one. May wait for the disk.
    /// </summary>
    public long? DeletionBehind(string topic, long physicalOffset) =>
        _deletions.TryGetValue(topic, out TopicDeletionNote note) && physicalOffset < note.Offset ? note.Offset
            : Told?.EndFor(topic, physicalOffset);

    private bool IsNoted(ReadOnlySpan<byte> utf8Topic, long physicalOffset)
    {
        if (_deletions.Count == 0 || utf8Topic.Length > RecordLayout.MaxTopicBytesV2)
        {
            return false;
        }

        Span<char> name = stackalloc char[utf8Topic.Length];
        return Encoding.UTF8.TryGetChars(utf8Topic, name, out int length)
            && _deletions.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(name[..length], out TopicDeletionNote note)
            && physicalOffset < note.Offset;
    }
}

/// <summary>A topic was deleted.</summary>
/// <param name="Offset">Records of the topic before it, in the log, belong to the topic that is gone.</param>
/// <param name="Anchor">A record of the log before that; none in a log without.</param>
internal readonly record struct TopicDeletionNote(long Offset, LogAnchor Anchor)
{
    /// <summary>
    /// The log is the one the topic was deleted in, as far as it still has the record that shows it. May wait for the disk.
    /// </summary>
    public bool IsOf(LogSegments log) => !Anchor.IsKnown || Anchor.Offset < log.MinOffset
        || RecordMarks.Of(log, Anchor.Offset) == Anchor.Mark;
}
