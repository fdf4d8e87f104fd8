using System.Collections.Concurrent;
using RocketOps.Client;

namespace RocketOps.Operator.Topics;

/// <summary>All topics of one broker, as it told them, and as they were written since. Thread-safe.</summary>
internal sealed class TopicTable
{
    private readonly ConcurrentDictionary<string, TopicSettings> _topics;

    public TopicTable(string address, IReadOnlyDictionary<string, TopicConfig> configs)
    {
        Address = address;
        _topics = new(configs.Select(static pair => KeyValuePair.Create(pair.Key, BrokerTopics.Settings(pair.Value)!)), StringComparer.Ordinal);
    }

    /// <summary>Who told it.</summary>
    public string Address { get; }

    /// <summary>The topic; null when the broker has none of that name.</summary>
    public TopicSettings? Find(string topic) => _topics.GetValueOrDefault(topic);

    /// <summary>It was looked at, or written, there since; null when there is none.</summary>
    public void Set(string topic, TopicSettings? settings)
    {
        if (settings is null)
        {
            _topics.TryRemove(topic, out _);
        }
        else
        {
            _topics[topic] = settings;
        }
    }
}
