using System.Globalization;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Messages;
using RocketOps.Broker.Roles;
using RocketOps.Broker.Sending;
using RocketOps.Broker.Timers;
using RocketOps.Broker.Topics;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Handlers.Timers;

/// <summary>
/// RECALL_MESSAGE (370): puts a deletion into the slot of a message that waits for its time. Success does not say that the message was still there. Checks, codes and texts
/// are those of 5.5.0. Source: remoting.md §5.2, apache/rocketmq RecallMessageProcessor.
/// </summary>
internal sealed class RecallMessageHandler(
    BrokerSettings settings,
    CurrentOptions<TimerOptions> options,
    CurrentOptions<SendOptions> sends,
    CurrentRole role,
    TopicTable topics,
    TimerRouter router,
    TimerTable timers,
    MessageAppender appender,
    BrokerAddress address,
    TimeProvider time) : AsyncRequestHandler
{
    private const string Tag = "_RECALL_TAG_";
    private const string NotAvailable = "recall failed, broker service not available";
    private const string NotDone = "recall failed, execute error";

    public override async ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
    {
        string topic = request.GetRequired("topic");
        long now = time.GetUtcNow().ToUnixTimeMilliseconds();
        (int code, string? problem) = CheckBroker(topic, now);
        if (problem is not null)
        {
            return Answer(request, code, problem);
        }

        if (RecallHandle.TryParse(request.GetRequired("recallHandle")) is not { } handle)
        {
            return Answer(request, ResponseCode.IllegalOperation, "recall handle is invalid");
        }

        problem = CheckHandle(handle, topic, now, out long dueMs);
        if (problem is not null)
        {
            return Answer(request, ResponseCode.IllegalOperation, problem);
        }

        long slot = TimerClock.SlotOf(dueMs, options.Value.TimerPrecisionMs);
        if (!options.Value.TimerEnabled || timers.Counts.IsCongested(slot))
        {
            return Answer(request, ResponseCode.SystemError, NotDone);
        }

        AppendOutcome outcome = await appender.AppendAsync(Deletion(connection, request, handle, slot, now), waitForDisk: true);
        if (!outcome.IsStored)
        {
            return Answer(request, ResponseCode.SystemError, NotDone);
        }

        RemotingCommand answer = Answer(request, ResponseCode.Success, null);
        answer.Set("msgId", handle.UniqKey);
        return answer;
    }

    private RemotingCommand Answer(RemotingCommand request, int code, string? remark) =>
        RemotingCommand.CreateResponse(request, code, remark).Set("MSG_REGION", sends.Value.RegionId);

    private (int Code, string? Problem) CheckBroker(string topic, long now)
    {
        if (!options.Value.RecallEnabled)
        {
            return (ResponseCode.NoPermission, "recall failed, operation is forbidden");
        }

        if (role.IsSlave)
        {
            return (ResponseCode.SlaveNotAvailable, NotAvailable);
        }

        if (now < sends.Value.StartAcceptSendTimestamp || (!settings.Current.IsWriteable && !options.Value.RecallWhileNotWriteable))
        {
            return (ResponseCode.ServiceNotAvailable, NotAvailable);
        }

        return topics.TryGet(topic, out _) ? (ResponseCode.Success, null) : (ResponseCode.TopicNotExist, $"recall failed, the topic[{topic}] not exist");
    }

    private string? CheckHandle(RecallHandle handle, string topic, long now, out long dueMs)
    {
        bool isTime = long.TryParse(handle.TimeText, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out dueMs) && dueMs > now && dueMs - now < options.Value.TimerMaxDelayMs;
        return !string.Equals(handle.Topic, topic, StringComparison.Ordinal) ? "recall failed, topic not match"
            : !string.Equals(handle.BrokerName, settings.Current.BrokerName, StringComparison.Ordinal) ? NotAvailable
            : !isTime ? "recall failed, timestamp invalid"
            : null;
    }

    private OwnedMessage Deletion(RemotingConnection connection, RemotingCommand request, RecallHandle handle, long slot, long now)
    {
        MessageProperties properties = new MessageProperties()
            .Set(PropertyNames.Tags, Tag)
            .Set(PropertyNames.TimerDeleteUniqKey, options.Value.RecallNamesTopic ? $"{handle.Topic}+{handle.UniqKey}" : handle.UniqKey)
            .Set(PropertyNames.UniqKey, handle.UniqKey)
            .Set(PropertyNames.TimerDeliverMs, handle.TimeText)
            .Set("BORN_TIMESTAMP", now.ToString(CultureInfo.InvariantCulture))
            .Set(PropertyNames.ProducerGroup, request.Get("producerGroup") ?? string.Empty)
            .Set(PropertyNames.RealTopic, handle.Topic)
            .Set(PropertyNames.RealQueueId, "0")
            .Set(PropertyNames.TimerOutMs, slot.ToString(CultureInfo.InvariantCulture));
        return new OwnedMessage
        {
            Topic = router.Topic,
            QueueId = TimerTopic.Queue,
            Fields = new() { BornTimestamp = now, BornHost = MessageHost.From(connection.RemoteEndPoint), StoreHost = address.StoreHost },
            Body = "0"u8.ToArray(),
            Properties = properties.Encode(),
        };
    }
}
