namespace RocketOps.Client;

/// <summary>
/// A message that was received and has to be completed: until then its offset is not committed, and it counts against <see cref="PushConsumerOptions.MaxConcurrency"/>.
/// Thread-safe.
/// </summary>
public sealed class Delivery
{
    private readonly TaskCompletionSource<ConsumeResult> _completed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal Delivery(ReceivedMessage message) => Message = message;

    public ReceivedMessage Message { get; }

    internal Task<ConsumeResult> Completed => _completed.Task;

    /// <summary>The message is done with. False when it was completed before, or its consumer is gone and it comes again.</summary>
    public bool Ack() => Complete(ConsumeResult.Success);

    /// <summary>Says what becomes of the message. False when it was completed before, or its consumer is gone and it comes again.</summary>
    public bool Complete(ConsumeResult result) => _completed.TrySetResult(result);
}
