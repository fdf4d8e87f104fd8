using System.Runtime.InteropServices;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;
using RocketOps.Remoting.Server.Loops;
using RocketOps.Remoting.Tests.Connections;
using RocketOps.Testing;
using static RocketOps.Remoting.Tests.Loops.LoopBench;

namespace RocketOps.Remoting.Tests.Loops;

/// <summary>Megabytes that a peer does not take at once, written by others than the loop.</summary>
public sealed class SocketOutputTests
{
    private static readonly int[] Sizes = [10, 100_000, 300_000, 1_000_000, 5, 2_500_000, FrameBuffers.MaxPooledBytes, 700_000, 1, 3_000_000, 64];

    [Fact]
    public async Task Answers_OfMegabytesTakenInPieces_ArriveWholeAndInTheOrderWritten()
    {
        RemotingConnection? connection = null;
        await using LoopBench bench = new(new RequestHandlerRegistry().Add(Echo, new DelegateHandler((asking, _, _) =>
        {
            connection = asking;
            return ValueTask.FromResult<RemotingCommand?>(null);
        })));
        ScriptedSockets.Peer peer = bench.Sockets.Connect();
        peer.TakesPerSend = 333_333;
        peer.Send(Frame(1, default));
        await Eventually.TrueAsync(() => connection is not null, "the connection is there");

        byte[] expected = [];
        for (int round = 1; round <= 3; round++)
        {
            peer.SendErrors.Enqueue(LinuxSockets.TryAgain);
            foreach (int size in Sizes)
            {
                byte[] body = new byte[size];
                new Random(size + round).NextBytes(body);
                byte[] frame = Frame(size, body);
                expected = [.. expected, .. frame];
                using OutputLease output = connection!.LeaseOutput(flush: size % 2 == 0);
                output.Write(frame);
            }

            bench.Connections.Budget.Held.Should().BeGreaterThan(Sizes.Sum(), "what the peer does not take is counted");
            peer.MakeWritable();
            await Eventually.TrueAsync(() => peer.Received.Length == expected.Length, "it takes all there is");
            await Eventually.TrueAsync(() => bench.Connections.Budget.Held == 0, "nothing is held any more");
        }

        peer.Received.AsSpan().SequenceEqual(expected).Should().BeTrue();
        peer.Fail(0);
        await bench.AllClosedAsync();
    }

    [Theory]
    [InlineData(int.MaxValue, 1)]
    [InlineData(5, 1)]
    [InlineData(100, 1)]
    [InlineData(4000, 1)]
    [InlineData(4000, 0)]
    public async Task SendNow_BehindWhatWasWritten_LeavesFromWhereItLies(int takesPerSend, int refusals)
    {
        RemotingConnection? connection = null;
        await using LoopBench bench = new(new RequestHandlerRegistry().Add(Echo, new DelegateHandler((asking, _, _) =>
        {
            connection = asking;
            return ValueTask.FromResult<RemotingCommand?>(null);
        })));
        ScriptedSockets.Peer peer = bench.Sockets.Connect();
        peer.Send(Frame(1, default));
        await Eventually.TrueAsync(() => connection is not null, "the connection is there");
        byte[] expected = new byte[30 + 40 + 7000];
        new Random(1).NextBytes(expected);
        nint place = Marshal.AllocHGlobal(8000);
        try
        {
            Marshal.Copy(expected, 70, place + 500, 3000);
            Marshal.Copy(expected, 3070, place + 4000, 4000);
            peer.TakesPerSend = takesPerSend;
            for (int i = 0; i < refusals; i++)
            {
                peer.SendErrors.Enqueue(LinuxSockets.TryAgain);
            }

            using OutputLease output = connection!.LeaseOutput(flush: true);
            output.Write(expected.AsSpan(0, 30));
            int sent = output.SendNow(expected.AsSpan(30, 40), [new OutputPiece(place + 500, 3000), new OutputPiece(place + 4000, 4000)]);
            sent.Should().Be(refusals > 0 ? 0 : Math.Min(takesPerSend, 7040), "the peer takes no more at once, and nothing before what was written");
            output.Write(expected.AsSpan(30 + sent));
        }
        finally
        {
            Marshal.FreeHGlobal(place);
        }

        peer.MakeWritable();
        await Eventually.TrueAsync(() => peer.Received.Length == expected.Length, "it takes all there is");
        peer.Received.Should().Equal(expected);
        peer.Fail(0);
        await bench.AllClosedAsync();
    }

    [Fact]
    public async Task Close_WithMegabytesThatNobodyTakes_GivesThemBack()
    {
        RemotingConnection? connection = null;
        await using LoopBench bench = new(new RequestHandlerRegistry().Add(Echo, new DelegateHandler((asking, _, _) =>
        {
            connection = asking;
            return ValueTask.FromResult<RemotingCommand?>(null);
        })));
        ScriptedSockets.Peer peer = bench.Sockets.Connect();
        peer.SendErrors.Enqueue(LinuxSockets.TryAgain);
        peer.Send(Frame(1, default));
        await Eventually.TrueAsync(() => connection is not null, "the connection is there");
        using (OutputLease output = connection!.LeaseOutput(flush: true))
        {
            output.Write(new byte[5_000_000]);
        }

        connection.Abort("it is ended");

        await bench.AllClosedAsync();
        bench.Connections.Budget.Held.Should().Be(0);
    }
}
