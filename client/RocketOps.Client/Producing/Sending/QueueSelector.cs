namespace RocketOps.Client.Producing.Sending;

/// <summary>Picks queues in turn, beginning anywhere; a retry goes to another broker than the last attempt where there is one, and none to a broker that is to be left alone while there is another.</summary>
internal sealed class QueueSelector
{
    private int _next = Random.Shared.Next();

    /// <param name="queues">Not empty.</param>
    /// <param name="avoidedBroker">Broker of the failed attempt; null for a first one.</param>
    /// <param name="faults">Brokers that are to be left alone; null for none.</param>
    public MessageQueue Select(IReadOnlyList<MessageQueue> queues, string? avoidedBroker, BrokerFaults? faults = null)
    {
        for (int i = 0; faults is not null && i < queues.Count; i++)
        {
            MessageQueue queue = Next(queues);
            if (faults.IsAvailable(queue.BrokerName) && !string.Equals(queue.BrokerName, avoidedBroker, StringComparison.Ordinal))
            {
                return queue;
            }
        }

        if (avoidedBroker is not null)
        {
            for (int i = 0; i < queues.Count; i++)
            {
                MessageQueue queue = Next(queues);
                if (!string.Equals(queue.BrokerName, avoidedBroker, StringComparison.Ordinal))
                {
                    return queue;
                }
            }
        }

        return Next(queues);
    }

    private MessageQueue Next(IReadOnlyList<MessageQueue> queues) => queues[(int)((uint)Interlocked.Increment(ref _next) % (uint)queues.Count)];
}
