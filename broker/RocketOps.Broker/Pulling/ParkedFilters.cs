using RocketOps.Store.Dispatching;
using RocketOps.Store.Reading;

namespace RocketOps.Broker.Pulling;

/// <summary>
/// Filters that the pulls of one queue wait with. A message finds those that want its tag by the tag's hash, so that it costs what it wakes
/// and not what waits; only expressions, and lists of many tags, are tried one by one, and their number has an end. Filters that are equal
/// are one. One that nobody waits with is looked at by no message; a few are kept, as their consumers come again. Adding and taking out a
/// pull cost the same however many wait, or have waited. Not thread-safe.
/// </summary>
internal sealed class ParkedFilters
{
    /// <summary>Filters that are tried with every message: a tenth of a millisecond, and eight times as many groups with expressions as bit maps are made for.</summary>
    public const int MaxTried = 256;

    /// <summary>Filters that are kept although nobody waits with them; beyond it as many as somebody waits with. So consumers that are woken come again without anything being made for them.</summary>
    private const int KeptEmpty = 8;

    private readonly ParkedFilter _all = new(filter: null);
    private readonly PartedTable<IMessageFilter, ParkedFilter> _filters = new(EqualityComparer<IMessageFilter>.Default);

    // Those that somebody waits with come first.
    private readonly PartedTable<int, LinkedList<ParkedFilter>> _byTag = new(new TagComparer());
    private readonly List<ParkedFilter> _tried = [];

    // Those by tag that nobody waits with. The one that has been among them for longest is the first.
    private readonly LinkedList<ParkedFilter> _empty = new();

    /// <summary>Filters other than none, those included that nobody waits with.</summary>
    public int Count => _filters.Count;

    /// <summary>Filters and pulls that messages have looked at, all together.</summary>
    public long LookedAt { get; private set; }

    /// <summary>False when the pull's filter is one more to be tried than there may be.</summary>
    public bool TryAdd(ParkedPull parked)
    {
        ParkedFilter? filter = parked.Pull.Filter is { } wanted ? FindOrAdd(wanted) : _all;
        if (filter is null)
        {
            return false;
        }

        if (filter.Pulls.Count == 0)
        {
            TakeUp(filter);
        }

        // The one that is kept anyway, in place of its equal.
        parked.Pull.Filter = filter.Filter;
        filter.Add(parked);
        return true;
    }

    /// <summary>Takes out a pull that waits here.</summary>
    public void Remove(ParkedPull parked)
    {
        ParkedFilter filter = parked.WaitsWith!;
        filter.Remove(parked);
        if (filter.Pulls.Count == 0)
        {
            LayDown(filter);
        }
    }

    /// <summary>Moves the pulls that want the message, and are not behind it already, to <paramref name="woken"/>.</summary>
    public void TakeMatching(in MessageArrival message, List<ParkedPull> woken)
    {
        if (_all.Pulls.Count > 0)
        {
            Take(_all, message.QueueOffset, woken);
        }

        if (_byTag.TryGetValue(unchecked((int)message.TagsCode), out LinkedList<ParkedFilter>? tagged))
        {
            // One whose pulls are all taken moves behind those that are to come; what is let go for it has no pulls and is not among them.
            LinkedListNode<ParkedFilter>? next = tagged.First;
            while (next is { } node && node.Value.Pulls.Count > 0)
            {
                next = node.Next;
                Take(node.Value, message.QueueOffset, woken);
            }
        }

        // From behind, as one whose pulls are all taken goes.
        for (int i = _tried.Count - 1; i >= 0; i--)
        {
            ParkedFilter filter = _tried[i];
            LookedAt++;
            if (filter.Wants(message))
            {
                Take(filter, message.QueueOffset, woken);
            }
        }
    }

    private void Take(ParkedFilter filter, long queueOffset, List<ParkedPull> woken)
    {
        LookedAt += 1 + filter.Pulls.Count;
        filter.Take(queueOffset, woken);
        if (filter.Pulls.Count == 0)
        {
            LayDown(filter);
        }
    }

    private ParkedFilter? FindOrAdd(IMessageFilter wanted)
    {
        if (_filters.TryGetValue(wanted, out ParkedFilter? known))
        {
            return known;
        }

        ReadOnlySpan<int> tags = ParkedFilter.TagsOf(wanted);
        if (tags.IsEmpty && _tried.Count >= MaxTried)
        {
            return null;
        }

        ParkedFilter added = new(wanted);
        if (tags.IsEmpty)
        {
            _tried.Add(added);
        }

        for (int i = 0; i < tags.Length; i++)
        {
            if (!_byTag.TryGetValue(tags[i], out LinkedList<ParkedFilter>? tagged))
            {
                tagged = new LinkedList<ParkedFilter>();
                _byTag.Add(tags[i], tagged);
            }

            tagged.AddLast(added.InTags[i]);
        }

        _filters.Add(wanted, added);
        return added;
    }

    /// <summary>Somebody waits with the filter: messages are to find it.</summary>
    private void TakeUp(ParkedFilter filter)
    {
        if (filter.InEmpty.List is not null)
        {
            _empty.Remove(filter.InEmpty);
        }

        foreach (LinkedListNode<ParkedFilter> place in filter.InTags)
        {
            LinkedList<ParkedFilter> tagged = place.List!;
            tagged.Remove(place);
            tagged.AddFirst(place);
        }
    }

    /// <summary>Nobody waits with the filter any more: messages are not to find it. One that is small is kept for a while, in place of the one kept longest: two are let go at most.</summary>
    private void LayDown(ParkedFilter filter)
    {
        if (ReferenceEquals(filter, _all))
        {
            return;
        }

        if (filter.InTags.Length == 0)
        {
            // An expression may be large, and nobody counts it for anyone now. What is made anew here for the one that comes again is little.
            _tried.Remove(filter);
            _filters.Remove(filter.Filter!);
            return;
        }

        foreach (LinkedListNode<ParkedFilter> place in filter.InTags)
        {
            LinkedList<ParkedFilter> tagged = place.List!;
            tagged.Remove(place);
            tagged.AddLast(place);
        }

        _empty.AddLast(filter.InEmpty);
        while (_empty.Count > Math.Max(KeptEmpty, _filters.Count - _empty.Count))
        {
            LetGo(_empty.First!.Value);
        }
    }

    private void LetGo(ParkedFilter filter)
    {
        _empty.Remove(filter.InEmpty);
        _filters.Remove(filter.Filter!);
        ReadOnlySpan<int> tags = filter.Tags;
        for (int i = 0; i < tags.Length; i++)
        {
            LinkedListNode<ParkedFilter> place = filter.InTags[i];
            LinkedList<ParkedFilter> tagged = place.List!;
            tagged.Remove(place);
            if (tagged.Count == 0)
            {
                _byTag.Remove(tags[i]);
            }
        }
    }

    /// <summary>Clients choose the hashes they subscribe to: without a secret of this process they could choose such as a table keeps in one chain.</summary>
    private sealed class TagComparer : IEqualityComparer<int>
    {
        public bool Equals(int x, int y) => x == y;

        public int GetHashCode(int obj) => HashCode.Combine(obj);
    }
}
