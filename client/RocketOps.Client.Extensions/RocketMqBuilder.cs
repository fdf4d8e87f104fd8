using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace RocketOps.Client;

/// <summary>
/// Builder of the producers and consumers that a program uses on one cluster. They share one <see cref="RocketMqClient"/>, except those
/// whose options give them name servers, an instance or a unit name of their own, and broadcasting ones. Every client logs to the host's
/// logger. Options are changed with <c>options => options with { … }</c>, which comes last and may override everything. What cannot work
/// (names, name servers) fails when the host starts or the client is first asked for.
/// </summary>
public sealed class RocketMqBuilder
{
    private readonly string? _nameServers;
    private readonly HostedConsumers _consumers = new();

    internal RocketMqBuilder(IServiceCollection services, string? nameServers)
    {
        Services = services;
        _nameServers = nameServers;

        // Its key is this builder: a program may use several clusters.
        Services.AddKeyedSingleton(this, (provider, _) => new RocketMqClient(new ConnectionOptions { NameServers = _nameServers, LoggerFactory = provider.GetService<ILoggerFactory>() }));
    }

    public IServiceCollection Services { get; }

    /// <summary>
    /// A producer as a singleton <see cref="IRocketMqProducer"/>, disposed with the host. The first one is what an unkeyed parameter
    /// gets; each is also there under its group as key.
    /// </summary>
    /// <param name="group">Producer group.</param>
    /// <param name="configure">Changes the options.</param>
    public RocketMqBuilder AddProducer(string group, Func<ProducerOptions, ProducerOptions>? configure = null)
    {
        Services.AddKeyedSingleton<IRocketMqProducer>(group, (provider, _) => new RocketMqProducer(Share(provider, Apply(configure, new ProducerOptions
        {
            NameServers = _nameServers,
            Group = group,
            LoggerFactory = provider.GetService<ILoggerFactory>(),
        }))));
        Services.TryAddSingleton(provider => provider.GetRequiredKeyedService<IRocketMqProducer>(group));
        return this;
    }

    /// <summary>
    /// A consumer that starts and stops with the host and hands every message to a <typeparamref name="THandler"/>, registered as scoped
    /// unless it is registered already.
    /// The host does not start when no name server answers.
    /// </summary>
    /// <param name="group">Consumer group.</param>
    /// <param name="topic">Topic to read.</param>
    /// <param name="expression">Tags: <c>*</c> for all or <c>TagA || TagB</c>.</param>
    /// <param name="configure">Changes the options.</param>
    public RocketMqBuilder AddConsumer<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] THandler>(
        string group, string topic, string expression = "*", Func<PushConsumerOptions, PushConsumerOptions>? configure = null)
        where THandler : class, IMessageHandler =>
        AddConsumer<THandler>(group, topic, SubscriptionExpression.Tags(expression), configure);

    /// <summary>
    /// Adds a consumer like the other overload, with tags or <see cref="SubscriptionExpression.Sql"/>; the host does not start when a
    /// broker refuses the expression.
    /// </summary>
    public RocketMqBuilder AddConsumer<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] THandler>(
        string group, string topic, SubscriptionExpression expression, Func<PushConsumerOptions, PushConsumerOptions>? configure = null)
        where THandler : class, IMessageHandler =>
        AddConsumer(group, new ConsumerTopics(Services).Handle<THandler>(topic, expression), configure);

    /// <summary>
    /// Adds a consumer that reads several topics, like the other overloads. Add a group once per program: its members must all have the
    /// same subscriptions.
    /// </summary>
    /// <param name="group">Consumer group.</param>
    /// <param name="topics">Names the topics and their handlers.</param>
    /// <param name="configure">Changes the options.</param>
    public RocketMqBuilder AddConsumer(string group, Action<ConsumerTopics> topics, Func<PushConsumerOptions, PushConsumerOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(topics);
        ConsumerTopics handled = new(Services);
        topics(handled);
        return AddConsumer(group, handled, configure);
    }

    /// <summary>
    /// A stream consumer as a singleton <see cref="RocketMqStreamConsumer"/>, subscribed before the host's services start. It joins its
    /// group with the first message that is asked for and leaves it
    /// when the host has stopped. The first one is what an unkeyed parameter gets; each is also there under its group as key.
    /// </summary>
    /// <param name="group">Consumer group.</param>
    /// <param name="topic">Topic to read.</param>
    /// <param name="expression">Tags: <c>*</c> for all or <c>TagA || TagB</c>.</param>
    /// <param name="configure">Changes the options.</param>
    public RocketMqBuilder AddStreamConsumer(string group, string topic, string expression = "*", Func<PushConsumerOptions, PushConsumerOptions>? configure = null) =>
        AddStreamConsumer(group, One(topic, expression), configure);

    /// <summary>
    /// Adds a stream consumer like the other overload, for several topics, with tags or <see cref="SubscriptionExpression.Sql"/>.
    /// </summary>
    public RocketMqBuilder AddStreamConsumer(
        string group, IReadOnlyDictionary<string, SubscriptionExpression> topics, Func<PushConsumerOptions, PushConsumerOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(topics);
        Services.AddKeyedSingleton(group, (provider, _) => new RocketMqStreamConsumer(PushOptions(provider, group, configure)));
        Services.TryAddSingleton(provider => provider.GetRequiredKeyedService<RocketMqStreamConsumer>(group));
        Services.AddSingleton<IHostedService>(provider =>
        {
            RocketMqStreamConsumer consumer = provider.GetRequiredKeyedService<RocketMqStreamConsumer>(group);
            return new SubscribingService(group, topics, _consumers, consumer, consumer.SubscribeAsync, () => consumer.AssignedQueues);
        });
        return this;
    }

    /// <summary>
    /// Adds a <see cref="RocketMqLitePullConsumer"/>, as
    /// <see cref="AddStreamConsumer(string, string, string, Func{PushConsumerOptions, PushConsumerOptions})"/> adds a stream consumer.
    /// </summary>
    /// <param name="group">Consumer group.</param>
    /// <param name="topic">Topic to read.</param>
    /// <param name="expression">Tags: <c>*</c> for all or <c>TagA || TagB</c>.</param>
    /// <param name="configure">Changes the options.</param>
    public RocketMqBuilder AddLitePullConsumer(string group, string topic, string expression = "*", Func<LitePullConsumerOptions, LitePullConsumerOptions>? configure = null) =>
        AddLitePullConsumer(group, One(topic, expression), configure);

    /// <summary>
    /// Adds a lite pull consumer like the other overload, for several topics, with tags or <see cref="SubscriptionExpression.Sql"/>;
    /// without any topic, the program assigns queues to it.
    /// </summary>
    public RocketMqBuilder AddLitePullConsumer(
        string group, IReadOnlyDictionary<string, SubscriptionExpression> topics, Func<LitePullConsumerOptions, LitePullConsumerOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(topics);
        Services.AddKeyedSingleton(group, (provider, _) => new RocketMqLitePullConsumer(Share(provider, Apply(configure, new LitePullConsumerOptions
        {
            NameServers = _nameServers,
            Group = group,
            LoggerFactory = provider.GetService<ILoggerFactory>(),
        }))));
        Services.TryAddSingleton(provider => provider.GetRequiredKeyedService<RocketMqLitePullConsumer>(group));
        Services.AddSingleton<IHostedService>(provider =>
        {
            RocketMqLitePullConsumer consumer = provider.GetRequiredKeyedService<RocketMqLitePullConsumer>(group);
            return new SubscribingService(group, topics, _consumers, consumer, consumer.SubscribeAsync, () => consumer.AssignedQueues);
        });
        return this;
    }

    /// <summary>Administration as a singleton <see cref="IRocketMqAdmin"/>.</summary>
    /// <param name="configure">Changes the options.</param>
    public RocketMqBuilder AddAdmin(Func<AdminOptions, AdminOptions>? configure = null)
    {
        Services.TryAddSingleton<IRocketMqAdmin>(provider => new RocketMqAdmin(Apply(configure, new AdminOptions
        {
            NameServers = _nameServers,
            LoggerFactory = provider.GetService<ILoggerFactory>(),
        })));
        return this;
    }

    /// <summary>
    /// A health check beside the host's others: unhealthy when no name server answers, degraded when a consumer added here reads no queue
    /// of
    /// its topic, or a server that the shared client uses cannot be reached. Its data has the number of queues by consumer.
    /// </summary>
    /// <param name="name">Name of the check.</param>
    /// <param name="failureStatus">Reported when no name server answers; null means unhealthy.</param>
    /// <param name="tags">What checks are filtered by.</param>
    public RocketMqBuilder AddHealthCheck(string name = "rocketmq", HealthStatus? failureStatus = null, IEnumerable<string>? tags = null)
    {
        // One administration for all runs of the check: it keeps its connections, and the container disposes it.
        Services.AddKeyedSingleton(name, (provider, _) => new RocketMqHealthCheck(
            new RocketMqAdmin(new AdminOptions { NameServers = _nameServers }), _consumers, provider.GetRequiredKeyedService<RocketMqClient>(this)));
        Services.AddHealthChecks().Add(new HealthCheckRegistration(name, provider => provider.GetRequiredKeyedService<RocketMqHealthCheck>(name), failureStatus, tags));
        return this;
    }

    private RocketMqBuilder AddConsumer(string group, ConsumerTopics topics, Func<PushConsumerOptions, PushConsumerOptions>? configure)
    {
        Services.AddSingleton<IHostedService>(provider => new ConsumerService(
            provider.GetRequiredService<IServiceScopeFactory>(), _consumers, () => PushOptions(provider, group, configure), topics.All));
        return this;
    }

    private static Dictionary<string, SubscriptionExpression> One(string topic, string expression) => new(StringComparer.Ordinal) { [topic] = SubscriptionExpression.Tags(expression) };

    private PushConsumerOptions PushOptions(IServiceProvider provider, string group, Func<PushConsumerOptions, PushConsumerOptions>? configure) =>
        Share(provider, Apply(configure, new PushConsumerOptions { NameServers = _nameServers, Group = group, LoggerFactory = provider.GetService<ILoggerFactory>() }));

    // What wants to be somebody else, or somewhere else, has connections of its own; so has broadcasting, whose offsets are kept under a
    // client id that lasts.
    private TOptions Share<TOptions>(IServiceProvider provider, TOptions options)
        where TOptions : ClientOptions =>
        options is { Client: null, InstanceName: null, UnitName: null } and not (PushConsumerOptions { MessageModel: MessageModel.Broadcasting } or LitePullConsumerOptions { MessageModel: MessageModel.Broadcasting }) && options.NameServers == _nameServers
            ? options with { Client = provider.GetRequiredKeyedService<RocketMqClient>(this) }
            : options;

    private static TOptions Apply<TOptions>(Func<TOptions, TOptions>? configure, TOptions options) => configure is null ? options : configure(options);
}
