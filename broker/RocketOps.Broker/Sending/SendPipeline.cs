using System.Buffers.Text;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Messages;
using RocketOps.Broker.Replication.Master;
using RocketOps.Broker.Replies;
using RocketOps.Broker.Roles;
using RocketOps.Broker.StaticTopics.Mappings;
using RocketOps.Broker.Topics;
using RocketOps.Protocol.Names;
using RocketOps.Store;
using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Contracts;
using RocketOps.Store.Log;

namespace RocketOps.Broker.Sending;

/// <summary>
/// Way of a send into the log, for every protocol: checks in RocketMQ's order, routers, append to the store's tail. Never blocks and, but for messages whose
/// properties are written anew, allocates nothing; what must be awaited first is an outcome. Nothing is acknowledged before the store says so: the caller's business.
/// What the broker stores of itself or once more (given back, due, at the end of a transaction, a reply) goes by <see cref="MessageAppender"/>.
/// Source: remoting.md §5.1. Thread-safe.
/// </summary>
internal sealed class SendPipeline(
    SendPipelineOptions options, CurrentRole role, TopicTable topics, MessageStore store, BrokerAddress address, BrokerProperties brokerProperties, ReplicaGate replicas, AppendStatistics statistics, TimeProvider time, ISendRouter[] routers)
{
    /// <summary>Bit of sysFlag: the tag property holds several tags.</summary>
    private const int MultiTagsFlag = 0x2;

    /// <summary>Stores the message or says why not. <paramref name="offsets"/> receives the place of each message of a batch and is not used otherwise.</summary>
    public SendOutcome Send(scoped in SendRequest request, Span<PhysicalOffset> offsets)
    {
        // Step 4 of a send.
        if (CheckBroker() is not SendStatus.Stored and SendStatus refused)
        {
            return Refused(refused, request);
        }

        if (request.IsBatch && TopicNames.IsRetry(request.Topic))
        {
            return Refused(SendStatus.BatchToRetryTopic, request);
        }

        if (!topics.TryGet(request.Topic, out TopicState? topic))
        {
            return Refused(CheckMissingTopic(request.Topic, request.DefaultTopic), request);
        }

        int logicId = request.QueueId;
        LogicQueueMappingItem? leader = null;
        if (topic.Mapping is { } mapping && !mapping.TryGetLeader(ref logicId, out leader))
        {
            return Refused(SendStatus.NotLeader, request, topic);
        }

        int queueId = leader?.QueueId ?? request.QueueId;
        if (CheckTopic(topic, queueId) is not SendStatus.Stored and SendStatus forbidden)
        {
            return Refused(forbidden, request, topic);
        }

        queueId = queueId >= 0 ? queueId : Random.Shared.Next(Math.Max(1, topic.Config.WriteQueueNums));
        SendProperties properties = SendProperties.Read(request.Properties);
        bool hasInnerBatchFlag = (request.Fields.SysFlag & SysFlags.InnerBatch) != 0;
        if (properties.NamesInnerMessages && !hasInnerBatchFlag && !IsInnerBatch(request, properties, topic))
        {
            return Refused(SendStatus.MessageIllegal, request, topic);
        }

        SendOutcome outcome = request.IsBatch ? StoreBatch(request, properties, topic, queueId, offsets) : StoreOne(request, properties, topic, queueId);
        if (outcome.Status == SendStatus.Stored && properties.AskerIn(request.Topic) is { IsEmpty: false } asker)
        {
            outcome = outcome with { Asker = asker };
        }

        return leader is null || outcome.Status != SendStatus.Stored ? outcome : outcome with { QueueId = logicId, QueueOffset = leader.ToLogicWithin(outcome.QueueOffset) };
    }

    /// <summary>
    /// The checks of a send up to its queue, for messages that are stored by other means: <see cref="SendStatus.Stored"/> with the topic, what must be awaited, or why it is
    /// refused. Source: remoting.md §5.1 #1–6.
    /// </summary>
    public SendStatus Check(scoped ReadOnlySpan<byte> topicName, scoped ReadOnlySpan<byte> defaultTopic, int queueId, out TopicState? topic)
    {
        topic = null;
        if (CheckBroker() is not SendStatus.Stored and SendStatus refused)
        {
            return refused;
        }

        return topics.TryGet(topicName, out topic) ? CheckTopic(topic, queueId) : CheckMissingTopic(topicName, defaultTopic);
    }

    /// <summary>Returns the store's answer to an append, in the pipeline's words.</summary>
    internal static SendStatus StatusOf(AppendStatus status) => status switch
    {
        AppendStatus.Ok => SendStatus.Stored,
        AppendStatus.ServiceNotAvailable => SendStatus.StoreNotAvailable,
        AppendStatus.DiskFull => SendStatus.DiskFull,
        AppendStatus.MessageIllegal or AppendStatus.PropertiesTooLong => SendStatus.MessageIllegal,
        AppendStatus.Busy => SendStatus.Busy,
        AppendStatus.WouldBlock => SendStatus.RoomToBeMade,
        AppendStatus.FileCreationFailed => SendStatus.FileCreationFailed,
        _ => SendStatus.Failed,
    };

    private SendStatus CheckBroker()
    {
        if (role.IsSlave)
        {
            return SendStatus.Slave;
        }

        if (replicas.Refusal is not SendStatus.Stored and SendStatus refused)
        {
            return refused;
        }

        long notBefore = options.Sends.Value.StartAcceptSendTimestamp;
        return notBefore > 0 && time.GetUtcNow().ToUnixTimeMilliseconds() < notBefore ? SendStatus.NotYet : SendStatus.Stored;
    }

    private SendStatus CheckMissingTopic(scoped ReadOnlySpan<byte> topic, scoped ReadOnlySpan<byte> defaultTopic)
    {
        if (TopicNames.FindProblem(topic) is not null)
        {
            return SendStatus.BadTopicName;
        }

        if (TopicNames.IsSendForbidden(topic))
        {
            return SendStatus.TopicForbidden;
        }

        TopicRefusal refusal = topics.FindSendRefusal(topic, defaultTopic);
        return refusal == TopicRefusal.None ? SendStatus.TopicToBeMade : SendRefusals.StatusOf(refusal);
    }

    private SendStatus CheckTopic(TopicState topic, int queueId)
    {
        TopicConfig config = topic.Config;
        if (!options.Broker.Current.IsWriteable && config.Order)
        {
            return SendStatus.BrokerNotWriteable;
        }

        if (topic.IsSendForbidden)
        {
            return SendStatus.TopicForbidden;
        }

        return queueId >= Math.Max(config.WriteQueueNums, config.ReadQueueNums) ? SendStatus.BadQueue : SendStatus.Stored;
    }

    private SendOutcome StoreOne(scoped in SendRequest request, scoped in SendProperties properties, TopicState topic, int queueId)
    {
        SendRoute route = new(topic, queueId, properties.DelayLevel) { RewritesProperties = properties.WasStoredBefore };
        foreach (ISendRouter router in routers)
        {
            if (router.Route(request, properties, ref route) is not SendStatus.Stored and SendStatus status)
            {
                return Refused(status, request, topic);
            }
        }

        Span<byte> truePlace = stackalloc byte[SendRoute.MaxTruePlaceBytes];
        scoped ReadOnlySpan<byte> own = request.Properties;
        scoped ReadOnlySpan<byte> last = default;
        if (route.RewritesProperties)
        {
            own = route.Rewrite(request.Properties);
        }
        else if (route.WaitsElsewhere)
        {
            last = truePlace[..route.WriteTruePlace(truePlace)];
        }

        if (CheckSize(request.Body, own, last, RoomToKeep(request, route)) is not SendStatus.Stored and SendStatus unfit)
        {
            statistics.AddFailure();
            return Refused(unfit, request, route.Topic);
        }

        // Step 5 of a send.
        int sysFlag = request.Fields.SysFlag & (route.IsHalf ? ~SysFlags.TransactionMask : ~0);
        RecordFields fields = FieldsOf(request, route.Topic, sysFlag);
        AppendStatus appended = Append(request, fields, route.StoreTopic, route.StoreQueue, own, last, out AppendResult result);
        return appended == AppendStatus.QueueNotLoaded
            ? ToBeLoaded(request, route.Topic, route.StoreTopic, route.StoreQueue)
            : Outcome(appended, result, request, properties, route.Topic, route.QueueId, route.TimerOutMs);
    }

    /// <summary>
    /// Checks the limits on size that clients are held to, and the store is not: it may have to store again what was taken under another
    /// limit. Properties that do not fit into a record at all are the store's to refuse.
    /// </summary>
    private SendStatus CheckSize(scoped ReadOnlySpan<byte> body, scoped ReadOnlySpan<byte> own, scoped ReadOnlySpan<byte> last, int room)
    {
        if (body.Length > options.Sends.Value.MaxMessageSize)
        {
            return SendStatus.MessageIllegal;
        }

        int separator = own.IsEmpty || own[^1] == PropertyReader.PropertyEnd ? 0 : 1;
        int length = own.Length + separator + brokerProperties.Utf8.Length + last.Length;
        return length > RecordLayout.MaxPropertiesBytes - room && length <= RecordLayout.MaxPropertiesBytes
            ? SendStatus.NoRoomForProperties
            : SendStatus.Stored;
    }

    /// <summary>Nothing is added to a dead letter, and what a retry adds its consumer has added already: the room that its message left is for that.</summary>
    private static int RoomToKeep(scoped in SendRequest request, scoped in SendRoute route) =>
        route.IsDeadLetter || TopicNames.IsRetry(request.Topic) ? 0 : PropertyRoom.Reserved;

    private SendOutcome StoreBatch(scoped in SendRequest request, scoped in SendProperties properties, TopicState topic, int queueId, Span<PhysicalOffset> offsets)
    {
        if (topic.Utf8Name.Length > TopicNames.MaxLength)
        {
            return Refused(SendStatus.BatchTopicTooLong, request, topic);
        }

        if (request.BatchCount <= 0 || request.Body.Length > options.Sends.Value.MaxMessageSize)
        {
            return Refused(SendStatus.MessageIllegal, request, topic);
        }

        if (IsInnerBatch(request, properties, topic))
        {
            return StoreInnerBatch(request, properties, topic, queueId);
        }

        if ((request.Fields.SysFlag & SysFlags.InnerBatch) != 0 && !topic.StoreTopic.IsBatch)
        {
            return Refused(SendStatus.MessageIllegal, request, topic);
        }

        AppendStatus appended = store.Writer.AppendBatch(
            new BatchToAppend
            {
                Topic = topic.StoreTopic,
                QueueId = queueId,
                Fields = FieldsOf(request, topic, request.Fields.SysFlag),
                Body = request.Body,
                ReservedPropertyBytes = PropertyRoom.Reserved,
            },
            offsets,
            out AppendResult result);
        if (appended == AppendStatus.PropertiesTooLong)
        {
            statistics.AddFailure();
            return Refused(SendStatus.NoRoomForProperties, request, topic);
        }

        return appended == AppendStatus.QueueNotLoaded
            ? ToBeLoaded(request, topic, topic.StoreTopic, queueId)
            : Outcome(appended, result, request, properties, topic, queueId);
    }

    /// <summary>A batch goes to a batch consume queue as one record, unless its producer is too old to name it.</summary>
    private static bool IsInnerBatch(scoped in SendRequest request, scoped in SendProperties properties, TopicState topic) =>
        request.IsBatch && topic.StoreTopic.IsBatch && !properties.UniqKey.IsEmpty;

    private SendOutcome StoreInnerBatch(scoped in SendRequest request, scoped in SendProperties properties, TopicState topic, int queueId)
    {
        // A consumer takes the batch apart, and sends a message of it that it could not do to the retry topic.
        if (LogWriter.LongestProperties(request.Body) + brokerProperties.Utf8.Length > RecordLayout.MaxPropertiesBytes - PropertyRoom.Reserved)
        {
            statistics.AddFailure();
            return Refused(SendStatus.NoRoomForProperties, request, topic);
        }

        Span<byte> number = stackalloc byte[32];
        ReadOnlySpan<byte> name = PropertyNames.Utf8.InnerNum;
        name.CopyTo(number);
        number[name.Length] = PropertyReader.NameEnd;
        Utf8Formatter.TryFormat(request.BatchCount, number[(name.Length + 1)..], out int digits);
        number[name.Length + 1 + digits] = PropertyReader.PropertyEnd;
        RecordFields fields = FieldsOf(request, topic, request.Fields.SysFlag | SysFlags.InnerBatch | SysFlags.NeedsUnwrap);
        ReadOnlySpan<byte> last = number[..(name.Length + digits + 2)];
        AppendStatus appended = Append(request, fields, topic.StoreTopic, queueId, request.Properties, last, out AppendResult result);
        return appended == AppendStatus.QueueNotLoaded
            ? ToBeLoaded(request, topic, topic.StoreTopic, queueId)
            : Outcome(appended, result, request, properties, topic, queueId, isInnerBatch: true);
    }

    /// <summary>
    /// The request's body as one record into the log's tail, with the properties <paramref name="own"/>, the broker's and
    /// <paramref name="last"/>.
    /// </summary>
    private AppendStatus Append(
        scoped in SendRequest request,
        in RecordFields fields,
        StoreTopic topic,
        int queueId,
        scoped ReadOnlySpan<byte> own,
        scoped ReadOnlySpan<byte> last,
        out AppendResult result) =>
        store.Writer.Append(
            new MessageToAppend
            {
                Topic = topic,
                QueueId = queueId,
                Fields = fields,
                Body = request.Body,
                Properties = own,
                MoreProperties = brokerProperties.Utf8,
                LastProperties = last,
            },
            out result);

    /// <summary>The request's fields as this broker stores them for the topic, with those system flags.</summary>
    private RecordFields FieldsOf(scoped in SendRequest request, TopicState topic, int sysFlag) => request.Fields with
    {
        SysFlag = string.Equals(topic.Config.TopicFilterType, TopicConfig.MultiTag, StringComparison.Ordinal)
            ? sysFlag | MultiTagsFlag
            : sysFlag,
        StoreHost = address.StoreHost,
    };

    private SendOutcome Outcome(AppendStatus appended, scoped in AppendResult result, scoped in SendRequest request, scoped in SendProperties properties, TopicState topic, int queueId, long timerOutMs = 0, bool isInnerBatch = false)
    {
        if (appended != AppendStatus.Ok)
        {
            if (appended != AppendStatus.WouldBlock)
            {
                statistics.AddFailure();
            }

            return Refused(StatusOf(appended), request, topic);
        }

        return new SendOutcome
        {
            Status = SendStatus.Stored,
            Result = result,
            QueueId = queueId,
            QueueOffset = result.QueueOffset,
            SkipsDiskWait = properties.SkipsDiskWait,
            UniqKey = properties.UniqKey,
            Topic = topic,
            TimerOutMs = timerOutMs,
            IsInnerBatch = isInnerBatch,
        };
    }

    private static SendOutcome ToBeLoaded(scoped in SendRequest request, TopicState topic, StoreTopic storeTopic, int storeQueue) =>
        new() { Status = SendStatus.QueueToBeLoaded, QueueId = request.QueueId, Topic = topic, LoadTopic = storeTopic, LoadQueue = storeQueue };

    private static SendOutcome Refused(SendStatus status, scoped in SendRequest request, TopicState? topic = null) => new() { Status = status, QueueId = request.QueueId, Topic = topic };
}

/// <summary>Options that sends are checked by.</summary>
internal sealed record SendPipelineOptions(BrokerSettings Broker, CurrentOptions<SendOptions> Sends);
