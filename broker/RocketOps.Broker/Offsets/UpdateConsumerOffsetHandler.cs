using System.Globalization;
using System.Text.Unicode;
using RocketOps.Broker.Groups;
using RocketOps.Broker.Topics;
using RocketOps.Remoting.Commands;
using RocketOps.Remoting.Connections;
using RocketOps.Remoting.Headers;

namespace RocketOps.Broker.Offsets;

/// <summary>
/// UPDATE_CONSUMER_OFFSET (15), usually one-way. On the connection's loop: commits of one client must not overtake each other. Answers leave with the batch and allocate
/// nothing.
/// </summary>
internal sealed class UpdateConsumerOffsetHandler(ConsumerOffsetTable offsets, TopicTable topics, GroupTable groups) : IRequestHandler
{
    /// <summary>RocketMQ takes any queue id; every one costs an entry that never goes, so there is an end.</summary>
    private const int MaxQueueId = TopicConfig.MaxQueues;

    /// <summary>Names longer than any group or topic can be are cut in remarks.</summary>
    private const int MaxNameBytes = 512;

    public void Handle(in RequestFrame frame, RequestBatch batch)
    {
        UpdateConsumerOffsetRequestHeader header = UpdateConsumerOffsetRequestHeader.Read(frame, batch);
        Span<byte> remark = stackalloc byte[MaxNameBytes + 128];
        int length;
        if (!groups.TryGet(header.ConsumerGroup, out _))
        {
            Utf8.TryWrite(remark, CultureInfo.InvariantCulture, $"Group {Cut(header.ConsumerGroup)} not exist!", out length);
            batch.Reply(frame, ResponseCode.SubscriptionGroupNotExist, remark[..length]);
        }
        else if (!topics.TryGet(header.Topic, out _))
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
        else if (offsets.Resets.Has(header.Topic, header.ConsumerGroup, header.QueueId))
        {
            batch.Reply(frame, ResponseCode.Success, "Offset has been previously reset"u8);
        }
        else
        {
            offsets.Commit(header.Topic, header.ConsumerGroup, header.QueueId, header.CommitOffset);
            batch.Reply(frame, ResponseCode.Success);
        }
    }

    private static ReadOnlySpan<byte> Cut(ReadOnlySpan<byte> name) => name[..Math.Min(name.Length, MaxNameBytes)];
}
