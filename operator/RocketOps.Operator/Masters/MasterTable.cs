using System.Collections.Concurrent;

namespace RocketOps.Operator.Masters;

/// <summary>All things of one kind on one master, as it told them, and as they were written since. Thread-safe.</summary>
internal sealed class MasterTable<TEntry>(IEnumerable<KeyValuePair<string, TEntry>> entries)
    where TEntry : class
{
    private readonly ConcurrentDictionary<string, TEntry> _entries = new(entries, StringComparer.Ordinal);

    /// <summary>Names of all entries, in no order.</summary>
    public IEnumerable<string> Names => _entries.Select(static entry => entry.Key);

    /// <summary>Null when the master has none of that name.</summary>
    public TEntry? Find(string name) => _entries.GetValueOrDefault(name);

    /// <summary>It was looked at, or written, there since; null when there is none.</summary>
    public void Set(string name, TEntry? entry)
    {
        if (entry is null)
        {
            _entries.TryRemove(name, out _);
        }
        else
        {
            _entries[name] = entry;
        }
    }
}
