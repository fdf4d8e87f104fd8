namespace RocketOps.Broker.Pulling;

/// <summary>A pull that waits for messages; reused.</summary>
internal sealed class ParkedPull
{
    private PullArguments _pull;

    public ref PullArguments Pull => ref _pull;

    /// <summary>When the wait began, as <see cref="TimeProvider.GetTimestamp"/> counts.</summary>
    public long Since { get; set; }

    /// <summary>When the wait ends, as <see cref="TimeProvider.GetTimestamp"/> counts.</summary>
    public long Deadline { get; set; }
}
