namespace RocketOps.Remoting.Server.Loops;

/// <summary>State that a thread that drives an event loop has to itself.</summary>
internal sealed class LoopWorker
{
    /// <summary>
    /// Bytes that one receive takes at most: all that a producer with a few hundred messages under way has sent, so that they cost one
    /// write, one answer and one wake-up of the producer. It is used again and again, and fits the processor's second cache with what is
    /// made of it (decision 0108).
    /// </summary>
    public const int ReceiveBytes = 256 * 1024;

    /// <summary>
    /// Bytes that one receive takes of a connection that has not filled it with whole frames before: the bytes of a frame that is not whole
    /// go to fresh memory, which others wait for. With more of such a frame it is late.
    /// </summary>
    public const int FirstReceiveBytes = 64 * 1024;

    private const int EventsPerTick = 1024;

    /// <summary>A timestamp of the server's clock.</summary>
    public long CommitBegunAt;

    /// <summary>Another thread has taken the loop over: nothing of it is this one's any more.</summary>
    public bool IsReplaced { get; set; }

    public byte[] Buffer { get; } = GC.AllocateUninitializedArray<byte>(ReceiveBytes, pinned: true);

    public ReadyEvent[] Ready { get; } = new ReadyEvent[EventsPerTick];
}
