using System.Buffers;
using System.Text;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Framing;

namespace RocketOps.Protocol.Headers;

/// <summary>Writes a <see cref="RemotingCommand"/> as one frame; reading is <see cref="RequestFrame.Parse"/> and <see cref="RequestFrame.ToCommand"/>.</summary>
public static class RemotingCommandCodec
{
    /// <summary>Appends the whole frame, length field included. Throws <see cref="FrameFormatException"/> when header or frame cannot be expressed in the format.</summary>
    public static void Write(RemotingCommand command, IBufferWriter<byte> destination)
    {
        ArgumentNullException.ThrowIfNull(command);
        ArgumentNullException.ThrowIfNull(destination);
        int headerBound = HeaderBound(command);
        if (headerBound > 0xFFFFFF)
        {
            throw new FrameFormatException($"header of up to {headerBound} bytes exceeds the 24-bit header length");
        }

        Span<byte> span = destination.GetSpan(headerBound);
        byte[] remark = command.Remark is null ? [] : Encoding.UTF8.GetBytes(command.Remark);
        ResponseFrameWriter writer = new(span, command.SerializeType, command.Code, command.Opaque, command.Version, remark, command.Flag);
        if (command.ExtFields is not null)
        {
            foreach ((string name, string value) in command.ExtFields)
            {
                writer.Add(Encoding.UTF8.GetBytes(name), Encoding.UTF8.GetBytes(value));
            }
        }

        destination.Advance(writer.Complete(command.Body.Length));
        destination.Write(command.Body.Span);
    }

    private static int HeaderBound(RemotingCommand command)
    {
        long bound = ResponseFrameWriter.FixedBytes;
        if (command.Remark is not null)
        {
            bound += ResponseFrameWriter.MaxRemarkBytes(Encoding.UTF8.GetByteCount(command.Remark));
        }

        if (command.ExtFields is not null)
        {
            foreach ((string name, string value) in command.ExtFields)
            {
                bound += ResponseFrameWriter.MaxFieldBytes(Encoding.UTF8.GetByteCount(name), Encoding.UTF8.GetByteCount(value));
            }
        }

        return (int)Math.Min(bound, int.MaxValue);
    }
}
