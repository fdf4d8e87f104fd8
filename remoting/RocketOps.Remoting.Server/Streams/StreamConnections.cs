using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using RocketOps.Remoting.Connections;
using RocketOps.Remoting.Server.Connections;

namespace RocketOps.Remoting.Server.Streams;

/// <summary>
/// Connections that a <see cref="PipeDriver"/> carries over the streams of their sockets: those that begin with a TLS handshake, and
/// all of them where there is no event loop. Thread-safe.
/// </summary>
internal sealed class StreamConnections(OpenConnections connections)
{
    private static readonly TimeSpan HandshakeTimeout = TimeSpan.FromSeconds(10);

    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _gate = new();
    private readonly HashSet<Task> _running = [];

    /// <summary>Takes over a connection of which nothing is known; the socket is closed when it ends, whatever happens.</summary>
    public void Take(Socket socket, IPEndPoint remote, IPEndPoint local) => Start(() => RunAsync(socket, remote, local, isTls: false));

    /// <summary>The same for one of an event loop's that begins with a TLS handshake.</summary>
    public void TakeTls(int descriptor, IPEndPoint remote, IPEndPoint local) =>
        Start(() => RunAsync(new Socket(new SafeSocketHandle(descriptor, ownsHandle: true)) { Blocking = true }, remote, local, isTls: true));

    /// <summary>Lets every connection answer what it has taken; ends when the last connection has.</summary>
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

    private void Start(Func<Task> run)
    {
        lock (_gate)
        {
            Task running = Task.Run(run, CancellationToken.None);
            _running.Add(running);
            _ = running.ContinueWith(
                static (task, state) => ((StreamConnections)state!).Forget(task), this, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
    }

    private void Forget(Task task)
    {
        lock (_gate)
        {
            _running.Remove(task);
        }
    }

    private async Task RunAsync(Socket socket, IPEndPoint remote, IPEndPoint local, bool isTls)
    {
        try
        {
            using Socket owned = socket;
            await using Stream? stream = await OpenAsync(socket, remote, isTls).ConfigureAwait(false);
            if (stream is not null)
            {
                await ServeAsync(stream, socket, remote, local).ConfigureAwait(false);
            }
        }
        finally
        {
            connections.GiveBack();
        }
    }

    private async Task ServeAsync(Stream stream, Socket socket, IPEndPoint remote, IPEndPoint local)
    {
        await using StreamTransport transport = new(connections.NextStreamId(), stream, socket, remote, local, connections.Time);
        PipeDriver driver = new(transport, connections.Handlers, connections.Options.Remoting, connections.Budget, connections.Time, connections.Logger);
        connections.Add(driver.Connection);
        try
        {
            using (_stopping.Token.UnsafeRegister(static state => ((RemotingConnection)state!).End.Stop(), driver.Connection))
            {
                await driver.RunAsync().ConfigureAwait(false);
            }
        }
        finally
        {
            connections.Remove(driver.Connection);
        }
    }

    /// <summary>Returns the stream of a connection's frames; null when there will be none.</summary>
    private async Task<Stream?> OpenAsync(Socket socket, IPEndPoint remote, bool isTls)
    {
        Stream? stream = null;
        try
        {
            stream = new NetworkStream(socket, ownsSocket: false);
            if (connections.Options.Tls is not { } options)
            {
                return stream;
            }

            using CancellationTokenSource timeout = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
            timeout.CancelAfter(connections.Options.Remoting.IdleTimeout);
            isTls = isTls || await BeginsTlsAsync(socket, timeout.Token).ConfigureAwait(false);
            if (!isTls)
            {
                return stream;
            }

            SslStream tls = new(stream);
            stream = tls;
            timeout.CancelAfter(HandshakeTimeout);
            await tls.AuthenticateAsServerAsync(options, timeout.Token).ConfigureAwait(false);
            return tls;
        }
        catch (Exception error) when (error is AuthenticationException or IOException or SocketException or OperationCanceledException)
        {
            if (isTls)
            {
                RemotingLog.HandshakeFailed(connections.Logger, remote, error.Message);
            }
            else
            {
                RemotingLog.NothingCame(connections.Logger, remote, error.Message);
            }

            if (stream is not null)
            {
                await stream.DisposeAsync().ConfigureAwait(false);
            }

            return null;
        }
    }

    /// <summary>Tells, without taking anything, whether the first byte that comes is that of a TLS handshake.</summary>
    private static async Task<bool> BeginsTlsAsync(Socket socket, CancellationToken cancellationToken)
    {
        byte[] first = new byte[1];
        return await socket.ReceiveAsync(first, SocketFlags.Peek, cancellationToken).ConfigureAwait(false) == 1 && first[0] == OpenConnections.TlsHandshake;
    }
}
