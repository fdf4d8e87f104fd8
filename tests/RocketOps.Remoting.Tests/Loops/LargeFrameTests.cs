using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;
using RocketOps.Remoting.Server.Loops;
using RocketOps.Remoting.Tests.Connections;
using RocketOps.Testing;
using static RocketOps.Remoting.Tests.Loops.LoopBench;

namespace RocketOps.Remoting.Tests.Loops;

/// <summary>Frames that lie in pieces until they are whole.</summary>
public sealed class LargeFrameTests
{
    private const int Piece = FrameBuffers.MaxPooledBytes;

    [Theory]
    [InlineData(Piece - 1)]
    [InlineData(Piece)]
    [InlineData(Piece + 1)]
    [InlineData((2 * Piece) - 1)]
    [InlineData(2 * Piece)]
    [InlineData((2 * Piece) + 1)]
    [InlineData((5 * Piece) + 12_345)]
    public async Task Frame_OfAnySize_ArrivesWholeAndSoDoesWhatFollows(int frameBytes)
    {
        await using LoopBench bench = new(new RequestHandlerRegistry().Add(Echo, new EchoHandler()));
        byte[] first = new byte[frameBytes - Frame(1, default).Length];
        new Random(frameBytes).NextBytes(first);
        byte[] large = Frame(1, first);
        large.Length.Should().Be(frameBytes);
        ScriptedSockets.Peer peer = bench.Sockets.Connect();

        // Not at the bounds of a piece: the one behind it begins and ends within a receive.
        SendInParts(peer, [.. large, .. Frame(2, "between"u8), .. large, .. Frame(3, "last"u8)]);

        await Eventually.TrueAsync(() => Answers(peer).Count == 4, "all are answered");
        List<RemotingCommand> answers = Answers(peer);
        answers.Select(static answer => answer.Opaque).Should().Equal(1, 2, 1, 3);
        answers[0].Body.Span.SequenceEqual(first).Should().BeTrue();
        answers[2].Body.Span.SequenceEqual(first).Should().BeTrue();
        answers[3].Body.ToArray().Should().Equal("last"u8.ToArray());
        await Eventually.TrueAsync(() => bench.Connections.Budget.Held == 0, "nothing is held any more");
    }

    /// <summary>By what has come, not by what the frame says it will be, nor by twice what has come: a buffer that doubles is copied by a loop that others wait for.</summary>
    [Fact]
    public async Task Frame_ThatIsNotWhole_HoldsWhatHasComeAndAPiece()
    {
        await using LoopBench bench = new(new RequestHandlerRegistry().Add(Echo, new EchoHandler()));
        ScriptedSockets.Peer peer = bench.Sockets.Connect();
        const int Come = (8 * Piece) + LoopWorker.ReceiveBytes;

        SendInParts(peer, Frame(1, new byte[15 * Piece]).AsSpan(0, Come));

        await Eventually.TrueAsync(() => bench.Connections.Budget.Held >= Come, "all that was sent is received");
        bench.Connections.Budget.Held.Should().BeLessThanOrEqualTo(Come + Piece);
        peer.Fail(0);
        await bench.AllClosedAsync();
        bench.Connections.Budget.Held.Should().Be(0);
    }
}
