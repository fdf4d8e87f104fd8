using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Headers;
using RocketOps.Remoting.Connections;
using RocketOps.Remoting.Server.Connections;
using RocketOps.Testing;
using static RocketOps.Remoting.Tests.Connections.StreamFrames;

namespace RocketOps.Remoting.Tests.Connections;

/// <summary>The connection tests over event loops, and what only these do.</summary>
public sealed class LoopConnectionTests() : RemotingConnectionTests(RemotingTransport.EventLoop)
{
    private const int EchoCode = 1;

    [Fact]
    public async Task Tls_OnTheSamePort_IsServedBesidePlaintext()
    {
        using X509Certificate2 certificate = CreateCertificate();
        await using LoopbackServer peer = await LoopbackServer.StartAsync(
            new RequestHandlerRegistry().Add(EchoCode, new EchoHandler()),
            serverOptions: new RemotingServerOptions
            {
                EndPoints = [new IPEndPoint(IPAddress.Loopback, 0)],
                Transport = RemotingTransport.EventLoop,
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
            serverOptions: new RemotingServerOptions { EndPoints = [new IPEndPoint(IPAddress.Loopback, 0)], Transport = RemotingTransport.EventLoop, MaxConnections = 1 });
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
            serverOptions: new RemotingServerOptions { EndPoints = [new IPEndPoint(IPAddress.IPv6Any, 0)], Transport = RemotingTransport.EventLoop });
        using Socket four = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        using Socket six = new(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp);

        await four.ConnectAsync(IPAddress.Loopback, peer.Server.EndPoint.Port);
        await six.ConnectAsync(IPAddress.IPv6Loopback, peer.Server.EndPoint.Port);

        await Eventually.TrueAsync(() => peer.Server.Connections.Count == 2, "both are connected");
        peer.Server.Connections.Select(connection => connection.RemoteEndPoint).Should().BeEquivalentTo([(IPEndPoint)four.LocalEndPoint!, (IPEndPoint)six.LocalEndPoint!]);
    }

    [Fact]
    public async Task ManyLoops_ShareTheConnections()
    {
        await using LoopbackServer peer = await LoopbackServer.StartAsync(
            new RequestHandlerRegistry().Add(EchoCode, new ThreadHandler()),
            serverOptions: new RemotingServerOptions { EndPoints = [new IPEndPoint(IPAddress.Loopback, 0)], Transport = RemotingTransport.EventLoop, Loops = 3, LingerMicros = 50 });
        HashSet<string> threads = new(StringComparer.Ordinal);
        List<NetworkStream> streams = [];

        for (int i = 0; i < 9; i++)
        {
            NetworkStream stream = await peer.OpenRawAsync();
            streams.Add(stream);
            await stream.WriteAsync(Encode(new RemotingCommand { Code = EchoCode, Opaque = i }));
            threads.Add((await ReadFrameAsync(stream)).Remark!);
        }

        threads.Should().BeEquivalentTo("remoting-loop-0", "remoting-loop-1", "remoting-loop-2");
        streams.ForEach(stream => stream.Dispose());
    }

    private static X509Certificate2 CreateCertificate()
    {
        using RSA key = RSA.Create(2048);
        CertificateRequest request = new("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        DateTimeOffset now = DateTimeOffset.UtcNow;
        return request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
    }

    /// <summary>Answers with the name of the thread it runs on.</summary>
    private sealed class ThreadHandler : IRequestHandler
    {
        public void Handle(in RequestFrame frame, RequestBatch batch) => batch.Connection.Reply(frame, 0, Thread.CurrentThread.Name);
    }
}
