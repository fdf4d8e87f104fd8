using System.Buffers;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Hosting;
using RocketOps.Broker.Messages;
using RocketOps.Broker.Topics;
using RocketOps.Remoting.Commands;
using RocketOps.Remoting.Connections;
using RocketOps.Remoting.Headers;
using RocketOps.Store;

namespace RocketOps.Broker.Sending;

/// <summary>
/// SEND_MESSAGE (10), SEND_MESSAGE_V2 (310) and SEND_BATCH_MESSAGE (320): checks, appends to the store's tail buffer and writes the reply, all on the connection's
/// loop and without allocating; <see cref="StoreWrite"/> lets the replies go once the batch is in the kernel. A send that needs a topic made, belongs to a retry topic
/// or carries properties to be replaced goes to <see cref="SlowSendHandler"/>. Order of the checks: remoting.md §5.1.
/// </summary>
internal sealed class SendMessageHandler : IRequestHandler
{
    /// <summary>Offsets of a batch up to this many messages live on the stack.</summary>
    private const int StackBatch = 128;

    // Names and numbers of all reply fields, and room for a unique key of any client; longer ones are counted.
    private const int ReplyBytes = ResponseFrameWriter.FixedBytes + 512;

    private readonly BrokerSettings _settings;
    private readonly TopicTable _topics;
    private readonly MessageStore _store;
    private readonly BrokerAddress _address;
    private readonly BrokerProperties _properties;
    private readonly DelayRouting _delays;
    private readonly SlowSendHandler _slow;
    private readonly PutStatistics _statistics;
    private readonly TimeProvider _time;
    private readonly StoreWrite _write;
    private readonly StoreWrite _writeWithoutDisk;

    public SendMessageHandler(
        BrokerSettings settings, TopicTable topics, MessageStore store, BrokerAddress address, BrokerProperties properties, DelayRouting delays, SlowSendHandler slow,
        PutStatistics statistics, TimeProvider time)
    {
        _settings = settings;
        _topics = topics;
        _store = store;
        _address = address;
        _properties = properties;
        _delays = delays;
        _slow = slow;
        _statistics = statistics;
        _time = time;
        _write = new StoreWrite(store, statistics, store.Options.FlushDiskType == FlushDiskType.SyncFlush);
        _writeWithoutDisk = new StoreWrite(store, statistics, waitForDisk: false);
    }

    public void Handle(in RequestFrame frame, RequestBatch batch)
    {
        SendMessageRequestHeader header = SendMessageRequestHeader.Read(frame, batch);
        BrokerOptions options = _settings.Current;
        SendChecks.CheckBroker(options, _time);
        if (TopicNames.IsRetry(header.Topic) || !_topics.TryGet(header.Topic, out TopicState? topic))
        {
            if (header.Batch && TopicNames.IsRetry(header.Topic))
            {
                throw SendRefusals.BatchToRetryTopic();
            }

            _slow.Handle(frame, batch);
            return;
        }

        int queueId = SendChecks.CheckTopic(topic, options, _address, header.QueueId);
        int sysFlag = SendChecks.SysFlagOf(topic, header.SysFlag);
        if (header.Batch)
        {
            AppendBatch(frame, batch, header, topic, queueId, sysFlag, options);
        }
        else
        {
            AppendOne(frame, batch, header, topic, queueId, sysFlag, options);
        }
    }

    private void AppendOne(
        in RequestFrame frame, RequestBatch batch, scoped in SendMessageRequestHeader header, TopicState topic, int queueId, int sysFlag, BrokerOptions options)
    {
        SendProperties properties = SendProperties.Read(header.Properties);
        SendChecks.CheckProperties(properties, _address);
        if (properties.WasStoredBefore)
        {
            _slow.Handle(frame, batch);
            return;
        }

        Span<byte> delayProperties = stackalloc byte[DelayRouting.MaxPropertyBytes];
        scoped ReadOnlySpan<byte> last = default;
        StoreTopic storeTopic = topic.StoreTopic;
        int storeQueue = queueId;
        if (properties.DelayLevel > 0)
        {
            last = delayProperties[.._delays.Route(properties.DelayLevel, topic, queueId, delayProperties, out storeTopic, out storeQueue)];
        }

        AppendStatus status = _store.Append(
            new MessageToAppend
            {
                Topic = storeTopic,
                QueueId = storeQueue,
                Flag = header.Flag,
                SysFlag = sysFlag,
                BornTimestamp = header.BornTimestamp,
                BornHost = MessageHost.From(batch.Connection.RemoteEndPoint),
                StoreHost = _address.StoreHost,
                ReconsumeTimes = header.ReconsumeTimes,
                Body = frame.Body,
                Properties = header.Properties,
                MoreProperties = _properties.Utf8,
                LastProperties = last,
            },
            out AppendResult result);
        if (status != AppendStatus.Ok)
        {
            throw Refused(status, options);
        }

        DeferredReplies replies = Join(batch, properties.SkipsDiskWait, result);
        if (!frame.IsOneWay)
        {
            Span<byte> id = stackalloc byte[OffsetMessageId.MaxLength];
            int length = OffsetMessageId.Write(_address.StoreHost, result.Offset, id);
            WriteReply(frame, batch, replies, options, id[..length], queueId, result.QueueOffset, properties.UniqKey);
        }
    }

    private void AppendBatch(
        in RequestFrame frame, RequestBatch batch, scoped in SendMessageRequestHeader header, TopicState topic, int queueId, int sysFlag, BrokerOptions options)
    {
        if (topic.Utf8Name.Length > TopicNames.MaxLength)
        {
            throw SendRefusals.BatchTopicTooLong(topic.Utf8Name.Length);
        }

        int count = MessageStore.CountBatch(frame.Body);
        if (count <= 0)
        {
            throw SendRefusals.From(AppendStatus.MessageIllegal, options, _store.GetStats());
        }

        PhysicalOffset[]? rented = count > StackBatch ? ArrayPool<PhysicalOffset>.Shared.Rent(count) : null;
        Span<PhysicalOffset> offsets = rented ?? stackalloc PhysicalOffset[StackBatch];
        try
        {
            AppendStatus status = _store.AppendBatch(
                new BatchToAppend
                {
                    Topic = topic.StoreTopic,
                    QueueId = queueId,
                    SysFlag = sysFlag,
                    BornTimestamp = header.BornTimestamp,
                    BornHost = MessageHost.From(batch.Connection.RemoteEndPoint),
                    StoreHost = _address.StoreHost,
                    ReconsumeTimes = header.ReconsumeTimes,
                    Body = frame.Body,
                },
                offsets,
                out AppendResult result);
            if (status != AppendStatus.Ok)
            {
                throw Refused(status, options);
            }

            SendProperties properties = SendProperties.Read(header.Properties);
            DeferredReplies replies = Join(batch, properties.SkipsDiskWait, result);
            if (!frame.IsOneWay)
            {
                WriteBatchReply(frame, batch, replies, options, offsets[..count], queueId, result.QueueOffset, properties.UniqKey);
            }
        }
        finally
        {
            if (rented is not null)
            {
                ArrayPool<PhysicalOffset>.Shared.Return(rented);
            }
        }
    }

    private RemotingCommandException Refused(AppendStatus status, BrokerOptions options)
    {
        _statistics.AddFailure();
        return SendRefusals.From(status, options, _store.GetStats());
    }

    private DeferredReplies Join(RequestBatch batch, bool skipsDiskWait, in AppendResult result)
    {
        DeferredReplies replies = batch.Defer(skipsDiskWait ? _writeWithoutDisk : _write);
        replies.Tag = Math.Max(replies.Tag, result.End.Value);
        replies.Messages += result.MessageCount;
        return replies;
    }

    /// <summary>The ids of a batch's messages, joined by commas.</summary>
    private void WriteBatchReply(
        in RequestFrame frame, RequestBatch batch, DeferredReplies replies, BrokerOptions options, ReadOnlySpan<PhysicalOffset> offsets, int queueId, long queueOffset, ReadOnlySpan<byte> uniqKey)
    {
        byte[] ids = ArrayPool<byte>.Shared.Rent(offsets.Length * (OffsetMessageId.MaxLength + 1));
        int length = 0;
        foreach (PhysicalOffset offset in offsets)
        {
            if (length > 0)
            {
                ids[length++] = (byte)',';
            }

            length += OffsetMessageId.Write(_address.StoreHost, offset, ids.AsSpan(length));
        }

        WriteReply(frame, batch, replies, options, ids.AsSpan(0, length), queueId, queueOffset, uniqKey);
        ArrayPool<byte>.Shared.Return(ids);
    }

    private static void WriteReply(
        in RequestFrame frame, RequestBatch batch, DeferredReplies replies, BrokerOptions options, ReadOnlySpan<byte> messageId, int queueId, long queueOffset, ReadOnlySpan<byte> uniqKey)
    {
        int bound = ReplyBytes
            + ResponseFrameWriter.MaxFieldBytes(5, messageId.Length)
            + ResponseFrameWriter.MaxFieldBytes(13, uniqKey.Length)
            + ResponseFrameWriter.MaxFieldBytes(10, options.RegionIdUtf8.Length);
        ResponseFrameWriter writer = new(replies.GetSpan(bound), frame.SerializeType, ResponseCode.Success, frame.Opaque, batch.Connection.Options.Version);
        writer.Add("msgId"u8, messageId);
        writer.Add("queueId"u8, queueId);
        writer.Add("queueOffset"u8, queueOffset);
        if (!uniqKey.IsEmpty)
        {
            writer.Add("transactionId"u8, uniqKey);
        }

        writer.Add("MSG_REGION"u8, options.RegionIdUtf8);
        writer.Add("TRACE_ON"u8, options.TraceOn);
        replies.Advance(writer.Complete(0));
    }
}
