namespace RocketOps.Client;

/// <summary>
/// Factories of a client's producers and consumers. Each takes the options as the client has them, with the group, and gives them to
/// <c>configure</c>, which returns them changed: <c>options => options with { … }</c>.
/// </summary>
public static class RocketMqClientExtensions
{
    /// <summary>
    /// Makes a producer of this client. Throws <see cref="ArgumentException"/> when the group cannot be one, or options were changed that
    /// are the client's, and <see cref="InvalidOperationException"/> when the client has a producer of the group.
    /// </summary>
    public static RocketMqProducer CreateProducer(this RocketMqClient client, string group, Func<ProducerOptions, ProducerOptions>? configure = null) =>
        new(Configure(client, new ProducerOptions { Group = group }, configure));

    /// <summary>Makes a consumer by handler of this client. Throws like <see cref="CreateProducer"/>.</summary>
    public static RocketMqPushConsumer CreatePushConsumer(
        this RocketMqClient client, string group, Func<PushConsumerOptions, PushConsumerOptions>? configure = null) =>
        new(Configure(client, new PushConsumerOptions { Group = group }, configure));

    /// <summary>Makes a consumer by <c>await foreach</c> of this client. Throws like <see cref="CreateProducer"/>.</summary>
    public static RocketMqStreamConsumer CreateStreamConsumer(
        this RocketMqClient client, string group, Func<PushConsumerOptions, PushConsumerOptions>? configure = null) =>
        new(Configure(client, new PushConsumerOptions { Group = group }, configure));

    /// <summary>Makes a consumer by poll of this client. Throws like <see cref="CreateProducer"/>.</summary>
    public static RocketMqLitePullConsumer CreateLitePullConsumer(
        this RocketMqClient client, string group, Func<LitePullConsumerOptions, LitePullConsumerOptions>? configure = null) =>
        new(Configure(client, new LitePullConsumerOptions { Group = group }, configure));

    /// <summary>
    /// Makes an admin client for the same name servers, with connections of its own: a large answer must not hold up messages.
    /// </summary>
    public static RocketMqAdmin CreateAdmin(this RocketMqClient client, Func<AdminOptions, AdminOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(client);
        ConnectionOptions own = client.Connections.Options;
        AdminOptions options = new()
        {
            NameServers = own.NameServers,
            ConnectTimeout = own.ConnectTimeout,
            TimeProvider = own.TimeProvider,
            LoggerFactory = own.LoggerFactory,
        };
        return new RocketMqAdmin(configure is null ? options : configure(options));
    }

    private static TOptions Configure<TOptions>(RocketMqClient client, TOptions options, Func<TOptions, TOptions>? configure)
        where TOptions : ClientOptions
    {
        ArgumentNullException.ThrowIfNull(client);
        ConnectionOptions own = client.Connections.Options;
        TOptions shared = options with
        {
            Client = client,
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
        string text = $"{nameof(ClientOptions.Client)} was changed: make the member with a constructor, or with the other client";
        return ReferenceEquals(configured.Client, client) ? configured : throw new ArgumentException(text, nameof(configure));
    }
}
