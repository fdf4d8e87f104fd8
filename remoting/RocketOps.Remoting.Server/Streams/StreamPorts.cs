using System.Net;
using System.Net.Sockets;
using RocketOps.Remoting.Connections;
using RocketOps.Remoting.Server.Connections;

namespace RocketOps.Remoting.Server.Streams;

/// <summary>Remoting ports where there is no event loop: every connection is carried by its own stream.</summary>
internal sealed class StreamPorts : IRemotingPorts
{
    /// <summary>Pause after the system refused a connection.</summary>
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(100);

    private readonly OpenConnections _connections;
    private readonly List<Socket> _listeners;
    private readonly StreamConnections _streams;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task[] _accepting;
    private readonly TaskCompletionSource<Exception> _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task? _stopped;

    private StreamPorts(OpenConnections connections, List<Socket> listeners)
    {
        _connections = connections;
        _listeners = listeners;
        _streams = new StreamConnections(connections);
        EndPoints = [.. listeners.Select(static listener => (IPEndPoint)listener.LocalEndPoint!)];
        _accepting = [.. listeners.Select(listener => Task.Run(() => AcceptAsync(listener)))];
    }

    public IReadOnlyList<IPEndPoint> EndPoints { get; }

    public Task<Exception> Failed => _failed.Task;

    /// <summary>Binds and starts serving. Throws <see cref="IOException"/> when a port is taken.</summary>
    public static StreamPorts Start(OpenConnections connections) => new(connections, BoundPorts.Listen(connections.Options.EndPoints));

    public Task StopAsync(CancellationToken deadline) => _stopped ??= StopCoreAsync(deadline);

    private async Task StopCoreAsync(CancellationToken deadline)
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(_accepting).ConfigureAwait(false);
        _listeners.ForEach(static listener => listener.Dispose());
        await using (deadline.UnsafeRegister(static state => ((OpenConnections)state!).CutAll(), _connections).ConfigureAwait(false))
        {
            await _streams.StopAsync().ConfigureAwait(false);
        }
    }

    private async Task AcceptAsync(Socket listener)
    {
        while (!_stopping.IsCancellationRequested)
        {
            Socket? socket = null;
            try
            {
                socket = await listener.AcceptAsync(_stopping.Token).ConfigureAwait(false);
                socket.NoDelay = true;
                Place(socket, AddressOf(socket.RemoteEndPoint), AddressOf(socket.LocalEndPoint));
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (SocketException) when (socket is not null)
            {
                // The peer is gone already.
                socket.Dispose();
            }
            catch (SocketException error)
            {
                RemotingLog.AcceptFailed(_connections.Logger, error.NativeErrorCode, RetryDelay.TotalMilliseconds);
                await Task.Delay(RetryDelay, _connections.Time, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (Exception error)
            {
                socket?.Dispose();
                RemotingLog.PortFailed(_connections.Logger, error, AddressOf(listener.LocalEndPoint));
                _failed.TrySetResult(error);
                return;
            }
        }
    }

    private void Place(Socket socket, IPEndPoint remote, IPEndPoint local)
    {
        if (_connections.TryTake())
        {
            _streams.Take(socket, remote, local);
        }
        else
        {
            socket.Dispose();
            RemotingLog.TooManyConnections(_connections.Logger, remote, _connections.Count);
        }
    }

    /// <summary>IPv4 peers of a port for both are shown as such.</summary>
    private static IPEndPoint AddressOf(EndPoint? endPoint) => endPoint is IPEndPoint { Address: var address, Port: var port }
        ? new IPEndPoint(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address, port)
        : new IPEndPoint(IPAddress.None, 0);
}
