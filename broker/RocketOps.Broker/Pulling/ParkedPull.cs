namespace RocketOps.Broker.Pulling;

/// <summary>A pull that waits for messages; reused.</summary>
internal sealed class ParkedPull
{
    private PullArguments _pull;

    public ParkedPull()
    {
        InQueue = new LinkedListNode<ParkedPull>(this);
        InFilter = new LinkedListNode<ParkedPull>(this);
    }

    public ref PullArguments Pull => ref _pull;

    /// <summary>When the wait began, as <see cref="TimeProvider.GetTimestamp"/> counts.</summary>
    public long Since { get; set; }

    /// <summary>When the wait ends, as <see cref="TimeProvider.GetTimestamp"/> counts.</summary>
    public long Deadline { get; set; }

    /// <summary>Whose pull it is, and for how many it counts there.</summary>
    public ParkedShare? Share { get; set; }

    public int Weight { get; set; }

    /// <summary>Its place among the pulls of its queue.</summary>
    public LinkedListNode<ParkedPull> InQueue { get; }

    /// <summary>Its place among those of them that want the same messages.</summary>
    public LinkedListNode<ParkedPull> InFilter { get; }
}
