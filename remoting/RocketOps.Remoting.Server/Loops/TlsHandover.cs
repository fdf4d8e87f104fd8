using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using RocketOps.Remoting.Connections;
using RocketOps.Remoting.Server.Connections;

namespace RocketOps.Remoting.Server.Loops;

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

            await using StreamTransport transport = new(connections.NextTlsId(), stream, socket, remote, local, connections.Time);
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
        catch (Exception error) when (error is AuthenticationException or IOException or SocketException or OperationCanceledException)
        {
            RemotingLog.HandshakeFailed(connections.Logger, remote, error.Message);
        }
        finally
        {
            connections.GiveBack();
        }
    }
}
