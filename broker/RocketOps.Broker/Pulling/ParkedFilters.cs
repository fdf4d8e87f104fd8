using RocketOps.Broker.Filtering;
using RocketOps.Store;

namespace RocketOps.Broker.Pulling;

/// <summary>
/// What the pulls of one queue wait for. A message finds those that want its tag by the tag's hash, so that it costs what it wakes and not what waits; only expressions, and lists of many tags, are tried one by
/// one, and their number has an end. Filters that are equal are one; one that nobody waits with is kept for a while, as its consumer comes again. Not thread-safe.
/// </summary>
internal sealed class ParkedFilters
{
    /// <summary>Filters that are tried with every message: a tenth of a millisecond, and eight times as many groups with expressions as bit maps are made for.</summary>
    public const int MaxTried = 256;

    /// <summary>Subscriptions with more tags are tried: each tag of the others is an entry in a table.</summary>
    public const int MaxTags = 16;

    /// <summary>Filters that nobody waits with are looked for when there are so many, and then whenever there are twice as many as were left.</summary>
    private const int FirstTrim = 64;

    private readonly ParkedFilter _all = new(filter: null);
    private readonly Dictionary<IMessageFilter, ParkedFilter> _filters = [];
    private readonly Dictionary<int, HashSet<ParkedFilter>> _byTag = [];
    private readonly List<ParkedFilter> _tried = [];
    private int _trimAt = FirstTrim;

    /// <summary>Filters other than none, those included that nobody waits with.</summary>
    public int Count => _filters.Count;

    /// <summary>Takes out a pull that waits here.</summary>
    public static void Remove(ParkedPull parked) => parked.InFilter.List!.Remove(parked.InFilter);

    /// <summary>False when the pull's filter is one more to be tried than there may be.</summary>
    public bool TryAdd(ParkedPull parked)
    {
        ParkedFilter? filter = parked.Pull.Filter is { } wanted ? FindOrAdd(wanted) : _all;
        if (filter is null)
        {
            return false;
        }

        // The one that is kept anyway, in place of its equal.
        parked.Pull.Filter = filter.Filter;
        filter.Pulls.AddLast(parked.InFilter);
        return true;
    }

    /// <summary>Moves the pulls that want the message, and are not behind it already, to <paramref name="woken"/>.</summary>
    public void TakeMatching(in MessageArrival message, List<ParkedPull> woken)
    {
        _all.Take(message.QueueOffset, woken);
        if (_byTag.TryGetValue(unchecked((int)message.TagsCode), out HashSet<ParkedFilter>? tagged))
        {
            foreach (ParkedFilter filter in tagged)
            {
                filter.Take(message.QueueOffset, woken);
            }
        }

        foreach (ParkedFilter filter in _tried)
        {
            if (filter.Pulls.Count > 0 && filter.Wants(message))
            {
                filter.Take(message.QueueOffset, woken);
            }
        }
    }

    private ParkedFilter? FindOrAdd(IMessageFilter wanted)
    {
        if (_filters.TryGetValue(wanted, out ParkedFilter? known))
        {
            return known;
        }

        if (_filters.Count >= _trimAt)
        {
            Trim();
            _trimAt = Math.Max(FirstTrim, 2 * _filters.Count);
        }

        ParkedFilter added = new(wanted);
        ReadOnlySpan<int> tags = TagsOf(wanted);
        if (tags.IsEmpty)
        {
            if (_tried.Count >= MaxTried)
            {
                TrimTried();
            }

            if (_tried.Count >= MaxTried)
            {
                return null;
            }

            _tried.Add(added);
        }

        foreach (int tag in tags)
        {
            if (!_byTag.TryGetValue(tag, out HashSet<ParkedFilter>? tagged))
            {
                _byTag[tag] = tagged = [];
            }

            tagged.Add(added);
        }

        _filters[wanted] = added;
        return added;
    }

    /// <summary>Lets go of the filters that nobody waits with.</summary>
    private void Trim()
    {
        TrimTried();
        foreach ((IMessageFilter filter, ParkedFilter parked) in _filters)
        {
            if (parked.Pulls.Count > 0)
            {
                continue;
            }

            _filters.Remove(filter);
            foreach (int tag in TagsOf(filter))
            {
                HashSet<ParkedFilter> tagged = _byTag[tag];
                tagged.Remove(parked);
                if (tagged.Count == 0)
                {
                    _byTag.Remove(tag);
                }
            }
        }
    }

    private void TrimTried()
    {
        foreach (ParkedFilter filter in _tried)
        {
            if (filter.Pulls.Count == 0)
            {
                _filters.Remove(filter.Filter!);
            }
        }

        _tried.RemoveAll(static filter => filter.Pulls.Count == 0);
    }

    /// <summary>The hashes by which messages find the filter; empty for one that is tried.</summary>
    private static ReadOnlySpan<int> TagsOf(IMessageFilter filter) => filter is TagFilter { Codes.Length: <= MaxTags } tags ? tags.Codes : [];
}
