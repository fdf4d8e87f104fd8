using System.Buffers.Binary;
using RocketOps.Protocol.Framing;
using RocketOps.Protocol.Headers;
using RocketOps.Remoting.Connections;
using RocketOps.Remoting.Tests.Connections;
using RocketOps.Testing;
using RocketOps.Testing.Time;
using static RocketOps.Remoting.Tests.Loops.LoopBench;

namespace RocketOps.Remoting.Tests.Loops;

/// <summary>However much a peer sends at once, and however long each of its requests takes, others have their turn.</summary>
public sealed class LoopTurnTests
{
    private const int Costly = 2;

    /// <summary>What a turn takes of them: the clock is looked at every four frames.</summary>
    private const int FramesOfTurn = 4;

    [Fact]
    public async Task Requests_ManyAtOnceOfMany_OneOfAnotherIsHandledNext()
    {
        const int Greedy = 20;
        const int Frames = 500;
        FakeTimeProvider time = new();
        CostlyHandler costly = new(time);
        EchoHandler echo = new();
        await using LoopBench bench = new(new RequestHandlerRegistry().Add(Echo, echo).Add(Costly, costly), time: time);
        ScriptedSockets.Peer honest = bench.Sockets.Connect();
        await bench.RoundAsync();
        int asked = 0;
        int askedAt = 0;
        int longest = 0;
        costly.Handled = number =>
        {
            // From the loop's own thread, so that nothing but turns decides; once all have had their first.
            if (echo.Calls == 1 + asked)
            {
                longest = Math.Max(longest, number - askedAt);
                askedAt = number;
                asked++;
                honest.Send(Frame(asked, default));
            }
        };
        byte[] all = [.. Enumerable.Range(1, Frames).SelectMany(static opaque => Frame(opaque, default, Costly))];
        ScriptedSockets.Peer[] greedy = [.. Enumerable.Range(0, Greedy).Select(_ => bench.Sockets.Connect())];
        foreach (ScriptedSockets.Peer peer in greedy)
        {
            peer.Send(all);
        }

        await Eventually.TrueAsync(() => greedy.All(static peer => Answers(peer).Count == Frames), "all are answered");
        greedy.Should().AllSatisfy(static peer => Answers(peer).Select(static answer => answer.Opaque).Should().Equal(Enumerable.Range(1, Frames)));
        // Those that come at once have a first turn each; from then on one of them has a turn between two requests of who asks for little.
        longest.Should().BeLessThanOrEqualTo(Greedy * FramesOfTurn);
        asked.Should().BeGreaterThan(((Greedy * Frames) - (Greedy * FramesOfTurn)) / (3 * FramesOfTurn));
    }

    [Fact]
    public async Task Frames_LargeOnesOfMany_OneOfAnotherIsHandledNext()
    {
        const int Greedy = 20;
        FakeTimeProvider time = new();
        CostlyReceives? receives = null;
        await using LoopBench bench = new(new RequestHandlerRegistry().Add(Echo, new EchoHandler()), time: time, between: inner => receives = new CostlyReceives(inner, time));
        ScriptedSockets.Peer honest = bench.Sockets.Connect();
        await bench.RoundAsync();
        int asked = 0;
        int askedAt = 0;
        int longest = 0;
        receives!.Received = number =>
        {
            // From the loop's own thread, once all are in the middle of their frames.
            if (receives.Begun == Greedy && Answers(honest).Count == asked)
            {
                longest = asked == 0 ? 0 : Math.Max(longest, number - askedAt);
                askedAt = number;
                honest.Send(Frame(++asked, default));
            }
        };
        byte[] frame = Frame(1, new byte[2 * 1024 * 1024]);
        ScriptedSockets.Peer[] greedy = [.. Enumerable.Range(0, Greedy).Select(_ => bench.Sockets.Connect())];
        foreach (ScriptedSockets.Peer peer in greedy)
        {
            SendInParts(peer, frame);
        }

        await Eventually.TrueAsync(() => greedy.All(peer => peer.Received.Length == frame.Length), "all are answered");
        asked.Should().BeGreaterThan(Greedy);
        // A round takes one more at least, and others for four milliseconds: not one of each.
        longest.Should().BeLessThan(Greedy / 2);
    }

    [Fact]
    public async Task Frame_WithAHeaderThatIsRefused_IsNotWaitedFor()
    {
        await using LoopBench bench = new(new RequestHandlerRegistry());
        ScriptedSockets.Peer hostile = bench.Sockets.Connect();
        byte[] prefix = new byte[FrameLayout.PrefixSize];
        BinaryPrimitives.WriteInt32BigEndian(prefix, 8 * 1024 * 1024);
        BinaryPrimitives.WriteInt32BigEndian(prefix.AsSpan(FrameLayout.LengthSize), (256 * 1024) + 1);

        hostile.Send(prefix);

        await Eventually.TrueAsync(() => hostile.IsClosed, "it is closed before the header has come");
    }

    /// <summary>Receives of as much as fits, each of which takes two milliseconds of the loop.</summary>
    private sealed class CostlyReceives(ScriptedSockets inner, FakeTimeProvider time) : ForwardingSockets(inner)
    {
        private readonly Dictionary<int, int> _of = [];
        private int _received;

        /// <summary>Connections of which more than once as much was received.</summary>
        public int Begun { get; private set; }

        public Action<int> Received { get; set; } = static _ => { };

        public override int Receive(int descriptor, Span<byte> buffer)
        {
            int received = base.Receive(descriptor, buffer);
            if (received == buffer.Length)
            {
                time.Advance(TimeSpan.FromMilliseconds(2));
                _of[descriptor] = _of.GetValueOrDefault(descriptor) + 1;
                Begun += _of[descriptor] == 2 ? 1 : 0;
                Received(++_received);
            }

            return received;
        }
    }

    /// <summary>Takes a millisecond of the loop.</summary>
    private sealed class CostlyHandler(FakeTimeProvider time) : IRequestHandler
    {
        private readonly EchoHandler _answer = new();
        private int _handled;

        public Action<int> Handled { get; set; } = static _ => { };

        public void Handle(in RequestFrame frame, RequestBatch batch)
        {
            time.Advance(TimeSpan.FromMilliseconds(1));
            Handled(++_handled);
            _answer.Handle(frame, batch);
        }
    }
}
