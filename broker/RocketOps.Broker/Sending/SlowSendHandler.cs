using System.Text;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Groups;
using RocketOps.Broker.Hosting;
using RocketOps.Broker.Messages;
using RocketOps.Broker.Ordering;
using RocketOps.Broker.Topics;
using RocketOps.Remoting.Commands;
using RocketOps.Remoting.Connections;
using RocketOps.Store;

namespace RocketOps.Broker.Sending;

/// <summary>
/// The sends that cannot be answered from the connection's loop: the topic must be made first (a file is written), the message is one that a client sends back to
/// its retry topic itself, or its properties must be rewritten.
/// </summary>
internal sealed class SlowSendHandler(
    BrokerSettings settings, TopicTable topics, GroupTable groups, QueueLocks locks, MessageStore store, MessageAppender appender, BrokerAddress address, BrokerProperties brokerProperties, DelayRouting delays)
    : AsyncRequestHandler
{
    public override async ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
    {
        Draft draft = Read(request);
        if (TopicNames.FindProblem(draft.TopicName) is { } problem)
        {
            throw SendRefusals.BadTopicName(problem);
        }

        if (TopicNames.IsSendForbidden(draft.TopicName))
        {
            throw SendRefusals.TopicForbidden(draft.TopicName);
        }

        TopicState topic = await topics.GetOrCreateForSendAsync(draft.TopicName, draft.DefaultTopic, draft.DefaultTopicQueueNums, draft.UnitMode)
            ?? throw SendRefusals.TopicMissing(draft.TopicName);
        int queueId = SendChecks.CheckTopic(topic, settings.Current, address, draft.QueueId);
        if (draft.IsBatch)
        {
            return await AppendBatchAsync(connection, request, draft, topic, queueId);
        }

        MessageProperties properties = MessageProperties.Parse(draft.Properties);
        if (draft.TopicName.StartsWith(TopicNames.RetryPrefix, StringComparison.Ordinal))
        {
            (topic, queueId) = await RedirectExhaustedAsync(draft, request.Version, topic, queueId, properties);
        }

        return await AppendOneAsync(connection, request, draft, topic, queueId, properties);
    }

    /// <summary>
    /// A retry that has used up its attempts, or that an ordered consumer gives up, goes to the group's dead-letter topic. Rows 9 and 10 of remoting.md §5.1.
    /// </summary>
    private async Task<(TopicState Topic, int QueueId)> RedirectExhaustedAsync(Draft draft, int clientVersion, TopicState topic, int queueId, MessageProperties properties)
    {
        string groupName = draft.TopicName[TopicNames.RetryPrefix.Length..];
        if (!groups.TryGet(groupName, out GroupState? group))
        {
            throw SendRefusals.GroupMissing(groupName);
        }

        int max = draft.MaxReconsumeTimes is { } asked && clientVersion >= MqVersion.ClientMaxReconsumeTimes ? asked : group.Config.RetryMaxTimes;
        bool orderly = properties.Get(PropertyNames.RetryTopic) is { } origin
            && topics.TryGet(origin, out TopicState? originTopic)
            && Enumerable.Range(0, originTopic.Config.ReadQueueNums).Any(
                id => locks.IsLocked(groupName, new MessageQueueKey { BrokerName = settings.Current.BrokerName, QueueId = id, Topic = origin }));
        if (draft.ReconsumeTimes <= max && !(orderly && draft.ReconsumeTimes >= max))
        {
            return (topic, queueId);
        }

        properties.Remove(PropertyNames.Delay);
        return (await topics.GetOrCreateInternalAsync(TopicNames.DeadLetterTopicOf(groupName), 1), 0);
    }

    private async Task<RemotingCommand> AppendOneAsync(RemotingConnection connection, RemotingCommand request, Draft draft, TopicState topic, int queueId, MessageProperties properties)
    {
        byte[] encoded = properties.Encode();
        SendProperties meaning = SendProperties.Read(encoded);
        SendChecks.CheckProperties(meaning, address);
        bool waitForDisk = !meaning.SkipsDiskWait;
        (StoreTopic storeTopic, int storeQueue) = meaning.DelayLevel > 0
            ? delays.Route(meaning.DelayLevel, topic.Name, queueId, properties)
            : (topic.StoreTopic, queueId);
        AppendOutcome outcome = await appender.AppendAsync(
            new StoredMessage
            {
                Topic = storeTopic,
                QueueId = storeQueue,
                Flag = draft.Flag,
                SysFlag = SendChecks.SysFlagOf(topic, draft.SysFlag),
                BornTimestamp = draft.BornTimestamp,
                BornHost = MessageHost.From(connection.RemoteEndPoint),
                StoreHost = address.StoreHost,
                ReconsumeTimes = draft.ReconsumeTimes,
                Body = request.Body,
                Properties = Concat(BrokerProperties.RemoveFrom(properties).Encode(), brokerProperties.Utf8),
            },
            waitForDisk);
        return Answer(request, outcome, OffsetMessageId.Format(address.StoreHost, outcome.Result.Offset), queueId, properties.Get(PropertyNames.UniqKey));
    }

    private async Task<RemotingCommand> AppendBatchAsync(RemotingConnection connection, RemotingCommand request, Draft draft, TopicState topic, int queueId)
    {
        if (topic.Utf8Name.Length > TopicNames.MaxLength)
        {
            throw SendRefusals.BatchTopicTooLong(topic.Utf8Name.Length);
        }

        int count = MessageStore.CountBatch(request.Body.Span);
        if (count <= 0)
        {
            throw SendRefusals.From(AppendStatus.MessageIllegal, settings.Current, store.GetStats());
        }

        PhysicalOffset[] offsets = new PhysicalOffset[count];
        AppendOutcome outcome = await appender.AppendBatchAsync(
            topic.StoreTopic, queueId, SendChecks.SysFlagOf(topic, draft.SysFlag), draft.BornTimestamp, MessageHost.From(connection.RemoteEndPoint), address.StoreHost,
            draft.ReconsumeTimes, request.Body, offsets);
        MessageHost host = address.StoreHost;
        string ids = string.Join(',', offsets.Select(offset => OffsetMessageId.Format(host, offset)));
        return Answer(request, outcome, ids, queueId, MessageProperties.Parse(draft.Properties).Get(PropertyNames.UniqKey));
    }

    private RemotingCommand Answer(RemotingCommand request, AppendOutcome outcome, string messageId, int queueId, string? uniqKey)
    {
        BrokerOptions options = settings.Current;
        if (outcome.Status != AppendStatus.Ok)
        {
            throw SendRefusals.From(outcome.Status, options, store.GetStats());
        }

        return RemotingCommand.CreateResponse(request, SendRefusals.CodeOf(outcome.Durability), SendRefusals.RemarkOf(outcome.Durability))
            .Set("msgId", messageId)
            .Set("queueId", queueId)
            .Set("queueOffset", outcome.Result.QueueOffset)
            .Set("transactionId", uniqKey)
            .Set("MSG_REGION", options.RegionId)
            .Set("TRACE_ON", options.TraceOn);
    }

    private static byte[] Concat(byte[] first, ReadOnlySpan<byte> second) => [.. first, .. second];

    /// <summary>The header's fields by either set of names.</summary>
    private static Draft Read(RemotingCommand request)
    {
        bool verbose = request.Code == RequestCode.SendMessage;
        return new Draft
        {
            TopicName = request.GetRequired(verbose ? "topic" : "b"),
            DefaultTopic = request.GetRequired(verbose ? "defaultTopic" : "c"),
            DefaultTopicQueueNums = request.GetRequiredInt32(verbose ? "defaultTopicQueueNums" : "d"),
            QueueId = request.GetRequiredInt32(verbose ? "queueId" : "e"),
            SysFlag = request.GetRequiredInt32(verbose ? "sysFlag" : "f"),
            BornTimestamp = request.GetRequiredInt64(verbose ? "bornTimestamp" : "g"),
            Flag = request.GetRequiredInt32(verbose ? "flag" : "h"),
            Properties = Encoding.UTF8.GetBytes(request.Get(verbose ? "properties" : "i") ?? string.Empty),
            ReconsumeTimes = request.GetInt32(verbose ? "reconsumeTimes" : "j", 0),
            UnitMode = request.GetBoolean(verbose ? "unitMode" : "k", fallback: false),
            MaxReconsumeTimes = request.Get(verbose ? "maxReconsumeTimes" : "l") is null ? null : request.GetInt32(verbose ? "maxReconsumeTimes" : "l", 0),
            IsBatch = request.GetBoolean(verbose ? "batch" : "m", fallback: false),
        };
    }

    private sealed class Draft
    {
        public required string TopicName { get; init; }

        public required string DefaultTopic { get; init; }

        public required int DefaultTopicQueueNums { get; init; }

        public required int QueueId { get; init; }

        public required int SysFlag { get; init; }

        public required long BornTimestamp { get; init; }

        public required int Flag { get; init; }

        public required byte[] Properties { get; init; }

        public required int ReconsumeTimes { get; init; }

        public required bool UnitMode { get; init; }

        public required int? MaxReconsumeTimes { get; init; }

        public required bool IsBatch { get; init; }
    }
}
