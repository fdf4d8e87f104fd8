using RocketOps.Client;

namespace RocketOps.Operator.Topics;

/// <summary>
/// What is known of who has read a topic on one master to its end, so that a look which takes longer than a pass may goes on where the last one was. Whoever has read up to an end has read up to it,
/// whatever becomes of his offset afterwards; when an end has moved, everybody is asked anew.
/// </summary>
internal sealed class DrainLook
{
    private readonly HashSet<string> _readers = new(StringComparer.Ordinal);
    private Dictionary<MessageQueue, long> _ends = [];

    /// <summary>The master has answered something since the look went on.</summary>
    public bool HasAnswer { get; private set; }

    /// <summary>A pass begins to ask, or to ask on.</summary>
    public void GoOn() => HasAnswer = false;

    /// <summary>Where the queues that hold messages end.</summary>
    public void Ends(IEnumerable<KeyValuePair<MessageQueue, QueueOffsets>> filled)
    {
        HasAnswer = true;
        Dictionary<MessageQueue, long> ends = filled.ToDictionary(static queue => queue.Key, static queue => queue.Value.MaxOffset);
        if (ends.Count != _ends.Count || ends.Any(queue => _ends.GetValueOrDefault(queue.Key, -1) != queue.Value))
        {
            _ends = ends;
            _readers.Clear();
        }
    }

    /// <summary>Whether a group has read everything, as an earlier look found.</summary>
    public bool HasRead(string group) => _readers.Contains(group);

    /// <summary>A group has read everything.</summary>
    public void Read(string group) => _readers.Add(group);
}
