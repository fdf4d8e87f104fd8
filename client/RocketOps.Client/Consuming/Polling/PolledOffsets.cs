namespace RocketOps.Client.Consuming.Polling;

/// <summary>
/// The offsets of a lite pull consumer: how far messages were handed out, and, apart from it, how far the program is done with them, which alone is committed. Thread-safe.
/// </summary>
internal sealed class PolledOffsets(IOffsetStore kept) : IOffsetStore
{
    // Settling and forgetting exclude each other: an offset settled after the queue went would be committed when it comes back, over what others did meanwhile.
    private readonly Lock _gate = new();
    private readonly OffsetTable _handedOut = new();

    public Task<long?> LoadAsync(MessageQueue queue, CancellationToken cancellationToken) => kept.LoadAsync(queue, cancellationToken);

    public long? Find(MessageQueue queue) => kept.Find(queue);

    /// <summary>Offset behind what was handed out; null before the first.</summary>
    public long? FindHandedOut(MessageQueue queue) => _handedOut.Find(queue);

    public void Update(MessageQueue queue, long offset, bool increaseOnly) => _handedOut.Update(queue, offset, increaseOnly);

    /// <summary>The program is done with all that was handed out.</summary>
    public void Settle()
    {
        lock (_gate)
        {
            foreach ((MessageQueue queue, long offset) in _handedOut.All)
            {
                kept.Update(queue, offset, increaseOnly: false);
            }
        }
    }

    /// <summary>The program says itself how far it is.</summary>
    public void Settle(MessageQueue queue, long offset)
    {
        lock (_gate)
        {
            kept.Update(queue, offset, increaseOnly: false);
        }
    }

    public void Forget(MessageQueue queue)
    {
        lock (_gate)
        {
            _handedOut.Forget(queue);
            kept.Forget(queue);
        }
    }

    public Task<RocketMqException?> CommitAsync(IEnumerable<MessageQueue> queues, CancellationToken cancellationToken) => kept.CommitAsync(queues, cancellationToken);
}
