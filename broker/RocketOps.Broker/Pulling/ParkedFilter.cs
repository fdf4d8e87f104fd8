using RocketOps.Store;

namespace RocketOps.Broker.Pulling;

/// <summary>The pulls of one queue that want the same messages: whether they want one is found out once for all of them.</summary>
internal sealed class ParkedFilter(IMessageFilter? filter)
{
    /// <summary>Null takes every message.</summary>
    public IMessageFilter? Filter { get; } = filter;

    public LinkedList<ParkedPull> Pulls { get; } = new();

    public bool Wants(in MessageArrival message) =>
        Filter is null || (Filter.MatchesTagsCode(message.TagsCode) && (!Filter.NeedsRecord || Filter.MatchesProperties(message.Properties)));

    /// <summary>Moves the pulls that the message at this queue offset is not before to <paramref name="woken"/>.</summary>
    public void Take(long queueOffset, List<ParkedPull> woken)
    {
        LinkedListNode<ParkedPull>? next = Pulls.First;
        while (next is { } node)
        {
            next = node.Next;
            if (node.Value.Pull.Offset <= queueOffset)
            {
                Pulls.Remove(node);
                woken.Add(node.Value);
            }
        }
    }
}
