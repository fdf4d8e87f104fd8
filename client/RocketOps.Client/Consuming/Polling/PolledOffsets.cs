using RocketOps.Client.Consuming.Offsets;

namespace RocketOps.Client.Consuming.Polling;

/// <summary>
/// The offsets of a lite pull consumer: how far messages were handed out, and, apart from it, how far the program is done with them, which alone is committed. Thread-safe.
/// </summary>
internal sealed class PolledOffsets(IOffsetStore kept) : IOffsetStore
{
    // Settling, moving and forgetting exclude each other: an offset settled after the queue went would be committed when it comes back, over what others did meanwhile.
    private readonly Lock _gate = new();
    private readonly OffsetTable _handedOut = new();

    public Task<long?> LoadAsync(MessageQueue queue, CancellationToken cancellationToken) => kept.LoadAsync(queue, cancellationToken);

    public long? Find(MessageQueue queue) => kept.Find(queue);

    /// <summary>Offset behind what was handed out; null before the first.</summary>
    public long? FindHandedOut(MessageQueue queue) => _handedOut.Find(queue);

    public void Note(MessageQueue queue, long offset) => _handedOut.Note(queue, offset);

    /// <summary>
    /// The next message that is handed out is another one. What the program is done with stays as it is, unless the broker says that the group is further back: committed once more, it would undo
    /// that.
    /// </summary>
    public void Move(MessageQueue queue, long offset, bool byBroker)
    {
        lock (_gate)
        {
            _handedOut.Move(queue, offset);
            if (byBroker && kept.Find(queue) > offset)
            {
                kept.Move(queue, offset, byBroker);
            }
        }
    }

    /// <summary>The program is done with all that was handed out.</summary>
    public void Settle()
    {
        lock (_gate)
        {
            foreach ((MessageQueue queue, long offset) in _handedOut.All)
            {
                kept.Move(queue, offset, byBroker: false);
            }
        }
    }

    /// <summary>The program says itself how far it is.</summary>
    public void Settle(MessageQueue queue, long offset)
    {
        lock (_gate)
        {
            kept.Move(queue, offset, byBroker: false);
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
