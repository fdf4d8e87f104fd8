using Microsoft.Extensions.Logging;

namespace RocketOps.NameServer.Handling;

/// <summary>Everything the name server logs. Ids are stable: 2600–2699.</summary>
internal static partial class NameServerLog
{
    [LoggerMessage(EventId = 2600, Level = LogLevel.Information, Message = "listening on {Address}")]
    public static partial void Listening(ILogger logger, System.Net.IPEndPoint address);

    [LoggerMessage(EventId = 2601, Level = LogLevel.Information, Message = "broker {BrokerName} id {BrokerId} of {Cluster} registered from {Address}")]
    public static partial void Registered(ILogger logger, string brokerName, long brokerId, string cluster, string address);

    [LoggerMessage(EventId = 2602, Level = LogLevel.Information, Message = "broker {BrokerName} at {Address} unregistered")]
    public static partial void Unregistered(ILogger logger, string brokerName, string address);

    [LoggerMessage(EventId = 2603, Level = LogLevel.Warning, Message = "broker {BrokerName} at {Address} removed: {Reason}")]
    public static partial void Removed(ILogger logger, string brokerName, string address, string reason);

    [LoggerMessage(EventId = 2605, Level = LogLevel.Information, Message = "configuration updated by {Address}")]
    public static partial void ConfigurationUpdated(ILogger logger, System.Net.IPEndPoint address);

    [LoggerMessage(EventId = 2606, Level = LogLevel.Information, Message = "topic {Topic} deleted by {Address}")]
    public static partial void TopicDeleted(ILogger logger, string topic, System.Net.IPEndPoint address);

    [LoggerMessage(EventId = 2607, Level = LogLevel.Information, Message = "write permission of {BrokerName} set to {Writable} for {Count} topics by {Address}")]
    public static partial void WritePermissionSet(ILogger logger, string brokerName, bool writable, int count, System.Net.IPEndPoint address);

    [LoggerMessage(EventId = 2609, Level = LogLevel.Warning, Message = "serving without having caught up with the other name servers: {Problem}; every broker that lives has had the time to register")]
    public static partial void PeersNotCaughtUp(ILogger logger, string? problem);

    [LoggerMessage(EventId = 2608, Level = LogLevel.Error, Message = "looking for silent brokers failed; tried again at the next scan (scanNotActiveBrokerInterval)")]
    public static partial void EvictionFailed(ILogger logger, Exception failure);

    [LoggerMessage(EventId = 2611, Level = LogLevel.Warning, Message = "{Conflict}")]
    public static partial void Conflict(ILogger logger, string conflict);

    [LoggerMessage(EventId = 2610, Level = LogLevel.Warning, Message = "{Address} could not be told that the lowest id of its group has changed; it learns it by its next question")]
    public static partial void NoticeFailed(ILogger logger, string address, Exception failure);
}
