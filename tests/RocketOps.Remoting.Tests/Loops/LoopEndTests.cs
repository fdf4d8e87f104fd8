using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;
using RocketOps.Remoting.Tests.Connections;
using RocketOps.Testing;
using static RocketOps.Remoting.Tests.Loops.LoopBench;

namespace RocketOps.Remoting.Tests.Loops;

/// <summary>How the server ends a connection on an event loop over a scripted kernel.</summary>
public sealed class LoopEndTests
{
    private const int Worked = 2;
    private const int Told = 40;

    /// <summary>The peer has sent it before it could know of the end.</summary>
    [Fact]
    public async Task FinishBehind_RequestThatComesAfterIt_IsNotTaken()
    {
        GatedHandler handler = new();
        await using LoopBench bench = new(new RequestHandlerRegistry().Add(Echo, new EchoHandler()).Add(Worked, handler));
        ScriptedSockets.Peer peer = bench.Sockets.Connect();
        peer.Send(Frame(1, default, Worked));
        await Eventually.TrueAsync(() => handler.Begun == 1, "it is worked on");
        RemotingConnection connection = bench.Connections.All.Single();
        connection.FinishBehindAnswer("test");
        connection.FinishBehind(new RemotingCommand { Code = Told });

        peer.Send(Frame(2, default, Worked));
        await bench.RoundAsync();

        connection.End.Working.Should().Be(1);
        handler.Answer(1);
        await Eventually.TrueAsync(() => connection.Closed.IsCancellationRequested, "it ends");
        Answers(peer).Select(static frame => frame.Code).Should().Equal(Told, ResponseCode.Success);
    }
}
