using System.Buffers;
using System.Buffers.Binary;
using System.Net.Sockets;
using RocketOps.Remoting.Commands;

namespace RocketOps.Broker.Tests.Support;

/// <summary>A client that allocates nothing once it is connected: it sends one encoded frame many times and counts the answers.</summary>
internal sealed class RawClient : IDisposable
{
    private const int CodeOffset = 8;
    private const int Window = 32;

    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveTimeout = 90_000 };
    private readonly byte[] _received = new byte[1024 * 1024];
    private int _length;

    public RawClient(System.Net.IPEndPoint endPoint)
    {
        _socket.Connect(endPoint);
    }

    public static byte[] Encode(RemotingCommand command)
    {
        ArrayBufferWriter<byte> frame = new();
        RemotingCommandCodec.Write(command, frame);
        return frame.WrittenSpan.ToArray();
    }

    /// <summary>Sends the frame so often, some at a time, and reads as many answers. Returns how many of them were successes.</summary>
    public int Exchange(ReadOnlySpan<byte> frame, int count)
    {
        int sent = 0;
        int answered = 0;
        int succeeded = 0;
        while (answered < count)
        {
            while (sent < count && sent - answered < Window)
            {
                _socket.Send(frame);
                sent++;
            }

            _length += _socket.Receive(_received.AsSpan(_length));
            answered += Consume(ref succeeded);
        }

        return succeeded;
    }

    public void Dispose() => _socket.Dispose();

    private int Consume(ref int succeeded)
    {
        int answered = 0;
        int at = 0;
        while (_length - at >= 4)
        {
            int size = 4 + BinaryPrimitives.ReadInt32BigEndian(_received.AsSpan(at));
            if (_length - at < size)
            {
                break;
            }

            if (_received.AsSpan(at + CodeOffset).StartsWith("{\"code\":0,"u8))
            {
                succeeded++;
            }

            answered++;
            at += size;
        }

        _received.AsSpan(at, _length - at).CopyTo(_received);
        _length -= at;
        return answered;
    }
}
