using System.Collections.Concurrent;

namespace RocketOps.Client;

/// <summary>The consumers of a host that were started, for the health check. Thread-safe.</summary>
internal sealed class HostedConsumers
{
    private readonly ConcurrentQueue<HostedConsumer> _all = new();

    public IEnumerable<HostedConsumer> All => _all;

    public void Add(HostedConsumer consumer) => _all.Enqueue(consumer);
}

/// <summary>Consumer and one of its topics, as the health check looks at them.</summary>
/// <param name="Group">Its group.</param>
/// <param name="Topic">One of its topics.</param>
/// <param name="Assigned">The queues it reads, of all topics.</param>
internal sealed record HostedConsumer(string Group, string Topic, Func<IReadOnlyCollection<MessageQueue>> Assigned)
{
    public int Queues => Assigned().Count(queue => queue.Topic == Topic);
}
