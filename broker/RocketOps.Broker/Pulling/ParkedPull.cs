namespace RocketOps.Broker.Pulling;

/// <summary>A pull that waits for messages; reused.</summary>
internal sealed class ParkedPull
{
    private PullArguments _pull;

    public ParkedPull()
    {
        InFilter = new LinkedListNode<ParkedPull>(this);
    }

    public ref PullArguments Pull => ref _pull;

    /// <summary>Timestamp at which the wait began, as <see cref="TimeProvider.GetTimestamp"/> counts.</summary>
    public long Since { get; set; }

    /// <summary>Timestamp at which the wait ends, as <see cref="TimeProvider.GetTimestamp"/> counts.</summary>
    public long Deadline { get; set; }

    /// <summary>Whose pull it is, and for how many it counts there.</summary>
    public ParkedShare? Share { get; set; }

    public int Weight { get; set; }

    /// <summary>The pulls of its queue, and its place among them; theirs to set.</summary>
    public ParkedSteps? Steps { get; set; }

    public int Slot { get; set; }

    public ParkedPull? Before { get; set; }

    public ParkedPull? After { get; set; }

    /// <summary>Those of them that want the same messages, and its place among them; theirs to set.</summary>
    public ParkedFilter? WaitsWith { get; set; }

    public LinkedListNode<ParkedPull> InFilter { get; }
}
