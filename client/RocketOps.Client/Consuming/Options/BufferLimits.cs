using System.Collections.Concurrent;

namespace RocketOps.Client.Consuming.Options;

/// <summary>
/// Limits of what may be held here: of a queue, of a topic, of all. A topic's limit is shared out evenly among the queues that this member
/// reads of it, as Java's clients do. Thread-safe.
/// </summary>
internal sealed class BufferLimits(PushConsumerOptions options)
{
    private readonly ConcurrentDictionary<string, int> _queues = new(StringComparer.Ordinal);
    private long _total;

    /// <summary>True when all that is held leaves no room.</summary>
    public bool IsTotalReached => Interlocked.Read(ref _total) >= options.MaxBufferedMessages;

    /// <summary>Sets how many queues of a topic are read from now on.</summary>
    public void SetQueues(string topic, int count) => _queues[topic] = count;

    /// <summary>Messages that may be held of one queue of the topic.</summary>
    public long MessagesPerQueue(string topic) => options.MaxBufferedMessagesPerTopic is { } most ? Share(topic, most) : options.MaxBufferedMessagesPerQueue;

    /// <summary>Bytes that may be held of one queue of the topic.</summary>
    public long BytesPerQueue(string topic) => options.MaxBufferedBytesPerTopic is { } most ? Share(topic, most) : options.MaxBufferedBytesPerQueue;

    /// <summary>So many messages more, or fewer, are held.</summary>
    public void Count(long messages) => Interlocked.Add(ref _total, messages);

    private long Share(string topic, long most) => Math.Max(1, most / Math.Max(1, _queues.GetValueOrDefault(topic, 1)));
}
