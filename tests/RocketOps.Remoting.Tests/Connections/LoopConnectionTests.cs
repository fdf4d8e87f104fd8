using System.Net;
using System.Net.Sockets;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Headers;
using RocketOps.Remoting.Connections;
using RocketOps.Remoting.Server.Connections;
using static RocketOps.Remoting.Tests.Connections.StreamFrames;

namespace RocketOps.Remoting.Tests.Connections;

/// <summary>The connection tests over event loops, and what only these do.</summary>
public sealed class LoopConnectionTests() : RemotingConnectionTests(RemotingTransport.EventLoop)
{
    private const int EchoCode = 1;

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

    /// <summary>Answers with the name of the thread it runs on.</summary>
    private sealed class ThreadHandler : IRequestHandler
    {
        public void Handle(in RequestFrame frame, RequestBatch batch) => batch.Connection.Reply(frame, 0, Thread.CurrentThread.Name);
    }
}
