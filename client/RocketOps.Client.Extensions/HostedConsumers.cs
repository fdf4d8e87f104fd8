using System.Collections.Concurrent;

namespace RocketOps.Client;

/// <summary>The consumers of a host that were started, for the health check. Thread-safe.</summary>
internal sealed class HostedConsumers
{
    private readonly ConcurrentQueue<HostedConsumer> _all = new();

    public IEnumerable<HostedConsumer> All => _all;

    public void Add(HostedConsumer consumer) => _all.Enqueue(consumer);
}

/// <summary>What the health check looks at.</summary>
internal sealed record HostedConsumer(string Group, string Topic, RocketMqPushConsumer Consumer)
{
    public int Queues => Consumer.AssignedQueues.Count(queue => queue.Topic == Topic);
}
