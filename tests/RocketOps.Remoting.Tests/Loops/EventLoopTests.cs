using System.Buffers;
using Microsoft.Extensions.Logging;
using RocketOps.Remoting.Commands;
using RocketOps.Remoting.Connections;
using RocketOps.Remoting.Framing;
using RocketOps.Remoting.Headers;
using RocketOps.Remoting.Loops;
using RocketOps.Remoting.Server;
using RocketOps.Remoting.Tests.Connections;
using RocketOps.Testing;
using RocketOps.Testing.Logging;

namespace RocketOps.Remoting.Tests.Loops;

/// <summary>An event loop over a scripted kernel.</summary>
public sealed class EventLoopTests
{
    private const int Echo = 1;
    private const int Interrupted = 4;
    private const int Reset = 104;
    private const int BrokenPipe = 32;

    /// <summary>A length no frame has.</summary>
    private static readonly byte[] NoFrame = [0xff, 0xff, 0xff, 0xff];

    [Fact]
    public async Task Frames_CutAtEveryByte_AreAnsweredOnce()
    {
        await using Bench bench = new(new RequestHandlerRegistry().Add(Echo, new EchoHandler()));
        byte[] frames = [.. Frame(1, "first"u8), .. Frame(2, "second"u8)];
        for (int cut = 1; cut < frames.Length; cut++)
        {
            ScriptedSockets.Peer peer = bench.Sockets.Connect();
            peer.Send(frames.AsSpan(0, cut));
            peer.Send(frames.AsSpan(cut));

            await Eventually.TrueAsync(() => Answers(peer).Count == 2, $"both are answered when cut at {cut}");

            Answers(peer).Select(answer => answer.Opaque).Should().Equal(1, 2);
            peer.Fail(0);
        }

        await bench.AllClosedAsync();
    }

    [Fact]
    public async Task Receive_InterruptedOrEmpty_GoesOn()
    {
        await using Bench bench = new(new RequestHandlerRegistry().Add(Echo, new EchoHandler()));
        ScriptedSockets.Peer peer = bench.Sockets.Connect();

        peer.Fail(Interrupted);
        peer.Fail(LinuxSockets.TryAgain);
        peer.Send(Frame(7, "x"u8));

        await Eventually.TrueAsync(() => Answers(peer).Count == 1, "the request is answered");
    }

    [Fact]
    public async Task Send_ShortAndInterrupted_SendsTheRest()
    {
        await using Bench bench = new(new RequestHandlerRegistry().Add(Echo, new EchoHandler()));
        ScriptedSockets.Peer peer = bench.Sockets.Connect();
        peer.TakesPerSend = 3;
        peer.SendErrors.Enqueue(Interrupted);

        peer.Send(Frame(7, "a body of some length"u8));

        await Eventually.TrueAsync(() => Answers(peer).Count == 1, "the answer arrives in pieces");
        Answers(peer)[0].Body.ToArray().Should().Equal("a body of some length"u8.ToArray());
    }

    [Fact]
    public async Task Send_KernelIsFull_WaitsForItAndReadsNothingMeanwhile()
    {
        EchoHandler echo = new();
        await using Bench bench = new(new RequestHandlerRegistry().Add(Echo, echo));
        ScriptedSockets.Peer peer = bench.Sockets.Connect();
        peer.SendErrors.Enqueue(LinuxSockets.TryAgain);
        peer.Send(Frame(1, "x"u8));
        await Eventually.TrueAsync(() => peer.SendErrors.Count == 0, "the kernel has refused the answer");

        peer.Send(Frame(2, "y"u8));
        ScriptedSockets.Peer other = bench.Sockets.Connect();
        other.Send(Frame(3, "z"u8));
        await Eventually.TrueAsync(() => Answers(other).Count == 1, "others are answered");

        echo.Calls.Should().Be(2, "nothing is read from a peer that does not take its answers");
        Answers(peer).Should().BeEmpty();
        peer.MakeWritable();
        await Eventually.TrueAsync(() => Answers(peer).Count == 2, "it goes on when the kernel takes bytes");
        Answers(peer).Select(answer => answer.Opaque).Should().Equal(1, 2);
    }

    [Theory]
    [InlineData(Reset)]
    [InlineData(BrokenPipe)]
    public async Task Send_ConnectionIsGone_ClosesIt(int errno)
    {
        await using Bench bench = new(new RequestHandlerRegistry().Add(Echo, new EchoHandler()));
        ScriptedSockets.Peer peer = bench.Sockets.Connect();
        peer.SendErrors.Enqueue(errno);

        peer.Send(Frame(1, "x"u8));

        await Eventually.TrueAsync(() => peer.IsClosed, "the descriptor is closed");
        await bench.AllClosedAsync();
    }

    [Fact]
    public async Task Receive_Reset_ClosesIt()
    {
        await using Bench bench = new(new RequestHandlerRegistry().Add(Echo, new EchoHandler()));
        ScriptedSockets.Peer peer = bench.Sockets.Connect();

        peer.Send(Frame(1, "x"u8));
        peer.Fail(Reset);

        await Eventually.TrueAsync(() => peer.IsClosed, "the descriptor is closed");
        Answers(peer).Should().ContainSingle("what came before the reset was handled");
        await bench.AllClosedAsync();
    }

    [Fact]
    public async Task Tick_ManyConnections_OneCommitForAll()
    {
        DeferringHandler handler = new();
        using ManualResetEventSlim go = new();
        EchoHandler unused = new();
        await using Bench bench = new(new RequestHandlerRegistry().Add(Echo, handler).Add(2, new BlockingHandler(go)).Add(3, unused));
        ScriptedSockets.Peer[] peers = [.. Enumerable.Range(0, 20).Select(_ => bench.Sockets.Connect())];
        await Eventually.TrueAsync(() => bench.Connections.All.Count == 20, "all are connected");
        ScriptedSockets.Peer gate = bench.Sockets.Connect();
        gate.Send(Frame(1, default, 2));
        await Eventually.TrueAsync(() => bench.Entered(gate), "the loop is held while requests gather");

        foreach (ScriptedSockets.Peer peer in peers)
        {
            peer.Send(Frame(1, "x"u8));
        }

        go.Set();
        await Eventually.TrueAsync(() => peers.All(peer => Answers(peer).Count == 1), "all are answered");
        handler.Commits.Should().Be(1);
    }

    [Fact]
    public async Task Commit_Hangs_OthersAreAnsweredAndItsRepliesFollow()
    {
        using ManualResetEventSlim disk = new();
        DeferringHandler handler = new() { OnCommit = () => disk.Wait(Eventually.DefaultDeadline) };
        await using Bench bench = new(new RequestHandlerRegistry().Add(Echo, handler).Add(2, new EchoHandler()));
        ScriptedSockets.Peer stuck = bench.Sockets.Connect();
        ScriptedSockets.Peer other = bench.Sockets.Connect();
        stuck.Send(Frame(1, "x"u8));
        await Eventually.TrueAsync(() => handler.Commits == 1, "the commit hangs");

        await Eventually.TrueAsync(() => bench.Log.Entries.Any(entry => entry.Event == 1013), "another thread takes over");
        other.Send(Frame(5, "pull"u8, 2));
        stuck.Send(Frame(6, "pull"u8, 2));
        await Eventually.TrueAsync(() => Answers(other).Count == 1 && Answers(stuck).Count == 1, "both are answered while the commit hangs");
        Answers(stuck)[0].Opaque.Should().Be(6, "the first request still waits for its commit");

        disk.Set();
        await Eventually.TrueAsync(() => Answers(stuck).Count == 2, "the commit's own reply follows");
        Answers(stuck)[1].Opaque.Should().Be(1);
    }

    [Fact]
    public async Task Guard_NothingIsCommitted_SleepsAndIsThereForTheNextCommit()
    {
        using ManualResetEventSlim disk = new();
        DeferringHandler handler = new();
        await using Bench bench = new(new RequestHandlerRegistry().Add(Echo, handler).Add(2, new EchoHandler()));
        await Eventually.TrueAsync(() => bench.Guard.IsAsleep, "an idle server has no guard that looks at the clock");
        ScriptedSockets.Peer peer = bench.Sockets.Connect();
        peer.Send(Frame(1, "x"u8));
        await Eventually.TrueAsync(() => Answers(peer).Count == 1, "a commit that does not hang is answered");
        await Eventually.TrueAsync(() => bench.Guard.IsAsleep, "it has looked, and sleeps again");

        handler.OnCommit = () => disk.Wait(Eventually.DefaultDeadline);
        peer.Send(Frame(2, "x"u8));

        await Eventually.TrueAsync(() => bench.Log.Entries.Any(entry => entry.Event == 1013), "the hanging commit is taken over");
        disk.Set();
        await Eventually.TrueAsync(() => Answers(peer).Count == 2, "its reply follows");
    }

    [Fact]
    public async Task Malformed_BehindARequestWhoseCommitHangs_IsClosedAfterItsReply()
    {
        using ManualResetEventSlim disk = new();
        DeferringHandler handler = new() { OnCommit = () => disk.Wait(Eventually.DefaultDeadline) };
        await using Bench bench = new(new RequestHandlerRegistry().Add(Echo, handler).Add(2, new EchoHandler()));
        ScriptedSockets.Peer peer = bench.Sockets.Connect();
        ScriptedSockets.Peer other = bench.Sockets.Connect();

        peer.Send([.. Frame(1, "x"u8), .. NoFrame]);
        await Eventually.TrueAsync(() => bench.Log.Entries.Any(entry => entry.Event == 1013), "another thread takes over");
        other.Send(Frame(5, "pull"u8, 2));
        await Eventually.TrueAsync(() => Answers(other).Count == 1, "the loop goes round");
        peer.IsClosed.Should().BeFalse("its first request is stored soon");
        disk.Set();

        await Eventually.TrueAsync(() => peer.IsClosed, "it is closed in the end");
        Answers(peer).Should().ContainSingle().Which.Opaque.Should().Be(1);
    }

    [Fact]
    public async Task Malformed_BehindARequestThatWaitsForTheFlush_IsClosedAfterItsReply()
    {
        DeferringHandler handler = new() { Hold = true };
        await using Bench bench = new(new RequestHandlerRegistry().Add(Echo, handler).Add(2, new EchoHandler()));
        ScriptedSockets.Peer peer = bench.Sockets.Connect();

        peer.Send([.. Frame(1, "x"u8), .. NoFrame]);
        await Eventually.TrueAsync(() => handler.Held == 1, "the reply waits");
        await bench.RoundAsync(2);
        peer.IsClosed.Should().BeFalse("its first request is durable soon");
        handler.Release(replies => replies.Release());

        await Eventually.TrueAsync(() => peer.IsClosed, "it is closed in the end");
        Answers(peer).Should().ContainSingle().Which.Opaque.Should().Be(1);
    }

    [Fact]
    public async Task Commit_HangsAndThePeerLeaves_NothingTouchesTheDescriptorLater()
    {
        using ManualResetEventSlim disk = new();
        DeferringHandler handler = new() { OnCommit = () => disk.Wait(Eventually.DefaultDeadline) };
        await using Bench bench = new(new RequestHandlerRegistry().Add(Echo, handler).Add(2, new EchoHandler()));
        ScriptedSockets.Peer stuck = bench.Sockets.Connect();
        stuck.Send(Frame(1, "x"u8));
        await Eventually.TrueAsync(() => handler.Commits == 1, "the commit hangs");
        await Eventually.TrueAsync(() => bench.Log.Entries.Any(entry => entry.Event == 1013), "another thread takes over");

        stuck.Fail(0);
        await Eventually.TrueAsync(() => stuck.IsClosed, "the connection is closed");
        ScriptedSockets.Peer successor = bench.Sockets.Connect();
        successor.Send(Frame(9, "x"u8, 2));
        await Eventually.TrueAsync(() => Answers(successor).Count == 1, "another connection has its number");
        disk.Set();
        await Eventually.TrueAsync(() => handler.Completed == 1, "the stuck thread has gone on");

        successor.Fail(0);
        await bench.AllClosedAsync();
        Answers(successor).Should().ContainSingle("the reply of the one before is not its");
    }

    [Fact]
    public async Task ForeignThreads_SendWhilePeersLeave_NeverTouchAClosedDescriptor()
    {
        await using Bench bench = new(new RequestHandlerRegistry().Add(Echo, new EchoHandler()));
        using CancellationTokenSource done = new();
        Task[] senders = [.. Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            while (!done.IsCancellationRequested)
            {
                foreach (RemotingConnection connection in bench.Connections.All)
                {
                    connection.SendOneWay(new RemotingCommand { Code = 40 });
                }
            }
        }))];

        for (int round = 0; round < 200; round++)
        {
            ScriptedSockets.Peer peer = bench.Sockets.Connect();
            peer.Send(Frame(1, "x"u8));
            await Eventually.TrueAsync(() => peer.Received.Length > 0, "something was sent");
            if (round % 2 == 0)
            {
                peer.Fail(0);
            }
            else
            {
                peer.Fail(Reset);
            }
        }

        await Eventually.TrueAsync(() => bench.Sockets.OpenDescriptors == 0, "all are closed");
        await done.CancelAsync();
        await Task.WhenAll(senders);
        await bench.AllClosedAsync();
    }

    [Fact]
    public async Task Budget_UnfinishedFrames_GreediestIsClosedAndTheRestGoesOn()
    {
        await using Bench bench = new(new RequestHandlerRegistry().Add(Echo, new EchoHandler()), maxHeldBytes: 256 * 1024);
        ScriptedSockets.Peer small = bench.Sockets.Connect();
        byte[] begun = Frame(1, new byte[1024 * 1024]);
        small.Send(begun.AsSpan(0, 10));
        ScriptedSockets.Peer greedy = bench.Sockets.Connect();

        for (int at = 0; at < 512 * 1024; at += 32 * 1024)
        {
            greedy.Send(begun.AsSpan(at, 32 * 1024));
        }

        await Eventually.TrueAsync(() => greedy.IsClosed, "who holds most is closed");
        small.IsClosed.Should().BeFalse();
        bench.Log.Entries.Should().Contain(entry => entry.Event == 1011 && entry.Level == LogLevel.Warning);
        ScriptedSockets.Peer later = bench.Sockets.Connect();
        later.Send(Frame(2, "x"u8));
        await Eventually.TrueAsync(() => Answers(later).Count == 1, "requests are read again");
        small.Fail(0);
        later.Fail(0);
        await bench.AllClosedAsync();
        bench.Connections.Budget.Held.Should().Be(0);
    }

    [Fact]
    public async Task Output_OneBatchOfLargeAnswers_IsSentInPartsAndStopsWithThePeer()
    {
        EchoHandler echo = new();
        await using Bench bench = new(new RequestHandlerRegistry().Add(Echo, new LargeHandler(echo)));
        ScriptedSockets.Peer peer = bench.Sockets.Connect();
        peer.SendErrors.Enqueue(LinuxSockets.TryAgain);
        ArrayBufferWriter<byte> frames = new();
        for (int opaque = 1; opaque <= 100; opaque++)
        {
            frames.Write(Frame(opaque, default));
        }

        peer.Send(frames.WrittenSpan);
        await Eventually.TrueAsync(() => peer.SendErrors.Count == 0, "the first answers were refused by the kernel");
        await bench.RoundAsync();

        echo.Calls.Should().BeLessThan(10, "the rest of the batch waits until the peer takes the first answers");
        bench.Connections.Budget.Held.Should().BeLessThan(1024 * 1024);
        peer.MakeWritable();
        await Eventually.TrueAsync(() => Answers(peer).Count == 100, "then all are answered");
        Answers(peer).Select(answer => answer.Opaque).Should().Equal(Enumerable.Range(1, 100));
    }

    private static byte[] Frame(int opaque, ReadOnlySpan<byte> body, int code = Echo)
    {
        ArrayBufferWriter<byte> written = new();
        RemotingCommandCodec.Write(new RemotingCommand { Code = code, Opaque = opaque, Body = body.ToArray() }, written);
        return written.WrittenSpan.ToArray();
    }

    private static List<RemotingCommand> Answers(ScriptedSockets.Peer peer)
    {
        byte[] received = peer.Received;
        List<RemotingCommand> answers = [];
        for (int at = 0; received.Length - at >= FrameLayout.LengthSize;)
        {
            int size = FrameLayout.ReadFrameSize(received.AsSpan(at), FrameLayout.DefaultMaxFrameBytes);
            if (received.Length - at < size)
            {
                break;
            }

            answers.Add(RequestFrame.Parse(received.AsSpan(at, size)).ToCommand());
            at += size;
        }

        return answers;
    }

    /// <summary>Holds the loop until the test lets go; no handler may, but a test must.</summary>
    private sealed class BlockingHandler(ManualResetEventSlim go) : IRequestHandler
    {
        public void Handle(in RequestFrame frame, RequestBatch batch)
        {
            batch.Connection.Reply(frame, 0, "entered");
            batch.Connection.Flush();
            go.Wait(Eventually.DefaultDeadline);
        }
    }

    /// <summary>Answers with 100 KiB.</summary>
    private sealed class LargeHandler(EchoHandler counter) : IRequestHandler
    {
        private static readonly byte[] Body = new byte[100 * 1024];

        public void Handle(in RequestFrame frame, RequestBatch batch)
        {
            counter.Count();
            using OutputLease output = batch.Connection.LeaseOutput(flush: false);
            ResponseFrameWriter writer = new(output.GetSpan(ResponseFrameWriter.FixedBytes), frame.SerializeType, 0, frame.Opaque, 479);
            output.Advance(writer.Complete(Body.Length));
            output.Write(Body);
        }
    }

    private sealed class Bench : IAsyncDisposable
    {
        private readonly EventLoopGroup _group;

        public Bench(RequestHandlerRegistry handlers, long maxHeldBytes = long.MaxValue / 4)
        {
            RemotingServerOptions options = new() { EndPoints = [], Loops = 1, MaxHeldBytes = maxHeldBytes };
            Connections = new OpenConnections(handlers, options, TimeProvider.System, Log);
            _group = EventLoopGroup.Start(Connections, Sockets, [ScriptedSockets.Listener]);
        }

        public ScriptedSockets Sockets { get; } = new();

        public OpenConnections Connections { get; }

        public LoopGuard Guard => _group.Guard;

        public RecordingLoggerFactory Log { get; } = new();

        public bool Entered(ScriptedSockets.Peer peer) => peer.Received.Length > 0;

        /// <summary>The loop has gone round since.</summary>
        public async Task RoundAsync(int code = Echo)
        {
            ScriptedSockets.Peer probe = Sockets.Connect();
            probe.Send(Frame(1, default, code));
            await Eventually.TrueAsync(() => Answers(probe).Count == 1, "the loop answers");
        }

        public async Task AllClosedAsync()
        {
            await Eventually.TrueAsync(() => Sockets.OpenDescriptors == 0 && Connections.All.Count == 0 && Connections.Count == 0, "every connection is closed and forgotten");
            Sockets.Misuses.Should().BeEmpty();
        }

        public async ValueTask DisposeAsync()
        {
            await _group.DisposeAsync();
            Sockets.Misuses.Should().BeEmpty();
            Sockets.OpenDescriptors.Should().Be(0);
        }
    }
}
