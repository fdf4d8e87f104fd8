using System.Buffers;
using System.Globalization;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Framing;
using RocketOps.Protocol.Headers;
using RocketOps.Remoting.Connections;
using RocketOps.Remoting.Server.Connections;
using RocketOps.Testing;
using RocketOps.Testing.Time;
using static RocketOps.Remoting.Tests.Connections.StreamFrames;

namespace RocketOps.Remoting.Tests.Connections;

/// <summary>What a connection does while it lasts, whatever carries it: derived classes run every test over one transport.</summary>
public abstract class RemotingConnectionTests(RemotingTransport transport)
{
    /// <summary>Frames of one turn whatever the clock says: it is looked at with every fourth.</summary>
    private const int InOneTurn = 3;

    private const int Echo = 1;

    [Theory]
    [InlineData(SerializeType.Json)]
    [InlineData(SerializeType.RocketMq)]
    public async Task Invoke_Echo_AnswersInTheRequestsFormat(SerializeType type)
    {
        await using LoopbackServer peer = await StartAsync(new RequestHandlerRegistry().Add(Echo, new EchoHandler()));

        RemotingCommand answer = await peer.Client.InvokeAsync(peer.Address, new RemotingCommand { Code = Echo, SerializeType = type, Body = "hello"u8.ToArray() });

        answer.Code.Should().Be(ResponseCode.Success);
        answer.SerializeType.Should().Be(type);
        answer.Version.Should().Be(479);
        answer.Body.ToArray().Should().Equal("hello"u8.ToArray());
    }

    [Theory]
    [InlineData(63 * 1024)]
    [InlineData(64 * 1024)]
    [InlineData(5 * 1024 * 1024)]
    [InlineData(16 * 1024 * 1024 - 300)]
    public async Task Invoke_BodyAcrossBlocks_ArrivesWhole(int size)
    {
        await using LoopbackServer peer = await StartAsync(new RequestHandlerRegistry().Add(Echo, new EchoHandler()));
        byte[] body = new byte[size];
        new Random(size).NextBytes(body);

        RemotingCommand answer = await peer.Client.InvokeAsync(peer.Address, new RemotingCommand { Code = Echo, Body = body }, Eventually.DefaultDeadline);

        answer.Body.Span.SequenceEqual(body).Should().BeTrue();
    }

    [Fact]
    public async Task Invoke_ManyAtOnce_EachGetsItsOwnAnswer()
    {
        await using LoopbackServer peer = await StartAsync(new RequestHandlerRegistry().Add(Echo, new EchoHandler()));

        RemotingCommand[] answers = await Task.WhenAll(Enumerable.Range(0, 500).Select(n =>
            peer.Client.InvokeAsync(peer.Address, new RemotingCommand { Code = Echo, Body = BitConverter.GetBytes(n) }, Eventually.DefaultDeadline)));

        answers.Select(answer => BitConverter.ToInt32(answer.Body.Span)).Should().Equal(Enumerable.Range(0, 500));
    }

    [Theory]
    [InlineData(SerializeType.Json)]
    [InlineData(SerializeType.RocketMq)]
    public async Task Gate_ByCodeAndByFields_RefusesHotAndDetachedRequestsAlike(SerializeType type)
    {
        const int Detached = 2;
        const int Forbidden = 3;
        int handled = 0;
        DelegateHandler detached = new((_, request, _) =>
        {
            Interlocked.Increment(ref handled);
            return new ValueTask<RemotingCommand?>(RemotingCommand.CreateResponse(request, ResponseCode.Success));
        });
        RequestHandlerRegistry handlers = new() { Gate = new SigningGate(Forbidden) };
        await using LoopbackServer peer = await StartAsync(handlers.Add(Echo, new EchoHandler()).Add(Detached, detached).Add(Forbidden, detached));
        List<string> answers = [];
        foreach (int code in (int[])[Echo, Detached, Forbidden])
        {
            RemotingCommand request = new RemotingCommand { Code = code, SerializeType = type }.Set("topic", "T \"1\"").Set("a", "κλειδί").Set("queueId", 3);
            request.Set(SigningGate.Signature, SigningGate.Sign(request));
            RemotingCommand signed = await peer.Client.InvokeAsync(peer.Address, request);
            RemotingCommand forged = await peer.Client.InvokeAsync(peer.Address, request.Set("queueId", 4));
            answers.Add($"{code}: {signed.Code} {signed.Remark}, {forged.Code} {forged.Remark}");
        }

        answers.Should().Equal("1: 0 , 16 signature", "2: 0 , 16 signature", "3: 16 code, 16 code");
        handled.Should().Be(1);
    }

    [Fact]
    public async Task Gate_RefusedOneWay_IsNotAnsweredAndTheNextRequestIs()
    {
        RequestHandlerRegistry handlers = new() { Gate = new SigningGate(Echo) };
        await using LoopbackServer peer = await StartAsync(handlers.Add(Echo, new EchoHandler()));
        await using NetworkStream raw = await peer.OpenRawAsync();

        await raw.WriteAsync(Encode(new RemotingCommand { Code = Echo, Opaque = 1, Flag = RemotingCommand.OneWayFlag }));
        await raw.WriteAsync(Encode(new RemotingCommand { Code = Echo, Opaque = 2 }));

        RemotingCommand answer = await ReadFrameAsync(raw);
        (answer.Opaque, answer.Code).Should().Be((2, ResponseCode.NoPermission));
    }

    [Fact]
    public async Task Frame_OneByteAtATime_IsAnswered()
    {
        await using LoopbackServer peer = await StartAsync(new RequestHandlerRegistry().Add(Echo, new EchoHandler()));
        await using NetworkStream raw = await peer.OpenRawAsync();
        byte[] frame = Encode(new RemotingCommand { Code = Echo, Opaque = 42, Body = "x"u8.ToArray() });

        foreach (byte value in frame)
        {
            await raw.WriteAsync(new[] { value });
        }

        (await ReadFrameAsync(raw)).Opaque.Should().Be(42);
    }

    [Fact]
    public async Task Batch_RepliesWaitForTheParticipant_AndLeaveTogether()
    {
        DeferringHandler handler = new();
        await using LoopbackServer peer = await StartAsync(new RequestHandlerRegistry().Add(Echo, handler));
        await using NetworkStream raw = await peer.OpenRawAsync();
        ArrayBufferWriter<byte> frames = new();
        for (int opaque = 1; opaque <= InOneTurn; opaque++)
        {
            RemotingCommandCodec.Write(new RemotingCommand { Code = Echo, Opaque = opaque }, frames);
        }

        await raw.WriteAsync(frames.WrittenMemory);

        List<RemotingCommand> replies = await ReadOnceAsync(raw);

        replies.Select(reply => reply.Opaque).Should().Equal(Enumerable.Range(1, InOneTurn), "all leave with one send");
        replies.Select(reply => reply.GetRequiredInt32("n")).Should().Equal(Enumerable.Range(1, InOneTurn));
        handler.BatchSizes.Should().Equal(InOneTurn);
        handler.Commits.Should().Be(1);
    }

    [Fact]
    public async Task Batch_Refusals_LeaveTogether()
    {
        await using LoopbackServer peer = await StartAsync(new RequestHandlerRegistry());
        await using NetworkStream raw = await peer.OpenRawAsync();
        ArrayBufferWriter<byte> frames = new();
        for (int opaque = 1; opaque <= InOneTurn; opaque++)
        {
            RemotingCommandCodec.Write(new RemotingCommand { Code = 31999, Opaque = opaque }, frames);
        }

        await raw.WriteAsync(frames.WrittenMemory);
        List<RemotingCommand> replies = await ReadOnceAsync(raw);

        replies.Select(reply => reply.Opaque).Should().Equal(Enumerable.Range(1, InOneTurn), "a refusal costs no send of its own");
    }

    [Fact]
    public async Task Batch_AfterReplies_RunsWhenTheRepliesHaveLeft()
    {
        using ManualResetEventSlim replied = new();
        bool afterwards = false;
        TaskCompletionSource<bool> itemRan = new(TaskCreationOptions.RunContinuationsAsynchronously);
        DeferringHandler handler = new();
        handler.After = () =>
        {
            // Run before the replies had left, this would hold them up until the time is over.
            afterwards = replied.Wait(Eventually.DefaultDeadline);
            int thread = Environment.CurrentManagedThreadId;
            AfterReplies.Run(new WorkItem(() => itemRan.SetResult(Environment.CurrentManagedThreadId == thread)));
        };
        // No commit takes so long that another thread takes the loop over.
        await using LoopbackServer peer = await StartAsync(new RequestHandlerRegistry().Add(Echo, handler), time: new FakeTimeProvider());
        await using NetworkStream raw = await peer.OpenRawAsync();

        await raw.WriteAsync(Encode(new RemotingCommand { Code = Echo, Opaque = 7 }));
        (await ReadFrameAsync(raw)).Opaque.Should().Be(7);
        replied.Set();

        (await itemRan.Task.WaitAsync(Eventually.DefaultDeadline)).Should().BeTrue("the item runs on the driver's thread");
        afterwards.Should().BeTrue();
    }

    [Fact]
    public async Task Batch_MoreItemsThanARoundRuns_TheRestRunsOnThePool()
    {
        using CountdownEvent ran = new(200);
        int onDriver = 0;
        DeferringHandler handler = new();
        handler.After = () =>
        {
            int thread = Environment.CurrentManagedThreadId;
            for (int i = 0; i < 200; i++)
            {
                AfterReplies.Run(new WorkItem(() =>
                {
                    if (!Thread.CurrentThread.IsThreadPoolThread || Environment.CurrentManagedThreadId == thread)
                    {
                        Interlocked.Increment(ref onDriver);
                    }

                    ran.Signal();
                }));
            }
        };
        // Their number alone ends the round, not the time they take.
        await using LoopbackServer peer = await StartAsync(new RequestHandlerRegistry().Add(Echo, handler), time: new FakeTimeProvider());

        await peer.Client.InvokeAsync(peer.Address, new RemotingCommand { Code = Echo });

        await Eventually.TrueAsync(() => ran.IsSet, "all run");
        onDriver.Should().BeGreaterThanOrEqualTo(64);
    }

    [Fact]
    public async Task Batch_HeldReplies_LeaveOnReleaseAndDoNotStopTheConnection()
    {
        DeferringHandler handler = new() { Hold = true };
        await using LoopbackServer peer = await StartAsync(new RequestHandlerRegistry().Add(Echo, handler).Add(2, new EchoHandler()));

        Task<RemotingCommand> held = peer.Client.InvokeAsync(peer.Address, new RemotingCommand { Code = Echo }, Eventually.DefaultDeadline);
        await Eventually.TrueAsync(() => handler.Held == 1, "the reply is held");
        (await peer.Client.InvokeAsync(peer.Address, new RemotingCommand { Code = 2 })).Code.Should().Be(0);
        held.IsCompleted.Should().BeFalse();
        handler.Release(replies => replies.Release());

        (await held).Code.Should().Be(0);
    }

    [Fact]
    public async Task Batch_ReleasedAsFailure_KeepsTheFields()
    {
        DeferringHandler handler = new() { Hold = true };
        await using LoopbackServer peer = await StartAsync(new RequestHandlerRegistry().Add(Echo, handler));

        Task<RemotingCommand> held = peer.Client.InvokeAsync(peer.Address, new RemotingCommand { Code = Echo }, Eventually.DefaultDeadline);
        await Eventually.TrueAsync(() => handler.Held == 1, "the reply is held");
        handler.Release(replies => replies.ReleaseAs(ResponseCode.FlushDiskTimeout, "slow"));

        RemotingCommand answer = await held;
        answer.Code.Should().Be(ResponseCode.FlushDiskTimeout);
        answer.Remark.Should().Be("slow");
        answer.Get("n").Should().Be("1");
    }

    [Fact]
    public async Task Request_UnknownCode_GetsRocketMqsAnswer()
    {
        await using LoopbackServer peer = await StartAsync(new RequestHandlerRegistry());

        RemotingCommand answer = await peer.Client.InvokeAsync(peer.Address, new RemotingCommand { Code = 31999 });

        answer.Code.Should().Be(ResponseCode.RequestCodeNotSupported);
        answer.Remark.Should().Be(" request type 31999 not supported");
    }

    [Fact]
    public async Task Request_HandlerThrows_IsAnsweredAndLogged()
    {
        DelegateHandler failing = new((_, _, _) => throw new InvalidDataException("boom"));
        await using LoopbackServer peer = await StartAsync(new RequestHandlerRegistry().Add(Echo, failing));

        RemotingCommand answer = await peer.Client.InvokeAsync(peer.Address, new RemotingCommand { Code = Echo });

        answer.Code.Should().Be(ResponseCode.SystemError);
        answer.Remark.Should().Be("InvalidDataException: boom");
        peer.Log.Entries.Should().Contain(entry => entry.Event == 1005 && entry.Level == LogLevel.Error);
    }

    [Fact]
    public async Task Request_Refused_CarriesCodeAndRemark()
    {
        DelegateHandler refusing = new((_, request, _) => throw new RemotingCommandException(ResponseCode.TopicNotExist, $"topic[{request.GetRequired("topic")}] not exist"));
        await using LoopbackServer peer = await StartAsync(new RequestHandlerRegistry().Add(Echo, refusing));

        RemotingCommand refused = await peer.Client.InvokeAsync(peer.Address, new RemotingCommand { Code = Echo }.Set("topic", "T"));
        RemotingCommand missing = await peer.Client.InvokeAsync(peer.Address, new RemotingCommand { Code = Echo });

        refused.Code.Should().Be(ResponseCode.TopicNotExist);
        refused.Remark.Should().Be("topic[T] not exist");
        missing.Remark.Should().Be("the custom field <topic> is null");
    }

    [Fact]
    public async Task OneWay_IsHandledAndNotAnswered()
    {
        EchoHandler echo = new();
        await using LoopbackServer peer = await StartAsync(new RequestHandlerRegistry().Add(Echo, echo));
        await using NetworkStream raw = await peer.OpenRawAsync();

        await raw.WriteAsync(Encode(new RemotingCommand { Code = Echo, Opaque = 1, Flag = RemotingCommand.OneWayFlag }));
        await raw.WriteAsync(Encode(new RemotingCommand { Code = Echo, Opaque = 2 }));

        (await ReadFrameAsync(raw)).Opaque.Should().Be(2, "the one-way request before it stays unanswered");
        echo.Calls.Should().Be(2);
    }

    [Fact]
    public async Task Server_InvokesTheClient_OverTheSameConnection()
    {
        DelegateHandler callback = new(async (connection, _, ct) =>
        {
            RemotingCommand answer = await connection.InvokeAsync(new RemotingCommand { Code = 40 }, Eventually.DefaultDeadline, ct);
            return new RemotingCommand { Code = 0, Remark = answer.Remark };
        });
        DelegateHandler client = new((_, request, _) => ValueTask.FromResult<RemotingCommand?>(RemotingCommand.CreateResponse(request, 0, "from the client")));
        await using LoopbackServer peer = await StartAsync(
            new RequestHandlerRegistry().Add(Echo, new DelegateHandler(async (connection, request, ct) =>
            {
                RemotingCommand inner = (await callback.HandleAsync(connection, request, ct))!;
                return RemotingCommand.CreateResponse(request, inner.Code, inner.Remark);
            })),
            clientHandlers: new RequestHandlerRegistry().Add(40, client));

        (await peer.Client.InvokeAsync(peer.Address, new RemotingCommand { Code = Echo })).Remark.Should().Be("from the client");
    }

    [Fact]
    public async Task Client_NoAnswer_TimesOutNamingTheRequest()
    {
        DelegateHandler silent = new((_, _, _) => ValueTask.FromResult<RemotingCommand?>(null));
        await using LoopbackServer peer = await StartAsync(new RequestHandlerRegistry().Add(Echo, silent));

        Func<Task> invoke = () => peer.Client.InvokeAsync(peer.Address, new RemotingCommand { Code = Echo }, TimeSpan.FromMilliseconds(50));

        await invoke.Should().ThrowAsync<TimeoutException>().WithMessage("*request code 1*50 ms*");
    }

    [Fact]
    public async Task Client_NobodyListens_SaysWhere()
    {
        await using LoopbackServer peer = await StartAsync(new RequestHandlerRegistry());
        string address = peer.Address;
        await peer.Server.StopAsync();

        Func<Task> invoke = () => peer.Client.InvokeAsync(address, new RemotingCommand { Code = Echo });

        await invoke.Should().ThrowAsync<IOException>().WithMessage($"connect to {address} failed*");
    }

    [Fact]
    public async Task Header_OfAMessageWithAllThePropertiesItMayHave_IsTaken()
    {
        // Every character of the properties is one that JSON writes with six.
        DelegateHandler handler = new((_, request, _) => ValueTask.FromResult<RemotingCommand?>(RemotingCommand.CreateResponse(request, 0, request.GetRequired("i").Length.ToString(CultureInfo.InvariantCulture))));
        await using LoopbackServer peer = await StartAsync(new RequestHandlerRegistry().Add(Echo, handler));

        RemotingCommand answer = await peer.Client.InvokeAsync(peer.Address, new RemotingCommand { Code = Echo }.Set("i", new string('\u0001', 32_767)), Eventually.DefaultDeadline);

        answer.Remark.Should().Be("32767");
    }

    [Fact]
    public async Task Answer_WithALongHeader_IsTaken()
    {
        string ids = new('x', 1024 * 1024);
        DelegateHandler handler = new((_, request, _) => ValueTask.FromResult<RemotingCommand?>(RemotingCommand.CreateResponse(request, 0).Set("msgId", ids)));
        await using LoopbackServer peer = await StartAsync(new RequestHandlerRegistry().Add(Echo, handler));

        (await peer.Client.InvokeAsync(peer.Address, new RemotingCommand { Code = Echo }, Eventually.DefaultDeadline)).Get("msgId").Should().Be(ids);
    }

    private Task<LoopbackServer> StartAsync(RequestHandlerRegistry handlers, RequestHandlerRegistry? clientHandlers = null, TimeProvider? time = null) =>
        LoopbackServer.StartAsync(handlers, clientHandlers: clientHandlers, transport: transport, time: time);

    /// <summary>The whole frames that one receive returns.</summary>
    private static async Task<List<RemotingCommand>> ReadOnceAsync(Stream stream)
    {
        byte[] received = new byte[64 * 1024];
        int length = await stream.ReadAsync(received);
        List<RemotingCommand> frames = [];
        for (int at = 0; at < length;)
        {
            int size = FrameLayout.ReadFrameSize(received.AsSpan(at, length - at), FrameLayout.DefaultMaxFrameBytes);
            frames.Add(RequestFrame.Parse(received.AsSpan(at, size)).ToCommand());
            at += size;
        }

        return frames;
    }

    private sealed class WorkItem(Action work) : IThreadPoolWorkItem
    {
        public void Execute() => work();
    }
}
