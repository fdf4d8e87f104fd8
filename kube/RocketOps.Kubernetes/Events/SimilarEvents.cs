using RocketOps.Kubernetes.Entities;

namespace RocketOps.Kubernetes.Events;

/// <summary>
/// Holds back notes that never repeat, as those with a changing number: the tenth different note about one thing, and all later ones, become one event.
/// As client-go's EventAggregator, with its limits. Not safe for several threads.
/// </summary>
internal sealed class SimilarEvents(TimeProvider time, int capacity)
{
    /// <summary>Different notes about one thing; the one that reaches it is combined.</summary>
    public const int MaxNotes = 10;

    /// <summary>Beginning of a combined event's note.</summary>
    public const string CombinedPrefix = "(combined from similar events): ";

    /// <summary>Time without a similar event after which counting begins anew.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMinutes(10);

    private readonly Dictionary<EventKey, Notes> _notes = [];

    /// <returns>The key of the event that takes it: the given one, or that of the combined event, whose note is empty.</returns>
    public EventKey Place(EventKey key)
    {
        EventKey combined = key with { Note = "" };
        if (!_notes.TryGetValue(combined, out Notes? notes) || time.GetElapsedTime(notes.LastSeenAt) >= Interval)
        {
            if (notes is null && _notes.Count >= capacity)
            {
                return key;
            }

            _notes[combined] = notes = new Notes();
        }

        notes.LastSeenAt = time.GetTimestamp();
        if (notes.Known.Count < MaxNotes)
        {
            notes.Known.Add(key.Note);
        }

        return notes.Known.Count < MaxNotes ? key : combined;
    }

    /// <summary>Forgets what has been silent for longer than <see cref="Interval"/>.</summary>
    public void Sweep()
    {
        foreach (EventKey? key in _notes.Where(entry => time.GetElapsedTime(entry.Value.LastSeenAt) >= Interval).Select(entry => entry.Key).ToList())
        {
            _notes.Remove(key);
        }
    }

    private sealed class Notes
    {
        public HashSet<string> Known { get; } = new(StringComparer.Ordinal);

        public long LastSeenAt { get; set; }
    }
}

/// <summary>
/// Identity of an event, by which two events are the same one twice: with another note it is another event, as in client-go's
/// EventCorrelator. (Its recorder for events.k8s.io leaves the note out and so keeps showing the first of several different ones.)
/// </summary>
internal sealed record EventKey(EventType Type, string Action, string Reason, string Note, string RegardingUid, string RegardingKind, ObjectKey Regarding, string? RelatedUid);
