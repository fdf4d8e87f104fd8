using RocketOps.Broker.Configuration;
using RocketOps.Broker.Topics;
using RocketOps.Remoting.Commands;
using RocketOps.Store;

namespace RocketOps.Broker.Sending;

/// <summary>
/// The one table from what went wrong with a send to what the producer is answered; the order of the checks is the handler's. Codes are those of a 5.3 broker except
/// where noted, as this broker reports that version. Source: remoting.md §5.1.
/// </summary>
internal static class SendRefusals
{
    /// <summary>
    /// A slave takes no messages. 5.3 answers SYSTEM_BUSY, on which 4.9 producers do not try another broker; 4.9's own SERVICE_NOT_AVAILABLE is retried by all.
    /// </summary>
    public static RemotingCommandException Slave() => NotAvailable("this broker is a slave");

    public static RemotingCommandException NotYet(long startTimestamp) =>
        new(ResponseCode.SystemError, $"broker unable to service, until {DateTimeOffset.FromUnixTimeMilliseconds(startTimestamp):yyyy-MM-dd HH:mm:ss,fff}");

    public static RemotingCommandException BrokerNotWriteable(string address) => new(ResponseCode.NoPermission, $"the broker[{address}] sending message is forbidden");

    public static RemotingCommandException BadTopicName(string problem) => new(ResponseCode.InvalidParameter, problem);

    public static RemotingCommandException TopicForbidden(string topic) => new(ResponseCode.NoPermission, $"Sending message to topic[{topic}] is forbidden.");

    public static RemotingCommandException TopicMissing(string topic) => new(ResponseCode.TopicNotExist, $"topic[{topic}] not exist, apply first please!");

    public static RemotingCommandException BadQueue(int queueId, TopicConfig config) =>
        new(ResponseCode.InvalidParameter, $"request queueId[{queueId}] is illegal, topic {config.Name} has {config.WriteQueueNums} write and {config.ReadQueueNums} read queues");

    public static RemotingCommandException BatchTopicTooLong(int length) => new(ResponseCode.MessageIllegal, $"message topic length too long {length}");

    public static RemotingCommandException BatchToRetryTopic() => new(ResponseCode.MessageIllegal, "batch request does not support retry group");

    public static RemotingCommandException GroupMissing(string group) => new(ResponseCode.SubscriptionGroupNotExist, $"subscription group not exist, {group}");

    public static RemotingCommandException TransactionForbidden(string address) => new(ResponseCode.NoPermission, $"the broker[{address}] sending transaction message is forbidden");

    public static RemotingCommandException TimerNotEnabled() => new(ResponseCode.SystemError, "accurate timer message is not enabled, timerWheelEnable is false");

    /// <summary>What a failed append is answered with.</summary>
    public static RemotingCommandException From(AppendStatus status, BrokerOptions options, StoreStats stats) => status switch
    {
        AppendStatus.FileCreationFailed => new(ResponseCode.SystemError, "create mapped file failed, server is busy or broken."),
        AppendStatus.MessageIllegal or AppendStatus.PropertiesTooLong => new(
            ResponseCode.MessageIllegal,
            $"the message is illegal, maybe msg body or properties length not matched. msg body length limit {options.MaxMessageSize}B, msg properties length limit 32KB."),
        AppendStatus.DiskFull => NotAvailable($"the disk is full ({stats.DiskUsedRatio:P0} used, the limit is diskSpaceWarningLevelRatio)"),
        AppendStatus.ServiceNotAvailable => NotAvailable($"the store takes no messages ({stats.Flags})"),
        AppendStatus.Busy => new(ResponseCode.SystemBusy, "[PC_SYNCHRONIZED]broker busy, start flow control for a while"),
        _ => new(ResponseCode.SystemError, "UNKNOWN_ERROR"),
    };

    /// <summary>The code of a message that is stored but whose wait for the disk did not end well. Clients treat 10 as sent.</summary>
    public static int CodeOf(DurabilityOutcome outcome) => outcome switch
    {
        DurabilityOutcome.Durable => ResponseCode.Success,
        DurabilityOutcome.TimedOut => ResponseCode.FlushDiskTimeout,
        _ => ResponseCode.ServiceNotAvailable,
    };

    public static string? RemarkOf(DurabilityOutcome outcome) => outcome switch
    {
        DurabilityOutcome.Durable => null,
        DurabilityOutcome.TimedOut => "the disk did not confirm in time (syncFlushTimeout); the message is stored",
        _ => "service not available now: writing to the disk failed, the store is read-only until the broker is started again",
    };

    private static RemotingCommandException NotAvailable(string reason) => new(ResponseCode.ServiceNotAvailable, $"service not available now: {reason}");
}
