using System.Net;
using Microsoft.Extensions.Logging;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Failover;
using RocketOps.Broker.Filtering;
using RocketOps.Broker.Filtering.BitMaps;
using RocketOps.Broker.Health;
using RocketOps.Broker.Hosting.Modules;
using RocketOps.Broker.Messages;
using RocketOps.Broker.Overload;
using RocketOps.Broker.Registration;
using RocketOps.Broker.Roles;
using RocketOps.Broker.Sending;
using RocketOps.Broker.Topics;
using RocketOps.Hosting.Hosts;
using RocketOps.Remoting.Client;
using RocketOps.Remoting.Connections;
using RocketOps.Remoting.Server;
using RocketOps.Remoting.Server.Connections;
using RocketOps.Remoting.Server.Health;
using RocketOps.Store;
using RocketOps.Store.Contracts;
using RocketOps.Store.Files;

namespace RocketOps.Broker.Hosting;

/// <summary>
/// A running broker: starts its parts in order and stops them in the opposite one. Every part is stopped whatever happened to the others,
/// as the store must be closed
/// in any case. Tests start it as Program does.
/// </summary>
internal sealed partial class BrokerHost : IAsyncDisposable
{
    private readonly BrokerModules _modules;
    private readonly HostServices _services;
    private readonly BrokerHealth _health;
    private readonly ILogger<BrokerHost> _logger;
    private RemotingServer? _server;

    private BrokerHost(BrokerModules modules, ILogger<BrokerHost> logger)
    {
        _modules = modules;
        _services = modules.Host;
        _health = new BrokerHealth(_services.Store);
        _logger = logger;
        Stops = new StopSequence(logger);
        Stops.Push("the store", _services.Store.DisposeAsync);
        // A slave does not wait for the table that it takes over when it ends.
        Stops.Push("the topics' file", () => new ValueTask(modules.Topics.Topics.UntilWrittenAsync()));
        // Nor does a pull that has made a group.
        Stops.Push("the groups' file", () => new ValueTask(modules.Groups.Groups.UntilWrittenAsync()));
        Stops.Push("the timers' files", modules.Timers.Timers.DisposeAsync);
        Stops.Push("the offset files", modules.Offsets.Persister.DisposeAsync);
        Stops.Push("the figures", modules.Admin.Figures.DisposeAsync);
        Stops.Push("the statistics", modules.Statistics.Statistics.DisposeAsync);
        Stops.Push("the connection to the master", _services.Client.DisposeAsync);
    }

    /// <summary>Ends with the first round of registrations, whatever its outcome.</summary>
    public Task FirstRegistration { get; private set; } = Task.CompletedTask;

    /// <summary>
    /// Ends, with the reason, when clients cannot be served any more and the broker is to be stopped and started anew; otherwise never.
    /// </summary>
    public Task<Exception> Failed => Server.Failed;

    public IPEndPoint EndPoint => Server.EndPoint;

    public IPEndPoint? HttpEndPoint => Server.HttpEndPoint;

    /// <summary>Bytes that connections hold for their peers, as <c>maxHeldBytes</c> counts them.</summary>
    public long HeldBytes => Server.HeldBytes;

    public BrokerModules Modules => _modules;

    /// <summary>Parts that have been started and are to be stopped.</summary>
    public StopSequence Stops { get; }

    private RemotingServer Server => _server ?? throw new InvalidOperationException("the broker has not been started");

    /// <summary>
    /// Starts a broker. Throws <see cref="StoreException"/>, <see cref="InvalidDataException"/> or <see cref="IOException"/> with a
    /// message for people when the store, the
    /// configuration files or the ports cannot be used.
    /// </summary>
    public static async Task<BrokerHost> StartAsync(
        BrokerOptions options,
        ILoggerFactory loggers,
        string? configFile = null,
        IStoreFileSystem? fileSystem = null,
        TimeProvider? time = null,
        HostResolver? resolver = null,
        CancellationToken cancellationToken = default)
    {
        time ??= TimeProvider.System;
        fileSystem ??= new LinuxFileSystem();
        FixedRoleCheck.ThrowIfElected(options, fileSystem);
        options = StoreSizes.Fit(options, fileSystem);
        BrokerSettings settings = new(options);
        resolver ??= HostResolver.FromEnvironment();
        BrokerAddress address = await BrokerAddress.CreateAsync(options, resolver, cancellationToken);
        ArrivedObservers observers = new();
        MessageStore store = new(StoreOptionsFactory.Create(options, LargestBody.Settle(options, settings.Of<SendOptions>().Value, fileSystem)), fileSystem, time, loggers)
        {
            ArrivedObserver = observers,
            BatchTopics = () => BatchTopics.Read(options.StoreRoot, fileSystem),
            Deletions = () => DeletedTopics.Read(options.StoreRoot, fileSystem),
        };
        settings.Applying = changed => store.Tuning = StoreOptionsFactory.TuningOf(changed);
        ConsumerFilterTable? filters = null;
        if (settings.Of<FilterOptions>().Value.WritesBitMaps)
        {
            filters = new ConsumerFilterTable(options, settings.Of<FilterOptions>().Value, () => store.LastStoreTimestamp, fileSystem, time, loggers.CreateLogger<ConsumerFilterTable>());
            filters.Load();
            store.BitMaps = filters;
        }

        if (options.Group is not null || options.Role == BrokerRole.Slave)
        {
            // Recovery is to know that this log is a copy of another broker's.
            store.RefuseMessages();
        }

        BrokerHost? host = null;
        Task recovery = store.StartAsync(cancellationToken);
        try
        {
            // Beside recovery, which is the longer way: the tables, once no other broker can write them any more.
            HostServices services = new(
                settings,
                store,
                fileSystem,
                address,
                new CurrentRole(TermOf(options)),
                new RemotingClient(new RemotingClientOptions(), loggers, resolver.ResolveToConnectAsync, time: time),
                resolver,
                new RefusedEntries(time, loggers.CreateLogger<RefusedEntries>()),
                loggers,
                time);
            BrokerModules modules = new(services, filters, configFile);
            await store.Locked;
            await modules.LoadAsync();
            store.RemovalObserver = modules.Offsets.Removals;
            await recovery;
            await modules.Topics.Recovery.DropHistoryOfOtherLogAsync(cancellationToken);
            await modules.Offsets.Recovery.DropForeignAsync(cancellationToken);
            modules.Transactions.State.Progress.Load();
            bool isMaster = options.Group is null && options.Role != BrokerRole.Slave;
            if (isMaster)
            {
                // An elected master does this when it is elected; a slave never.
                await modules.Topics.Recovery.TakeTopicsAsync(endsDeletions: true);
            }

            await modules.Offsets.Recovery.BeginAsync(cancellationToken);
            if (isMaster)
            {
                await modules.Offsets.Recovery.LeadAsync();

                // An elected master's epoch begins later; and a slave's never.
                await modules.Transactions.State.Progress.BeginAsync(cancellationToken);
            }

            host = new BrokerHost(modules, loggers.CreateLogger<BrokerHost>());
            observers.Attach(modules.Pulls.Parked, modules.Roles.Roles);
            await host.ServeAsync(resolver, loggers, cancellationToken);
            return host;
        }
        catch
        {
            // Whatever else has failed: a store is not closed while it starts. What recovery itself threw is on its way to the caller already, or comes second.
            await recovery.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            await (host?.StopPartsAsync() ?? store.DisposeAsync());
            throw;
        }
    }

    /// <summary>
    /// Unregisters, stops accepting, answers what was taken, writes everything and closes the store. What fails is logged and holds up
    /// nothing.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        if (_health.Stopping)
        {
            return;
        }

        _health.Stopping = true;
        LogStopping(_services.Address.Text);
        await StopPartsAsync();
    }

    /// <summary>Returns the term to begin with: a broker that may be elected begins as a slave.</summary>
    private static RoleTerm TermOf(BrokerOptions options) => options.Group is { } elected
        ? new RoleTerm(IsMaster: false, elected.SlaveId, Epoch: 0)
        : new RoleTerm(options.Role != BrokerRole.Slave, options.BrokerId, Epoch: 0);

    private static IReadOnlyList<IPEndPoint> EndPointsOf(BrokerOptions options)
    {
        IPEndPoint main = new(options.BindAddress, options.ListenPort);
        // No route names the fast ("VIP") port: clients expect it 2 below the main one, which a free port cannot promise.
        return options.ListenPort == 0 ? [main] : [main, new IPEndPoint(options.BindAddress, options.ListenPort - 2)];
    }

    private async ValueTask StopPartsAsync()
    {
        int failures = await Stops.RunAsync();
        if (failures == 0)
        {
            LogStopped(_services.Address.Text);
        }
        else
        {
            LogStoppedWithFailures(_services.Address.Text, failures);
        }
    }

    private async Task ServeAsync(HostResolver resolver, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        BrokerOptions options = _services.Settings.Current;
        RemotingPortOptions connections = _services.Options<RemotingPortOptions>().Value;
        NameServerRegistrar registrar = new(
            new RegistrarOptions(_services.Settings, _services.Options<RegistrationOptions>()),
            _services.Role,
            _modules.Topics.Topics,
            _modules.Statics.Mappings,
            _services.Address,
            _modules.Replication.Listener,
            _modules.Replication.Master,
            resolver,
            loggers,
            _services.Time);
        Stops.Push("the connections to name servers", registrar.DisposeAsync);
        _server = await RemotingServer.StartAsync(
            new RemotingServerOptions
            {
                EndPoints = EndPointsOf(options),
                HttpEndPoint = options.HttpPort == 0 ? null : new IPEndPoint(options.BindAddress, Math.Max(0, options.HttpPort)),
                ConfigureHttp = new HealthPages(_health.FindReasonNotStarted, _health.FindReasonNotReady, _modules.NewMetricsPage().Render).Configure,
                MaxConnections = connections.MaxConnections,
                Loops = connections.RemotingLoops,
                LingerMicros = connections.LingerMicros,
                MaxHeldBytes = connections.MaxHeldBytes,
                HeldBytesTimeout = connections.HeldBytesTimeout,
                MinFrameBytesPerSecond = connections.MinFrameBytesPerSecond,
                Remoting = new RemotingOptions { IdleTimeout = connections.IdleTimeout },
            },
            _modules.Codes(),
            loggers,
            _services.Time,
            cancellationToken);
        Stops.Push("the server", _server.DisposeAsync);
        Stops.Push("the parked pulls", _modules.Pulls.Parked.DisposeAsync);
        _services.Address.SetPort(_server.EndPoint.Port);
        Stops.Push("the replication port", _modules.Replication.Listener.DisposeAsync);
        _modules.Replication.Listener.Start(_server.EndPoint.Port);
        StartWork(registrar);
        if (_modules.Failover.Member is { } member)
        {
            Stops.Push("the membership of the group", member.DisposeAsync);
            await member.StartAsync();
            Stops.Push("the part in the group", _modules.Failover.LeaveAsync);
        }

        // Clients are served meanwhile.
        await _server.HttpStarted;
    }

    private void StartWork(NameServerRegistrar registrar)
    {
        _modules.Topics.Topics.Changed = registrar.RegisterNowAsync;
        _modules.Roles.Roles.Changed = registrar.RegisterRoleNowAsync;
        _modules.Admin.Figures.Start();
        _modules.Statistics.Statistics.Start();
        _modules.Offsets.Persister.Start();
        // Delivered messages carry the port, so the session begins once the server has it.
        Stops.Push("the role session", _modules.Roles.Roles.DisposeAsync);
        _modules.Roles.Roles.Start(standsBy: _modules.Membership is not null);
        Stops.Push("the table of clients", _modules.Clients.Registry.DisposeAsync);
        _modules.Clients.Registry.Start();
        Stops.Push("the registration", registrar.UnregisterAsync);
        FirstRegistration = registrar.StartAsync();
        _health.FindReasonUnknown = registrar.Standing.FindReasonUnknown;
        _health.Started = true;
        string role = _modules.Membership is null ? _services.Settings.Current.Role.ToString() : "a member of a group that elects its master";
        LogStarted(_services.Address.Text, Server.EndPoint, role);
        if (_services.Address.IsUnresolved)
        {
            LogUnresolved(_services.Address.Host);
        }
    }

    [LoggerMessage(EventId = 3001, Level = LogLevel.Information, Message = "Broker {Address} listens on {EndPoint} as {Role}")]
    private partial void LogStarted(string address, IPEndPoint endPoint, string role);

    [LoggerMessage(EventId = 3006, Level = LogLevel.Warning, Message = "This machine finds no address for the host {Host}, which clients are told (brokerIP1). If they find none either, none of them can connect")]
    private partial void LogUnresolved(string host);

    [LoggerMessage(EventId = 3002, Level = LogLevel.Information, Message = "Broker {Address} stops")]
    private partial void LogStopping(string address);

    [LoggerMessage(EventId = 3003, Level = LogLevel.Information, Message = "Broker {Address} has stopped; everything is on disk")]
    private partial void LogStopped(string address);

    [LoggerMessage(EventId = 3005, Level = LogLevel.Error, Message = "Broker {Address} has stopped; {Failures} of its parts did not stop cleanly, see above")]
    private partial void LogStoppedWithFailures(string address, int failures);
}
