namespace RocketOps.Client.Consuming.Queues;

/// <summary>A queue this member reads, as it is at a moment.</summary>
/// <param name="Processing">Its messages here.</param>
/// <param name="Offset">Up to where (exclusive) all is finished; null before the first message.</param>
/// <param name="IsLocked">Whether its lock is held; false in a group that locks nothing.</param>
internal sealed record ConsumedQueue(ProcessQueue Processing, long? Offset, bool IsLocked)
{
    public MessageQueue Queue => Processing.Queue;
}
