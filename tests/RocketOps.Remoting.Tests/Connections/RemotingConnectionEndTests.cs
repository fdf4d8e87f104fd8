using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Headers;
using RocketOps.Remoting.Connections;
using RocketOps.Remoting.Server.Connections;
using RocketOps.Testing;
using static RocketOps.Remoting.Tests.Connections.StreamFrames;

namespace RocketOps.Remoting.Tests.Connections;

/// <summary>How a connection ends, over either transport: by what its peer sends or does not read, by its loss, or by the server behind an answer.</summary>
public abstract class RemotingConnectionEndTests(RemotingTransport transport)
{
    private const int Echo = 1;

    [Theory]
    [InlineData("00000003", "below the minimum")]
    [InlineData("FFFFFFFF", "below the minimum")]
    [InlineData("7FFFFFFF", "exceeds the limit")]
    [InlineData("0100000000000000", "exceeds the limit")]
    [InlineData("160301020001", "TLS record")]
    [InlineData("0000000800FFFFFF00000000", "header length 16777215")]
    [InlineData("0000000807000004AABBCCDD", "serialize type 7")]
    [InlineData("000000060000000222FF", "object is expected")]
    [InlineData("0000000801000004AABBCCDD", "shorter than the minimum")]
    public async Task MalformedFrame_ClosesOnlyItsConnection_AndSaysWhy(string hex, string reason)
    {
        await using LoopbackServer peer = await StartAsync(new RequestHandlerRegistry().Add(Echo, new EchoHandler()));
        await peer.Client.InvokeAsync(peer.Address, new RemotingCommand { Code = Echo });
        await using NetworkStream raw = await peer.OpenRawAsync();

        await raw.WriteAsync(Convert.FromHexString(hex));
        int read = await ReadToEndAsync(raw);

        read.Should().Be(0, "nothing is answered");
        await Eventually.TrueAsync(() => peer.Log.Entries.Any(entry => entry.Event == 1003 && entry.Level == LogLevel.Warning && entry.Text.Contains(reason, StringComparison.Ordinal)), reason);
        (await peer.Client.InvokeAsync(peer.Address, new RemotingCommand { Code = Echo })).Code.Should().Be(0);
    }

    [Fact]
    public async Task MalformedFrame_AfterGoodOnes_StillAnswersThose()
    {
        DeferringHandler handler = new();
        await using LoopbackServer peer = await StartAsync(new RequestHandlerRegistry().Add(Echo, handler));
        await using NetworkStream raw = await peer.OpenRawAsync();

        await raw.WriteAsync((byte[])[.. Encode(new RemotingCommand { Code = Echo, Opaque = 9 }), .. Convert.FromHexString("FFFFFFFF")]);

        (await ReadFrameAsync(raw)).Opaque.Should().Be(9);
        (await ReadToEndAsync(raw)).Should().Be(0);
    }

    [Fact]
    public async Task MalformedFrame_BehindOneThatWaitsForTheFlush_ClosesAfterItsReply()
    {
        DeferringHandler handler = new() { Hold = true };
        await using LoopbackServer peer = await StartAsync(new RequestHandlerRegistry().Add(Echo, handler));
        await using NetworkStream raw = await peer.OpenRawAsync();

        await raw.WriteAsync((byte[])[.. Encode(new RemotingCommand { Code = Echo, Opaque = 9 }), .. Convert.FromHexString("FFFFFFFF")]);
        await Eventually.TrueAsync(() => handler.Held == 1 && peer.Log.Entries.Any(entry => entry.Event == 1003), "the request waits, and what follows was no frame");
        handler.Release(replies => replies.Release());

        (await ReadFrameAsync(raw)).Opaque.Should().Be(9);
        (await ReadToEndAsync(raw)).Should().Be(0);
    }

    [Fact]
    public async Task Client_ConnectionLost_FailsWaitingRequestsAndConnectsAgain()
    {
        DelegateHandler never = new(async (_, _, ct) =>
        {
            await Task.Delay(Timeout.Infinite, ct);
            return null;
        });
        await using LoopbackServer peer = await StartAsync(new RequestHandlerRegistry().Add(Echo, never).Add(2, new EchoHandler()));
        Task<RemotingCommand> waiting = peer.Client.InvokeAsync(peer.Address, new RemotingCommand { Code = Echo }, Eventually.DefaultDeadline);
        await Eventually.TrueAsync(() => peer.Server.Connections.Count == 1, "the client is connected");

        peer.Server.Connections.Single().Abort("test");

        await waiting.Invoking(task => task).Should().ThrowAsync<IOException>();
        await Eventually.TrueAsync(() => peer.Client.Find(peer.Address) is null, "the loss is noticed");
        (await peer.Client.InvokeAsync(peer.Address, new RemotingCommand { Code = 2 })).Code.Should().Be(0);
    }

    /// <summary>A peer that sends its next request when it has an answer never has one on the way when the connection ends: the end comes with an answer, in one piece.</summary>
    [Fact]
    public async Task FinishBehindAnswer_PeerWithOneRequestAtATime_ReadsItsAnswerAndTheEndTogether()
    {
        const int Worked = 2;
        byte[] words = [0, 0, 0, 4, 0, 0, 0, 1];
        DelegateHandler worked = new((_, request, _) => ValueTask.FromResult<RemotingCommand?>(RemotingCommand.CreateResponse(request, ResponseCode.Success)));
        await using LoopbackServer peer = await StartAsync(new RequestHandlerRegistry().Add(Echo, new EchoHandler()).Add(Worked, worked));
        await using NetworkStream raw = await peer.OpenRawAsync();
        await raw.WriteAsync(Encode(new RemotingCommand { Code = Worked, Opaque = 1 }));
        (await ReadFrameAsync(raw)).Opaque.Should().Be(1);
        RemotingConnection connection = peer.Server.Connections.Single();
        await Eventually.TrueAsync(() => !connection.End.IsWorking, "it is done with");

        connection.FinishBehindAnswer("test", words);
        await raw.WriteAsync(Encode(new RemotingCommand { Code = Echo, Opaque = 2 }));
        (await ReadFrameAsync(raw)).Opaque.Should().Be(2, "a connection on which nothing is worked on stays");
        await raw.WriteAsync(Encode(new RemotingCommand { Code = Worked, Opaque = 3 }));
        byte[] last = new byte[4096];
        int read = await raw.ReadAsync(last);

        RequestFrame.Parse(last.AsSpan(0, read - words.Length)).ToCommand().Opaque.Should().Be(3);
        last[(read - words.Length)..read].Should().Equal(words, "they leave with the answer");
        (await raw.ReadAsync(last)).Should().Be(0);
    }

    /// <summary>The round that has read the last request may end after the request: it does not send the answer before the end.</summary>
    [Fact]
    public async Task FinishBehindAnswer_RoundEndsAfterTheWork_TheAnswerAndTheEndLeaveTogether()
    {
        const int Worked = 2;
        byte[] words = [0, 0, 0, 4, 0, 0, 0, 1];
        DelegateHandler worked = new((_, request, _) => ValueTask.FromResult<RemotingCommand?>(RemotingCommand.CreateResponse(request, ResponseCode.Success)));
        await using LoopbackServer peer = await StartAsync(new RequestHandlerRegistry().Add(Echo, new LastOfRound()).Add(Worked, worked));
        await using NetworkStream raw = await peer.OpenRawAsync();
        await Eventually.TrueAsync(() => peer.Server.Connections.Count == 1, "it is connected");
        peer.Server.Connections.Single().FinishBehindAnswer("test", words);

        await raw.WriteAsync((byte[])[.. Encode(new RemotingCommand { Code = Worked, Opaque = 3 }), .. Encode(new RemotingCommand { Code = Echo, Flag = RemotingCommand.OneWayFlag })]);
        byte[] last = new byte[4096];
        int read = await raw.ReadAsync(last);

        last[(read - words.Length)..read].Should().Equal(words, "they leave with the answer");
        RequestFrame.Parse(last.AsSpan(0, read - words.Length)).ToCommand().Opaque.Should().Be(3);
    }

    /// <summary>As with an answer that has just left when the end is asked for, the peer may be sending its next request.</summary>
    [Fact]
    public async Task FinishBehindAnswer_WorkEndsWithoutAnAnswerThatWaits_StaysUntilTheNextOne()
    {
        byte[] words = [0, 0, 0, 4, 0, 0, 0, 1];
        TaskCompletionSource gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        int begun = 0;
        DelegateHandler slow = new(async (_, request, _) =>
        {
            Interlocked.Increment(ref begun);
            await (request.IsOneWay ? gate.Task : Task.CompletedTask);
            return RemotingCommand.CreateResponse(request, ResponseCode.Success);
        });
        await using LoopbackServer peer = await StartAsync(new RequestHandlerRegistry().Add(Echo, slow));
        await using NetworkStream raw = await peer.OpenRawAsync();
        await raw.WriteAsync(Encode(new RemotingCommand { Code = Echo, Opaque = 1, Flag = 2 }));
        await Eventually.TrueAsync(() => Volatile.Read(ref begun) == 1, "it is worked on");
        RemotingConnection connection = peer.Server.Connections.Single();

        connection.FinishBehindAnswer("test", words);
        gate.SetResult();
        await Eventually.TrueAsync(() => !connection.End.IsWorking, "it is done");
        await raw.WriteAsync(Encode(new RemotingCommand { Code = Echo, Opaque = 2 }));

        (await ReadFrameAsync(raw)).Opaque.Should().Be(2);
        (await ReadToEndAsync(raw)).Should().Be(words.Length);
    }

    [Fact]
    public async Task FinishBehindAnswer_SeveralUnderWay_AnswersAllBeforeTheEnd()
    {
        byte[] words = [0, 0, 0, 4, 0, 0, 0, 1];
        Dictionary<int, TaskCompletionSource> gates = new() { [1] = new(TaskCreationOptions.RunContinuationsAsynchronously), [2] = new(TaskCreationOptions.RunContinuationsAsynchronously) };
        int begun = 0;
        DelegateHandler slow = new(async (_, request, _) =>
        {
            Interlocked.Increment(ref begun);
            await gates[request.Opaque].Task;
            return RemotingCommand.CreateResponse(request, ResponseCode.Success);
        });
        await using LoopbackServer peer = await StartAsync(new RequestHandlerRegistry().Add(Echo, slow));
        await using NetworkStream raw = await peer.OpenRawAsync();
        await raw.WriteAsync(Encode(new RemotingCommand { Code = Echo, Opaque = 1 }));
        await raw.WriteAsync(Encode(new RemotingCommand { Code = Echo, Opaque = 2 }));
        await Eventually.TrueAsync(() => Volatile.Read(ref begun) == 2, "both are worked on");

        peer.Server.Connections.Single().FinishBehindAnswer("test", words);
        gates[2].SetResult();
        (await ReadFrameAsync(raw)).Opaque.Should().Be(2, "an answer does not wait for another one");
        gates[1].SetResult();

        (await ReadFrameAsync(raw)).Opaque.Should().Be(1);
        (await ReadToEndAsync(raw)).Should().Be(words.Length);
    }

    [Fact]
    public async Task Header_BeyondTheLimit_ClosesItsConnectionAndSaysWhy()
    {
        await using LoopbackServer peer = await StartAsync(new RequestHandlerRegistry().Add(Echo, new EchoHandler()));
        await using NetworkStream raw = await peer.OpenRawAsync();

        await TryWriteAsync(raw, Encode(new RemotingCommand { Code = Echo }.Set("text", new string('x', 256 * 1024))));

        (await ReadToEndAsync(raw)).Should().Be(0);
        await Eventually.TrueAsync(() => peer.Log.Entries.Any(static entry => entry.Event == 1003 && entry.Text.Contains("exceeds the limit of 262144", StringComparison.Ordinal)), "the log says why");
    }

    [Fact]
    public async Task PeerThatDoesNotRead_IsClosedAtTheLimit()
    {
        await using LoopbackServer peer = await StartAsync(new RequestHandlerRegistry().Add(Echo, new EchoHandler()), new RemotingOptions { MaxUnsentBytes = 1024 * 1024 });
        await using NetworkStream raw = await peer.OpenRawAsync();
        await Eventually.TrueAsync(() => peer.Server.Connections.Count == 1, "the connection is there");
        RemotingConnection connection = peer.Server.Connections.Single();
        RemotingCommand large = new() { Code = 40, Body = new byte[512 * 1024] };

        for (int sent = 0; sent < 64 && connection.SendOneWay(large); sent++)
        {
        }

        await Eventually.TrueAsync(() => connection.Closed.IsCancellationRequested, "the connection is closed");
        await Eventually.TrueAsync(() => peer.Log.Entries.Any(static entry => entry.Text.Contains("does not read", StringComparison.Ordinal)), "the log says why");
    }

    private Task<LoopbackServer> StartAsync(RequestHandlerRegistry handlers, RemotingOptions? options = null) => LoopbackServer.StartAsync(handlers, options, transport: transport);

    /// <summary>The server may close the connection before all has come.</summary>
    private static async Task TryWriteAsync(Stream stream, byte[] bytes)
    {
        try
        {
            await stream.WriteAsync(bytes);
        }
        catch (IOException)
        {
            // It has closed it.
        }
    }

    private static async Task<int> ReadToEndAsync(Stream stream)
    {
        try
        {
            using MemoryStream all = new();
            await stream.CopyToAsync(all);
            return (int)all.Length;
        }
        catch (IOException)
        {
            // A reset is as good an end as a close.
            return 0;
        }
    }

    /// <summary>Holds the driver's thread until the request before it is done, and what its end still does had time.</summary>
    private sealed class LastOfRound : IRequestHandler
    {
        private static readonly TimeSpan AtLeast = TimeSpan.FromMilliseconds(50);

        public void Handle(in RequestFrame frame, RequestBatch batch)
        {
            RemotingConnection connection = batch.Connection;
            SpinWait.SpinUntil(() => connection.End.IsStopping, Eventually.DefaultDeadline);
            SpinWait.SpinUntil(static () => false, AtLeast);
        }
    }

    public sealed class OverTheLoop() : RemotingConnectionEndTests(RemotingTransport.EventLoop);

    public sealed class OverPipes() : RemotingConnectionEndTests(RemotingTransport.Pipe);
}
