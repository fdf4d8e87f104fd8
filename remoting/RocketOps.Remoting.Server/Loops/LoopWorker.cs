namespace RocketOps.Remoting.Loops;

/// <summary>What a thread that drives an event loop has to itself.</summary>
internal sealed class LoopWorker
{
    public const int ReceiveBytes = 64 * 1024;
    private const int EventsPerTick = 1024;

    /// <summary>A timestamp of the server's clock.</summary>
    public long CommitBegunAt;

    /// <summary>Another thread has taken the loop over: nothing of it is this one's any more.</summary>
    public bool IsReplaced { get; set; }

    public byte[] Buffer { get; } = GC.AllocateUninitializedArray<byte>(ReceiveBytes, pinned: true);

    public ReadyEvent[] Ready { get; } = new ReadyEvent[EventsPerTick];
}
