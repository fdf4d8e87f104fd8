namespace RocketOps.Client;

/// <summary>What producers and consumers have in common. Defaults are the Java client's.</summary>
public abstract record ClientOptions : ConnectionOptions
{
    /// <summary>
    /// Whose connections, routes, heartbeats and client id are used; null: its own. <see cref="ConnectionOptions.NameServers"/>, <see cref="ConnectionOptions.InstanceName"/> and
    /// <see cref="ConnectionOptions.UnitName"/> must then be null or the client's, and its intervals count.
    /// </summary>
    public RocketMqClient? Client { get; init; }

    /// <summary>
    /// Whether what happens to every message is told to <see cref="TraceTopic"/>, where Apache's tools and consoles look for it. In the background: no send or handler waits for it, and what brokers
    /// do not take in time is lost and logged. Matches enableMsgTrace.
    /// </summary>
    public bool EnableTrace { get; init; }

    /// <summary>Where traces go; brokers have it with traceTopicEnable, or create it like any topic. Matches customizedTraceTopic (RMQ_SYS_TRACE_TOPIC).</summary>
    public string TraceTopic { get; init; } = "RMQ_SYS_TRACE_TOPIC";
}
