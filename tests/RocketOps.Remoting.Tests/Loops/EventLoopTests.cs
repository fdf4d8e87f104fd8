using System.Buffers;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Headers;
using RocketOps.Remoting.Connections;
using RocketOps.Remoting.Server.Loops;
using RocketOps.Remoting.Tests.Connections;
using RocketOps.Testing;
using RocketOps.Testing.Time;
using static RocketOps.Remoting.Tests.Loops.LoopBench;

namespace RocketOps.Remoting.Tests.Loops;

/// <summary>An event loop over a scripted kernel.</summary>
public sealed class EventLoopTests
{
    private const int Interrupted = 4;
    private const int Reset = 104;
    private const int BrokenPipe = 32;

    /// <summary>A length no frame has.</summary>
    private static readonly byte[] NoFrame = [0xff, 0xff, 0xff, 0xff];

    [Fact]
    public async Task Frames_CutAtEveryByte_AreAnsweredOnce()
    {
        await using LoopBench bench = new(new RequestHandlerRegistry().Add(Echo, new EchoHandler()));
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
        await using LoopBench bench = new(new RequestHandlerRegistry().Add(Echo, new EchoHandler()));
        ScriptedSockets.Peer peer = bench.Sockets.Connect();

        peer.Fail(Interrupted);
        peer.Fail(LinuxSockets.TryAgain);
        peer.Send(Frame(7, "x"u8));

        await Eventually.TrueAsync(() => Answers(peer).Count == 1, "the request is answered");
    }

    /// <summary>The work of the last request ends while the loop is busy with the round it came with, which must not send its answer alone: the peer's next request could meet the end.</summary>
    [Fact]
    public async Task FinishBehindAnswer_RoundEndsAfterTheWork_OneSendHasTheAnswerAndTheEnd()
    {
        const int Worked = 2;
        byte[] words = [0, 0, 0, 4, 0, 0, 0, 1];
        DelegateHandler worked = new((_, request, _) => ValueTask.FromResult<RemotingCommand?>(RemotingCommand.CreateResponse(request, ResponseCode.Success)));
        await using LoopBench bench = new(new RequestHandlerRegistry().Add(Echo, new LastOfRound()).Add(Worked, worked));
        ScriptedSockets.Peer peer = bench.Sockets.Connect();
        await Eventually.TrueAsync(() => bench.Connections.All.Count == 1, "it is connected");
        bench.Connections.All.Single().FinishBehindAnswer("test", words);

        peer.Send([.. Frame(3, default, Worked), .. Frame(4, default)]);
        await Eventually.TrueAsync(() => peer.Received.AsSpan().EndsWith(words), "it is told of the end");

        bench.Sockets.Sends.Should().Be(1);
    }

    [Fact]
    public async Task Send_ShortAndInterrupted_SendsTheRest()
    {
        await using LoopBench bench = new(new RequestHandlerRegistry().Add(Echo, new EchoHandler()));
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
        await using LoopBench bench = new(new RequestHandlerRegistry().Add(Echo, echo));
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

    [Fact]
    public async Task Send_ByAnotherThread_KernelHasRoomBeforeTheRefusalIsNoted_IsSentAllTheSame()
    {
        LateRefusal? kernel = null;
        await using LoopBench bench = new(new RequestHandlerRegistry().Add(Echo, new EchoHandler()), between: inner => kernel = new LateRefusal(inner));
        ScriptedSockets.Peer peer = bench.Sockets.Connect();
        await Eventually.TrueAsync(() => bench.Connections.All.Count == 1, "it is connected");
        RemotingConnection connection = bench.Connections.All.Single();
        // The send from where the bytes lie, and the one from the buffer.
        peer.SendErrors.Enqueue(LinuxSockets.TryAgain);
        peer.SendErrors.Enqueue(LinuxSockets.TryAgain);
        kernel!.Peer = peer;

        await Task.Run(() => connection.Send(new RemotingCommand { Code = 0, Flag = RemotingCommand.ResponseFlag, Opaque = 9 }));

        await Eventually.TrueAsync(() => Answers(peer).Count == 1, "what was refused once is sent");
        peer.Send(Frame(10, "x"u8));
        await Eventually.TrueAsync(() => Answers(peer).Count == 2, "and the peer is read from");
    }

    [Theory]
    [InlineData(Reset)]
    [InlineData(BrokenPipe)]
    public async Task Send_ConnectionIsGone_ClosesIt(int errno)
    {
        await using LoopBench bench = new(new RequestHandlerRegistry().Add(Echo, new EchoHandler()));
        ScriptedSockets.Peer peer = bench.Sockets.Connect();
        peer.SendErrors.Enqueue(errno);

        peer.Send(Frame(1, "x"u8));

        await Eventually.TrueAsync(() => peer.IsClosed, "the descriptor is closed");
        await bench.AllClosedAsync();
    }

    [Fact]
    public async Task Receive_Reset_ClosesIt()
    {
        await using LoopBench bench = new(new RequestHandlerRegistry().Add(Echo, new EchoHandler()));
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
        await using LoopBench bench = new(new RequestHandlerRegistry().Add(Echo, handler).Add(2, new BlockingHandler(go)).Add(3, unused));
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
        await using LoopBench bench = new(new RequestHandlerRegistry().Add(Echo, handler).Add(2, new EchoHandler()));
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
        await using LoopBench bench = new(new RequestHandlerRegistry().Add(Echo, handler).Add(2, new EchoHandler()));
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
        await using LoopBench bench = new(new RequestHandlerRegistry().Add(Echo, handler).Add(2, new EchoHandler()));
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
        await using LoopBench bench = new(new RequestHandlerRegistry().Add(Echo, handler).Add(2, new EchoHandler()));
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
        await using LoopBench bench = new(new RequestHandlerRegistry().Add(Echo, handler).Add(2, new EchoHandler()));
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
        await using LoopBench bench = new(new RequestHandlerRegistry().Add(Echo, new EchoHandler()));
        using CancellationTokenSource done = new();

        // Threads of their own: the pool's are needed by who waits here.
        Task[] senders =
        [
            .. Enumerable.Range(0, 4).Select(_ => Task.Factory.StartNew(
                () =>
                {
                    while (!done.IsCancellationRequested)
                    {
                        foreach (RemotingConnection connection in bench.Connections.All)
                        {
                            connection.SendOneWay(new RemotingCommand { Code = 40 });
                        }
                    }
                },
                CancellationToken.None,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default)),
        ];

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
    public async Task Output_OneBatchOfLargeAnswers_IsSentInPartsAndStopsWithThePeer()
    {
        EchoHandler echo = new();
        await using LoopBench bench = new(new RequestHandlerRegistry().Add(Echo, new LargeHandler(echo)));
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

    [Fact]
    public async Task GatherOutput_MuchForOneConnection_IsNotGatheredToTheEnd()
    {
        await using LoopBench bench = new(new RequestHandlerRegistry());
        ScriptedSockets.Peer peer = bench.Sockets.Connect();
        await Eventually.TrueAsync(() => bench.Connections.All.Count == 1, "it is connected");
        RemotingConnection connection = bench.Connections.All.Single();

        (int before, int after) = await Task.Run(() => WriteInOneScope(connection, peer));

        before.Should().BeGreaterThan((int)ConnectionOutput.SendAtBytes, "most was sent before the end");
        after.Should().Be(5 * 100 * 1024);
    }

    [Fact]
    public async Task DriverThread_MustNotBlock_ButInACommit()
    {
        List<bool> seen = [];
        DeferringHandler committing = new() { OnCommit = () => seen.Add(DriverThread.MustNotBlock), After = () => seen.Add(DriverThread.MustNotBlock) };
        RequestHandlerRegistry handlers = new RequestHandlerRegistry().Add(Echo, new NotingHandler(seen, committing)).Add(2, new EchoHandler());
        // No commit takes so long that another thread takes the loop over.
        await using LoopBench bench = new(handlers, time: new FakeTimeProvider());
        ScriptedSockets.Peer peer = bench.Sockets.Connect();

        peer.Send(Frame(1, default));
        await Eventually.TrueAsync(() => Answers(peer).Count == 1, "the request is answered");
        await bench.RoundAsync(2);

        seen.Should().Equal(true, false, true);
        DriverThread.MustNotBlock.Should().BeFalse("this thread drives nothing");
    }

    private static (int Before, int After) WriteInOneScope(RemotingConnection connection, ScriptedSockets.Peer peer)
    {
        int before;
        using (AfterReplies.GatherOutput())
        {
            for (int i = 0; i < 5; i++)
            {
                using OutputLease output = connection.LeaseOutput(flush: true);
                output.Write(new byte[100 * 1024]);
            }

            before = peer.Received.Length;
        }

        return (before, peer.Received.Length);
    }

    /// <summary>The thread that was refused comes back from the kernel when the loop has been told of room, and has gone on.</summary>
    private sealed class LateRefusal(ScriptedSockets inner) : ForwardingSockets(inner)
    {
        private readonly ManualResetEventSlim _told = new();
        private bool _hasRoom;

        public ScriptedSockets.Peer? Peer { get; set; }

        public override int Wait(int poll, Span<ReadyEvent> ready, int timeoutMilliseconds)
        {
            if (_hasRoom)
            {
                _told.Set();
            }

            int count = base.Wait(poll, ready, timeoutMilliseconds);
            foreach (ReadyEvent found in ready[..count])
            {
                _hasRoom |= found.IsWritable;
            }

            return count;
        }

        public override int Send(int descriptor, ReadOnlySpan<byte> bytes)
        {
            int sent = base.Send(descriptor, bytes);
            if (sent == -LinuxSockets.TryAgain && Peer is { SendErrors.Count: 0 } peer && !_told.IsSet)
            {
                peer.MakeWritable();
                _told.Wait(Eventually.DefaultDeadline);
            }

            return sent;
        }
    }

    /// <summary>Notes whether its thread may wait, and leaves the rest to another one.</summary>
    private sealed class NotingHandler(List<bool> seen, DeferringHandler rest) : IRequestHandler
    {
        public void Handle(in RequestFrame frame, RequestBatch batch)
        {
            seen.Add(DriverThread.MustNotBlock);
            rest.Handle(frame, batch);
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

    /// <summary>Ends after the work of the request before it, and answers nothing.</summary>
    private sealed class LastOfRound : IRequestHandler
    {
        public void Handle(in RequestFrame frame, RequestBatch batch)
        {
            RemotingConnection connection = batch.Connection;
            SpinWait.SpinUntil(() => connection.End.IsStopping, Eventually.DefaultDeadline);
        }
    }
}
