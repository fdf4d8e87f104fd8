using RocketOps.Remoting.Commands;
using RocketOps.Remoting.Connections;
using RocketOps.Remoting.Framing;
using RocketOps.Remoting.Headers;
using RocketOps.Store;

namespace RocketOps.Broker.Pulling;

/// <summary>Pull answers as remoting frames, written in place into the connection's output.</summary>
internal sealed class RemotingPullReplies : IPullReplySink
{
    // Five numbers, a status name and the fixed part.
    private const int HeaderBytes = ResponseFrameWriter.FixedBytes + 512;

    /// <summary>Answers up to this size are written in place; a larger one is put together in a pooled buffer, as the output's blocks hold 64 KiB.</summary>
    private const int InPlaceBytes = 60 * 1024;

    private const int SerializeTypeShift = 32;

    private const string ConnectionLeaves = "this connection is about to end: ask again by another one";

    /// <summary>What an answer must know of its request: connection, opaque, header format.</summary>
    public PullTicket TicketOf(in RequestFrame frame, RemotingConnection connection) =>
        new(this, connection, ((long)frame.SerializeType << SerializeTypeShift) | (uint)frame.Opaque);

    public CancellationToken GoneToken(in PullTicket ticket) => ConnectionOf(ticket).Closed;

    public void Hold(in PullTicket ticket, long bytes) => ConnectionOf(ticket).ChangeHeld(bytes);

    public object ConsumerOf(in PullTicket ticket) => ticket.Peer;

    public bool IsLeaving(in PullTicket ticket) => ConnectionOf(ticket).IsLeaving;

    public bool TryAnswer(in PullTicket ticket, in PullAnswer answer, GetResult result, QueueReader reader, bool flush)
    {
        if (result.TotalBytes > InPlaceBytes)
        {
            return TryAnswerLarge(ticket, answer, result, reader, flush);
        }

        using OutputLease output = ConnectionOf(ticket).LeaseOutput(flush);
        Span<byte> span = output.GetSpan(HeaderBytes + result.TotalBytes);
        int headerLength = WriteHeader(ticket, answer, span, result.TotalBytes);
        if (!reader.TryCopyMessages(result, span.Slice(headerLength, result.TotalBytes)))
        {
            return false;
        }

        output.Advance(headerLength + result.TotalBytes);
        return true;
    }

    public void Answer(in PullTicket ticket, in PullAnswer answer, ReadOnlySpan<byte> messages, bool flush)
    {
        using OutputLease output = ConnectionOf(ticket).LeaseOutput(flush);
        output.Advance(WriteHeader(ticket, answer, output.GetSpan(HeaderBytes), messages.Length));
        output.Write(messages);
    }

    public void Fail(in PullTicket ticket, PullFailure failure, string? detail = null)
    {
        (int code, string remark) = failure switch
        {
            PullFailure.NotReadable => (ResponseCode.SystemError, "store getMessage return null"),
            PullFailure.DiskBusy => (ResponseCode.SystemBusy, "reading from disk failed: too many reads are waiting already: the disk cannot keep up"),
            PullFailure.ConnectionLeaves => (ResponseCode.FlowControl, ConnectionLeaves),
            PullFailure.DeletedMeanwhile => (ResponseCode.SystemError, "the messages were deleted while they were read"),
            _ => (ResponseCode.SystemBusy, $"reading from disk failed: {detail}"),
        };
        ConnectionOf(ticket).Reply(SerializeTypeOf(ticket), OpaqueOf(ticket), code, remark);
    }

    private bool TryAnswerLarge(in PullTicket ticket, in PullAnswer answer, GetResult result, QueueReader reader, bool flush)
    {
        byte[] body = FrameBuffers.Rent(result.TotalBytes);
        try
        {
            if (!reader.TryCopyMessages(result, body.AsSpan(0, result.TotalBytes)))
            {
                return false;
            }

            Answer(ticket, answer, body.AsSpan(0, result.TotalBytes), flush);
            return true;
        }
        finally
        {
            FrameBuffers.Return(body);
        }
    }

    private static int WriteHeader(in PullTicket ticket, in PullAnswer answer, Span<byte> destination, int bodyLength)
    {
        ResponseFrameWriter writer = new(
            destination, SerializeTypeOf(ticket), PullCodes.CodeOf(answer.Outcome), OpaqueOf(ticket), ConnectionOf(ticket).Options.Version, PullCodes.RemarkOf(answer));
        writer.Add("suggestWhichBrokerId"u8, answer.SuggestedBrokerId);
        writer.Add("nextBeginOffset"u8, answer.NextOffset);
        writer.Add("minOffset"u8, answer.MinOffset);
        writer.Add("maxOffset"u8, answer.MaxOffset);
        if (answer.OffsetDelta is { } delta)
        {
            writer.Add("offsetDelta"u8, delta);
        }

        return writer.Complete(bodyLength);
    }

    private static RemotingConnection ConnectionOf(in PullTicket ticket) => (RemotingConnection)ticket.Peer;

    private static SerializeType SerializeTypeOf(in PullTicket ticket) => (SerializeType)(ticket.Tag >> SerializeTypeShift);

    private static int OpaqueOf(in PullTicket ticket) => unchecked((int)ticket.Tag);
}
