using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;
using RocketOps.Remoting.Server;
using RocketOps.Remoting.Server.Connections;
using RocketOps.Testing;
using RocketOps.Testing.Logging;
using static RocketOps.Remoting.Tests.Connections.StreamFrames;

namespace RocketOps.Remoting.Tests.Connections;

/// <summary>The ports of a server: who is let in, how, and under which address.</summary>
public abstract class RemotingPortTests(RemotingTransport transport)
{
    private const int EchoCode = 1;

    /// <summary>Event that a connection is refused for there being too many.</summary>
    private const int TooManyConnections = 1016;

    [Fact]
    public async Task Tls_OnTheSamePort_IsServedBesidePlaintext()
    {
        using X509Certificate2 certificate = CreateCertificate();
        await using LoopbackServer peer = await LoopbackServer.StartAsync(
            new RequestHandlerRegistry().Add(EchoCode, new EchoHandler()),
            serverOptions: new RemotingServerOptions
            {
                EndPoints = [new IPEndPoint(IPAddress.Loopback, 0)],
                Transport = transport,
                Tls = new SslServerAuthenticationOptions { ServerCertificate = certificate },
            });
        await using NetworkStream raw = await peer.OpenRawAsync();
        await using SslStream tls = new(raw, leaveInnerStreamOpen: true);
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "localhost", RemoteCertificateValidationCallback = (_, presented, _, _) => presented!.GetCertHashString() == certificate.GetCertHashString() });
        byte[] body = new byte[300_000];
        new Random(1).NextBytes(body);

        await tls.WriteAsync(Encode(new RemotingCommand { Code = EchoCode, Opaque = 3, Body = body }));
        RemotingCommand answer = await ReadFrameAsync(tls);

        answer.Opaque.Should().Be(3);
        answer.Body.Span.SequenceEqual(body).Should().BeTrue();
        (await peer.Client.InvokeAsync(peer.Address, new RemotingCommand { Code = EchoCode })).Code.Should().Be(0, "plaintext goes on");
        peer.Server.Connections.Should().HaveCount(2).And.Contain(connection => connection.RemoteEndPoint.Port == ((IPEndPoint)raw.Socket.LocalEndPoint!).Port);
    }

    [Fact]
    public async Task Connections_BeyondTheLimit_AreClosedAndALaterOneIsTaken()
    {
        await using LoopbackServer peer = await LoopbackServer.StartAsync(
            new RequestHandlerRegistry().Add(EchoCode, new EchoHandler()),
            serverOptions: new RemotingServerOptions { EndPoints = [new IPEndPoint(IPAddress.Loopback, 0)], Transport = transport, MaxConnections = 1 });
        NetworkStream first = await peer.OpenRawAsync();
        await Eventually.TrueAsync(() => peer.Server.Connections.Count == 1, "the first is taken");

        await using NetworkStream second = await peer.OpenRawAsync();
        (await second.ReadAsync(new byte[1])).Should().Be(0, "the second is closed");
        await first.DisposeAsync();
        await Eventually.TrueAsync(() => peer.Server.Connections.Count == 0, "the first is gone");

        (await peer.Client.InvokeAsync(peer.Address, new RemotingCommand { Code = EchoCode })).Code.Should().Be(0);
    }

    [Fact]
    public async Task IPv6_DualStack_ShowsIPv4PeersAsIPv4()
    {
        await using LoopbackServer peer = await LoopbackServer.StartAsync(
            new RequestHandlerRegistry().Add(EchoCode, new EchoHandler()),
            serverOptions: new RemotingServerOptions { EndPoints = [new IPEndPoint(IPAddress.IPv6Any, 0)], Transport = transport });
        using Socket four = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        using Socket six = new(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp);

        await four.ConnectAsync(IPAddress.Loopback, peer.Server.EndPoint.Port);
        await six.ConnectAsync(IPAddress.IPv6Loopback, peer.Server.EndPoint.Port);

        await Eventually.TrueAsync(() => peer.Server.Connections.Count == 2, "both are connected");
        peer.Server.Connections.Select(connection => connection.RemoteEndPoint).Should().BeEquivalentTo([(IPEndPoint)four.LocalEndPoint!, (IPEndPoint)six.LocalEndPoint!]);
    }

    [Fact]
    public async Task Port_Taken_IsSaidAndNothingStaysBound()
    {
        await using LoopbackServer first = await StartAsync(new RemotingServerOptions { EndPoints = [new IPEndPoint(IPAddress.Loopback, 0)], Transport = transport });
        using Socket free = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        free.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        IPEndPoint other = (IPEndPoint)free.LocalEndPoint!;
        free.Close();
        RemotingServerOptions both = new() { EndPoints = [other, first.Server.EndPoint], Transport = transport };

        await FluentActions.Awaiting(() => StartAsync(both)).Should().ThrowAsync<IOException>().WithMessage($"Failed to bind to address {first.Server.EndPoint}: address already in use.");

        await using LoopbackServer second = await StartAsync(new RemotingServerOptions { EndPoints = [other], Transport = transport });
        (await second.Client.InvokeAsync(second.Address, new RemotingCommand { Code = EchoCode })).Code.Should().Be(0);
    }

    [Fact]
    public async Task Accepting_FailsForNoReasonOfASocket_EndsTheServer()
    {
        using ThrowingLog log = new(failAt: TooManyConnections);
        RemotingServerOptions none = new() { EndPoints = [new IPEndPoint(IPAddress.Loopback, 0)], Transport = transport, MaxConnections = 0 };
        await using RemotingServer server = await RemotingServer.StartAsync(none, new RequestHandlerRegistry(), log);
        using Socket peer = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

        await peer.ConnectAsync(server.EndPoint);

        (await server.Failed.WaitAsync(Eventually.DefaultDeadline)).Message.Should().Be(ThrowingLog.Reason);
        await Eventually.TrueAsync(() => HasEnded(peer), "the connection is closed");
    }

    /// <summary>Whether a peer that has said nothing will speak TLS is not known; a stop does not wait for it.</summary>
    [Fact]
    public async Task Stop_PeersThatHaveSaidNothing_AreClosed()
    {
        using X509Certificate2 certificate = CreateCertificate();
        await using LoopbackServer peer = await StartAsync(new RemotingServerOptions
        {
            EndPoints = [new IPEndPoint(IPAddress.Loopback, 0)],
            Transport = transport,
            Tls = new SslServerAuthenticationOptions { ServerCertificate = certificate },
        });
        await using NetworkStream silent = await peer.OpenRawAsync();
        await using NetworkStream half = await peer.OpenRawAsync();
        await half.WriteAsync(new byte[] { 0x16, 3 });

        await peer.Server.StopAsync().WaitAsync(Eventually.DefaultDeadline);

        await Eventually.TrueAsync(() => HasEnded(silent.Socket) && HasEnded(half.Socket), "both are closed");
    }

    /// <summary>Tells that the server has closed it, whether or not bytes were left unread there.</summary>
    private static bool HasEnded(Socket socket)
    {
        try
        {
            return socket.Poll(TimeSpan.Zero, SelectMode.SelectRead) && socket.Receive(new byte[1]) == 0;
        }
        catch (SocketException reset)
        {
            return reset.SocketErrorCode == SocketError.ConnectionReset;
        }
    }

    private static Task<LoopbackServer> StartAsync(RemotingServerOptions options) =>
        LoopbackServer.StartAsync(new RequestHandlerRegistry().Add(EchoCode, new EchoHandler()), serverOptions: options);

    private static X509Certificate2 CreateCertificate()
    {
        using RSA key = RSA.Create(2048);
        CertificateRequest request = new("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        DateTimeOffset now = DateTimeOffset.UtcNow;
        return request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
    }

    public sealed class OverTheLoop() : RemotingPortTests(RemotingTransport.EventLoop);

    public sealed class OverPipes() : RemotingPortTests(RemotingTransport.Pipe);
}
