namespace RocketOps.Client.Producing.Sending;

/// <summary>
/// Picks queues in turn, beginning anywhere; a retry goes to another broker than the last attempt where there is one, and none to a
/// broker that is to be left alone while there is another.
/// </summary>
internal sealed class QueueSelector
{
    private int _next = Random.Shared.Next();

    /// <param name="queues">Not empty.</param>
    /// <param name="failedBroker">Broker of the failed attempt; null for a first one.</param>
    /// <param name="faults">Brokers that are slow; null for none.</param>
    /// <param name="isAvoided">True for a queue whose broker cannot be reached; null when all can.</param>
    public MessageQueue Select(IReadOnlyList<MessageQueue> queues, string? failedBroker, BrokerFaults? faults = null, Predicate<MessageQueue>? isAvoided = null)
    {
        if (faults is null && isAvoided is null)
        {
            return failedBroker is null ? Next(queues) : Find(queues, failedBroker, faults: null, isAvoided: null) ?? Next(queues);
        }

        // A broker that is slow before one that has just failed, and that before one that cannot be reached.
        return Find(queues, failedBroker, faults, isAvoided)
            ?? Find(queues, failedBroker, faults: null, isAvoided)
            ?? Find(queues, failedBroker: null, faults: null, isAvoided)
            ?? Find(queues, failedBroker, faults: null, isAvoided: null)
            ?? Next(queues);
    }

    private MessageQueue? Find(IReadOnlyList<MessageQueue> queues, string? failedBroker, BrokerFaults? faults, Predicate<MessageQueue>? isAvoided)
    {
        for (int i = 0; i < queues.Count; i++)
        {
            MessageQueue queue = Next(queues);
            if (!string.Equals(queue.BrokerName, failedBroker, StringComparison.Ordinal) && faults?.IsAvailable(queue.BrokerName) != false && isAvoided?.Invoke(queue) != true)
            {
                return queue;
            }
        }

        return null;
    }

    private MessageQueue Next(IReadOnlyList<MessageQueue> queues) => queues[(int)((uint)Interlocked.Increment(ref _next) % (uint)queues.Count)];
}
