using System.Net;
using Microsoft.Extensions.Logging;
using RocketOps.Client.Calls;
using RocketOps.Client.Diagnostics;
using RocketOps.Client.Json;
using RocketOps.Client.Routing;
using RocketOps.Remoting.Connections;

namespace RocketOps.Client.Connections;

/// <summary>
/// One producer or consumer as a member of <see cref="ClientConnections"/>, its own or those of a <see cref="RocketMqClient"/>.
/// </summary>
internal sealed class ClientInstance : IAsyncDisposable
{
    private readonly ClientConnections _connections;
    private readonly bool _ownsConnections;
    private readonly LogTarget? _log;
    private readonly Func<string, HeartbeatBody> _heartbeat;

    /// <param name="options">The user's. Throws <see cref="ArgumentException"/> when they contradict their
    /// <see cref="ClientOptions.Client"/>.</param>
    /// <param name="handlers">Requests that brokers send to this member.</param>
    /// <param name="heartbeat">This member's part of the heartbeat, for a client id.</param>
    /// <param name="readsFromSlaves">Consumers tell slaves about themselves too.</param>
    /// <param name="consumerGroup">The group of a consumer, whose heartbeat says nothing before it starts.</param>
    public ClientInstance(
        ClientOptions options, RequestHandlerRegistry handlers, Func<string, HeartbeatBody> heartbeat, bool readsFromSlaves, string? consumerGroup = null)
    {
        _heartbeat = heartbeat;
        Handlers = handlers;
        ReadsFromSlaves = readsFromSlaves;
        ConsumerGroup = consumerGroup;
        _ownsConnections = options.Client is null;
        if (options.Client is { } shared)
        {
            SharedOptions.Check(options, shared.Connections.Options);
            _connections = shared.Connections;
            _log = new LogTarget(options);
        }
        else
        {
            _connections = new ClientConnections(options);
        }

        ProducerGroup = Heartbeat().Producers is [{ } producer] ? producer.Group : null;
        _connections.Join(this);
    }

    public string ClientId => _connections.ClientId;

    /// <summary>Name servers as they were given.</summary>
    public string NameServers => NameServerSetting.Require(_connections.Options);

    public IPAddress Address => _connections.Address;

    public ILogger Logger => _log?.Logger ?? _connections.Logger;

    public RemotingCaller Caller => _connections.Caller;

    public RouteCache Routes => _connections.Routes;

    /// <summary>Requests that brokers send to this member.</summary>
    public RequestHandlerRegistry Handlers { get; }

    /// <summary>The group it sends for; null for a consumer.</summary>
    public string? ProducerGroup { get; }

    /// <summary>The group it reads for; null for a producer.</summary>
    public string? ConsumerGroup { get; }

    public bool ReadsFromSlaves { get; }

    /// <summary>This member's part of the heartbeat.</summary>
    public HeartbeatBody Heartbeat() => _heartbeat(ClientId);

    /// <summary>Sends a heartbeat to every broker of the known routes.</summary>
    public Task SendHeartbeatsAsync(CancellationToken cancellationToken) => _connections.SendHeartbeatsAsync(cancellationToken);

    /// <inheritdoc cref="ClientConnections.GreetAgain"/>
    public void GreetAgain(string address) => _connections.GreetAgain(address);

    /// <inheritdoc cref="ClientConnections.IntroduceAsync"/>
    public ValueTask IntroduceAsync(string address, CancellationToken cancellationToken) => _connections.IntroduceAsync(address, cancellationToken);

    /// <inheritdoc cref="ClientConnections.ProbeAsync"/>
    public Task ProbeAsync(string address) => _connections.ProbeAsync(address);

    /// <inheritdoc cref="BackgroundRefresh.Begin"/>
    public void RefreshSoon(string topic) => _connections.Refreshes.Begin(topic);

    /// <summary>
    /// Is in no further heartbeat, and tells brokers that the group leaves; they would find out by themselves when the connections close.
    /// </summary>
    public Task LeaveAsync(string? producerGroup, string? consumerGroup) => _connections.LeaveAsync(this, producerGroup, consumerGroup);

    public async ValueTask DisposeAsync()
    {
        if (_ownsConnections)
        {
            await _connections.ReleaseAsync().ConfigureAwait(false);
        }

        await _connections.ForgetAsync(this).ConfigureAwait(false);
        _log?.Dispose();
    }
}
