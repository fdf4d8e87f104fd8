using Microsoft.Extensions.Logging;

namespace RocketOps.NameServer.Handling;

/// <summary>Everything the name server logs. Ids are stable: 2100–2199.</summary>
internal static partial class NameServerLog
{
    [LoggerMessage(2100, LogLevel.Information, "listening on {Address}")]
    public static partial void Listening(ILogger logger, System.Net.IPEndPoint address);

    [LoggerMessage(2101, LogLevel.Information, "broker {BrokerName} id {BrokerId} of {Cluster} registered from {Address}")]
    public static partial void Registered(ILogger logger, string brokerName, long brokerId, string cluster, string address);

    [LoggerMessage(2102, LogLevel.Information, "broker {BrokerName} at {Address} unregistered")]
    public static partial void Unregistered(ILogger logger, string brokerName, string address);

    [LoggerMessage(2103, LogLevel.Warning, "broker {BrokerName} at {Address} removed: {Reason}")]
    public static partial void Removed(ILogger logger, string brokerName, string address, string reason);

    [LoggerMessage(2105, LogLevel.Information, "configuration updated by {Address}")]
    public static partial void ConfigurationUpdated(ILogger logger, System.Net.IPEndPoint address);

    [LoggerMessage(2106, LogLevel.Information, "topic {Topic} deleted by {Address}")]
    public static partial void TopicDeleted(ILogger logger, string topic, System.Net.IPEndPoint address);

    [LoggerMessage(2107, LogLevel.Information, "write permission of {BrokerName} set to {Writable} for {Count} topics by {Address}")]
    public static partial void WritePermissionSet(ILogger logger, string brokerName, bool writable, int count, System.Net.IPEndPoint address);

    [LoggerMessage(2109, LogLevel.Warning, "serving without having caught up with the other name servers: {Problem}; every broker that lives has had the time to register")]
    public static partial void PeersNotCaughtUp(ILogger logger, string? problem);

    [LoggerMessage(2108, LogLevel.Error, "looking for silent brokers failed; tried again at the next scan (scanNotActiveBrokerInterval)")]
    public static partial void EvictionFailed(ILogger logger, Exception failure);

    [LoggerMessage(2109, LogLevel.Warning, "{Address} could not be told that the lowest id of its group has changed; it learns it by its next question")]
    public static partial void NoticeFailed(ILogger logger, string address, Exception failure);
}
