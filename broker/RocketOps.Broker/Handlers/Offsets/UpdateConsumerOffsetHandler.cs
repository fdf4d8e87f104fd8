using System.Globalization;
using System.Text.Unicode;
using RocketOps.Broker.Groups;
using RocketOps.Broker.Handlers.StaticTopics;
using RocketOps.Broker.Offsets;
using RocketOps.Broker.StaticTopics;
using RocketOps.Broker.StaticTopics.Mappings;
using RocketOps.Broker.Topics;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Headers;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Handlers.Offsets;

/// <summary>
/// UPDATE_CONSUMER_OFFSET (15), usually one-way. On the connection's loop: commits of one client must not overtake each other. Answers leave with the batch and allocate
/// nothing.
/// </summary>
internal sealed class UpdateConsumerOffsetHandler(ConsumerOffsetTable offsets, TopicTable topics, GroupTable groups, CommitForwarder forwarder) : IRequestHandler
{
    /// <summary>RocketMQ takes any queue id; every one costs an entry that never goes, so there is an end.</summary>
    private const int MaxQueueId = TopicConfig.MaxQueues;

    /// <summary>Names longer than any group or topic can be are cut in remarks.</summary>
    private const int MaxNameBytes = 512;

    public void Handle(in RequestFrame frame, RequestBatch batch)
    {
        UpdateConsumerOffsetRequestHeader header = UpdateConsumerOffsetRequestHeader.Read(frame, batch.RentScratch(frame.ScratchBytes));
        Span<byte> remark = stackalloc byte[MaxNameBytes + 128];
        int length;
        if (!groups.TryGet(header.ConsumerGroup, out _))
        {
            Utf8.TryWrite(remark, CultureInfo.InvariantCulture, $"Group {Cut(header.ConsumerGroup)} not exist!", out length);
            batch.Reply(frame, ResponseCode.SubscriptionGroupNotExist, remark[..length]);
        }
        else if (!topics.TryGet(header.Topic, out TopicState? topic))
        {
            Utf8.TryWrite(remark, CultureInfo.InvariantCulture, $"Topic {Cut(header.Topic)} not exist!", out length);
            batch.Reply(frame, ResponseCode.TopicNotExist, remark[..length]);
        }
        else if (header.QueueId is < 0 or > MaxQueueId || header.CommitOffset < 0)
        {
            Utf8.TryWrite(
                remark, CultureInfo.InvariantCulture, $"queueId {header.QueueId} or commitOffset {header.CommitOffset} is missing or out of range", out length);
            batch.Reply(frame, ResponseCode.InvalidParameter, remark[..length]);
        }
        else if (topic.Mapping is { } mapping && !header.IsPhysical)
        {
            CommitLogic(frame, batch, header, mapping);
        }
        else
        {
            Commit(frame, batch, header, header.QueueId, header.CommitOffset);
        }
    }

    /// <summary>False when there is no room for it.</summary>
    private bool Commit(in RequestFrame frame, RequestBatch batch, scoped in UpdateConsumerOffsetRequestHeader header, int queueId, long offset)
    {
        if (offsets.Resets.Has(header.Topic, header.ConsumerGroup, queueId))
        {
            batch.Reply(frame, ResponseCode.Success, "Offset has been previously reset"u8);
            return true;
        }

        if (offsets.TryCommit(header.Topic, header.ConsumerGroup, queueId, offset))
        {
            batch.Reply(frame, ResponseCode.Success);
            return true;
        }

        batch.Reply(frame, ResponseCode.SystemError, "the group has no offset on the queue yet, and the broker has as many as maxConsumerOffsets"u8);
        return false;
    }

    /// <summary>Progress in a logical queue is kept beside the physical queue it lies in, by the broker that has that.</summary>
    private void CommitLogic(in RequestFrame frame, RequestBatch batch, scoped in UpdateConsumerOffsetRequestHeader header, TopicQueueMapping mapping)
    {
        if (!mapping.TryGetLed(header.QueueId, out LogicQueue? queue))
        {
            Span<byte> remark = stackalloc byte[MaxNameBytes + 128];
            Utf8.TryWrite(
                remark, CultureInfo.InvariantCulture, $"{Cut(header.Topic)}-{header.QueueId} does not exit in request process of current broker {mapping.BrokerName}", out int length);
            batch.Reply(frame, ResponseCode.NotLeaderForQueue, remark[..length]);
        }
        else if (queue.Find(header.CommitOffset) is not { } item || item.ToPhysical(header.CommitOffset) < 0)
        {
            batch.Reply(frame, ResponseCode.InvalidParameter, "commitOffset lies before the logical queue's first message"u8);
        }
        else
        {
            if (!mapping.IsHere(item))
            {
                forwarder.Handle(frame, batch);
            }
            else if (Commit(frame, batch, header, item.QueueId, item.ToPhysical(header.CommitOffset)))
            {
                LogicProgress.ForgetBehind(item, queue, offsets, header.Topic, header.ConsumerGroup);
            }
        }
    }

    private static ReadOnlySpan<byte> Cut(ReadOnlySpan<byte> name) => name[..Math.Min(name.Length, MaxNameBytes)];
}
