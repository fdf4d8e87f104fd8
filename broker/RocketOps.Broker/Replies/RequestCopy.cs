using System.Buffers;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Headers;

namespace RocketOps.Broker.Replies;

/// <summary>A hot request that had to leave the connection's loop, as a frame again: what awaited something runs through the same code as what did not.</summary>
internal sealed class RequestCopy
{
    private readonly ReadOnlyMemory<byte> _bytes;

    public RequestCopy(RemotingCommand request)
    {
        ArrayBufferWriter<byte> bytes = new(512 + request.Body.Length);
        RemotingCommandCodec.Write(request, bytes);
        _bytes = bytes.WrittenMemory;
        Scratch = new byte[bytes.WrittenCount - request.Body.Length];
    }

    public RequestFrame Frame => RequestFrame.Parse(_bytes.Span);

    /// <summary>Scratch memory for reading the header's fields.</summary>
    public byte[] Scratch { get; }
}
