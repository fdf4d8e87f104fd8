using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace RocketOps.Testing.Remoting;

/// <summary>One socket that speaks frames, or any bytes at all, to a server. Not safe for concurrent use.</summary>
public sealed class RawConnection : IAsyncDisposable
{
    private const int MaxFrameBytes = 64 * 1024 * 1024;

    private readonly TcpClient _client;
    private readonly NetworkStream _stream;
    private int _opaque;

    private RawConnection(TcpClient client)
    {
        _client = client;
        _stream = client.GetStream();
    }

    /// <summary>The release that requests say they come from, by RocketMQ's ordinals (remoting.md §1.7); null where it is no matter.</summary>
    public int? ClientVersion { get; set; }

    /// <summary>The port of this end: how the server's log names this connection.</summary>
    public int LocalPort => (_client.Client.LocalEndPoint as IPEndPoint)?.Port ?? throw new InvalidOperationException("not connected");

    public static async Task<RawConnection> ConnectAsync(string address, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(address);
        int colon = address.LastIndexOf(':');
        TcpClient client = new() { NoDelay = true };
        try
        {
            await client.ConnectAsync(address[..colon], int.Parse(address[(colon + 1)..]), cancellationToken);
            return new RawConnection(client);
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    /// <summary>Whether something accepts connections there.</summary>
    public static async Task<bool> IsListeningAsync(string address)
    {
        try
        {
            await using RawConnection connection = await ConnectAsync(address);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>Sends a request and waits for its answer, passing over what the server sends of its own accord.</summary>
    public async Task<RawFrame> RequestAsync(
        int code, IReadOnlyDictionary<string, string>? fields = null, ReadOnlyMemory<byte> body = default, CancellationToken cancellationToken = default)
    {
        RawFrame request = RawFrame.Request(code, ++_opaque, fields, body);
        request = ClientVersion is { } version ? request with { Version = version } : request;
        await SendAsync(request.Encode(), cancellationToken);
        while (true)
        {
            RawFrame? answer = await ReceiveAsync(cancellationToken) ?? throw new EndOfStreamException($"closed instead of an answer to code {code}");
            if (answer.IsResponse && answer.Opaque == request.Opaque)
            {
                return answer;
            }
        }
    }

    public async Task SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken = default) =>
        await _stream.WriteAsync(bytes, cancellationToken);

    /// <summary>The next frame, or null when the server has closed the connection.</summary>
    public async Task<RawFrame?> ReceiveAsync(CancellationToken cancellationToken = default)
    {
        byte[] prefix = new byte[4];
        try
        {
            if (await _stream.ReadAtLeastAsync(prefix, 4, throwOnEndOfStream: false, cancellationToken) < 4)
            {
                return null;
            }

            int length = BinaryPrimitives.ReadInt32BigEndian(prefix);
            if (length is < 4 or > MaxFrameBytes)
            {
                throw new InvalidDataException($"frame length {length}");
            }

            byte[] frame = new byte[length];
            await _stream.ReadExactlyAsync(frame, cancellationToken);
            return RawFrame.Decode(frame);
        }
        catch (IOException exception) when (exception.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionReset })
        {
            return null;
        }
    }

    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        return ValueTask.CompletedTask;
    }
}
