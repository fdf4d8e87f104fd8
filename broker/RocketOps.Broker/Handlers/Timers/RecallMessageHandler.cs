using System.Globalization;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Messages;
using RocketOps.Broker.Roles;
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
    BrokerSettings settings, CurrentRole role, TopicTable topics, TimerRouter router, TimerTable timers, MessageAppender appender, BrokerAddress address, TimeProvider time) : AsyncRequestHandler
{
    private const string Tag = "_RECALL_TAG_";
    private const string NotAvailable = "recall failed, broker service not available";
    private const string NotDone = "recall failed, execute error";

    public override async ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
    {
        BrokerOptions options = settings.Current;
        string topic = request.GetRequired("topic");
        long now = time.GetUtcNow().ToUnixTimeMilliseconds();
        (int code, string? problem) = CheckBroker(options, topic, now);
        if (problem is not null)
        {
            return Answer(request, code, problem, options);
        }

        if (RecallHandle.TryParse(request.GetRequired("recallHandle")) is not { } handle)
        {
            return Answer(request, ResponseCode.IllegalOperation, "recall handle is invalid", options);
        }

        problem = CheckHandle(handle, topic, now, options, out long dueMs);
        if (problem is not null)
        {
            return Answer(request, ResponseCode.IllegalOperation, problem, options);
        }

        long slot = TimerClock.SlotOf(dueMs, options.TimerPrecisionMs);
        if (!options.TimerEnabled || timers.Counts.IsCongested(slot))
        {
            return Answer(request, ResponseCode.SystemError, NotDone, options);
        }

        AppendOutcome outcome = await appender.AppendAsync(Deletion(connection, request, handle, slot, now, options), waitForDisk: true);
        if (!outcome.IsStored)
        {
            return Answer(request, ResponseCode.SystemError, NotDone, options);
        }

        RemotingCommand answer = Answer(request, ResponseCode.Success, null, options);
        answer.Set("msgId", handle.UniqKey);
        return answer;
    }

    private static RemotingCommand Answer(RemotingCommand request, int code, string? remark, BrokerOptions options) =>
        RemotingCommand.CreateResponse(request, code, remark).Set("MSG_REGION", options.RegionId);

    private (int Code, string? Problem) CheckBroker(BrokerOptions options, string topic, long now)
    {
        if (!options.RecallEnabled)
        {
            return (ResponseCode.NoPermission, "recall failed, operation is forbidden");
        }

        if (role.IsSlave)
        {
            return (ResponseCode.SlaveNotAvailable, NotAvailable);
        }

        if (now < options.StartAcceptSendTimestamp || (!options.IsWriteable && !options.RecallWhileNotWriteable))
        {
            return (ResponseCode.ServiceNotAvailable, NotAvailable);
        }

        return topics.TryGet(topic, out _) ? (ResponseCode.Success, null) : (ResponseCode.TopicNotExist, $"recall failed, the topic[{topic}] not exist");
    }

    private static string? CheckHandle(RecallHandle handle, string topic, long now, BrokerOptions options, out long dueMs)
    {
        bool isTime = long.TryParse(handle.TimeText, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out dueMs) && dueMs > now && dueMs - now < options.TimerMaxDelayMs;
        return !string.Equals(handle.Topic, topic, StringComparison.Ordinal) ? "recall failed, topic not match"
            : !string.Equals(handle.BrokerName, options.BrokerName, StringComparison.Ordinal) ? NotAvailable
            : !isTime ? "recall failed, timestamp invalid"
            : null;
    }

    private OwnedMessage Deletion(RemotingConnection connection, RemotingCommand request, RecallHandle handle, long slot, long now, BrokerOptions options)
    {
        MessageProperties properties = new MessageProperties()
            .Set(PropertyNames.Tags, Tag)
            .Set(PropertyNames.TimerDeleteUniqKey, options.RecallNamesTopic ? $"{handle.Topic}+{handle.UniqKey}" : handle.UniqKey)
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
            BornTimestamp = now,
            BornHost = MessageHost.From(connection.RemoteEndPoint),
            StoreHost = address.StoreHost,
            Body = "0"u8.ToArray(),
            Properties = properties.Encode(),
        };
    }
}
