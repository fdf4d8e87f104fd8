using System.Text;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Replies;
using RocketOps.Broker.Sending;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Headers;
using RocketOps.Protocol.Names;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Handlers.Sending;

/// <summary>Writer of what producers are told of a send, as frames of remoting. Source: remoting.md §2.2, §5.1. Thread-safe.</summary>
internal sealed class SendReplyWriter(
    BrokerSettings settings, CurrentOptions<SendOptions> options, BrokerAddress address, SendRefusals refusals)
{
    /// <summary>Answers a refused send within its batch; a one-way request is not answered.</summary>
    public void Refuse(in RequestFrame frame, RequestBatch batch, scoped in SendOutcome outcome, scoped ReadOnlySpan<byte> topic)
    {
        if (!frame.IsOneWay)
        {
            Span<byte> buffer = stackalloc byte[RemarkText.MaxBytes];
            batch.Reply(frame, SendRefusals.CodeOf(outcome.Status), refusals.RemarkOf(outcome.Status, topic, outcome.QueueId, outcome.Topic?.Config, buffer));
        }
    }

    /// <summary>The length of the ids of so many messages.</summary>
    public static int MaxIdBytes(int messages) => messages * (OffsetMessageId.MaxLength + 1);

    /// <summary>Writes the ids of a batch's messages, joined by commas; of a single message with no offsets given. Returns the length.</summary>
    public int WriteIds(PhysicalOffset first, ReadOnlySpan<PhysicalOffset> offsets, Span<byte> destination)
    {
        MessageHost host = address.StoreHost;
        if (offsets.IsEmpty)
        {
            return OffsetMessageId.Write(host, first, destination);
        }

        int length = 0;
        foreach (PhysicalOffset offset in offsets)
        {
            if (length > 0)
            {
                destination[length++] = (byte)',';
            }

            length += OffsetMessageId.Write(host, offset, destination[length..]);
        }

        return length;
    }

    /// <summary>Upper bound of what <see cref="Write"/> writes.</summary>
    public int MaxReplyBytes(int idBytes, int uniqKeyBytes, int remarkBytes = 0, int handleBytes = 0, bool isInnerBatch = false) =>
        // Names and numbers of all fields fit the constant; what clients or settings choose is counted.
        ResponseFrameWriter.FixedBytes + 512
        + ResponseFrameWriter.MaxRemarkBytes(remarkBytes)
        + ResponseFrameWriter.MaxFieldBytes(5, idBytes)
        + ResponseFrameWriter.MaxFieldBytes(13, uniqKeyBytes)
        + (isInnerBatch ? ResponseFrameWriter.MaxFieldBytes(11, uniqKeyBytes) : 0)
        + (handleBytes == 0 ? 0 : ResponseFrameWriter.MaxFieldBytes(12, handleBytes))
        + ResponseFrameWriter.MaxFieldBytes(10, options.Value.RegionIdUtf8.Length);

    /// <summary>
    /// Returns the handle that a producer recalls the message by, when it waits for a time and may be recalled; empty for others, as nearly
    /// all are.
    /// </summary>
    public byte[] HandleOf(scoped in SendOutcome outcome) =>
        outcome.TimerOutMs <= 0 || outcome.Topic is null || TopicNames.IsRetry(outcome.Topic.Utf8Name)
            ? []
            : RecallHandle.Encode(outcome.Topic.Name, settings.Current.BrokerName, outcome.TimerOutMs + 1, Encoding.UTF8.GetString(outcome.UniqKey));

    /// <summary>Writes the reply to a stored message and returns its length.</summary>
    public int Write(
        Span<byte> destination, in ReplyTo to, ReadOnlySpan<byte> messageIds, int queueId, long queueOffset, ReadOnlySpan<byte> uniqKey, int code = ResponseCode.Success, ReadOnlySpan<byte> remark = default,
        ReadOnlySpan<byte> recallHandle = default, bool isInnerBatch = false)
    {
        SendOptions now = options.Value;
        ResponseFrameWriter writer = new(destination, to.SerializeType, code, to.Opaque, to.Connection.Options.Version, remark);
        writer.Add("msgId"u8, messageIds);
        writer.Add("queueId"u8, queueId);
        writer.Add("queueOffset"u8, queueOffset);
        if (!uniqKey.IsEmpty)
        {
            writer.Add("transactionId"u8, uniqKey);
            if (isInnerBatch)
            {
                writer.Add("batchUniqId"u8, uniqKey);
            }
        }

        if (!recallHandle.IsEmpty)
        {
            writer.Add("recallHandle"u8, recallHandle);
        }

        writer.Add("MSG_REGION"u8, now.RegionIdUtf8);
        writer.Add("TRACE_ON"u8, now.TraceOn);
        return writer.Complete(0);
    }
}
