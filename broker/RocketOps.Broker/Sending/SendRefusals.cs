using System.Globalization;
using System.Text;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Messages;
using RocketOps.Broker.Replies;
using RocketOps.Broker.Topics;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Names;
using RocketOps.Store;
using RocketOps.Store.Contracts;

namespace RocketOps.Broker.Sending;

/// <summary>
/// The one table from what became of a send to what the producer is answered; the order of the checks is the pipeline's. Codes are those of a 5.3 broker except
/// where noted, as this broker reports that version. Writing a remark allocates nothing: a full or busy broker refuses more often than it accepts.
/// Source: remoting.md §5.1.
/// </summary>
internal sealed class SendRefusals(
    BrokerSettings settings,
    CurrentOptions<SendOptions> options,
    CurrentOptions<TopicTableOptions> topics,
    CurrentOptions<TimerOptions> timers,
    CurrentOptions<ReplicationOptions> replication,
    BrokerAddress address,
    MessageStore store)
{
    private const string NotEnough = "in-sync replicas not enough: minInSyncReplicas is ";
    private const string WhyNotEnough = ", and fewer members of the group have the log";

    private FlagsText _flags = new(StoreFlags.None, StoreFlags.None.ToString());

    public static int CodeOf(SendStatus status) => status switch
    {
        SendStatus.Stored => ResponseCode.Success,

        // 5.3 answers a slave's clients SYSTEM_BUSY, on which 4.9 producers do not try another broker; 4.9's own SERVICE_NOT_AVAILABLE is retried by all.
        SendStatus.Slave or SendStatus.NotLeading or SendStatus.DiskFull or SendStatus.StoreNotAvailable => ResponseCode.ServiceNotAvailable,
        SendStatus.BrokerNotWriteable or SendStatus.TopicForbidden or SendStatus.TransactionForbidden => ResponseCode.NoPermission,
        SendStatus.BadTopicName or SendStatus.BadQueue => ResponseCode.InvalidParameter,
        SendStatus.TopicMissing or SendStatus.TooManyTopics => ResponseCode.TopicNotExist,
        SendStatus.NotLeader => ResponseCode.NotLeaderForQueue,
        SendStatus.BatchTopicTooLong or SendStatus.BatchToRetryTopic or SendStatus.MessageIllegal or SendStatus.NoRoomForProperties or SendStatus.TimerIllegal => ResponseCode.MessageIllegal,
        SendStatus.TooFewReplicas => ResponseCode.SystemError,
        SendStatus.GroupMissing => ResponseCode.SubscriptionGroupNotExist,

        // Topics that are to be made and are deleted again each time: whoever deletes them may be done soon.
        SendStatus.Busy or SendStatus.QueueToBeLoaded or SendStatus.RoomToBeMade or SendStatus.TopicToBeMade or SendStatus.DeadLetterTopicToBeMade => ResponseCode.SystemBusy,
        _ => ResponseCode.SystemError,
    };

    /// <summary>Returns the status of a send whose topic is not there and was not made.</summary>
    public static SendStatus StatusOf(TopicRefusal refusal) => refusal == TopicRefusal.TooMany ? SendStatus.TooManyTopics : SendStatus.TopicMissing;

    /// <summary>The code of a message that is stored but whose wait for the disk or the slaves did not end well. Clients treat 10, 11 and 12 as sent.</summary>
    public static int CodeOf(WaitOutcome outcome) => outcome switch
    {
        WaitOutcome.Reached => ResponseCode.Success,
        WaitOutcome.TimedOut => ResponseCode.FlushDiskTimeout,
        WaitOutcome.SlaveTimedOut => ResponseCode.FlushSlaveTimeout,
        WaitOutcome.NoSlave => ResponseCode.SlaveNotAvailable,
        _ => ResponseCode.ServiceNotAvailable,
    };

    public static string? RemarkOf(WaitOutcome outcome) => outcome switch
    {
        WaitOutcome.Reached => null,
        WaitOutcome.CutOff => "service not available now: this broker has lost its role, the message is to be sent again",
        WaitOutcome.SlaveTimedOut => "the slaves did not confirm in time (slaveTimeout); the message is stored on the master",
        WaitOutcome.NoSlave => "no slave is connected or all are too far behind (haSlaveFallbehindMax); the message is stored on the master",
        WaitOutcome.NotConfirmed => "service not available now: a copy in sync did not confirm the message in time (slaveTimeout), and it may be lost or stored; it is to be sent again",
        WaitOutcome.TimedOut => "the disk did not confirm in time (syncFlushTimeout); the message is stored",
        WaitOutcome.NotWritten => "service not available now: the disk did not take the message in time (syncFlushTimeout), and it may be lost or stored; it is to be sent again",
        _ => "service not available now: writing to the disk failed, the store is read-only until the broker is started again",
    };

    /// <summary>RocketMQ's name of what became of a message, which some answers have for a remark. Source: store.md §2.8.</summary>
    public static string NameOf(AppendOutcome outcome) => outcome.Status switch
    {
        AppendStatus.Ok => outcome.Durability switch
        {
            WaitOutcome.Reached => "PUT_OK",
            WaitOutcome.TimedOut => "FLUSH_DISK_TIMEOUT",
            WaitOutcome.SlaveTimedOut => "FLUSH_SLAVE_TIMEOUT",
            WaitOutcome.NoSlave => "SLAVE_NOT_AVAILABLE",
            _ => "SERVICE_NOT_AVAILABLE",
        },
        AppendStatus.MessageIllegal => "MESSAGE_ILLEGAL",
        AppendStatus.PropertiesTooLong => "PROPERTIES_SIZE_EXCEEDED",
        AppendStatus.Busy => "OS_PAGE_CACHE_BUSY",
        AppendStatus.FileCreationFailed => "CREATE_MAPPED_FILE_FAILED",
        _ => "SERVICE_NOT_AVAILABLE",
    };

    /// <summary>The remark of <see cref="SendStatus.TooFewReplicas"/>, for who has waited for copies.</summary>
    public static string TooFewReplicas(ReplicationOptions options) => string.Create(CultureInfo.InvariantCulture, $"{NotEnough}{options.MinInSyncReplicas}{WhyNotEnough}");

    /// <summary>
    /// The remark of a refusal as UTF-8; where it names something it is written to <paramref name="buffer"/>, which holds <see cref="RemarkText.MaxBytes"/>.
    /// </summary>
    public ReadOnlySpan<byte> RemarkOf(SendStatus status, scoped ReadOnlySpan<byte> topic, int queueId, TopicConfig? config, Span<byte> buffer) => status switch
    {
        SendStatus.TooFewReplicas => RemarkText.Write(buffer, $"{NotEnough}{replication.Value.MinInSyncReplicas}{WhyNotEnough}"),
        SendStatus.Slave => "service not available now: this broker is a slave"u8,
        SendStatus.NotLeading => "service not available now: this broker does not lead its group at the moment; send again"u8,
        SendStatus.Busy or SendStatus.QueueToBeLoaded or SendStatus.RoomToBeMade or SendStatus.TopicToBeMade or SendStatus.DeadLetterTopicToBeMade =>
            "[PC_SYNCHRONIZED]broker busy, start flow control for a while"u8,
        SendStatus.BatchToRetryTopic => "batch request does not support retry group"u8,
        SendStatus.TimerNotEnabled => "accurate timer message is not enabled, timerWheelEnable is false"u8,
        SendStatus.TimerIllegal => RemarkText.Write(
            buffer,
            $"timer message illegal, the delay time should not be bigger than the max delay {timers.Value.TimerMaxDelayMs}ms; or if set del msg, the delay time should be bigger than the current time"),
        SendStatus.TimerCongested => RemarkText.Write(
            buffer,
            $"timer message is under flow control, max num limit is {timers.Value.TimerMaxPerSlot * 2L} or the current value is greater than {timers.Value.TimerMaxPerSlot} and less than {timers.Value.TimerMaxPerSlot * 2L}, trigger random flow control"),
        SendStatus.FileCreationFailed => "create mapped file failed, server is busy or broken."u8,
        SendStatus.NotYet => RemarkText.Write(
            buffer, $"broker unable to service, until {DateTimeOffset.FromUnixTimeMilliseconds(options.Value.StartAcceptSendTimestamp):yyyy-MM-dd HH:mm:ss,fff}"),
        SendStatus.BrokerNotWriteable => RemarkText.BrokerForbids(buffer, address.Host, "sending message"),
        SendStatus.BadTopicName => RemarkText.Write(buffer, $"{TopicNames.FindProblem(topic)}"),
        SendStatus.TopicForbidden => RemarkText.Write(buffer, $"Sending message to topic[{RemarkText.Cut(topic)}] is forbidden."),
        SendStatus.TopicMissing => RemarkText.TopicMissing(buffer, topic),
        SendStatus.TooManyTopics => RemarkText.Write(
            buffer,
            $"topic[{RemarkText.Cut(topic)}] not exist, apply first please! The broker has as many topics as maxTopics, which is {topics.Value.MaxTopics}: an administrator can make it (mqadmin updateTopic)"),
        SendStatus.BadQueue => RemarkText.Write(
            buffer, $"request queueId[{queueId}] is illegal, topic {RemarkText.Cut(topic)} has {config?.WriteQueueNums ?? 0} write and {config?.ReadQueueNums ?? 0} read queues"),
        SendStatus.NotLeader => RemarkText.Write(buffer, $"{RemarkText.Cut(topic)}-{queueId} does not exit in request process of current broker {settings.Current.BrokerName}"),
        SendStatus.BatchTopicTooLong => RemarkText.Write(buffer, $"message topic length too long {topic.Length}"),
        SendStatus.GroupMissing => RemarkText.Write(buffer, $"subscription group not exist, {TopicNames.GroupOfRetry(RemarkText.Cut(topic))}"),
        SendStatus.TransactionForbidden => RemarkText.BrokerForbids(buffer, address.Host, "sending transaction message"),
        SendStatus.MessageIllegal => RemarkText.Write(
            buffer,
            $"the message is illegal, maybe msg body or properties length not matched. msg body length limit {Math.Min(options.Value.MaxMessageSize, store.Options.CommitLogFileBytes)}B, msg properties length limit 32KB."),
        SendStatus.NoRoomForProperties => RemarkText.Write(
            buffer,
            $"the message is illegal, maybe msg body or properties length not matched. msg body length limit {Math.Min(options.Value.MaxMessageSize, store.Options.CommitLogFileBytes)}B, msg properties length limit 32KB, of which {PropertyRoom.Reserved} bytes are kept for what is added when a message waits or is given back."),
        SendStatus.DiskFull => DiskFull(buffer),
        SendStatus.StoreNotAvailable => RemarkText.Write(buffer, $"service not available now: the store takes no messages ({TextOf(store.Flags)})"),
        _ => RemarkText.Unknown,
    };

    /// <summary>A refusal for where requests are handled as commands.</summary>
    public RemotingCommand Answer(RemotingCommand request, SendStatus status, string topic = "", int queueId = 0, TopicConfig? config = null)
    {
        byte[] buffer = new byte[RemarkText.MaxBytes];
        return RemotingCommand.CreateResponse(request, CodeOf(status), Encoding.UTF8.GetString(RemarkOf(status, Encoding.UTF8.GetBytes(topic), queueId, config, buffer)));
    }

    private ReadOnlySpan<byte> DiskFull(Span<byte> buffer)
    {
        const long MiB = 1024 * 1024;
        long free = Math.Max(0, store.DiskAvailableBytes) / MiB;
        return store.Shortage switch
        {
            DiskShortage.AboveLimit when store.Tuning.DiskWarningBytes == long.MaxValue => RemarkText.Write(
                buffer,
                $"service not available now: the disk is full ({store.DiskUsedRatio:P0} used, diskSpaceWarningLevelRatio is {store.Tuning.DiskWarningRatio} %, {free} MiB free)"),
            DiskShortage.AboveLimit => RemarkText.Write(
                buffer,
                $"service not available now: the disk is full ({free} MiB free, {store.Tuning.DiskWarningBytes / MiB} MiB are kept in "
                    + $"reserve above {store.Tuning.DiskWarningRatio} % used)"),
            DiskShortage.NoRoomForQueues => RemarkText.Write(buffer, $"service not available now: the disk is full (no room for queues and index, {free} MiB free)"),
            _ => RemarkText.Write(buffer, $"service not available now: the disk is full (the log needs {store.NextReserveBytes / 1024} "
                + $"KiB at once, {free} MiB were free at the last look)"),
        };
    }

    /// <summary>Names of flags are put together by reflection; they change once in a store's life.</summary>
    private string TextOf(StoreFlags flags)
    {
        FlagsText known = Volatile.Read(ref _flags);
        if (known.Flags != flags)
        {
            known = new FlagsText(flags, flags.ToString());
            Volatile.Write(ref _flags, known);
        }

        return known.Text;
    }

    private sealed record FlagsText(StoreFlags Flags, string Text);
}
