using System.Net;
using System.Net.Sockets;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Headers;
using RocketOps.Remoting.Connections;
using RocketOps.Remoting.Server.Connections;
using RocketOps.Testing;
using RocketOps.Testing.Time;
using static RocketOps.Remoting.Tests.Connections.StreamFrames;

namespace RocketOps.Remoting.Tests.Connections;

/// <summary>Requests that are worked on off the driver's thread, over either transport: how many there are, what they hold, and that a stop waits for them.</summary>
public abstract class DetachedRequestTests(RemotingTransport transport)
{
    private const int Echo = 1;

    [Fact]
    public async Task Detached_TooManyAtOnce_AreAnsweredBusy()
    {
        TaskCompletionSource go = new(TaskCreationOptions.RunContinuationsAsynchronously);
        DelegateHandler slow = new(async (_, request, _) =>
        {
            await go.Task;
            return RemotingCommand.CreateResponse(request, 0);
        });
        await using LoopbackServer peer = await StartAsync(new RequestHandlerRegistry().Add(Echo, slow), new RemotingOptions { MaxDetachedRequests = 2 });

        Task<RemotingCommand>[] sent = [.. Enumerable.Range(0, 3).Select(_ => peer.Client.InvokeAsync(peer.Address, new RemotingCommand { Code = Echo }, Eventually.DefaultDeadline))];
        RemotingCommand first = await await Task.WhenAny(sent);
        go.SetResult();

        first.Code.Should().Be(ResponseCode.SystemBusy);
        first.Remark.Should().StartWith("[OVERLOAD]");
        (await Task.WhenAll(sent)).Count(answer => answer.Code == 0).Should().Be(2);
    }

    [Fact]
    public async Task Detached_RequestsAndAnswers_AreCountedUntilTheyAreSent()
    {
        TaskCompletionSource go = new(TaskCreationOptions.RunContinuationsAsynchronously);
        DelegateHandler slow = new(async (_, request, _) =>
        {
            await go.Task;
            return RemotingCommand.CreateResponse(request, 0);
        });
        await using LoopbackServer peer = await StartAsync(new RequestHandlerRegistry().Add(Echo, slow));

        Task<RemotingCommand> waiting = peer.Client.InvokeAsync(peer.Address, new RemotingCommand { Code = Echo }.Set("text", new string('x', 100_000)), Eventually.DefaultDeadline);
        await Eventually.TrueAsync(() => peer.Server.HeldBytes > 200_000, "its header is counted, as text of two bytes a character");
        go.SetResult();

        (await waiting).Code.Should().Be(0);
        await Eventually.TrueAsync(() => peer.Server.HeldBytes == 0, "everything is given back");
    }

    [Fact]
    public async Task Detached_WhatAHandlerHolds_IsCountedUntilItIsDone()
    {
        TaskCompletionSource go = new(TaskCreationOptions.RunContinuationsAsynchronously);
        DelegateHandler holding = new(async (connection, request, _) =>
        {
            using HeldBytes held = connection.Hold(1_000_000);
            await go.Task;
            return RemotingCommand.CreateResponse(request, 0);
        });
        await using LoopbackServer peer = await StartAsync(new RequestHandlerRegistry().Add(Echo, holding));

        Task<RemotingCommand> waiting = peer.Client.InvokeAsync(peer.Address, new RemotingCommand { Code = Echo }, Eventually.DefaultDeadline);
        await Eventually.TrueAsync(() => peer.Server.HeldBytes > 1_000_000, "what the handler holds is counted");
        go.SetResult();

        (await waiting).Code.Should().Be(0);
        await Eventually.TrueAsync(() => peer.Server.HeldBytes == 0, "everything is given back");
    }

    /// <summary>A thousand may have been taken when the first ones hold so much that the connection is closed for it.</summary>
    [Fact]
    public async Task Detached_OfAConnectionThatWasClosedMeanwhile_IsNotBegun()
    {
        int begun = 0;
        DelegateHandler never = new((_, request, _) =>
        {
            Interlocked.Increment(ref begun);
            return ValueTask.FromResult<RemotingCommand?>(RemotingCommand.CreateResponse(request, 0));
        });
        ClosingHandler closing = new(never);
        await using LoopbackServer peer = await StartAsync(new RequestHandlerRegistry().Add(Echo, closing));
        await using NetworkStream client = await peer.OpenRawAsync();

        await client.WriteAsync(Encode(new RemotingCommand { Code = Echo, Opaque = 1 }));

        RemotingConnection closed = await closing.Closed.Task.WaitAsync(Eventually.DefaultDeadline);
        await Eventually.TrueAsync(() => !closed.End.IsWorking, "its request is done with");
        begun.Should().Be(0);
        await Eventually.TrueAsync(() => peer.Server.HeldBytes == 0, "everything is given back");
    }

    [Fact]
    public async Task HeavyAnswers_AreBuiltOneAtATimeOfAConnectionAndFewInAll()
    {
        TaskCompletionSource go = new(TaskCreationOptions.RunContinuationsAsynchronously);
        BuildingHandler building = new(go.Task);
        await using LoopbackServer peer = await StartAsync(new RequestHandlerRegistry().Add(Echo, building));
        List<NetworkStream> asking = [];
        for (int i = 0; i < HeavyRequestHandler.MostAtOnce; i++)
        {
            NetworkStream stream = await peer.OpenRawAsync();
            asking.Add(stream);
            await stream.WriteAsync((byte[])[.. Encode(new RemotingCommand { Code = Echo, Opaque = 1 }), .. Encode(new RemotingCommand { Code = Echo, Opaque = 2 })]);
            await Eventually.TrueAsync(() => building.Now == i + 1, "each connection has its turn");
        }

        await using NetworkStream last = await peer.OpenRawAsync();
        asking.Add(last);
        await last.WriteAsync((byte[])[.. Encode(new RemotingCommand { Code = Echo, Opaque = 1 }), .. Encode(new RemotingCommand { Code = Echo, Opaque = 2 })]);
        peer.Server.HeldBytes.Should().BeGreaterThan(HeavyRequestHandler.MostAtOnce * BuildingHandler.Bytes, "what is being built is counted");
        go.SetResult();

        foreach (NetworkStream stream in asking)
        {
            _ = await ReadFrameAsync(stream);
            _ = await ReadFrameAsync(stream);
        }

        building.Most.Should().Be(HeavyRequestHandler.MostAtOnce);
        await Eventually.TrueAsync(() => peer.Server.HeldBytes == 0, "everything is given back");
        asking.ForEach(static stream => stream.Dispose());
    }

    [Fact]
    public async Task HeavyAnswers_OfAConnectionThatIsGone_AreNotBuilt()
    {
        TaskCompletionSource go = new(TaskCreationOptions.RunContinuationsAsynchronously);
        BuildingHandler building = new(go.Task);
        await using LoopbackServer peer = await StartAsync(new RequestHandlerRegistry().Add(Echo, building));
        await using NetworkStream gone = await peer.OpenRawAsync();
        await gone.WriteAsync((byte[])[.. Enumerable.Range(1, 20).SelectMany(static opaque => Encode(new RemotingCommand { Code = Echo, Opaque = opaque }))]);
        await Eventually.TrueAsync(() => building.Now == 1, "the first has its turn");
        gone.Dispose();
        await Eventually.TrueAsync(() => building.Gone.IsCancellationRequested, "the server knows that its peer is gone");
        go.SetResult();

        await using NetworkStream other = await peer.OpenRawAsync();
        await other.WriteAsync(Encode(new RemotingCommand { Code = Echo, Opaque = 1 }));
        _ = await ReadFrameAsync(other);
        await Eventually.TrueAsync(() => peer.Server.HeldBytes == 0, "everything is given back");
        building.Begun.Should().Be(2);
    }

    [Fact]
    public async Task Stop_RequestInWork_IsStillAnswered()
    {
        TaskCompletionSource entered = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource go = new(TaskCreationOptions.RunContinuationsAsynchronously);
        DelegateHandler slow = new(async (_, request, _) =>
        {
            entered.SetResult();
            await go.Task;
            return RemotingCommand.CreateResponse(request, 0, "late but there");
        });
        RemotingServerOptions options = new()
        {
            EndPoints = [new IPEndPoint(IPAddress.Loopback, 0)],
            Transport = transport,
            ShutdownTimeout = Eventually.DefaultDeadline,
        };
        await using LoopbackServer peer = await LoopbackServer.StartAsync(
            new RequestHandlerRegistry().Add(Echo, slow), serverOptions: options, time: new FakeTimeProvider());
        Task<RemotingCommand> waiting = peer.Client.InvokeAsync(peer.Address, new RemotingCommand { Code = Echo }, Eventually.DefaultDeadline);
        await entered.Task;

        Task stopping = peer.Server.StopAsync();
        await Eventually.TrueAsync(() => RefusesAsync(peer), "the stop has reached the listener");
        waiting.IsCompleted.Should().BeFalse();
        go.SetResult();

        (await waiting).Remark.Should().Be("late but there");
        await stopping;
    }

    private Task<LoopbackServer> StartAsync(RequestHandlerRegistry handlers, RemotingOptions? options = null) => LoopbackServer.StartAsync(handlers, options, transport: transport);

    private static async Task<bool> RefusesAsync(LoopbackServer peer)
    {
        try
        {
            await using NetworkStream raw = await peer.OpenRawAsync();
            return false;
        }
        catch (SocketException)
        {
            return true;
        }
    }

    /// <summary>Closes the connection of a request, and then has the request handled off the driver's thread.</summary>
    private sealed class ClosingHandler(AsyncRequestHandler then) : IRequestHandler
    {
        public TaskCompletionSource<RemotingConnection> Closed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Handle(in RequestFrame frame, RequestBatch batch)
        {
            batch.Connection.Abort("it holds too much");
            then.Handle(frame, batch);
            Closed.SetResult(batch.Connection);
        }
    }

    /// <summary>Builds an answer of a megabyte, and waits in the middle of it.</summary>
    private sealed class BuildingHandler(Task go) : HeavyRequestHandler
    {
        public const int Bytes = 1024 * 1024;

        private readonly Lock _gate = new();

        public int Now { get; private set; }

        public int Most { get; private set; }

        public int Begun { get; private set; }

        /// <summary>Of the connection that had its turn last.</summary>
        public CancellationToken Gone { get; private set; }

        protected override async ValueTask<RemotingCommand?> BuildAsync(RemotingCommand request, HeavyAnswer answer, CancellationToken cancellationToken)
        {
            answer.Add(Bytes);
            lock (_gate)
            {
                Gone = cancellationToken;
                Begun++;
                Now++;
                Most = Math.Max(Most, Now);
            }

            await go;
            lock (_gate)
            {
                Now--;
            }

            return RemotingCommand.CreateResponse(request, 0);
        }
    }

    public sealed class OverTheLoop() : DetachedRequestTests(RemotingTransport.EventLoop);

    public sealed class OverPipes() : DetachedRequestTests(RemotingTransport.Pipe);
}
