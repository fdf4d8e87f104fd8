using RocketOps.Client.Connections;

namespace RocketOps.Client;

/// <summary>
/// Root of a program's producers and consumers, which share its connections, routes, heartbeats and client id: brokers see one client with
/// all its groups. A group can be in it once as producer and once as consumer. Dispose it after them; what still uses it keeps it open until
/// it is disposed itself. Thread-safe.
/// </summary>
/// <remarks>
/// Each factory takes the options as the client has them, with the group, and gives them to <c>configure</c>, which returns them changed:
/// <c>options => options with { … }</c>. Who makes options by hand sets <see cref="ClientOptions.Client"/>.
/// </remarks>
public sealed class RocketMqClient : IAsyncDisposable
{
    /// <summary>Connects to nothing yet. Throws <see cref="ArgumentException"/> when no name server is given.</summary>
    public RocketMqClient(ConnectionOptions? options = null) => Connections = new ClientConnections(options ?? new ConnectionOptions());

    /// <summary>Id by which brokers know this client: <c>ip@instance</c>, with <c>@unit</c> behind it where there is a unit.</summary>
    public string ClientId => Connections.ClientId;

    /// <summary>
    /// Name servers and brokers that took no connection, or were silent, when they were asked last; empty when all is well.
    /// <see cref="ConnectionOptions.OnServerState"/> tells of changes.
    /// </summary>
    public IReadOnlyList<ServerState> UnreachableServers => Connections.States.Away;

    internal ClientConnections Connections { get; }

    /// <summary>
    /// Makes a producer of this client. Throws <see cref="ArgumentException"/> when the group cannot be one, or options were changed that
    /// are the client's, and <see cref="InvalidOperationException"/> when the client has a producer of the group.
    /// </summary>
    public RocketMqProducer CreateProducer(string group, Func<ProducerOptions, ProducerOptions>? configure = null) =>
        new(Configure(new ProducerOptions { Group = group }, configure));

    /// <summary>Makes a consumer by handler of this client. Throws like <see cref="CreateProducer"/>.</summary>
    public RocketMqPushConsumer CreatePushConsumer(string group, Func<PushConsumerOptions, PushConsumerOptions>? configure = null) =>
        new(Configure(new PushConsumerOptions { Group = group }, configure));

    /// <summary>Makes a consumer by <c>await foreach</c> of this client. Throws like <see cref="CreateProducer"/>.</summary>
    public RocketMqStreamConsumer CreateStreamConsumer(string group, Func<PushConsumerOptions, PushConsumerOptions>? configure = null) =>
        new(Configure(new PushConsumerOptions { Group = group }, configure));

    /// <summary>Makes a consumer by poll of this client. Throws like <see cref="CreateProducer"/>.</summary>
    public RocketMqLitePullConsumer CreateLitePullConsumer(string group, Func<LitePullConsumerOptions, LitePullConsumerOptions>? configure = null) =>
        new(Configure(new LitePullConsumerOptions { Group = group }, configure));

    /// <summary>
    /// Makes an admin client for the same name servers, with connections of its own: a large answer must not hold up messages.
    /// </summary>
    public RocketMqAdmin CreateAdmin(Func<AdminOptions, AdminOptions>? configure = null)
    {
        ConnectionOptions own = Connections.Options;
        AdminOptions options = new()
        {
            NameServers = own.NameServers,
            ConnectTimeout = own.ConnectTimeout,
            TimeProvider = own.TimeProvider,
            LoggerFactory = own.LoggerFactory,
        };
        return new RocketMqAdmin(configure is null ? options : configure(options));
    }

    /// <summary>Closes the connections, or has the last producer or consumer that uses them do so. Nothing new can use it. Idempotent.</summary>
    public ValueTask DisposeAsync() => Connections.ReleaseAsync();

    private TOptions Configure<TOptions>(TOptions options, Func<TOptions, TOptions>? configure)
        where TOptions : ClientOptions
    {
        ConnectionOptions own = Connections.Options;
        TOptions shared = options with
        {
            Client = this,
            ConnectTimeout = own.ConnectTimeout,
            RequestTimeout = own.RequestTimeout,
            StartTimeout = own.StartTimeout,
            RouteRefreshInterval = own.RouteRefreshInterval,
            HeartbeatInterval = own.HeartbeatInterval,
            TimeProvider = own.TimeProvider,
            LoggerFactory = own.LoggerFactory,
            OnError = own.OnError,
            OnServerState = own.OnServerState,
        };
        TOptions configured = configure is null ? shared : configure(shared);
        return ReferenceEquals(configured.Client, this)
            ? configured
            : throw new ArgumentException($"{nameof(ClientOptions.Client)} was changed: make the member with a constructor, or with the other client", nameof(configure));
    }
}
