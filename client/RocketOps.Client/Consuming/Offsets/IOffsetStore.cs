namespace RocketOps.Client.Consuming.Offsets;

/// <summary>Offsets of a group, one for each queue.</summary>
internal interface IOffsetStore
{
    /// <summary>The offset kept where it outlives this process; null when there is none. Throws <see cref="RocketMqException"/> when it cannot be had.</summary>
    Task<long?> LoadAsync(MessageQueue queue, CancellationToken cancellationToken);

    /// <summary>The offset reached in memory; null before the first.</summary>
    long? Find(MessageQueue queue);

    /// <summary>
    /// All before the offset is finished; what is further already stays. Told by the <c>ProcessQueue</c> that the queue has at the time, and by nobody else: it ends before the queue is
    /// moved or forgotten.
    /// </summary>
    void Note(MessageQueue queue, long offset);

    /// <summary>The queue goes on at an offset, in front of the one noted or behind it.</summary>
    /// <param name="queue">Which queue.</param>
    /// <param name="offset">First offset to be read.</param>
    /// <param name="byBroker">The broker says that the group is there; otherwise the program wishes it.</param>
    void Move(MessageQueue queue, long offset, bool byBroker);

    /// <summary>Forgets what is in memory.</summary>
    void Forget(MessageQueue queue);

    /// <summary>
    /// Commits the offsets of these queues and waits until they are taken. What fails is logged and done with the next commit; the first failure is returned to whoever has to tell it.
    /// </summary>
    /// <param name="queues">Queues to commit.</param>
    /// <param name="cancellationToken">Gives up before it has begun; a commit under way is waited for, as it may still be taken.</param>
    Task<RocketMqException?> CommitAsync(IEnumerable<MessageQueue> queues, CancellationToken cancellationToken);
}
