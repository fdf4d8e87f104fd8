using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using RocketOps.Client.Heartbeats;
using RocketOps.Client.Json;
using RocketOps.Client.Routing;
using RocketOps.Hosting.Hosts;
using RocketOps.Remoting.Client;
using RocketOps.Remoting.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Client.Internal;

/// <summary>
/// What one producer or consumer does in the background: routes asked for again, heartbeats to every broker in them. A broker that appears in a route gets a heartbeat at
/// once, since a consumer is refused until the broker knows it.
/// </summary>
internal sealed class ClientInstance : IAsyncDisposable
{
    private readonly ClientOptions _options;
    private readonly StandardErrorLog? _standardError;
    private readonly RemotingClient _remoting;
    private readonly Func<string, HeartbeatBody> _heartbeat;
    private readonly bool _readsFromSlaves;
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentDictionary<string, bool> _greeted = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, RemotingConnection> _introduced = new(StringComparer.Ordinal);
    private readonly WakeSignal _greet;
    private readonly Task _routeLoop;
    private readonly Task _heartbeatLoop;

    /// <param name="options">The user's.</param>
    /// <param name="handlers">Requests that brokers send to the client.</param>
    /// <param name="heartbeat">Makes the heartbeat for a client id.</param>
    /// <param name="readsFromSlaves">Consumers tell slaves about themselves too.</param>
    public ClientInstance(ClientOptions options, RequestHandlerRegistry handlers, Func<string, HeartbeatBody> heartbeat, bool readsFromSlaves)
    {
        _options = options;
        _heartbeat = heartbeat;
        _readsFromSlaves = readsFromSlaves;
        string nameServers = NameServerSetting.Require(options);
        _standardError = options.LoggerFactory is null && options.OnError is null ? new StandardErrorLog(options.TimeProvider, Console.OpenStandardError) : null;
        ILoggerFactory loggers = options.LoggerFactory ?? (ILoggerFactory?)_standardError ?? NullLoggerFactory.Instance;
        ILogger log = loggers.CreateLogger("RocketOps.Client");
        Logger = options.OnError is null ? log : new ReportingLogger(log, options.OnError);
        Address = ClientIdentity.LocalAddress();
        ClientId = ClientIdentity.ClientId(Address, options.InstanceName);
        HostResolver resolver = HostResolver.FromEnvironment();
        _remoting = new RemotingClient(new RemotingClientOptions { InvokeTimeout = options.RequestTimeout }, loggers, resolver.ResolveAsync, handlers, options.TimeProvider);
        Caller = new RemotingCaller(_remoting, options.TimeProvider);
        Routes = new RouteCache(new NameServers(nameServers, Caller, resolver, options.RequestTimeout, options.TimeProvider, Logger));
        _greet = new WakeSignal(options.TimeProvider);
        Routes.Changed += _ => _greet.Wake();
        _routeLoop = RefreshRoutesPeriodicallyAsync();
        _heartbeatLoop = SendHeartbeatsPeriodicallyAsync();
    }

    public string ClientId { get; }

    public IPAddress Address { get; }

    public ILogger Logger { get; }

    public RemotingCaller Caller { get; }

    public RouteCache Routes { get; }

    /// <summary>Asks for every known route again; one that cannot be had is logged and tried again next time.</summary>
    public async Task RefreshRoutesAsync(CancellationToken cancellationToken)
    {
        foreach (string topic in Routes.Topics)
        {
            try
            {
                await Routes.RefreshAsync(topic, cancellationToken).ConfigureAwait(false);
            }
            catch (RocketMqException failure)
            {
                ClientLog.RouteRefreshFailed(Logger, topic, failure.Message);
            }
        }
    }

    /// <summary>Sends a heartbeat to every broker of the known routes.</summary>
    public Task SendHeartbeatsAsync(CancellationToken cancellationToken) => SendHeartbeatsAsync(BrokersToGreet(), cancellationToken);

    /// <summary>Has a heartbeat sent soon to a broker that seems to have forgotten this client.</summary>
    public void GreetAgain(string address)
    {
        _greeted.TryRemove(address, out _);
        _greet.Wake();
    }

    /// <summary>
    /// Returns when the broker knows this client by the connection it has now: what it will send by itself, it sends there. Asks only after the connection was made. Throws
    /// <see cref="RocketMqException"/> when the broker does not answer.
    /// </summary>
    public ValueTask IntroduceAsync(string address, CancellationToken cancellationToken) =>
        Caller.Find(address) is { } open && _introduced.TryGetValue(address, out RemotingConnection? known) && ReferenceEquals(open, known)
            ? ValueTask.CompletedTask
            : new ValueTask(GreetAsync(address, HeartbeatBody(), cancellationToken));

    /// <summary>Stops the background work and tells brokers that the client leaves; they would find out by themselves when the connections close.</summary>
    public async Task LeaveAsync(string? producerGroup, string? consumerGroup)
    {
        await StopLoopsAsync().ConfigureAwait(false);
        await Task.WhenAll(_greeted.Keys.Select(address => UnregisterAsync(address, producerGroup, consumerGroup))).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        await StopLoopsAsync().ConfigureAwait(false);
        await _remoting.DisposeAsync().ConfigureAwait(false);
        _stopping.Dispose();
        _standardError?.Dispose();
    }

    private IReadOnlyList<string> BrokersToGreet() =>
    [
        .. Routes.Brokers.Values
            .SelectMany(broker => broker.Addresses.Where(member => _readsFromSlaves || member.Key == BrokerData.MasterId).Select(static member => member.Value))
            .Distinct(StringComparer.Ordinal),
    ];

    private async Task SendHeartbeatsAsync(IReadOnlyList<string> addresses, CancellationToken cancellationToken)
    {
        if (addresses.Count == 0)
        {
            return;
        }

        byte[] body = HeartbeatBody();
        await Task.WhenAll(addresses.Select(address => SendHeartbeatAsync(address, body, cancellationToken))).ConfigureAwait(false);
    }

    private async Task SendHeartbeatAsync(string address, byte[] body, CancellationToken cancellationToken)
    {
        try
        {
            await GreetAsync(address, body, cancellationToken).ConfigureAwait(false);
        }
        catch (RocketMqException failure)
        {
            _greeted.TryRemove(address, out _);
            ClientLog.HeartbeatFailed(Logger, address, failure.Message);
        }
    }

    private async Task GreetAsync(string address, byte[] body, CancellationToken cancellationToken)
    {
        RemotingCommand request = RemotingCommand.CreateRequest(RequestCode.HeartBeat);
        request.Body = body;
        // Before it is sent: a client that leaves while the answer is on its way has to unregister all the same.
        _greeted[address] = true;
        await Caller.InvokeSuccessAsync(address, request, _options.RequestTimeout, cancellationToken).ConfigureAwait(false);
        if (Caller.Find(address) is { } connection)
        {
            _introduced[address] = connection;
        }
    }

    private byte[] HeartbeatBody() => JsonSerializer.SerializeToUtf8Bytes(_heartbeat(ClientId), ClientJson.Default.HeartbeatBody);

    private async Task UnregisterAsync(string address, string? producerGroup, string? consumerGroup)
    {
        try
        {
            RemotingCommand request = RemotingCommand.CreateRequest(RequestCode.UnregisterClient)
                .Set("clientID", ClientId).Set("producerGroup", producerGroup).Set("consumerGroup", consumerGroup);
            await Caller.InvokeSuccessAsync(address, request, _options.RequestTimeout, CancellationToken.None).ConfigureAwait(false);
        }
        catch (RocketMqException failure)
        {
            ClientLog.UnregisterFailed(Logger, address, failure.Message);
        }
    }

    private async Task RefreshRoutesPeriodicallyAsync()
    {
        using PeriodicTimer timer = new(_options.RouteRefreshInterval, _options.TimeProvider);
        try
        {
            while (await timer.WaitForNextTickAsync(_stopping.Token).ConfigureAwait(false))
            {
                await RefreshRoutesAsync(_stopping.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // The client stops.
        }
    }

    private async Task SendHeartbeatsPeriodicallyAsync()
    {
        try
        {
            while (true)
            {
                bool woken = await _greet.WaitAsync(_options.HeartbeatInterval, _stopping.Token).ConfigureAwait(false);
                IReadOnlyList<string> addresses = BrokersToGreet();
                await SendHeartbeatsAsync(woken ? [.. addresses.Where(address => !_greeted.ContainsKey(address))] : addresses, _stopping.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // The client stops.
        }
    }

    private async Task StopLoopsAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(_routeLoop, _heartbeatLoop).ConfigureAwait(false);
    }
}
