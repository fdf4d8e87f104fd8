using System.Buffers;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Framing;
using RocketOps.Protocol.Headers;

namespace RocketOps.Remoting.Tests.Connections;

/// <summary>Single frames as a peer without a client writes and reads them.</summary>
internal static class StreamFrames
{
    public static byte[] Encode(RemotingCommand command)
    {
        ArrayBufferWriter<byte> written = new();
        RemotingCommandCodec.Write(command, written);
        return written.WrittenSpan.ToArray();
    }

    public static async Task<RemotingCommand> ReadFrameAsync(Stream stream)
    {
        byte[] length = new byte[4];
        await stream.ReadExactlyAsync(length);
        int size = FrameLayout.ReadFrameSize(length, FrameLayout.DefaultMaxFrameBytes);
        byte[] frame = new byte[size];
        length.CopyTo(frame, 0);
        await stream.ReadExactlyAsync(frame.AsMemory(4));
        return RequestFrame.Parse(frame).ToCommand();
    }
}
