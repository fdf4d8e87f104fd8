using RocketOps.Protocol.Names;

namespace RocketOps.Client;

/// <summary>Settings that producers and consumers have in common. Defaults are the Java client's.</summary>
public abstract record ClientOptions : ConnectionOptions
{
    /// <summary>
    /// Client whose connections, routes, heartbeats and client id are used; null: its own. With a client,
    /// <see cref="ConnectionOptions.NameServers"/>, <see cref="ConnectionOptions.InstanceName"/> and
    /// <see cref="ConnectionOptions.UnitName"/> must be null or the client's, and the client's intervals count.
    /// </summary>
    public RocketMqClient? Client { get; init; }

    /// <summary>
    /// True when a trace of every message is sent to <see cref="TraceTopic"/>, where Apache's tools and consoles look for it. This happens
    /// in the background: no send or handler waits for it, and what brokers do not take in time is lost and logged. Matches enableMsgTrace.
    /// </summary>
    public bool EnableTrace { get; init; }

    /// <summary>
    /// Topic of the traces; brokers have it with traceTopicEnable, or create it like any topic. Matches customizedTraceTopic
    /// (RMQ_SYS_TRACE_TOPIC).
    /// </summary>
    public string TraceTopic { get; init; } = TopicNames.Trace;
}
