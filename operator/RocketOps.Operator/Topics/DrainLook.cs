using RocketOps.Client;

namespace RocketOps.Operator.Topics;

/// <summary>
/// Record of who has read a topic on one master to its end, so that a look which takes longer than a pass may goes on where the last one
/// was. A group that has read up to an end has read up to it, whatever becomes of its offset afterwards; when an end has moved, everybody
/// is asked anew.
/// </summary>
internal sealed class DrainLook
{
    private readonly HashSet<string> _readers = new(StringComparer.Ordinal);
    private Dictionary<MessageQueue, long> _ends = [];

    /// <summary>The master has answered something since the look went on.</summary>
    public bool HasAnswer { get; private set; }

    /// <summary>A pass begins to ask, or to ask on.</summary>
    public void GoOn() => HasAnswer = false;

    /// <summary>Notes the ends of the queues that hold messages.</summary>
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

    /// <summary>Returns true when a group has read everything, as an earlier look found.</summary>
    public bool HasRead(string group) => _readers.Contains(group);

    /// <summary>A group has read everything.</summary>
    public void Read(string group) => _readers.Add(group);
}
