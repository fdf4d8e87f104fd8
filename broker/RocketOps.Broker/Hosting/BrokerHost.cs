using System.Net;
using Microsoft.Extensions.Logging;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Health;
using RocketOps.Broker.Messages;
using RocketOps.Broker.Registration;
using RocketOps.Remoting.Connections;
using RocketOps.Remoting.Hosts;
using RocketOps.Remoting.Server;
using RocketOps.Store;
using RocketOps.Store.Files;

namespace RocketOps.Broker.Hosting;

/// <summary>A running broker: starts its parts in order and stops them in the opposite one. Tests start it as Program does.</summary>
internal sealed partial class BrokerHost : IAsyncDisposable
{
    private readonly BrokerParts _parts;
    private readonly BrokerHealth _health;
    private readonly RemotingServer _server;
    private readonly NameServerRegistrar _registrar;
    private readonly ILogger<BrokerHost> _logger;
    private bool _disposed;

    private BrokerHost(BrokerParts parts, BrokerHealth health, RemotingServer server, NameServerRegistrar registrar, ILogger<BrokerHost> logger)
    {
        _parts = parts;
        _health = health;
        _server = server;
        _registrar = registrar;
        _logger = logger;
    }

    /// <summary>Ends with the first round of registrations, whatever its outcome.</summary>
    public Task FirstRegistration { get; private set; } = Task.CompletedTask;

    public IPEndPoint EndPoint => _server.EndPoint;

    public IPEndPoint? HttpEndPoint => _server.HttpEndPoint;

    public BrokerParts Parts => _parts;

    /// <summary>
    /// Starts a broker. Throws <see cref="StoreException"/>, <see cref="InvalidDataException"/> or <see cref="IOException"/> with a message for people when the store, the
    /// configuration files or the ports cannot be used.
    /// </summary>
    public static async Task<BrokerHost> StartAsync(
        BrokerOptions options, ILoggerFactory loggers, string? configFile = null, IStoreFileSystem? fileSystem = null, TimeProvider? time = null, CancellationToken cancellationToken = default)
    {
        time ??= TimeProvider.System;
        fileSystem ??= new LinuxFileSystem();
        BrokerSettings settings = new(options);
        HostResolver resolver = HostResolver.FromEnvironment();
        BrokerAddress address = await BrokerAddress.CreateAsync(options, resolver, cancellationToken);
        ArrivedObservers observers = new();
        MessageStore store = new(StoreOptionsFactory.Create(options), fileSystem, time, loggers) { ArrivedObserver = observers };
        try
        {
            await store.StartAsync(cancellationToken);
            BrokerParts parts = new(settings, store, address, fileSystem, configFile, loggers, time);
            await parts.Topics.LoadAsync();
            await parts.Groups.LoadAsync();
            parts.ConsumerOffsets.Load();
            parts.DelayOffsets.Load();
            observers.Attach(parts.ParkedPulls, parts.Schedule);
            return await ServeAsync(parts, resolver, loggers, cancellationToken);
        }
        catch
        {
            await store.DisposeAsync();
            throw;
        }
    }

    /// <summary>Unregisters, stops accepting, answers what was taken, writes everything and closes the store.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        _health.Stopping = true;
        LogStopping(_parts.Address.Text);
        await _registrar.UnregisterAsync();
        await _parts.Clients.DisposeAsync();
        await _parts.Schedule.DisposeAsync();
        await _parts.ParkedPulls.DisposeAsync();
        await _server.DisposeAsync();
        await _registrar.DisposeAsync();
        await _parts.Figures.DisposeAsync();
        await _parts.OffsetPersister.DisposeAsync();
        await _parts.Store.DisposeAsync();
        LogStopped(_parts.Address.Text);
    }

    private static async Task<BrokerHost> ServeAsync(BrokerParts parts, HostResolver resolver, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        BrokerOptions options = parts.Settings.Current;
        BrokerHealth health = new(parts.Store);
        MetricsPage metrics = new(parts.Settings, parts.Store, parts.Topics, parts.Groups, parts.PullCounters, parts.ParkedPulls, parts.Consumers);
        RemotingServer server = await RemotingServer.StartAsync(
            new RemotingServerOptions
            {
                EndPoints = EndPointsOf(options),
                HttpEndPoint = options.HttpPort == 0 ? null : new IPEndPoint(options.BindAddress, Math.Max(0, options.HttpPort)),
                ConfigureHttp = new HealthEndpoints(health, metrics).Configure,
                MaxConnections = options.MaxConnections,
                Remoting = new RemotingOptions { IdleTimeout = options.IdleTimeout },
            },
            BrokerHandlers.Register(parts),
            loggers,
            parts.Time,
            cancellationToken);
        parts.Address.SetPort(server.EndPoint.Port);
        NameServerRegistrar registrar = new(parts.Settings, parts.Topics, parts.Address, resolver, loggers, parts.Time);
        BrokerHost host = new(parts, health, server, registrar, loggers.CreateLogger<BrokerHost>());
        host.StartWork();
        return host;
    }

    private static IReadOnlyList<IPEndPoint> EndPointsOf(BrokerOptions options)
    {
        IPEndPoint main = new(options.BindAddress, options.ListenPort);
        // The fast ("VIP") port is told to nobody: clients find it 2 below, which a free port cannot promise.
        return options.ListenPort == 0 ? [main] : [main, new IPEndPoint(options.BindAddress, options.ListenPort - 2)];
    }

    private void StartWork()
    {
        _parts.Topics.Changed = _registrar.RegisterNowAsync;
        _parts.Clients.Start();
        _parts.Figures.Start();
        _parts.OffsetPersister.Start();
        if (!_parts.Settings.Current.IsSlave)
        {
            _parts.Schedule.Start();
        }

        FirstRegistration = _registrar.StartAsync();
        _health.Started = true;
        LogStarted(_parts.Address.Text, _server.EndPoint, _parts.Settings.Current.Role);
    }

    [LoggerMessage(EventId = 3001, Level = LogLevel.Information, Message = "Broker {Address} listens on {EndPoint} as {Role}")]
    private partial void LogStarted(string address, IPEndPoint endPoint, BrokerRole role);

    [LoggerMessage(EventId = 3002, Level = LogLevel.Information, Message = "Broker {Address} stops")]
    private partial void LogStopping(string address);

    [LoggerMessage(EventId = 3003, Level = LogLevel.Information, Message = "Broker {Address} has stopped; everything is on disk")]
    private partial void LogStopped(string address);
}
