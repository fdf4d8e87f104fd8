using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Framing;
using RocketOps.Protocol.Headers;
using RocketOps.Remoting.Connections;
using RocketOps.Store;
using RocketOps.Store.Contracts;
using RocketOps.Store.Reading;

namespace RocketOps.Broker.Pulling;

/// <summary>Pull answers as remoting frames, written in place into the connection's output.</summary>
internal sealed class RemotingPullReplies : IPullReplySink
{
    // Five numbers, a status name and the fixed part.
    private const int HeaderBytes = ResponseFrameWriter.FixedBytes + 512;

    /// <summary>Answers up to this size are written in place; a larger one is put together in a pooled buffer, as the output's blocks hold 64 KiB.</summary>
    private const int InPlaceBytes = 60 * 1024;

    /// <summary>Answers from this size on are sent from the page cache where they are there: what that takes pays with a few messages.</summary>
    private const int InFilesBytes = 4 * 1024;

    private const int SerializeTypeShift = 32;

    private const string ConnectionLeaves = "this connection is about to end: ask again by another one";

    /// <summary>Returns what an answer must know of its request: connection, opaque, header format.</summary>
    public PullTicket TicketOf(in RequestFrame frame, RemotingConnection connection) =>
        new(this, connection, ((long)frame.SerializeType << SerializeTypeShift) | (uint)frame.Opaque);

    public CancellationToken GoneToken(in PullTicket ticket) => ConnectionOf(ticket).Closed;

    public void Hold(in PullTicket ticket, long bytes) => ConnectionOf(ticket).ChangeHeld(bytes);

    public object ConsumerOf(in PullTicket ticket) => ticket.Peer;

    public bool IsLeaving(in PullTicket ticket) => ConnectionOf(ticket).IsLeaving;

    public bool TryAnswer(in PullTicket ticket, in PullAnswer answer, GetResult result, QueueReader reader, bool flush)
    {
        if (result.TotalBytes >= InFilesBytes && TryAnswerFromFile(ticket, answer, result, reader, flush))
        {
            return true;
        }

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

    /// <summary>Sends the messages from the page cache, without a copy of them here; false, with nothing sent, where that is not possible.</summary>
    private static bool TryAnswerFromFile(in PullTicket ticket, in PullAnswer answer, GetResult result, QueueReader reader, bool flush)
    {
        if (!reader.TryMapMessages(result, out MappedMessages mapped))
        {
            return false;
        }

        using MappedMessages lent = mapped;
        Span<OutputPiece> pieces = stackalloc OutputPiece[OutputLease.MostPieces];
        if (!TryGather(result.Messages, lent, ref pieces))
        {
            return false;
        }

        Span<byte> header = stackalloc byte[HeaderBytes];
        header = header[..WriteHeader(ticket, answer, header, result.TotalBytes)];
        RemotingConnection connection = ConnectionOf(ticket);
        using OutputLease output = connection.LeaseOutput(flush);
        int sent = output.SendNow(header, pieces);
        if (sent > 0 && sent < header.Length + result.TotalBytes)
        {
            WriteRest(output, connection, header, sent, result, reader);
        }

        return sent > 0;
    }

    /// <summary>The pieces that the messages lie in, which is one for neighbours; false when they are too many.</summary>
    private static bool TryGather(ReadOnlySpan<MessageRange> messages, in MappedMessages mapped, ref Span<OutputPiece> pieces)
    {
        int count = 0;
        nint end = 0;
        foreach (MessageRange message in messages)
        {
            nint address = mapped.AddressOf(message.Offset);
            if (address == end)
            {
                pieces[count - 1] = pieces[count - 1] with { Length = pieces[count - 1].Length + message.Size };
            }
            else if (count == pieces.Length)
            {
                return false;
            }
            else
            {
                pieces[count++] = new OutputPiece(address, message.Size);
            }

            end = address + message.Size;
        }

        pieces = pieces[..count];
        return true;
    }

    /// <summary>Writes what the peer has not taken at once; it waits in memory, as every answer does.</summary>
    private static void WriteRest(in OutputLease output, RemotingConnection connection, ReadOnlySpan<byte> header, int sent, GetResult result, QueueReader reader)
    {
        output.Write(header[Math.Min(sent, header.Length)..]);
        int skipped = Math.Max(0, sent - header.Length);
        foreach (MessageRange message in result.Messages)
        {
            int from = Math.Min(skipped, message.Size);
            skipped -= from;
            if (from == message.Size)
            {
                continue;
            }

            byte[] rest = FrameBuffers.Rent(message.Size - from);
            try
            {
                Span<byte> bytes = rest.AsSpan(0, message.Size - from);
                if (!reader.TryRead(new PhysicalOffset(message.Offset.Value + from), bytes))
                {
                    connection.Abort("the rest of an answer has left the page cache");
                    return;
                }

                output.Write(bytes);
            }
            finally
            {
                FrameBuffers.Return(rest);
            }
        }
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
