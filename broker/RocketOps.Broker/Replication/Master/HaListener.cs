using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using RocketOps.Broker.Configuration;
using RocketOps.Store;

namespace RocketOps.Broker.Replication.Master;

/// <summary>
/// The replication port. It is open for as long as the broker runs; slaves are served between <see cref="Open"/> and <see cref="CloseAsync"/>, while this broker is the master, and
/// turned away otherwise. Thread-safe.
/// </summary>
internal sealed partial class HaListener : IAsyncDisposable
{
    private static readonly TimeSpan AcceptFailureDelay = TimeSpan.FromMilliseconds(100);

    private readonly BrokerSettings _settings;
    private readonly CurrentOptions<ReplicationOptions> _options;
    private readonly MessageStore _store;
    private readonly SlaveTable _table;
    private readonly ISlaveAdmission? _admission;
    private readonly TimeProvider _time;
    private readonly ILogger<HaListener> _logger;
    private readonly Lock _lock = new();
    private readonly HashSet<Task> _running = [];
    private readonly CancellationTokenSource _stopping = new();
    private CancellationTokenSource? _serving;
    private Socket? _socket;
    private Task _accepting = Task.CompletedTask;

    /// <param name="settings">Of the broker.</param>
    /// <param name="options">Options of replication.</param>
    /// <param name="store">Whose log is sent.</param>
    /// <param name="table">Of the slaves that are connected.</param>
    /// <param name="admission">Says who may follow, in a group that elects its master; null when everybody may.</param>
    /// <param name="time">Measures rates and silence.</param>
    /// <param name="logger">Told who comes and goes.</param>
    public HaListener(BrokerSettings settings, CurrentOptions<ReplicationOptions> options, MessageStore store, SlaveTable table, ISlaveAdmission? admission, TimeProvider time, ILogger<HaListener> logger)
    {
        _settings = settings;
        _options = options;
        _store = store;
        _table = table;
        _admission = admission;
        _time = time;
        _logger = logger;
    }

    /// <summary>0 before <see cref="Start"/>.</summary>
    public int Port { get; private set; }

    /// <summary>Opens the port. Throws <see cref="IOException"/> with a message for people when it is taken.</summary>
    /// <param name="brokerPort">The remoting port in use: this one is the next when none is configured.</param>
    public void Start(int brokerPort)
    {
        BrokerOptions options = _settings.Current;
        int port = options.HaListenPort > 0 ? options.HaListenPort : options.ListenPort == 0 ? 0 : brokerPort + 1;
        Socket socket = new(options.BindAddress.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (options.BindAddress.Equals(IPAddress.IPv6Any))
            {
                socket.DualMode = true;
            }

            socket.Bind(new IPEndPoint(options.BindAddress, port));
            socket.Listen();
        }
        catch (SocketException taken)
        {
            socket.Dispose();
            throw new IOException($"the replication port {new IPEndPoint(options.BindAddress, port)} (haListenPort) cannot be opened: {taken.Message}", taken);
        }

        _socket = socket;
        Port = ((IPEndPoint)socket.LocalEndPoint!).Port;
        _accepting = AcceptAsync(socket);
    }

    /// <summary>Begins to serve slaves.</summary>
    public void Open()
    {
        lock (_lock)
        {
            _serving ??= CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        }
    }

    /// <summary>Turns slaves away from now on; returns when none is served any more.</summary>
    public async Task CloseAsync()
    {
        CancellationTokenSource? serving;
        Task[] running;
        lock (_lock)
        {
            serving = _serving;
            _serving = null;
            running = [.. _running];
        }

        if (serving is not null)
        {
            await serving.CancelAsync();
            await Task.WhenAll(running);
            serving.Dispose();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _socket?.Dispose();
        await _accepting;
        await CloseAsync();
        _stopping.Dispose();
    }

    private async Task AcceptAsync(Socket listener)
    {
        while (!_stopping.IsCancellationRequested)
        {
            Socket slave;
            try
            {
                slave = await listener.AcceptAsync(_stopping.Token);
            }
            catch (Exception ended) when (ended is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException failure)
            {
                // A slave that is gone again, or no descriptor is left for the moment.
                LogAcceptFailed(failure.Message);
                await Task.Delay(AcceptFailureDelay, _time);
                continue;
            }

            try
            {
                Serve(slave);
            }
            catch (SocketException gone)
            {
                // Gone again before its options were set; the next one is to be served all the same.
                slave.Dispose();
                LogAcceptFailed(gone.Message);
            }
        }
    }

    /// <summary>An IPv4 address as such, also on a socket of both families.</summary>
    private static string NameOf(Socket slave) => slave.RemoteEndPoint is IPEndPoint { Address: var address, Port: var port }
        ? new IPEndPoint(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address, port).ToString()
        : "?";

    private void Serve(Socket slave)
    {
        lock (_lock)
        {
            if (_serving is not { } serving)
            {
                // Whoever follows a broker that is no master learns its mistake from the name server.
                slave.Dispose();
                return;
            }

            slave.NoDelay = true;
            SlaveLink link = new(new NetworkStream(slave, ownsSocket: true), NameOf(slave), _options, _store, _table, _time, _logger) { Admission = _admission };
            Task running = link.RunAsync(serving.Token);
            _running.Add(running);
            _ = ForgetAsync(running);
        }
    }

    private async Task ForgetAsync(Task running)
    {
        // Not within the lock of whoever starts it.
        await Task.Yield();
        await running;
        lock (_lock)
        {
            _running.Remove(running);
        }
    }

    [LoggerMessage(EventId = 3611, Level = LogLevel.Warning, Message = "Accepting a slave's connection failed: {Reason}")]
    private partial void LogAcceptFailed(string reason);
}
