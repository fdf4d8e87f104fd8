using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace RocketOps.Client.Tests.Support;

/// <summary>
/// A name server and broker in one that knows one queue of every topic and answers every send alike, on a thread that allocates nothing once it runs: what is measured is the
/// client.
/// </summary>
internal sealed class CannedBroker : IDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly byte[] _route;

    public CannedBroker()
    {
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen();
        _route = Encoding.UTF8.GetBytes(
            $"{{\"brokerDatas\":[{{\"brokerAddrs\":{{0:\"{Address}\"}},\"brokerName\":\"broker-a\",\"cluster\":\"C\"}}],\"queueDatas\":[{{\"brokerName\":\"broker-a\",\"perm\":6,\"readQueueNums\":1,\"topicSysFlag\":0,\"writeQueueNums\":1}}]}}");
        new Thread(Serve) { IsBackground = true, Name = "canned broker" }.Start();
    }

    public string Address => _listener.LocalEndPoint!.ToString()!;

    public void Dispose() => _listener.Dispose();

    private void Serve(Socket connection)
    {
        byte[] received = new byte[256 * 1024];
        byte[] answers = new byte[64 * 1024];
        int held = 0;
        while (true)
        {
            int read = connection.Receive(received.AsSpan(held));
            if (read == 0)
            {
                return;
            }

            held += read;
            int at = 0;
            int written = 0;
            while (held - at >= 4 && held - at >= 4 + BinaryPrimitives.ReadInt32BigEndian(received.AsSpan(at)))
            {
                int size = 4 + BinaryPrimitives.ReadInt32BigEndian(received.AsSpan(at));
                written += Answer(received.AsSpan(at, size), answers.AsSpan(written));
                at += size;
            }

            received.AsSpan(at, held - at).CopyTo(received);
            held -= at;
            for (int sent = 0; sent < written;)
            {
                sent += connection.Send(answers.AsSpan(sent, written - sent));
            }
        }
    }

    private int Answer(ReadOnlySpan<byte> request, Span<byte> destination)
    {
        ReadOnlySpan<byte> rest = request[(request.IndexOf("\"opaque\":"u8) + 9)..];
        ReadOnlySpan<byte> opaque = rest[..rest.IndexOfAny((byte)',', (byte)'}')];
        Span<byte> header = destination[8..];
        int length = 0;
        Append(header, "{\"code\":0,\"extFields\":{\"queueId\":\"0\",\"msgId\":\"7F00000100002A9F0000000000000000\",\"queueOffset\":\"17\"},\"flag\":1,\"language\":\"JAVA\",\"opaque\":"u8, ref length);
        Append(header, opaque, ref length);
        Append(header, ",\"serializeTypeCurrentRPC\":\"JSON\",\"version\":1}"u8, ref length);
        BinaryPrimitives.WriteInt32BigEndian(destination[4..], length);
        if (request.IndexOf("{\"code\":105,"u8) >= 0)
        {
            Append(header, _route, ref length);
        }

        BinaryPrimitives.WriteInt32BigEndian(destination, 4 + length);
        return 8 + length;
    }

    private static void Append(Span<byte> destination, ReadOnlySpan<byte> text, ref int at)
    {
        text.CopyTo(destination[at..]);
        at += text.Length;
    }

    private void Serve()
    {
        try
        {
            while (true)
            {
                Socket connection = _listener.Accept();
                new Thread(() =>
                {
                    using (connection)
                    {
                        try
                        {
                            Serve(connection);
                        }
                        catch (SocketException)
                        {
                            // The client is gone.
                        }
                    }
                })
                { IsBackground = true }.Start();
            }
        }
        catch (Exception ended) when (ended is SocketException or ObjectDisposedException)
        {
            // Disposed.
        }
    }
}
