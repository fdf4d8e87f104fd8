using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using RocketOps.Remoting.Connections;
using RocketOps.Remoting.Server;
using RocketOps.Remoting.Server.Connections;
using RocketOps.Remoting.Server.Loops;
using RocketOps.Remoting.Tests.Connections;
using RocketOps.Testing;
using RocketOps.Testing.Logging;
using RocketOps.Testing.Time;
using static RocketOps.Remoting.Tests.Loops.LoopBench;

namespace RocketOps.Remoting.Tests.Loops;

/// <summary>A kernel that refuses what it never should, or for a while, and a loop that does not come back from its work.</summary>
public sealed class LoopFailureTests
{
    private const int Blocking = 2;
    private const int GivenUp = 1021;
    private const int TakenOver = 1013;

    [Fact]
    public async Task Loop_Fails_ItsConnectionsEndOthersServeAndTheServerSaysSo()
    {
        FailingSecondLoop? kernel = null;
        await using LoopBench bench = new(
            new RequestHandlerRegistry().Add(Echo, new EchoHandler()), loops: 2, between: inner => kernel = new FailingSecondLoop(inner));
        ScriptedSockets.Peer first = bench.Sockets.Connect();
        first.Send(Frame(1, "x"u8));
        await Eventually.TrueAsync(() => Answers(first).Count == 1, "the first loop serves the first connection");
        ScriptedSockets.Peer second = bench.Sockets.Connect();
        await Eventually.TrueAsync(() => bench.Sockets.OpenDescriptors == 2, "the second connection is accepted");
        // Both loops have one now, so that the probe goes to the first, which has handed over the second by then.
        await bench.RoundAsync();
        bench.Failed.IsCompleted.Should().BeFalse();

        kernel!.Fail();

        (await bench.Failed.WaitAsync(Eventually.DefaultDeadline)).Should().BeOfType<IOException>();
        second.IsClosed.Should().BeTrue("nobody would ever serve it");
        kernel.Closed.Should().Contain([FailingSecondLoop.Poll, FailingSecondLoop.SignalDescriptor]);
        bench.Log.Entries.Should().ContainSingle(static entry => entry.Event == 1014);
        ScriptedSockets.Peer third = bench.Sockets.Connect();
        third.Send(Frame(3, "x"u8));
        await Eventually.TrueAsync(() => Answers(third).Count == 1, "new connections go to a loop that serves");
    }

    /// <summary>The one that accepts: nobody takes new connections in its place, so those who wait for the server to fail are all there is.</summary>
    [Fact]
    public async Task FirstLoop_Fails_ItsConnectionsEndAndTheServerSaysSo()
    {
        FailingFirstLoop? kernel = null;
        await using LoopBench bench = new(new RequestHandlerRegistry().Add(Echo, new EchoHandler()), between: inner => kernel = new FailingFirstLoop(inner));
        ScriptedSockets.Peer peer = bench.Sockets.Connect();
        peer.Send(Frame(1, "x"u8));
        await Eventually.TrueAsync(() => Answers(peer).Count == 1, "the loop serves");
        bench.Failed.IsCompleted.Should().BeFalse();

        kernel!.Fails = true;
        peer.Send(Frame(2, "x"u8));

        (await bench.Failed.WaitAsync(Eventually.DefaultDeadline)).Should().BeOfType<IOException>();
        await Eventually.TrueAsync(() => peer.IsClosed, "nobody would ever serve it");
        bench.Log.Entries.Should().ContainSingle(static entry => entry.Event == 1014);
    }

    /// <summary>Over the real kernel: what the hosts of broker and name server wait for.</summary>
    [Fact]
    public async Task Server_ALoopFails_SaysSo()
    {
        FailingFirstLoop kernel = new(new LinuxSockets());
        RemotingServerOptions options = new() { EndPoints = [new IPEndPoint(IPAddress.Loopback, 0)], Transport = RemotingTransport.EventLoop, Loops = 1 };
        await using RemotingServer server = await RemotingServer.StartAsync(kernel, options, new RequestHandlerRegistry(), new RecordingLoggerFactory());
        server.Failed.IsCompleted.Should().BeFalse();

        kernel.Fails = true;
        using Socket peer = new(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await peer.ConnectAsync(server.EndPoint);
        }
        catch (SocketException)
        {
            // The loop may have failed before it was accepted.
        }

        (await server.Failed.WaitAsync(Eventually.DefaultDeadline)).Should().BeOfType<IOException>();
    }

    [Fact]
    public async Task Loop_StuckInItsWork_IsGivenUpAndTheServerSaysSo()
    {
        using ManualResetEventSlim go = new();
        FakeTimeProvider clock = new();
        await using LoopBench bench = new(new RequestHandlerRegistry().Add(Echo, new EchoHandler()).Add(Blocking, new BlockingHandler(go)), watchTime: clock);
        ScriptedSockets.Peer peer = bench.Sockets.Connect();
        peer.Send(Frame(1, default, Blocking));
        await Eventually.TrueAsync(() => bench.Entered(peer), "the loop is held");

        // The first of these looks is where the time begins.
        clock.Advance(TickWatch.Limit);
        bench.Failed.IsCompleted.Should().BeFalse();
        clock.Advance(TickWatch.Interval);

        (await bench.Failed.WaitAsync(Eventually.DefaultDeadline)).Should().BeOfType<TimeoutException>();
        bench.Log.Entries.Should().ContainSingle(static entry => entry.Event == GivenUp);
        await Eventually.TrueAsync(() => peer.IsShutDown, "nobody would ever serve it");
        await bench.StopAsync().WaitAsync(Eventually.DefaultDeadline);
        peer.IsClosed.Should().BeFalse("the stop does not wait for the loop, which alone closes descriptors");

        go.Set();
        await bench.AllClosedAsync();
        bench.Log.Entries.Should().NotContain(static entry => entry.Event == 1014, "a loop that comes back ends by itself");
    }

    /// <summary>Slow storage is no mistake: it costs the loop a thread, and nobody the process.</summary>
    [Fact]
    public async Task Loop_HeldUpByTheStorage_IsNotGivenUp()
    {
        using ManualResetEventSlim disk = new();
        using ManualResetEventSlim go = new();
        FakeTimeProvider time = new();
        FakeTimeProvider clock = new();
        DeferringHandler handler = new() { OnCommit = () => disk.Wait(Eventually.DefaultDeadline) };
        await using LoopBench bench = new(new RequestHandlerRegistry().Add(Echo, handler).Add(Blocking, new BlockingHandler(go)), time: time, watchTime: clock);
        ScriptedSockets.Peer committing = bench.Sockets.Connect();
        committing.Send(Frame(1, "x"u8));
        await Eventually.TrueAsync(() => handler.Commits == 1, "the commit hangs");

        clock.Advance(10 * TickWatch.Limit);
        bench.Failed.IsCompleted.Should().BeFalse("a loop in a commit waits for the storage");

        time.Advance(TimeSpan.FromSeconds(1));
        await Eventually.TrueAsync(() => bench.Log.Entries.Any(static entry => entry.Event == TakenOver), "another thread takes over");
        ScriptedSockets.Peer blocking = bench.Sockets.Connect();
        blocking.Send(Frame(2, default, Blocking));
        await Eventually.TrueAsync(() => bench.Entered(blocking), "that one is held, too");
        clock.Advance(10 * TickWatch.Limit);
        bench.Failed.IsCompleted.Should().BeFalse("what it waits for may be the storage as well");

        disk.Set();
        await Eventually.TrueAsync(
            () =>
            {
                clock.Advance(TickWatch.Interval);
                return bench.Failed.IsCompleted;
            },
            "the storage holds up nobody any more, and the loop is stuck");
        go.Set();
        await bench.AllClosedAsync();
    }

    [Fact]
    public async Task Loop_WaitsForEvents_IsNotGivenUp()
    {
        using ManualResetEventSlim events = new();
        IdleKernel? kernel = null;
        FakeTimeProvider clock = new();
        await using LoopBench bench = new(new RequestHandlerRegistry().Add(Echo, new EchoHandler()), between: inner => kernel = new IdleKernel(inner, events), watchTime: clock);
        await Eventually.TrueAsync(() => kernel!.IsWaitedFor, "the loop has nothing to do");

        clock.Advance(10 * TickWatch.Limit);
        bench.Failed.IsCompleted.Should().BeFalse();

        events.Set();
        await bench.RoundAsync();
    }

    [Fact]
    public async Task HandOver_EventsCannotBeGivenUp_EndsThatConnectionAlone()
    {
        await using LoopBench bench = new(new RequestHandlerRegistry().Add(Echo, new EchoHandler()), between: static inner => new KeptEvents(inner), tls: new SslServerAuthenticationOptions());
        ScriptedSockets.Peer peer = bench.Sockets.Connect();

        peer.Send([OpenConnections.TlsHandshake, 3, 1]);

        await Eventually.TrueAsync(() => peer.IsClosed, "nobody can serve it");
        await bench.RoundAsync();
        bench.Failed.IsCompleted.Should().BeFalse();
    }

    [Fact]
    public async Task Accept_ListenersCannotBeWatchedForAWhile_IsTriedAgain()
    {
        ShortOfMemory? kernel = null;
        await using LoopBench bench = new(new RequestHandlerRegistry().Add(Echo, new EchoHandler()), between: inner => kernel = new ShortOfMemory(inner));
        await bench.RoundAsync();
        kernel!.RefusedWatches = 2;
        kernel.RefusedAccepts = 1;

        await bench.RoundAsync();

        kernel.RefusedWatches.Should().Be(0, "it was refused, and tried again");
        bench.Failed.IsCompleted.Should().BeFalse();
        bench.Log.Entries.Count(static entry => entry.Event == 1015).Should().Be(3);
    }

    /// <summary>The second loop has a poll of its own, which fails when the test says so; until then nothing happens there.</summary>
    private sealed class FailingSecondLoop(ScriptedSockets inner) : ForwardingSockets(inner)
    {
        public const int Poll = 4;
        public const int SignalDescriptor = 5;
        private const int BadDescriptor = 9;

        private readonly ManualResetEventSlim _failing = new();
        private int _polls;
        private int _signals;

        /// <summary>Descriptors that were closed.</summary>
        public ConcurrentQueue<int> Closed { get; } = new();

        public void Fail() => _failing.Set();

        public override int CreatePoll() => ++_polls == 1 ? base.CreatePoll() : Poll;

        public override int CreateSignal() => ++_signals == 1 ? base.CreateSignal() : SignalDescriptor;

        public override int Watch(int poll, int descriptor, int tag, bool edge) => poll == Poll ? 0 : base.Watch(poll, descriptor, tag, edge);

        public override void Signal(int signal)
        {
            if (signal != SignalDescriptor)
            {
                base.Signal(signal);
            }
        }

        public override int Wait(int poll, Span<ReadyEvent> ready, int timeoutMilliseconds)
        {
            if (poll != Poll)
            {
                return base.Wait(poll, ready, timeoutMilliseconds);
            }

            _failing.Wait(Eventually.DefaultDeadline);
            return -BadDescriptor;
        }

        public override int Close(int descriptor)
        {
            Closed.Enqueue(descriptor);
            return base.Close(descriptor);
        }
    }

    /// <summary>The next wait fails once the test has said so.</summary>
    private sealed class FailingFirstLoop(INativeSockets inner) : ForwardingSockets(inner)
    {
        private const int BadDescriptor = 9;

        private volatile bool _fails;

        public bool Fails
        {
            set => _fails = value;
        }

        public override int Wait(int poll, Span<ReadyEvent> ready, int timeoutMilliseconds)
        {
            int count = base.Wait(poll, ready, timeoutMilliseconds);
            return _fails ? -BadDescriptor : count;
        }
    }

    /// <summary>Nothing happens before the test says so.</summary>
    private sealed class IdleKernel(ScriptedSockets inner, ManualResetEventSlim events) : ForwardingSockets(inner)
    {
        private volatile bool _isWaitedFor;

        public bool IsWaitedFor => _isWaitedFor;

        public override int Wait(int poll, Span<ReadyEvent> ready, int timeoutMilliseconds)
        {
            if (timeoutMilliseconds < 0)
            {
                _isWaitedFor = true;
                events.Wait(Eventually.DefaultDeadline);
            }

            return base.Wait(poll, ready, timeoutMilliseconds);
        }
    }

    /// <summary>The first connection begins with a TLS handshake; the events of none can be given up.</summary>
    private sealed class KeptEvents(ScriptedSockets inner) : ForwardingSockets(inner)
    {
        private int _peeks;

        public override int Unwatch(int poll, int descriptor) => descriptor == ScriptedSockets.Listener ? base.Unwatch(poll, descriptor) : -LinuxSockets.OutOfMemory;

        public override int Peek(int descriptor, Span<byte> buffer)
        {
            buffer[0] = _peeks++ == 0 ? OpenConnections.TlsHandshake : (byte)0;
            return 1;
        }
    }

    /// <summary>Accepts nothing and watches no listener as often as the test says.</summary>
    private sealed class ShortOfMemory(ScriptedSockets inner) : ForwardingSockets(inner)
    {
        private volatile int _refusedAccepts;
        private volatile int _refusedWatches;

        public int RefusedAccepts
        {
            get => _refusedAccepts;
            set => _refusedAccepts = value;
        }

        public int RefusedWatches
        {
            get => _refusedWatches;
            set => _refusedWatches = value;
        }

        public override int Accept(int listener, out IPEndPoint remote, out IPEndPoint local)
        {
            if (_refusedAccepts == 0)
            {
                return base.Accept(listener, out remote, out local);
            }

            _refusedAccepts--;
            remote = local = new IPEndPoint(IPAddress.None, 0);
            return -LinuxSockets.OutOfMemory;
        }

        public override int Watch(int poll, int descriptor, int tag, bool edge)
        {
            if (descriptor != ScriptedSockets.Listener || _refusedWatches == 0)
            {
                return base.Watch(poll, descriptor, tag, edge);
            }

            _refusedWatches--;
            return -LinuxSockets.NoBuffers;
        }
    }
}
