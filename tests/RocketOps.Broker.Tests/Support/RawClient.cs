using System.Buffers;
using System.Buffers.Binary;
using System.Net.Sockets;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Headers;

namespace RocketOps.Broker.Tests.Support;

/// <summary>A client that allocates nothing once it is connected: it sends one encoded frame many times and counts the answers.</summary>
internal sealed class RawClient : IDisposable
{
    private const int CodeOffset = 8;

    private static readonly byte[] Success = "{\"code\":0,"u8.ToArray();

    private const int DefaultWindow = 32;

    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveTimeout = 180_000 };
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
    public int Exchange(ReadOnlySpan<byte> frame, int count) => Exchange(frame, count, Success);

    /// <summary>The same for any answers: returns how many of their headers begin as expected. At most <paramref name="window"/> requests are on their way.</summary>
    public int Exchange(ReadOnlySpan<byte> frame, int count, ReadOnlySpan<byte> expected, int window = DefaultWindow)
    {
        int sent = 0;
        int answered = 0;
        int succeeded = 0;
        while (answered < count)
        {
            while (sent < count && sent - answered < window)
            {
                _socket.Send(frame);
                sent++;
            }

            _length += _socket.Receive(_received.AsSpan(_length));
            answered += Consume(expected, ref succeeded);
        }

        return succeeded;
    }

    /// <summary>Sends the frame once; <see cref="Receive"/> reads its answer.</summary>
    public void Send(ReadOnlySpan<byte> frame) => _socket.Send(frame);

    /// <summary>Reads one answer: 1 when it is a success, else 0.</summary>
    public int Receive()
    {
        int answered = 0;
        int succeeded = 0;
        while (answered == 0)
        {
            _length += _socket.Receive(_received.AsSpan(_length));
            answered = Consume(Success, ref succeeded);
        }

        return succeeded;
    }

    public void Dispose() => _socket.Dispose();

    private int Consume(ReadOnlySpan<byte> expected, ref int succeeded)
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

            if (_received.AsSpan(at + CodeOffset).StartsWith(expected))
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
