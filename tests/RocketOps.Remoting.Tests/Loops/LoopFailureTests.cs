using System.Collections.Concurrent;
using System.Net;
using RocketOps.Remoting.Connections;
using RocketOps.Remoting.Loops;
using RocketOps.Remoting.Tests.Connections;
using RocketOps.Testing;
using static RocketOps.Remoting.Tests.Loops.LoopBench;

namespace RocketOps.Remoting.Tests.Loops;

/// <summary>A kernel that refuses what it never should, or for a while.</summary>
public sealed class LoopFailureTests
{
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
    private sealed class FailingFirstLoop(ScriptedSockets inner) : ForwardingSockets(inner)
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
