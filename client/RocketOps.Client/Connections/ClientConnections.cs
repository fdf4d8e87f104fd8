using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using RocketOps.Client.Calls;
using RocketOps.Client.Diagnostics;
using RocketOps.Client.Json;
using RocketOps.Client.Routing;
using RocketOps.Hosting.Hosts;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Client;
using RocketOps.Remoting.Connections;

namespace RocketOps.Client.Connections;

/// <summary>
/// Background work for producers and consumers: connections, route refreshes, heartbeats with all their groups to every broker in the
/// routes. A broker that appears in a route gets a heartbeat at once, since a consumer is refused until the broker knows it. Thread-safe.
/// </summary>
internal sealed class ClientConnections
{
    /// <summary>Routes asked for at a time: one that a name server is slow with does not hold up all others.</summary>
    private const int MaxRouteRequests = 8;

    private readonly LogTarget _log;
    private readonly RemotingClient _remoting;
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentDictionary<string, bool> _greeted = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, (RemotingConnection Connection, int Joins)> _introduced = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, SemaphoreSlim> _turns = new(StringComparer.Ordinal);
    private readonly WakeSignal _greet;
    private readonly WakeSignal _look;
    private readonly Task _routeLoop;
    private readonly Task _lookLoop;
    private readonly Task _heartbeatLoop;

    // Guards the members, the heartbeats under way and the two flags; held for no longer than it takes to change them.
    private readonly Lock _gate = new();
    private readonly HashSet<Task> _underWay = [];
    private volatile ClientInstance[] _members = [];
    private volatile int _joins;
    private bool _isReleased;
    private Task? _closing;

    /// <summary>Connects to nothing yet. Throws <see cref="ArgumentException"/> when no name server is given.</summary>
    public ClientConnections(ConnectionOptions options)
    {
        Options = options;
        string nameServers = NameServerSetting.Require(options);
        _log = new LogTarget(options);
        Address = ClientIdentity.LocalAddress();
        ClientId = ClientIdentity.ClientId(Address, options.InstanceName, options.UnitName);
        HostResolver resolver = HostResolver.FromEnvironment();
        _remoting = new RemotingClient(
            new RemotingClientOptions { ConnectTimeout = options.ConnectTimeout, InvokeTimeout = options.RequestTimeout }, _log.Factory, resolver.ResolveToConnectAsync, MemberRequests.RegistryFor(() => _members), options.TimeProvider);
        States = new ServerStates(options.TimeProvider, address => Routes?.NameOf(address), options.OnServerState, Logger);
        Caller = new RemotingCaller(_remoting, options.TimeProvider, States);
        Routes = new RouteCache(new NameServers(nameServers, Caller, resolver.ResolveAllAsync, options.RequestTimeout, options.TimeProvider, Logger), options.TimeProvider);
        Refreshes = new BackgroundRefresh(Routes, Logger, _stopping.Token);
        _greet = new WakeSignal(options.TimeProvider);
        _look = new WakeSignal(options.TimeProvider);
        Routes.Watch(_ => _greet.Wake());
        Routes.Watch(_ => _look.Wake());
        _routeLoop = RefreshRoutesPeriodicallyAsync();
        _lookLoop = LookForLostBrokersAsync();
        _heartbeatLoop = SendHeartbeatsPeriodicallyAsync();
    }

    public ConnectionOptions Options { get; }

    public string ClientId { get; }

    public IPAddress Address { get; }

    public ILogger Logger => _log.Logger;

    public RemotingCaller Caller { get; }

    public RouteCache Routes { get; }

    /// <summary>Servers that cannot be reached.</summary>
    public ServerStates States { get; }

    /// <summary>Refreshes of routes after sends that failed.</summary>
    public BackgroundRefresh Refreshes { get; }

    /// <summary>
    /// A member is in the heartbeats from now on. Throws <see cref="InvalidOperationException"/> when another one has its group already,
    /// as a broker could not tell the two apart, and
    /// <see cref="ObjectDisposedException"/> when the connections were released.
    /// </summary>
    public void Join(ClientInstance member)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isReleased, typeof(RocketMqClient));
            if (_members.Any(other => IsTaken(other.ConsumerGroup, member.ConsumerGroup) || IsTaken(other.ProducerGroup, member.ProducerGroup)))
            {
                throw new InvalidOperationException(
                    $"group {member.ConsumerGroup ?? member.ProducerGroup} is in this client already: brokers could not tell the two apart. Give the second one a client of its own, or subscribe the first to both topics");
            }

            _members = [.. _members, member];
            _joins++;
        }

        _greet.Wake();

        static bool IsTaken(string? other, string? group) => group is not null && other == group;
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
    /// Returns when the broker knows this client by the connection it has now: what it will send by itself, it sends there. Asks only
    /// after the connection was made. Throws
    /// <see cref="RocketMqException"/> when the broker does not answer.
    /// </summary>
    public ValueTask IntroduceAsync(string address, CancellationToken cancellationToken) =>
        IsIntroduced(address)
            ? ValueTask.CompletedTask
            : new ValueTask(GreetAsync(address, unlessIntroduced: true, cancellationToken));

    /// <summary>Sends a heartbeat to a broker to see whether it answers. Throws <see cref="RocketMqException"/> when it does not.</summary>
    public Task ProbeAsync(string address) => GreetAsync(address, unlessIntroduced: false, _stopping.Token);

    /// <summary>Takes a member out of the heartbeats and tells the brokers that its group leaves.</summary>
    public async Task LeaveAsync(ClientInstance member, string? producerGroup, string? consumerGroup)
    {
        Task[] underWay;
        lock (_gate)
        {
            _members = [.. _members.Where(other => !ReferenceEquals(other, member))];
            underWay = [.. _underWay];
        }

        // A heartbeat with the group in it must not overtake the goodbye.
        await Task.WhenAll(underWay).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Task.WhenAll(_greeted.Keys.Select(address => UnregisterAsync(address, producerGroup, consumerGroup))).ConfigureAwait(false);
    }

    /// <summary>
    /// Takes a member away that has left, or that goes without a word; the last one closes the connections when they were released.
    /// </summary>
    public Task ForgetAsync(ClientInstance member)
    {
        lock (_gate)
        {
            _members = [.. _members.Where(other => !ReferenceEquals(other, member))];
            return _isReleased && _members.Length == 0 ? _closing ??= CloseAsync() : Task.CompletedTask;
        }
    }

    /// <summary>The owner needs them no more: they close, at once or with the last member. Idempotent.</summary>
    public ValueTask ReleaseAsync()
    {
        lock (_gate)
        {
            _isReleased = true;
            return _members.Length == 0 ? new ValueTask(_closing ??= CloseAsync()) : ValueTask.CompletedTask;
        }
    }

    private async Task CloseAsync()
    {
        // Not under the gate of the caller.
        await Task.Yield();
        States.Close();
        await _stopping.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(_routeLoop, _lookLoop, _heartbeatLoop).ConfigureAwait(false);
        await _remoting.DisposeAsync().ConfigureAwait(false);
        _stopping.Dispose();
        _log.Dispose();
    }

    private IReadOnlyList<string> BrokersToGreet()
    {
        bool readsFromSlaves = _members.Any(static member => member.ReadsFromSlaves);
        return
        [
            .. Routes.Brokers.Values
                .SelectMany(broker => broker.Addresses.Where(member => readsFromSlaves || member.Key == BrokerData.MasterId).Select(static member => member.Value))
                .Distinct(StringComparer.Ordinal),
        ];
    }

    private Task SendHeartbeatsAsync(IReadOnlyList<string> addresses, CancellationToken cancellationToken) =>
        Task.WhenAll(addresses.Select(address => SendHeartbeatAsync(address, cancellationToken)));

    private async Task SendHeartbeatAsync(string address, CancellationToken cancellationToken)
    {
        try
        {
            await GreetAsync(address, unlessIntroduced: false, cancellationToken).ConfigureAwait(false);
        }
        catch (RocketMqException failure)
        {
            _greeted.TryRemove(address, out _);
            ClientLog.HeartbeatFailed(Logger, failure.LogLevel, address, failure.Message);
        }
        catch (Exception unforeseen) when (unforeseen is not OperationCanceledException)
        {
            // A client without heartbeats is forgotten by every broker two minutes later.
            ClientLog.BackgroundBroken(Logger, unforeseen, $"a heartbeat to {address}");
        }
    }

    private bool IsIntroduced(string address) =>
        Caller.Find(address) is { } open && _introduced.TryGetValue(address, out (RemotingConnection Connection, int Joins) known) && ReferenceEquals(open, known.Connection) && known.Joins == _joins;

    // One heartbeat at a time to a broker, made when its turn has come: one made before a member joined or subscribed must not arrive
    // after the one that says so, as the broker would
    // take away the subscriptions that it does not name.
    private async Task GreetAsync(string address, bool unlessIntroduced, CancellationToken cancellationToken)
    {
        SemaphoreSlim turn = _turns.GetOrAdd(address, static _ => new SemaphoreSlim(1, 1));
        await turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            // Many sends that wait for the same introduction need one.
            if (!unlessIntroduced || !IsIntroduced(address))
            {
                await GreetInTurnAsync(address, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            turn.Release();
        }
    }

    // The members that a heartbeat names and that it is under way are noted together: whoever leaves waits for those that name it.
    private async Task GreetInTurnAsync(string address, CancellationToken cancellationToken)
    {
        TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        HeartbeatBody heartbeat;
        int joins;
        lock (_gate)
        {
            joins = _joins;
            HeartbeatBody[] parts = [.. _members.Select(static member => member.Heartbeat())];
            heartbeat = new HeartbeatBody { ClientId = ClientId, Consumers = [.. parts.SelectMany(static part => part.Consumers)], Producers = [.. parts.SelectMany(static part => part.Producers)] };
            if (heartbeat.Consumers.Count == 0 && heartbeat.Producers.Count == 0)
            {
                return;
            }

            _underWay.Add(ended.Task);
        }

        try
        {
            RemotingCommand request = RemotingCommand.CreateRequest(RequestCode.HeartBeat);
            request.Body = JsonSerializer.SerializeToUtf8Bytes(heartbeat, WireJson.Default.HeartbeatBody);
            // Before it is sent: a client that leaves while the answer is on its way has to unregister all the same.
            _greeted[address] = true;
            await Caller.InvokeSuccessAsync(address, request, Options.RequestTimeout, cancellationToken).ConfigureAwait(false);
            if (Caller.Find(address) is { } connection)
            {
                _introduced[address] = (connection, joins);
            }
        }
        finally
        {
            lock (_gate)
            {
                _underWay.Remove(ended.Task);
            }

            ended.SetResult();
        }
    }

    private async Task UnregisterAsync(string address, string? producerGroup, string? consumerGroup)
    {
        try
        {
            RemotingCommand request = RemotingCommand.CreateRequest(RequestCode.UnregisterClient)
                .Set("clientID", ClientId).Set("producerGroup", producerGroup).Set("consumerGroup", consumerGroup);
            await Caller.InvokeSuccessAsync(address, request, Options.RequestTimeout, CancellationToken.None).ConfigureAwait(false);
        }
        catch (RocketMqException failure)
        {
            ClientLog.UnregisterFailed(Logger, address, failure.Message);
        }
    }

    private async Task RefreshRoutesPeriodicallyAsync()
    {
        using PeriodicTimer timer = new(Options.RouteRefreshInterval, Options.TimeProvider);
        try
        {
            while (await timer.WaitForNextTickAsync(_stopping.Token).ConfigureAwait(false))
            {
                await RefreshRoutesAsync(Routes.Topics, _stopping.Token).ConfigureAwait(false);
                Routes.Sweep();
                ForgetGoneBrokers();
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // The client stops.
        }
    }

    // Where brokers move from address to address, what is noted of each would grow for ever.
    private void ForgetGoneBrokers()
    {
        HashSet<string> known = [.. Routes.Brokers.Values.SelectMany(static broker => broker.Addresses.Values)];
        States.Forget(address => !known.Contains(address) && !Routes.IsNameServer(address));
        foreach (string address in _turns.Keys.Where(address => !known.Contains(address)))
        {
            _greeted.TryRemove(address, out _);
            _introduced.TryRemove(address, out _);
            _turns.TryRemove(address, out _);
        }
    }

    /// <summary>A broker that restarts leaves the routes for seconds: its queues are not to wait for the next periodic refresh.</summary>
    private async Task LookForLostBrokersAsync()
    {
        try
        {
            while (true)
            {
                await _look.WaitAsync(Routes.Lost.Wait, _stopping.Token).ConfigureAwait(false);
                await RefreshRoutesAsync(Routes.Lost.TakeTopicsToAsk(), _stopping.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // The client stops.
        }
    }

    /// <summary>Asks for routes again, several at a time; one that cannot be had is logged and tried again next time.</summary>
    private Task RefreshRoutesAsync(IEnumerable<string> topics, CancellationToken cancellationToken) => Parallel.ForEachAsync(
        topics,
        new ParallelOptions { MaxDegreeOfParallelism = MaxRouteRequests, CancellationToken = cancellationToken },
        async (topic, token) => await RefreshRouteAsync(topic, token).ConfigureAwait(false));

    private async Task RefreshRouteAsync(string topic, CancellationToken cancellationToken)
    {
        try
        {
            await Routes.RefreshAsync(topic, cancellationToken).ConfigureAwait(false);
        }
        catch (RocketMqException failure)
        {
            ClientLog.RouteRefreshFailed(Logger, failure.LogLevel, topic, failure.Message);
        }
        catch (Exception unforeseen) when (unforeseen is not OperationCanceledException)
        {
            // One route that this client cannot make sense of must not end the refreshing of all.
            ClientLog.BackgroundBroken(Logger, unforeseen, $"the refreshing of the route of {topic}");
        }
    }

    private async Task SendHeartbeatsPeriodicallyAsync()
    {
        int greetedJoins = 0;
        try
        {
            while (true)
            {
                bool woken = await _greet.WaitAsync(Options.HeartbeatInterval, _stopping.Token).ConfigureAwait(false);
                IReadOnlyList<string> addresses = BrokersToGreet();

                // Brokers that know the client do not know a group that has just joined.
                int joins = _joins;
                bool onlyNew = woken && joins == greetedJoins;
                greetedJoins = joins;
                await SendHeartbeatsAsync(onlyNew ? [.. addresses.Where(address => !_greeted.ContainsKey(address))] : addresses, _stopping.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // The client stops.
        }
    }
}
