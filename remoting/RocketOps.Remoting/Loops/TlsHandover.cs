using System.IO.Pipelines;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;
using RocketOps.Remoting.Connections;
using RocketOps.Remoting.Server;

namespace RocketOps.Remoting.Loops;

/// <summary>Carries on with connections that begin with a TLS handshake: the descriptor becomes a socket, and what the TLS stream decrypts goes through a <see cref="PipeDriver"/>.</summary>
internal sealed class TlsHandover(OpenConnections connections, SslServerAuthenticationOptions options)
{
    private static readonly TimeSpan HandshakeTimeout = TimeSpan.FromSeconds(10);

    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _gate = new();
    private readonly HashSet<Task> _running = [];

    /// <summary>Takes over the descriptor, whatever happens.</summary>
    public void Take(int descriptor, IPEndPoint remote, IPEndPoint local)
    {
        lock (_gate)
        {
            Task running = Task.Run(() => RunAsync(descriptor, remote, local), CancellationToken.None);
            _running.Add(running);
            _ = running.ContinueWith(
                static (task, state) => ((TlsHandover)state!).Forget(task), this, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
    }

    /// <summary>Ends when the last connection has.</summary>
    public async Task StopAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        Task[] running;
        lock (_gate)
        {
            running = [.. _running];
        }

        await Task.WhenAll(running).ConfigureAwait(false);
    }

    private void Forget(Task task)
    {
        lock (_gate)
        {
            _running.Remove(task);
        }
    }

    private async Task RunAsync(int descriptor, IPEndPoint remote, IPEndPoint local)
    {
        try
        {
            using Socket socket = new(new SafeSocketHandle(descriptor, ownsHandle: true)) { Blocking = true };
            await using SslStream stream = new(new NetworkStream(socket, ownsSocket: false));
            using (CancellationTokenSource timeout = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token))
            {
                timeout.CancelAfter(HandshakeTimeout);
                await stream.AuthenticateAsServerAsync(options, timeout.Token).ConfigureAwait(false);
            }

            await using StreamConnection context = new(connections.NextTlsId(), stream, socket, remote, local);
            PipeDriver driver = new(context, connections.Handlers, connections.Options.Remoting, connections.Budget, connections.Time, connections.Logger);
            connections.Add(driver.Connection);
            try
            {
                using (_stopping.Token.UnsafeRegister(static state => ((RemotingConnection)state!).Stop(), driver.Connection))
                {
                    await driver.RunAsync().ConfigureAwait(false);
                }
            }
            finally
            {
                connections.Remove(driver.Connection);
            }
        }
        catch (Exception error) when (error is AuthenticationException or IOException or SocketException or OperationCanceledException)
        {
            RemotingLog.HandshakeFailed(connections.Logger, remote, error.Message);
        }
        finally
        {
            connections.GiveBack();
        }
    }

    /// <summary>A connection over a stream, as the pipe driver knows connections.</summary>
    private sealed class StreamConnection : ConnectionContext, IDuplexPipe
    {
        private readonly Socket _socket;
        private readonly CancellationTokenSource _closed = new();

        public StreamConnection(string id, Stream stream, Socket socket, IPEndPoint remote, IPEndPoint local)
        {
            _socket = socket;
            ConnectionId = id;
            RemoteEndPoint = remote;
            LocalEndPoint = local;
            Input = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: 64 * 1024, leaveOpen: true));
            Output = PipeWriter.Create(stream, new StreamPipeWriterOptions(minimumBufferSize: 64 * 1024, leaveOpen: true));
            Transport = this;
            ConnectionClosed = _closed.Token;
        }

        public PipeReader Input { get; }

        public PipeWriter Output { get; }

        public override string ConnectionId { get; set; }

        public override IFeatureCollection Features { get; } = new FeatureCollection();

        public override IDictionary<object, object?> Items { get; set; } = new Dictionary<object, object?>();

        public override IDuplexPipe Transport { get; set; }

        public override void Abort(ConnectionAbortedException abortReason)
        {
            try
            {
                _socket.Shutdown(SocketShutdown.Both);
                _closed.Cancel();
            }
            catch (Exception error) when (error is SocketException or ObjectDisposedException)
            {
                // The peer was faster.
            }
        }

        public override async ValueTask DisposeAsync()
        {
            await _closed.CancelAsync().ConfigureAwait(false);
            _closed.Dispose();
            await base.DisposeAsync().ConfigureAwait(false);
        }
    }
}
