using RocketOps.Protocol.Bodies;

namespace RocketOps.Broker.Topics;

/// <summary>The topics that were changed last, by the version of the table that a change made. Used under the table's lock.</summary>
internal sealed class RecentChanges
{
    /// <summary>Changes that are kept: a name server that missed more gets the whole table.</summary>
    public const int Max = 2_048;

    private readonly Queue<(long Counter, string Name)> _changes = new();

    // The version since which no change is missing.
    private long _since;

    /// <summary>Adds a change that led to that version.</summary>
    public void Add(long counter, string name)
    {
        _changes.Enqueue((counter, name));
        if (_changes.Count > Max)
        {
            _since = _changes.Dequeue().Counter;
        }
    }

    /// <summary>Forgets the changes: everything may have changed up to that version.</summary>
    public void Forget(long counter)
    {
        _changes.Clear();
        _since = counter;
    }

    /// <summary>Returns the names of what was changed after a version, oldest change first, some more than once; null when some of it is forgotten.</summary>
    public IEnumerable<string>? After(long counter) =>
        counter < _since ? null : _changes.Where(change => change.Counter > counter).Select(static change => change.Name);
}

/// <summary>Topics that a version of the table has and an earlier one had not, or had otherwise.</summary>
internal sealed record TopicChanges(DataVersion Version, IReadOnlyDictionary<string, TopicConfig> Topics);
