using System.Net;
using Microsoft.Extensions.Logging;
using RocketOps.Hosting.Hosts;
using RocketOps.Hosting.Properties;
using RocketOps.NameServer.Configuration;
using RocketOps.NameServer.Handling;
using RocketOps.NameServer.KeyValues;
using RocketOps.NameServer.Peers;
using RocketOps.NameServer.Routing;
using RocketOps.Remoting.Client;
using RocketOps.Remoting.Connections;
using RocketOps.Remoting.Server;
using RocketOps.Remoting.Server.Connections;
using RocketOps.Remoting.Server.Health;

namespace RocketOps.NameServer.Hosting;

/// <summary>A running name server: the composition root, used by the program and, in-process, by tests.</summary>
public sealed class NameServerHost : IAsyncDisposable
{
    private readonly RouteTable _routes;
    private readonly ConflictTable _conflicts;
    private readonly KeyValueStore _keyValues;
    private readonly NameServerConfiguration _configuration;
    private readonly MinBrokerNotifier _notifier;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ServiceStart _start;
    private readonly PeerCatchUp _peers;
    private readonly CancellationTokenSource _stopping = new();
    private RemotingServer? _server;
    private Task _eviction = Task.CompletedTask;

    private NameServerHost(PropertyValues values, string? configFile, ILoggerFactory loggers, TimeProvider time)
    {
        _time = time;
        _logger = loggers.CreateLogger("RocketOps.NameServer");
        _start = new ServiceStart(time);
        _configuration = new NameServerConfiguration(values, configFile);
        _keyValues = KeyValueStore.Open(values.Get(NameServerProperties.KvConfigPath));
        _routes = new RouteTable(
            new RouteTableOptions
            {
                MaxBrokers = values.Get(NameServerProperties.MaxBrokerCount),
                MaxTopics = values.Get(NameServerProperties.MaxTopicCount),
                DeleteMissingTopics = () => _configuration.Get(NameServerProperties.DeleteTopicWithBrokerRegistration),
            },
            time);
        _peers = new PeerCatchUp(
            values.Get(NameServerProperties.Peers), () => TimeSpan.FromSeconds(_configuration.Get(NameServerProperties.WaitSecondsForService)), _routes, HostResolver.FromEnvironment(), loggers, time);
        _notifier = new MinBrokerNotifier(_configuration, new RemotingClient(new RemotingClientOptions(), loggers, new HostResolver().ResolveToConnectAsync, time: time), _logger);
        _routes.MinBrokerChanged = _notifier.Changed;
        _conflicts = new ConflictTable(_logger, time);
        _routes.ConflictFound = _conflicts.Add;
    }

    /// <summary>
    /// Ends, with the reason, when clients cannot be served any more and the name server is to be stopped and started anew; otherwise
    /// never.
    /// </summary>
    public Task<Exception> Failed => _server!.Failed;

    /// <summary>The bound remoting address.</summary>
    public IPEndPoint EndPoint => _server!.EndPoint;

    /// <summary>The bound HTTP address; null without one.</summary>
    public IPEndPoint? HttpEndPoint => _server!.HttpEndPoint;

    /// <summary>
    /// Starts serving. Throws <see cref="IOException"/> when a port is taken and <see cref="InvalidDataException"/> when kvConfig.json
    /// cannot be understood.
    /// </summary>
    /// <param name="values">The configuration, by <see cref="NameServerProperties.Catalog"/>.</param>
    /// <param name="configFile">The file it came from, which updates are written to; null for configStorePath.</param>
    /// <param name="loggers">Where to log.</param>
    /// <param name="time">Null for the system's clock.</param>
    /// <param name="cancellationToken">Gives up starting.</param>
    public static async Task<NameServerHost> StartAsync(
        PropertyValues values, string? configFile, ILoggerFactory loggers, TimeProvider? time = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(values);
        ArgumentNullException.ThrowIfNull(loggers);
        NameServerHost host = new(values, configFile, loggers, time ?? TimeProvider.System);
        try
        {
            await host.StartAsync(values, loggers, cancellationToken);
            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    /// <summary>Stops accepting, answers what was taken, closes. Idempotent.</summary>
    public async Task StopAsync()
    {
        await _stopping.CancelAsync();
        await _eviction;
        if (_server is not null)
        {
            await _server.StopAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        await _peers.DisposeAsync();
        await _notifier.DisposeAsync();
        _configuration.Dispose();
        _keyValues.Dispose();
        _stopping.Dispose();
    }

    private async Task StartAsync(PropertyValues values, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        IPAddress address = ListenAddress.Of(values.Get(NameServerProperties.BindAddress));
        int httpPort = values.Get(NameServerProperties.HttpPort);
        RemotingServerOptions options = new()
        {
            EndPoints = [new IPEndPoint(address, values.Get(NameServerProperties.ListenPort))],
            HttpEndPoint = httpPort >= 0 ? new IPEndPoint(address, httpPort) : null,
            ConfigureHttp = new HealthPages(NotStarted, () => NotStarted() ?? _peers.Problem).Configure,
            Remoting = new RemotingOptions { IdleTimeout = TimeSpan.FromSeconds(values.Get(NameServerProperties.ServerChannelMaxIdleTimeSeconds)) },
        };
        RequestHandlerRegistry handlers = NameServerHandlers.Create(_routes, _conflicts, _keyValues, _configuration, _start, _logger);
        _server = await RemotingServer.StartAsync(options, handlers, loggers, _time, cancellationToken);
        _eviction = EvictAsync(TimeSpan.FromMilliseconds(values.Get(NameServerProperties.ScanNotActiveBrokerInterval)));
        NameServerLog.Listening(_logger, _server.EndPoint);
        _peers.Start();
        // Routes are served meanwhile.
        await _server.HttpStarted;
    }

    private string? NotStarted()
    {
        if (_stopping.IsCancellationRequested)
        {
            return "stopping\n";
        }

        bool waiting = _configuration.Get(NameServerProperties.NeedWaitForService) && _start.Elapsed < TimeSpan.FromSeconds(_configuration.Get(NameServerProperties.WaitSecondsForService));
        return waiting ? "waiting for brokers to register (needWaitForService)\n" : null;
    }

    private async Task EvictAsync(TimeSpan interval)
    {
        using PeriodicTimer timer = new(interval, _time);
        while (await WaitAsync(timer))
        {
            try
            {
                Evict();
            }
            catch (Exception failure)
            {
                // Whatever it was: without this loop, brokers that died would stay in routes until the next restart.
                NameServerLog.EvictionFailed(_logger, failure);
            }
        }
    }

    private void Evict()
    {
        foreach (LiveBroker broker in _routes.RemoveSilent())
        {
            string reason = $"silent for more than {broker.Timeout.TotalSeconds:0} s";
            NameServerLog.Removed(_logger, broker.BrokerName, broker.Address, reason);
            broker.Connection?.Abort(reason);
        }
    }

    private async Task<bool> WaitAsync(PeriodicTimer timer)
    {
        try
        {
            return await timer.WaitForNextTickAsync(_stopping.Token);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
