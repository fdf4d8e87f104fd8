using Microsoft.Extensions.Logging;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;
using RocketOps.Remoting.Server.Loops;
using RocketOps.Remoting.Tests.Connections;
using RocketOps.Testing;
using RocketOps.Testing.Time;
using static RocketOps.Remoting.Tests.Loops.LoopBench;

namespace RocketOps.Remoting.Tests.Loops;

/// <summary>What peers make a server hold for them, and whom that costs what.</summary>
public sealed class LoopBudgetTests
{
    private const int Slow = 2;
    private const int Limit = 256 * 1024;

    /// <summary>Of one receive.</summary>
    private const int Piece = 32 * 1024;

    [Fact]
    public async Task Budget_OneHoldsFarTooMuch_IsClosedAndTheRestGoesOn()
    {
        await using LoopBench bench = new(new RequestHandlerRegistry().Add(Echo, new EchoHandler()), maxHeldBytes: Limit, time: new FakeTimeProvider());
        ScriptedSockets.Peer small = bench.Sockets.Connect();
        byte[] begun = Frame(1, new byte[1024 * 1024]);
        small.Send(begun.AsSpan(0, 10));

        // Above twice the limit whoever takes more is closed.
        await Eventually.TrueAsync(() => bench.Connections.Budget.Held > 0, "what the small one sent is read");
        ScriptedSockets.Peer greedy = bench.Sockets.Connect();

        for (int at = 0; at < 512 * 1024; at += Piece)
        {
            greedy.Send(begun.AsSpan(at, Piece));
        }

        await Eventually.TrueAsync(() => greedy.IsClosed, "who holds most is closed");
        small.IsClosed.Should().BeFalse();
        bench.Log.Entries.Should().Contain(entry => entry.Event == 1011 && entry.Level == LogLevel.Warning);
        bench.Log.Entries.Should().Contain(entry => entry.Event == 1018 && entry.Level == LogLevel.Warning);
        ScriptedSockets.Peer later = bench.Sockets.Connect();
        later.Send(Frame(2, "x"u8));
        await Eventually.TrueAsync(() => Answers(later).Count == 1, "requests are read again");
        small.Fail(0);
        later.Fail(0);
        await bench.AllClosedAsync();
        bench.Connections.Budget.Held.Should().Be(0);
    }

    [Fact]
    public async Task Budget_ManyHoldALittleTooMuch_OthersAreServedAndTheGreediestAreClosedWithTime()
    {
        FakeTimeProvider time = new();
        await using LoopBench bench = new(new RequestHandlerRegistry().Add(Echo, new EchoHandler()), maxHeldBytes: Limit, time: time);
        byte[] begun = Frame(1, new byte[1024 * 1024]);
        ScriptedSockets.Peer[] hostile = [.. Enumerable.Range(0, 9).Select(_ => bench.Sockets.Connect())];
        foreach (ScriptedSockets.Peer peer in hostile)
        {
            peer.Send(begun.AsSpan(0, Piece));
        }

        await Eventually.TrueAsync(() => bench.Connections.Budget.Held >= hostile.Length * Piece, "more is held than may be");
        ScriptedSockets.Peer honest = bench.Sockets.Connect();
        honest.Send(Frame(2, "x"u8));
        await Eventually.TrueAsync(() => Answers(honest).Count == 1, "who holds nothing is served meanwhile");
        hostile.Should().NotContain(static peer => peer.IsClosed);

        time.Advance(TimeSpan.FromSeconds(1));

        await Eventually.TrueAsync(() => hostile.Count(static peer => peer.IsClosed) == 1, "as many are closed as it takes");
        bench.Connections.Budget.Held.Should().BeLessThanOrEqualTo(Limit);
        time.Advance(TimeSpan.FromSeconds(10));
        await bench.RoundAsync();
        hostile.Count(static peer => peer.IsClosed).Should().Be(1, "the limit is kept");
    }

    [Fact]
    public async Task Budget_ExceededByTheWorkOfOne_ItAloneWaits()
    {
        TaskCompletionSource go = new(TaskCreationOptions.RunContinuationsAsynchronously);
        DelegateHandler slow = new(async (_, request, _) =>
        {
            await go.Task;
            return RemotingCommand.CreateResponse(request, 0);
        });
        await using LoopBench bench = new(new RequestHandlerRegistry().Add(Echo, new EchoHandler()).Add(Slow, slow), maxHeldBytes: Limit, time: new FakeTimeProvider());
        ScriptedSockets.Peer busy = bench.Sockets.Connect();
        ScriptedSockets.Peer other = bench.Sockets.Connect();
        for (int opaque = 1; opaque <= 5; opaque++)
        {
            busy.Send(Frame(opaque, new byte[30_000], Slow));
        }

        await Eventually.TrueAsync(() => bench.Connections.Budget.Held > Limit, "requests in work are counted");
        busy.Send(Frame(6, "x"u8));
        other.Send(Frame(7, "x"u8));
        await Eventually.TrueAsync(() => Answers(other).Count == 1, "who holds nothing is served");
        await bench.RoundAsync();
        Answers(busy).Should().BeEmpty("nothing new is read of who holds too much");

        go.SetResult();

        await Eventually.TrueAsync(() => Answers(busy).Count == 6, "it goes on when its work is done");
        busy.IsClosed.Should().BeFalse();
        await Eventually.TrueAsync(() => bench.Connections.Budget.Held == 0, "everything is given back");
    }

    [Fact]
    public async Task Frame_ThatDoesNotGetOn_EndsItsConnection()
    {
        await using LoopBench bench = new(new RequestHandlerRegistry().Add(Echo, new EchoHandler()), time: new FakeTimeProvider());
        byte[] begun = Frame(1, new byte[1024 * 1024]);
        byte[] whole = Frame(2, "x"u8);
        ScriptedSockets.Peer stalled = bench.Sockets.Connect();
        ScriptedSockets.Peer steady = bench.Sockets.Connect();
        ScriptedSockets.Peer torn = bench.Sockets.Connect();
        ScriptedSockets.Peer idle = bench.Sockets.Connect();
        stalled.Send(begun.AsSpan(0, Piece));
        steady.Send(begun.AsSpan(0, Piece));
        torn.Send(whole.AsSpan(0, 10));
        idle.Send(whole);
        await bench.RoundAsync();

        for (int look = 0; look <= FrameWatch.Patience; look++)
        {
            stalled.IsClosed.Should().BeFalse($"it has stood still for {look} looks");
            bench.Connections.CloseSilent();
            stalled.Send(begun.AsSpan(Piece + look, 1));
            steady.Send(begun.AsSpan(Piece + (look * 8192), 8192));
            torn.Send([.. whole[10..], .. whole[..10]]);
            await bench.RoundAsync();
        }

        await Eventually.TrueAsync(() => stalled.IsClosed, "a byte now and then keeps nothing");
        bench.Log.Entries.Should().ContainSingle(entry => entry.Event == 1019 && entry.Level == LogLevel.Warning);
        steady.IsClosed.Should().BeFalse();
        torn.IsClosed.Should().BeFalse("each look found another frame");
        idle.IsClosed.Should().BeFalse();
    }

    [Fact]
    public async Task Frame_BehindAnswersThatAreNotTaken_IsNotBlamed()
    {
        await using LoopBench bench = new(new RequestHandlerRegistry().Add(Echo, new EchoHandler()), time: new FakeTimeProvider());
        ScriptedSockets.Peer peer = bench.Sockets.Connect();
        byte[] begun = Frame(2, new byte[1024 * 1024]);
        peer.SendErrors.Enqueue(LinuxSockets.TryAgain);
        peer.Send([.. Frame(1, "x"u8), .. begun.AsSpan(0, 1000)]);
        await Eventually.TrueAsync(() => peer.SendErrors.Count == 0, "the answer is refused");

        for (int look = 0; look <= FrameWatch.Patience + 1; look++)
        {
            bench.Connections.CloseSilent();
        }

        await bench.RoundAsync();
        peer.IsClosed.Should().BeFalse("its bytes are not read");

        // The end waits for the answer, by a clock that stands.
        peer.MakeWritable();
    }

    [Fact]
    public async Task Replies_ThatWait_AreCounted()
    {
        DeferringHandler handler = new() { Hold = true };
        await using LoopBench bench = new(new RequestHandlerRegistry().Add(Echo, handler));
        ScriptedSockets.Peer peer = bench.Sockets.Connect();

        peer.Send(Frame(1, "x"u8));

        await Eventually.TrueAsync(() => handler.Held == 1, "the reply waits");
        bench.Connections.Budget.Held.Should().BePositive();
        handler.Release(static replies => replies.Release());
        await Eventually.TrueAsync(() => Answers(peer).Count == 1 && bench.Connections.Budget.Held == 0, "it has left and is given back");
    }
}
