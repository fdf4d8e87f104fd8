using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using RocketOps.Embedded.Kubelet.Network;
using RocketOps.Testing;

namespace RocketOps.Embedded.Tests.Kubelet.Network;

public sealed class TcpForwarderTests : IDisposable
{
    private static readonly IPEndPoint AnyPort = new(IPAddress.Loopback, 0);

    private readonly TcpListener _target = new(AnyPort);

    public TcpForwarderTests() => _target.Start();

    public void Dispose() => _target.Dispose();

    [Fact]
    public async Task Connection_BothDirectionsAndTheirEnds_ArePassedOn()
    {
        await using TcpForwarder forwarder = Forward(TargetAddress);
        using Socket client = await ConnectAsync(forwarder);
        using Socket server = await _target.AcceptSocketAsync();

        await client.SendAsync("question"u8.ToArray());
        client.Shutdown(SocketShutdown.Send);
        (await ReadToEndAsync(server)).Should().Be("question");

        // The other direction is open still.
        await server.SendAsync("answer"u8.ToArray());
        server.Shutdown(SocketShutdown.Send);
        (await ReadToEndAsync(client)).Should().Be("answer");
    }

    [Fact]
    public async Task Connection_MoreThanAnyBufferHolds_WaitsForItsReaderAndArrivesWhole()
    {
        await using TcpForwarder forwarder = Forward(TargetAddress);
        using Socket client = await ConnectAsync(forwarder);
        using Socket server = await _target.AcceptSocketAsync();
        byte[] sent = new byte[64 * 1024 * 1024];
        new Random(1).NextBytes(sent);

        Task sending = SendAllAsync(client, sent);
        sending.IsCompleted.Should().BeFalse("nobody reads yet and no buffer on the way is as large");
        byte[] received = new byte[sent.Length];
        int count = 0;
        while (count < received.Length)
        {
            int read = await server.ReceiveAsync(received.AsMemory(count));
            read.Should().BePositive();
            count += read;
        }

        await sending;
        received.AsSpan().SequenceEqual(sent).Should().BeTrue();
    }

    [Fact]
    public async Task Connection_FirstTargetRefuses_GoesToTheNext()
    {
        await using TcpForwarder forwarder = Forward(Refusing(), TargetAddress);
        using Socket client = await ConnectAsync(forwarder);
        using Socket server = await _target.AcceptSocketAsync();

        await server.SendAsync("here"u8.ToArray());
        server.Shutdown(SocketShutdown.Send);
        (await ReadToEndAsync(client)).Should().Be("here");
    }

    [Fact]
    public async Task Connection_NoTarget_IsReset()
    {
        await using TcpForwarder forwarder = Forward(Refusing());

        Func<Task> use = async () =>
        {
            using Socket client = await ConnectAsync(forwarder);
            await ReadToEndAsync(client);
        };

        (await use.Should().ThrowAsync<SocketException>()).Which.SocketErrorCode.Should().Be(SocketError.ConnectionReset);
    }

    [Fact]
    public async Task Connection_TargetResets_IsResetToo()
    {
        await using TcpForwarder forwarder = Forward(TargetAddress);
        using Socket client = await ConnectAsync(forwarder);
        Socket server = await _target.AcceptSocketAsync();

        server.LingerState = new LingerOption(true, 0);
        server.Dispose();

        Func<Task> read = () => ReadToEndAsync(client);
        (await read.Should().ThrowAsync<SocketException>()).Which.SocketErrorCode.Should().Be(SocketError.ConnectionReset);
    }

    [Fact]
    public async Task Dispose_ConnectionsAreOpen_EndsThemAndFreesTheAddress()
    {
        TcpForwarder forwarder = Forward(TargetAddress);
        IPEndPoint address = forwarder.Address;
        using Socket client = await ConnectAsync(forwarder);
        using Socket server = await _target.AcceptSocketAsync();

        await forwarder.DisposeAsync();

        Func<Task> read = () => ReadToEndAsync(client);
        await read.Should().ThrowAsync<SocketException>();
        await using TcpForwarder next = TcpForwarder.Listen(address, () => [], Eventually.DefaultDeadline, TimeProvider.System, NullLogger.Instance);
        next.Address.Should().Be(address);
    }

    private IPEndPoint TargetAddress => (IPEndPoint)_target.LocalEndpoint;

    private static TcpForwarder Forward(params IPEndPoint[] targets) => TcpForwarder.Listen(AnyPort, () => targets, Eventually.DefaultDeadline, TimeProvider.System, NullLogger.Instance);

    /// <summary>Port 1 of an address nobody uses: below the range that is given to clients, so nothing comes to listen there.</summary>
    private static IPEndPoint Refusing() => new(new IPAddress([127, 97, 0, 1]), 1);

    private static async Task<Socket> ConnectAsync(TcpForwarder forwarder)
    {
        Socket client = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(forwarder.Address);
        return client;
    }

    private static async Task SendAllAsync(Socket socket, ReadOnlyMemory<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            bytes = bytes[await socket.SendAsync(bytes)..];
        }
    }

    private static async Task<string> ReadToEndAsync(Socket socket)
    {
        using CancellationTokenSource late = new(Eventually.DefaultDeadline);
        StringBuilder text = new();
        byte[] buffer = new byte[1024];
        int read;
        while ((read = await socket.ReceiveAsync(buffer, late.Token)) > 0)
        {
            text.Append(Encoding.ASCII.GetString(buffer, 0, read));
        }

        return text.ToString();
    }
}
