using System.Collections.Concurrent;
using RocketOps.Remoting.Connections;
using RocketOps.Remoting.Server.Loops;
using RocketOps.Remoting.Tests.Connections;
using RocketOps.Testing;
using static RocketOps.Remoting.Tests.Loops.LoopBench;

namespace RocketOps.Remoting.Tests.Loops;

public sealed class ReceiveSizeTests
{
    [Fact]
    public async Task Receive_OfAPeerThatFilledTheLastOneWithFrames_TakesAllThatIsThere()
    {
        Recorder? kernel = null;
        await using LoopBench bench = new(new RequestHandlerRegistry().Add(Echo, new EchoHandler()), between: inner => kernel = new Recorder(inner));
        ScriptedSockets.Peer peer = bench.Sockets.Connect();
        byte[] frame = Frame(1, new byte[1000]);
        byte[] frames = [.. Enumerable.Repeat(frame, LoopWorker.ReceiveBytes / frame.Length).SelectMany(static bytes => bytes)];

        // The first receive ends within a frame.
        peer.Send(frames.AsSpan(0, LoopWorker.FirstReceiveBytes));
        peer.Send(frames.AsSpan(LoopWorker.FirstReceiveBytes));
        await Eventually.TrueAsync(() => Answers(peer).Count == frames.Length / frame.Length, "all are answered");
        peer.Send(frame);
        peer.Send(frame);
        await Eventually.TrueAsync(() => Answers(peer).Count == 2 + (frames.Length / frame.Length), "and what comes behind");

        kernel!.Wanted.Take(2).Should().Equal(LoopWorker.FirstReceiveBytes, LoopWorker.ReceiveBytes);
        kernel.Wanted.Last().Should().Be(LoopWorker.FirstReceiveBytes, "it has little under way now");
    }

    [Fact]
    public async Task Receive_OfAFrameThatIsNotWhole_IsNeverMoreThanTheFirst()
    {
        Recorder? kernel = null;
        await using LoopBench bench = new(new RequestHandlerRegistry().Add(Echo, new EchoHandler()), between: inner => kernel = new Recorder(inner));
        ScriptedSockets.Peer peer = bench.Sockets.Connect();

        SendInParts(peer, Frame(1, new byte[10 * LoopWorker.FirstReceiveBytes]));

        await Eventually.TrueAsync(() => Answers(peer).Count == 1, "it is answered");
        kernel!.Wanted.Should().HaveCountGreaterThan(9).And.OnlyContain(static wanted => wanted == LoopWorker.FirstReceiveBytes);
    }

    /// <summary>How much each receive asked for.</summary>
    private sealed class Recorder(ScriptedSockets inner) : ForwardingSockets(inner)
    {
        public ConcurrentQueue<int> Wanted { get; } = new();

        public override int Receive(int descriptor, Span<byte> buffer)
        {
            Wanted.Enqueue(buffer.Length);
            return base.Receive(descriptor, buffer);
        }
    }
}
