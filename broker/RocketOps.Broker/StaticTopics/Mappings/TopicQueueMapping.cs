using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;

namespace RocketOps.Broker.StaticTopics.Mappings;

/// <summary>
/// A static topic on one broker: its logical queues that this broker leads or has led, with their stretches from the first to the one that is written to (the leader). As in
/// requests, answers and topicQueueMapping.json; registrations have <see cref="LedQueues"/> in place of <see cref="Queues"/>. Not changed once it is in the table.
/// Source: apache/rocketmq TopicQueueMappingDetail 5.5.0.
/// </summary>
internal sealed record TopicQueueMapping
{
    /// <summary>The broker whose mapping this is.</summary>
    [JsonPropertyName("bname")]
    public string? BrokerName { get; set; }

    /// <summary>Logical queue → physical queue of those the broker leads. Made for registrations.</summary>
    [JsonPropertyName("currIdMap")]
    public SortedDictionary<int, int>? LedQueues { get; set; } = [];

    [JsonPropertyName("dirty")]
    public bool Dirty { get; set; }

    /// <summary>Milliseconds since 1970 at which the mapping was made; an older one does not replace a newer one.</summary>
    [JsonPropertyName("epoch")]
    public long Epoch { get; set; }

    [JsonPropertyName("hostedQueues")]
    public SortedDictionary<int, List<LogicQueueMappingItem>>? Queues { get; set; }

    [JsonPropertyName("scope")]
    [AllowNull]
    public string Scope { get; set => field = value ?? "__global__"; } = "__global__";

    [JsonPropertyName("topic")]
    public string? Topic { get; set; }

    /// <summary>Logical queues of the topic, on all brokers.</summary>
    [JsonPropertyName("totalQueues")]
    public int TotalQueues { get; set; }

    /// <summary>Returns the part that name servers are told.</summary>
    public TopicQueueMapping ToInfo()
    {
        SortedDictionary<int, int> led = [];
        foreach ((int id, List<LogicQueueMappingItem> items) in Queues ?? [])
        {
            if (items.Count > 0 && IsHere(items[^1]))
            {
                led[id] = items[^1].QueueId;
            }
        }

        return this with { Queues = null, LedQueues = led };
    }

    /// <summary>Logical queues that this broker leads, in order.</summary>
    public IEnumerable<int> FindLed() => (Queues ?? []).Where(queue => queue.Value.Count > 0 && IsHere(queue.Value[^1])).Select(static queue => queue.Key);

    /// <summary>
    /// Returns the name that clients of 5.x take for the broker of a logical queue. Source: apache/rocketmq
    /// TopicQueueMappingUtils.getMockBrokerName 5.5.0.
    /// </summary>
    public string MockBrokerName() => "__syslo__" + (string.Equals(Scope, "__global__", StringComparison.Ordinal) ? "global__" : Scope);

    public bool IsHere(LogicQueueMappingItem item) => string.Equals(item.BrokerName, BrokerName, StringComparison.Ordinal);

    /// <summary>A logical queue that this broker leads.</summary>
    public bool TryGetLed(int id, [MaybeNullWhen(false)] out LogicQueue queue)
    {
        bool led = TryGetItems(id, out List<LogicQueueMappingItem>? items) && IsHere(items[^1]);
        queue = led ? new LogicQueue(this, id, items!) : null;
        return led;
    }

    /// <summary>
    /// Finds the stretch that messages of a logical queue are written to, when this broker leads it. A negative <paramref name="id"/> takes
    /// any that it leads, each as likely as the others (remoting.md §5.1).
    /// </summary>
    public bool TryGetLeader(ref int id, [MaybeNullWhen(false)] out LogicQueueMappingItem leader)
    {
        leader = null;
        if (id < 0)
        {
            int led = 0;
            foreach ((int candidate, List<LogicQueueMappingItem> items) in Queues ?? [])
            {
                // The n-th takes the place of those before it once in n times.
                if (items.Count > 0 && IsHere(items[^1]) && Random.Shared.Next(++led) == 0)
                {
                    (id, leader) = (candidate, items[^1]);
                }
            }

            return leader is not null;
        }

        leader = TryGetItems(id, out List<LogicQueueMappingItem>? found) && IsHere(found[^1]) ? found[^1] : null;
        return leader is not null;
    }

    /// <summary>
    /// Finds the stretch where messages belong now that were meant for a physical queue of this broker and have waited since: where the
    /// logical queue goes on that the physical one is, or was, a stretch of. False when that is another broker's, or the mapping does not
    /// know the queue any more.
    /// </summary>
    public bool TryGetSuccessor(int physicalQueue, [MaybeNullWhen(false)] out LogicQueueMappingItem leader)
    {
        leader = null;
        foreach (List<LogicQueueMappingItem> items in (Queues ?? []).Values)
        {
            if (items.Count == 0 || !IsHere(items[^1]))
            {
                continue;
            }

            if (items[^1].QueueId == physicalQueue)
            {
                leader = items[^1];
                return true;
            }

            leader = items.Exists(item => IsHere(item) && item.QueueId == physicalQueue) ? items[^1] : leader;
        }

        return leader is not null;
    }

    private bool TryGetItems(int id, [MaybeNullWhen(false)] out List<LogicQueueMappingItem> items)
    {
        items = null;
        return Queues is not null && Queues.TryGetValue(id, out items) && items.Count > 0;
    }
}
