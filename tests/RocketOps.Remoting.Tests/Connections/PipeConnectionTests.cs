using System.IO.Pipelines;
using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;
using RocketOps.Remoting.Server.Connections;
using RocketOps.Testing;
using static RocketOps.Remoting.Tests.Connections.StreamFrames;

namespace RocketOps.Remoting.Tests.Connections;

/// <summary>The connection tests over pipes, and what only these do.</summary>
public sealed class PipeConnectionTests() : RemotingConnectionTests(RemotingTransport.Pipe)
{
    private const int EchoCode = 1;

    [Fact]
    public async Task Output_FlushFailsWithMuchUnsent_TheConnectionEnds()
    {
        Pipe input = new();
        await using Pipes transport = new(input.Reader, PipeWriter.Create(new FailingStream()));
        PipeDriver driver = new(
            transport, new RequestHandlerRegistry().Add(EchoCode, new EchoHandler()), new RemotingOptions(), new ByteBudget(long.MaxValue, Timeout.InfiniteTimeSpan, TimeProvider.System, NullLogger.Instance), TimeProvider.System, NullLogger.Instance);
        Task running = driver.RunAsync();

        for (int i = 0; i < 4; i++)
        {
            await input.Writer.WriteAsync(Encode(new RemotingCommand { Code = EchoCode, Opaque = i, Body = new byte[300 * 1024] }));
        }

        await input.Writer.CompleteAsync();
        await running.WaitAsync(Eventually.DefaultDeadline);

        driver.Connection.Closed.IsCancellationRequested.Should().BeTrue();
        driver.Connection.SendOneWay(new RemotingCommand { Code = EchoCode }).Should().BeFalse();
    }

    private sealed class Pipes(PipeReader input, PipeWriter output) : PipeTransport
    {
        private readonly CancellationTokenSource _closed = new();

        public override string Id => "failing";

        public override IPEndPoint RemoteEndPoint { get; } = new(IPAddress.None, 0);

        public override IPEndPoint LocalEndPoint => RemoteEndPoint;

        public override PipeReader Input => input;

        public override PipeWriter Output => output;

        public override CancellationToken Closed => _closed.Token;

        public override void Abort(string reason) => _closed.Cancel();

        public override ValueTask DisposeAsync()
        {
            _closed.Dispose();
            return ValueTask.CompletedTask;
        }
    }

    /// <summary>A peer that is gone.</summary>
    private sealed class FailingStream : MemoryStream
    {
        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => throw new IOException("gone");

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => throw new IOException("gone");
    }
}
