using System.Text;
using RocketOps.Store.Contracts;

namespace RocketOps.Store.Dispatching;

/// <summary>
/// Deletions that the table of a slave's master notes. They may be known before the slave's log has the messages that were deleted: those
/// get no unit when they come. A log may come whole after the note, as to a slave that is empty. Thread-safe.
/// </summary>
internal sealed class CopiedDeletions
{
    private readonly Lock _changes = new();
    private volatile State _state = State.None;

    /// <summary>Notes a deletion in the place of an older one of that topic.</summary>
    public void Note(string topic, ToldDeletion deletion)
    {
        lock (_changes)
        {
            Dictionary<string, ToldDeletion> deletions = new(_state.Deletions, StringComparer.Ordinal) { [topic] = deletion };
            _state = State.Of(deletions);
        }
    }

    /// <summary>Takes the deletions that are noted at the start.</summary>
    public void Set(IReadOnlyDictionary<string, ToldDeletion> deletions)
    {
        lock (_changes)
        {
            _state = State.Of(new Dictionary<string, ToldDeletion>(deletions, StringComparer.Ordinal));
        }
    }

    /// <summary>Drops deletions that end behind a place where the log was cut: other messages come there.</summary>
    public void DropBehind(long end)
    {
        lock (_changes)
        {
            _state = State.Of(_state.Deletions.Where(entry => entry.Value.End.Value <= end).ToDictionary(StringComparer.Ordinal));
        }
    }

    /// <summary>Tells whether a copied record belongs to a topic that its master had deleted. Compares two numbers for most records.</summary>
    public bool Cover(ReadOnlySpan<byte> utf8Topic, long physicalOffset, long storeTimestamp)
    {
        State state = _state;
        if (physicalOffset >= state.LastEnd || utf8Topic.Length > RecordLayout.MaxTopicBytesV2)
        {
            return false;
        }

        Span<char> name = stackalloc char[utf8Topic.Length];
        return Encoding.UTF8.TryGetChars(utf8Topic, name, out int length)
            && state.Deletions.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(name[..length], out ToldDeletion deletion)
            && physicalOffset < deletion.End.Value && storeTimestamp <= deletion.Time;
    }

    /// <summary>Never changes.</summary>
    private sealed record State(Dictionary<string, ToldDeletion> Deletions, long LastEnd)
    {
        public static State None { get; } = new(new Dictionary<string, ToldDeletion>(StringComparer.Ordinal), 0);

        public static State Of(Dictionary<string, ToldDeletion> deletions) =>
            deletions.Count == 0 ? None : new State(deletions, deletions.Values.Max(static deletion => deletion.End.Value));
    }
}
