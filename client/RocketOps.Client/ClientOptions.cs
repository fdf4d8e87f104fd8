namespace RocketOps.Client;

/// <summary>What producers and consumers have in common. Defaults are the Java client's.</summary>
public abstract record ClientOptions : ConnectionOptions
{
    /// <summary>
    /// Whose connections, routes, heartbeats and client id are used; null: its own. <see cref="ConnectionOptions.NameServers"/>, <see cref="ConnectionOptions.InstanceName"/> and
    /// <see cref="ConnectionOptions.UnitName"/> must then be null or the client's, and its intervals count.
    /// </summary>
    public RocketMqClient? Client { get; init; }
}
