using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Remoting.Client;

/// <summary>
/// The client end: one connection per remote address, made when first used and again after it was lost, shared by all callers, as Java
/// clients do.
/// Requests of the server are handled by the registry given. Thread-safe.
/// </summary>
public sealed class RemotingClient : IAsyncDisposable
{
    private static readonly TimeSpan ScanInterval = TimeSpan.FromSeconds(10);

    private readonly RemotingClientOptions _options;
    private readonly RequestHandlerRegistry _handlers;
    private readonly AddressResolver _resolve;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ByteBudget _budget;
    private readonly ITimer _scan;

    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _disposing = new();
    private readonly Dictionary<string, Task<RemotingConnection>> _connections = new(StringComparer.Ordinal);
    private readonly HashSet<Task> _running = [];
    private readonly string _idPrefix = string.Create(CultureInfo.InvariantCulture, $"{Environment.TickCount64:X}-");
    private long _lastId;
    private bool _disposed;

    /// <param name="options">Time-outs and limits.</param>
    /// <param name="loggers">Makes the log.</param>
    /// <param name="resolve">Finds the addresses of a <c>host:port</c>.</param>
    /// <param name="handlers">Handle what servers ask; null: nothing is handled.</param>
    /// <param name="time">The clock; null: the system's.</param>
    public RemotingClient(
        RemotingClientOptions options, ILoggerFactory loggers, AddressResolver resolve, RequestHandlerRegistry? handlers = null, TimeProvider? time = null)
    {
        _options = options;
        _handlers = handlers ?? new RequestHandlerRegistry();
        _resolve = resolve;
        _time = time ?? TimeProvider.System;
        _logger = loggers.CreateLogger("RocketOps.Remoting.Client");
        // A client answers few requests and chooses its peers: what it holds is bounded per connection.
        _budget = new ByteBudget(long.MaxValue, Timeout.InfiniteTimeSpan, _time, _logger);
        _scan = _time.CreateTimer(static state => ((RemotingClient)state!).CloseSilent(), this, ScanInterval, ScanInterval);
    }

    /// <summary>
    /// Sends a request and returns its answer, whatever its code. <paramref name="address"/> is <c>host:port</c>. Throws
    /// <see cref="TimeoutException"/> when no answer came in time
    /// and <see cref="IOException"/> when the address cannot be reached or the connection broke; whether the request was carried out is
    /// then unknown.
    /// </summary>
    public async Task<RemotingCommand> InvokeAsync(string address, RemotingCommand request, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        RemotingConnection connection = await ConnectAsync(address, cancellationToken).ConfigureAwait(false);
        return await connection.InvokeAsync(request, timeout ?? _options.InvokeTimeout, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Sends a request that is not answered. Throws <see cref="IOException"/> when the address cannot be reached.</summary>
    public async Task InvokeOneWayAsync(string address, RemotingCommand request, CancellationToken cancellationToken = default)
    {
        RemotingConnection connection = await ConnectAsync(address, cancellationToken).ConfigureAwait(false);
        if (!connection.SendOneWay(request))
        {
            throw new IOException($"the connection to {address} is closed");
        }
    }

    /// <summary>
    /// The open connection to <paramref name="address"/>, made if needed. Throws <see cref="IOException"/> when it cannot be reached
    /// within the connect timeout.
    /// </summary>
    public async Task<RemotingConnection> ConnectAsync(string address, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(address);
        Task<RemotingConnection>? connecting;
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (!_connections.TryGetValue(address, out connecting)
                || connecting.IsFaulted || connecting.IsCanceled
                || (connecting.IsCompletedSuccessfully && !IsUsable(connecting.Result)))
            {
                // Not bound to the caller's token: others may be waiting for the same connection.
                connecting = Task.Run(() => OpenAsync(address), CancellationToken.None);
                _connections[address] = connecting;
            }
        }

        return await connecting.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The connection to the address if one is open; none is made.</summary>
    public RemotingConnection? Find(string address)
    {
        lock (_gate)
        {
            return _connections.TryGetValue(address, out Task<RemotingConnection>? connection)
                && connection.IsCompletedSuccessfully && IsUsable(connection.Result) ? connection.Result : null;
        }
    }

    /// <summary>
    /// Closes every connection and gives up those being made: whoever waits for one is told with an <see cref="IOException"/>. Returns
    /// when none is left.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        Task[] running;
        Task<RemotingConnection>[] connections;
        lock (_gate)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
            connections = [.. _connections.Values];
        }

        await _scan.DisposeAsync().ConfigureAwait(false);
        await _disposing.CancelAsync().ConfigureAwait(false);
        foreach (Task<RemotingConnection> connecting in connections)
        {
            await ((Task)connecting).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (connecting.IsCompletedSuccessfully)
            {
                connecting.Result.End.Stop();
            }
        }

        lock (_gate)
        {
            running = [.. _running];
        }

        await Task.WhenAll(running).ConfigureAwait(false);
        _disposing.Dispose();
    }

    /// <summary>Counts the bytes that have arrived at a socket and were not read; tests replace it.</summary>
    internal Func<Socket, int> UnreadBytes { get; init; } = ClientSockets.UnreadBytes;

    // One that was given up closes soon: the next request does not wait for that.
    private static bool IsUsable(RemotingConnection connection) => !connection.IsAborted && !connection.Closed.IsCancellationRequested;

    private async Task<RemotingConnection> OpenAsync(string address)
    {
        using CancellationTokenSource deadline = new(_options.ConnectTimeout, _time);
        using CancellationTokenSource given = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, _disposing.Token);
        Socket? socket = null;
        try
        {
            socket = await ConnectSocketAsync(address, given.Token).ConfigureAwait(false);
            StreamTransport transport = new(NextId(), new NetworkStream(socket, ownsSocket: false), socket, (IPEndPoint)socket.RemoteEndPoint!, (IPEndPoint)socket.LocalEndPoint!, _time);
            PeerSilence silence = new(_time, () => UnreadBytes(transport.Socket));
            PipeDriver driver = new(transport, _handlers, _options.Remoting, _budget, _time, _logger, silence);
            Track(address, driver, transport);
            return driver.Connection;
        }
        catch (Exception error) when (error is SocketException or IOException or OperationCanceledException or FormatException)
        {
            socket?.Dispose();
            string reason = error is not OperationCanceledException ? error.Message
                : _disposing.IsCancellationRequested ? "the client was closed meanwhile"
                : $"no connection within {_options.ConnectTimeout.TotalMilliseconds:0} ms";
            throw new IOException($"connect to {address} failed: {reason}", error);
        }
    }

    private string NextId() => string.Create(CultureInfo.InvariantCulture, $"{_idPrefix}{Interlocked.Increment(ref _lastId)}");

    private async Task<Socket> ConnectSocketAsync(string address, CancellationToken cancellationToken) => await SocketConnector.ConnectAsync(
        await _resolve(address, cancellationToken).ConfigureAwait(false), ConnectSocketAsync, _time, cancellationToken).ConfigureAwait(false);

    private static async Task<Socket> ConnectSocketAsync(IPEndPoint endPoint, CancellationToken cancellationToken)
    {
        Socket socket = ClientSockets.Create(endPoint.AddressFamily);
        try
        {
            await socket.ConnectAsync(endPoint, cancellationToken).ConfigureAwait(false);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private void Track(string address, PipeDriver driver, StreamTransport transport)
    {
        lock (_gate)
        {
            Task running = RunAsync(address, driver, transport);
            if (!running.IsCompleted)
            {
                _running.Add(running);
                _ = running.ContinueWith(
                    static (task, state) => ((RemotingClient)state!).Forget(task), this, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            }
        }
    }

    private void Forget(Task task)
    {
        lock (_gate)
        {
            _running.Remove(task);
        }
    }

    private async Task RunAsync(string address, PipeDriver driver, StreamTransport transport)
    {
        await Task.Yield();
        await driver.RunAsync().ConfigureAwait(false);
        await transport.DisposeAsync().ConfigureAwait(false);
        lock (_gate)
        {
            if (_connections.TryGetValue(address, out Task<RemotingConnection>? current) && current.IsCompletedSuccessfully && ReferenceEquals(current.Result, driver.Connection))
            {
                _connections.Remove(address);
            }
        }
    }

    private void CloseSilent()
    {
        Task<RemotingConnection>[] connections;
        lock (_gate)
        {
            connections = [.. _connections.Values];
        }

        foreach (Task<RemotingConnection> connection in connections)
        {
            if (connection.IsCompletedSuccessfully)
            {
                connection.Result.CloseIfIdle();
                connection.Result.CloseIfStalled(_options.MinFrameBytesPerSecond, ScanInterval);
            }
        }
    }
}
