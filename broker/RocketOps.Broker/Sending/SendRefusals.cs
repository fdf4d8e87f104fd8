using System.Globalization;
using System.Text;
using System.Text.Unicode;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Hosting;
using RocketOps.Broker.Topics;
using RocketOps.Remoting.Commands;
using RocketOps.Store;

namespace RocketOps.Broker.Sending;

/// <summary>
/// The one table from what became of a send to what the producer is answered; the order of the checks is the pipeline's. Codes are those of a 5.3 broker except
/// where noted, as this broker reports that version. Writing a remark allocates nothing: a full or busy broker refuses more often than it accepts.
/// Source: remoting.md §5.1.
/// </summary>
internal sealed class SendRefusals(BrokerSettings settings, BrokerAddress address, MessageStore store)
{
    /// <summary>Room for every remark: the longest text with the longest topic name.</summary>
    public const int MaxRemarkBytes = 1024;

    private FlagsText _flags = new(StoreFlags.None, StoreFlags.None.ToString());

    public static int CodeOf(SendStatus status) => status switch
    {
        SendStatus.Stored => ResponseCode.Success,

        // 5.3 answers a slave's clients SYSTEM_BUSY, on which 4.9 producers do not try another broker; 4.9's own SERVICE_NOT_AVAILABLE is retried by all.
        SendStatus.Slave or SendStatus.DiskFull or SendStatus.StoreNotAvailable => ResponseCode.ServiceNotAvailable,
        SendStatus.BrokerNotWriteable or SendStatus.TopicForbidden or SendStatus.TransactionForbidden => ResponseCode.NoPermission,
        SendStatus.BadTopicName or SendStatus.BadQueue => ResponseCode.InvalidParameter,
        SendStatus.TopicMissing => ResponseCode.TopicNotExist,
        SendStatus.BatchTopicTooLong or SendStatus.BatchToRetryTopic or SendStatus.MessageIllegal => ResponseCode.MessageIllegal,
        SendStatus.GroupMissing => ResponseCode.SubscriptionGroupNotExist,

        // Topics that are to be made and are deleted again each time: whoever deletes them may be done soon.
        SendStatus.Busy or SendStatus.QueueToBeLoaded or SendStatus.RoomToBeMade or SendStatus.TopicToBeMade or SendStatus.DeadLetterTopicToBeMade => ResponseCode.SystemBusy,
        _ => ResponseCode.SystemError,
    };

    /// <summary>The code of a message that is stored but whose wait for the disk did not end well. Clients treat 10 as sent.</summary>
    public static int CodeOf(WaitOutcome outcome) => outcome switch
    {
        WaitOutcome.Reached => ResponseCode.Success,
        WaitOutcome.TimedOut => ResponseCode.FlushDiskTimeout,
        _ => ResponseCode.ServiceNotAvailable,
    };

    public static string? RemarkOf(WaitOutcome outcome) => outcome switch
    {
        WaitOutcome.Reached => null,
        WaitOutcome.CutOff => "service not available now: this broker has lost its role, the message is to be sent again",
        WaitOutcome.TimedOut => "the disk did not confirm in time (syncFlushTimeout); the message is stored",
        _ => "service not available now: writing to the disk failed, the store is read-only until the broker is started again",
    };

    /// <summary>
    /// The remark of a refusal as UTF-8; where it names something it is written to <paramref name="buffer"/>, which holds <see cref="MaxRemarkBytes"/>.
    /// </summary>
    public ReadOnlySpan<byte> RemarkOf(SendStatus status, scoped ReadOnlySpan<byte> topic, int queueId, TopicConfig? config, Span<byte> buffer)
    {
        BrokerOptions options = settings.Current;
        CultureInfo text = CultureInfo.InvariantCulture;
        int length;
        switch (status)
        {
            case SendStatus.Slave:
                return "service not available now: this broker is a slave"u8;
            case SendStatus.Busy or SendStatus.QueueToBeLoaded or SendStatus.RoomToBeMade or SendStatus.TopicToBeMade or SendStatus.DeadLetterTopicToBeMade:
                return "[PC_SYNCHRONIZED]broker busy, start flow control for a while"u8;
            case SendStatus.BatchToRetryTopic:
                return "batch request does not support retry group"u8;
            case SendStatus.TimerNotEnabled:
                return "accurate timer message is not enabled, timerWheelEnable is false"u8;
            case SendStatus.FileCreationFailed:
                return "create mapped file failed, server is busy or broken."u8;
            case SendStatus.NotYet:
                Utf8.TryWrite(buffer, text, $"broker unable to service, until {DateTimeOffset.FromUnixTimeMilliseconds(options.StartAcceptSendTimestamp):yyyy-MM-dd HH:mm:ss,fff}", out length);
                break;
            case SendStatus.BrokerNotWriteable:
                Utf8.TryWrite(buffer, text, $"the broker[{address.Host}] sending message is forbidden", out length);
                break;
            case SendStatus.BadTopicName:
                Utf8.TryWrite(buffer, text, $"{TopicNames.FindProblem(topic)}", out length);
                break;
            case SendStatus.TopicForbidden:
                Utf8.TryWrite(buffer, text, $"Sending message to topic[{topic}] is forbidden.", out length);
                break;
            case SendStatus.TopicMissing:
                Utf8.TryWrite(buffer, text, $"topic[{topic}] not exist, apply first please!", out length);
                break;
            case SendStatus.BadQueue:
                Utf8.TryWrite(
                    buffer, text, $"request queueId[{queueId}] is illegal, topic {topic} has {config?.WriteQueueNums ?? 0} write and {config?.ReadQueueNums ?? 0} read queues", out length);
                break;
            case SendStatus.BatchTopicTooLong:
                Utf8.TryWrite(buffer, text, $"message topic length too long {topic.Length}", out length);
                break;
            case SendStatus.GroupMissing:
                Utf8.TryWrite(buffer, text, $"subscription group not exist, {TopicNames.GroupOfRetry(topic)}", out length);
                break;
            case SendStatus.TransactionForbidden:
                Utf8.TryWrite(buffer, text, $"the broker[{address.Host}] sending transaction message is forbidden", out length);
                break;
            case SendStatus.MessageIllegal:
                Utf8.TryWrite(
                    buffer,
                    text,
                    $"the message is illegal, maybe msg body or properties length not matched. msg body length limit {Math.Min(options.MaxMessageSize, store.Options.CommitLogFileBytes)}B, msg properties length limit 32KB.",
                    out length);
                break;
            case SendStatus.DiskFull:
                length = WriteDiskFull(store.Shortage, buffer);
                break;
            case SendStatus.StoreNotAvailable:
                Utf8.TryWrite(buffer, text, $"service not available now: the store takes no messages ({TextOf(store.Flags)})", out length);
                break;
            default:
                return "UNKNOWN_ERROR"u8;
        }

        return buffer[..length];
    }

    private int WriteDiskFull(DiskShortage shortage, Span<byte> buffer)
    {
        const long MiB = 1024 * 1024;
        CultureInfo text = CultureInfo.InvariantCulture;
        long free = Math.Max(0, store.DiskAvailableBytes) / MiB;
        int length;
        switch (shortage)
        {
            case DiskShortage.AboveLimit:
                Utf8.TryWrite(
                    buffer,
                    text,
                    $"service not available now: the disk is full ({store.DiskUsedRatio:P0} used, diskSpaceWarningLevelRatio is {store.Options.DiskWarningRatio} %, {free} MiB free)",
                    out length);
                break;
            case DiskShortage.NoRoomForQueues:
                Utf8.TryWrite(buffer, text, $"service not available now: the disk is full (no room for queues and index, {free} MiB free)", out length);
                break;
            default:
                Utf8.TryWrite(buffer, text, $"service not available now: the disk is full (no room for the next {store.NextReserveBytes / 1024} KiB of the log, {free} MiB free)", out length);
                break;
        }

        return length;
    }

    /// <summary>A refusal for where requests are handled as commands.</summary>
    public RemotingCommand Answer(RemotingCommand request, SendStatus status, string topic = "", int queueId = 0, TopicConfig? config = null)
    {
        byte[] buffer = new byte[MaxRemarkBytes];
        return RemotingCommand.CreateResponse(request, CodeOf(status), Encoding.UTF8.GetString(RemarkOf(status, Encoding.UTF8.GetBytes(topic), queueId, config, buffer)));
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
