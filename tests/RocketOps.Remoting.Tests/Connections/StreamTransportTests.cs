using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using RocketOps.Remoting.Connections;
using RocketOps.Testing;

namespace RocketOps.Remoting.Tests.Connections;

public sealed class StreamTransportTests : IAsyncLifetime
{
    /// <summary>More than the kernel buffers between two sockets of one machine.</summary>
    private const int MuchBytes = 64 * 1024 * 1024;

    private static readonly TimeSpan Patience = Eventually.DefaultDeadline;

    private Socket _peer = null!;
    private StreamTransport _transport = null!;

    public async Task InitializeAsync()
    {
        using Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(listener.LocalEndPoint!);
        _peer = await listener.AcceptAsync();
        _transport = new StreamTransport(
            "one", new NetworkStream(socket, ownsSocket: false), socket, (IPEndPoint)socket.RemoteEndPoint!, (IPEndPoint)socket.LocalEndPoint!, TimeProvider.System);
    }

    public async Task DisposeAsync()
    {
        _peer.Dispose();
        await _transport.DisposeAsync();
    }

    [Fact]
    public async Task Output_WrittenWhileAFlushWaits_ReachesThePeerInOrder()
    {
        byte[] much = new byte[MuchBytes];
        Random.Shared.NextBytes(much);
        PipeWriter output = _transport.Output;
        output.Write(much);
        Task<FlushResult> waiting = output.FlushAsync().AsTask();
        waiting.IsCompleted.Should().BeFalse("the peer reads nothing yet");

        output.Write("after"u8);
        byte[] received = new byte[MuchBytes];
        await using NetworkStream stream = new(_peer, ownsSocket: false);
        await stream.ReadExactlyAsync(received).AsTask().WaitAsync(Patience);
        await waiting.WaitAsync(Patience);
        await output.FlushAsync().AsTask().WaitAsync(Patience);
        byte[] rest = new byte[5];
        await stream.ReadExactlyAsync(rest).AsTask().WaitAsync(Patience);

        received.AsSpan().SequenceEqual(much).Should().BeTrue();
        rest.Should().Equal("after"u8.ToArray());
    }

    [Fact]
    public async Task Abort_WhileReadingAndFlushing_EndsBoth()
    {
        Task<ReadResult> reading = ReadToEndAsync();
        _transport.Output.Write(new byte[MuchBytes]);
        Task<FlushResult> flushing = _transport.Output.FlushAsync().AsTask();
        flushing.IsCompleted.Should().BeFalse("the peer reads nothing");

        _transport.Abort("enough");

        await reading.WaitAsync(Patience);
        await flushing.Awaiting(static it => it.WaitAsync(Patience)).Should().ThrowAsync<IOException>();
        _transport.Closed.IsCancellationRequested.Should().BeTrue();
    }

    [Fact]
    public async Task Dispose_WithBytesWritten_SendsThemBeforeTheEnd()
    {
        _transport.Output.Write("last words"u8);
        await _transport.DisposeAsync();

        await using NetworkStream stream = new(_peer, ownsSocket: false);
        using MemoryStream received = new();
        await stream.CopyToAsync(received).WaitAsync(Patience);
        received.ToArray().Should().Equal("last words"u8.ToArray());
    }

    private async Task<ReadResult> ReadToEndAsync()
    {
        while (true)
        {
            ReadResult result = await _transport.Input.ReadAsync();
            if (!result.IsCanceled)
            {
                return result;
            }
        }
    }
}
