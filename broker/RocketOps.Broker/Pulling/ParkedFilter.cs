using RocketOps.Broker.Filtering;
using RocketOps.Store.Dispatching;
using RocketOps.Store.Reading;

namespace RocketOps.Broker.Pulling;

/// <summary>The pulls of one queue that want the same messages: whether they want one is found out once for all of them.</summary>
internal sealed class ParkedFilter
{
    /// <summary>Subscriptions with more tags are tried: each tag of the others is a place in a table.</summary>
    public const int MaxTags = 16;

    public ParkedFilter(IMessageFilter? filter)
    {
        Filter = filter;
        InEmpty = new LinkedListNode<ParkedFilter>(this);
        InTags = new LinkedListNode<ParkedFilter>[TagsOf(filter).Length];
        for (int i = 0; i < InTags.Length; i++)
        {
            InTags[i] = new LinkedListNode<ParkedFilter>(this);
        }
    }

    /// <summary>Null takes every message.</summary>
    public IMessageFilter? Filter { get; }

    public LinkedList<ParkedPull> Pulls { get; } = new();

    /// <summary>The hashes by which messages find it; none when it is tried.</summary>
    public ReadOnlySpan<int> Tags => TagsOf(Filter);

    /// <summary>Its places among the filters that want each of these tags.</summary>
    public LinkedListNode<ParkedFilter>[] InTags { get; }

    /// <summary>Its place among the filters that nobody waits with.</summary>
    public LinkedListNode<ParkedFilter> InEmpty { get; }

    /// <summary>The hashes by which messages find a filter; none for one that is tried.</summary>
    public static ReadOnlySpan<int> TagsOf(IMessageFilter? filter) => filter is TagFilter { Codes.Length: <= MaxTags } tags ? tags.Codes : [];

    public bool Wants(in MessageArrival message) =>
        Filter is null || (Filter.MatchesTagsCode(message.TagsCode) && (!Filter.NeedsRecord || Filter.MatchesProperties(message.Properties)));

    public void Add(ParkedPull parked)
    {
        Pulls.AddLast(parked.InFilter);
        parked.WaitsWith = this;
    }

    public void Remove(ParkedPull parked)
    {
        Pulls.Remove(parked.InFilter);
        parked.WaitsWith = null;
    }

    /// <summary>Moves the pulls that the message at this queue offset is not before to <paramref name="woken"/>.</summary>
    public void Take(long queueOffset, List<ParkedPull> woken)
    {
        LinkedListNode<ParkedPull>? next = Pulls.First;
        while (next is { } node)
        {
            next = node.Next;
            if (node.Value.Pull.Offset <= queueOffset)
            {
                Remove(node.Value);
                woken.Add(node.Value);
            }
        }
    }
}
