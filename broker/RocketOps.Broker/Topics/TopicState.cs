using RocketOps.Broker.StaticTopics.Mappings;
using RocketOps.Protocol.Names;
using RocketOps.Store.ConsumeQueues;

namespace RocketOps.Broker.Topics;

/// <summary>A topic while the broker runs: what handlers find by the name in a frame. The configuration is replaced as a whole.</summary>
internal sealed class TopicState(StoreTopic storeTopic, TopicConfig config)
{
    private volatile TopicConfig _config = config;
    private volatile TopicQueueMapping? _mapping;

    public string Name => StoreTopic.Name;

    public ReadOnlySpan<byte> Utf8Name => StoreTopic.Utf8Name.Span;

    /// <summary>Only the broker itself writes to this topic.</summary>
    public bool IsSendForbidden { get; } = TopicNames.IsSendForbidden(storeTopic.Name);

    /// <summary>RocketMQ's own, by its name.</summary>
    public bool IsSystem { get; } = TopicNames.IsSystem(storeTopic.Name);

    public StoreTopic StoreTopic { get; } = storeTopic;

    public TopicConfig Config
    {
        get => _config;
        set => _config = value;
    }

    /// <summary>Mapping of a static topic: which physical queues stand for its logical ones. Null for all others.</summary>
    public TopicQueueMapping? Mapping
    {
        get => _mapping;
        set => _mapping = value;
    }
}
