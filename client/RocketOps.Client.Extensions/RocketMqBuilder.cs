using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace RocketOps.Client;

/// <summary>
/// What a program uses of one cluster: producers and consumers share one <see cref="RocketMqClient"/>, except those whose options give them name servers, an instance or a unit name of
/// their own, and broadcasting ones. Every client logs to the host's logger. Options are changed with <c>options => options with { … }</c>, which comes last and may
/// override everything. What cannot work (names, name servers) fails when the host starts or the client is first asked for.
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
    /// A producer as a singleton <see cref="IRocketMqProducer"/>, disposed with the host. The first one is what an unkeyed parameter gets; each is also there under its group as key.
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
    /// A consumer that starts and stops with the host and hands every message to a <typeparamref name="THandler"/>, registered as scoped unless it is registered already.
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

    /// <summary>As the other, with tags or <see cref="SubscriptionExpression.Sql"/>; the host does not start when a broker does not take the expression.</summary>
    public RocketMqBuilder AddConsumer<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] THandler>(
        string group, string topic, SubscriptionExpression expression, Func<PushConsumerOptions, PushConsumerOptions>? configure = null)
        where THandler : class, IMessageHandler
    {
        ArgumentNullException.ThrowIfNull(expression);
        Services.TryAddScoped<THandler>();
        Services.AddSingleton<IHostedService>(provider => new ConsumerService<THandler>(
            provider.GetRequiredService<IServiceScopeFactory>(),
            _consumers,
            () => Share(provider, Apply(configure, new PushConsumerOptions { NameServers = _nameServers, Group = group, LoggerFactory = provider.GetService<ILoggerFactory>() })),
            topic,
            expression));
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
    /// A health check beside the host's others: unhealthy when no name server answers, degraded when a consumer added here reads no queue of its topic. Its data has the number of
    /// queues by consumer.
    /// </summary>
    /// <param name="name">Name of the check.</param>
    /// <param name="failureStatus">Reported when no name server answers; null means unhealthy.</param>
    /// <param name="tags">What checks are filtered by.</param>
    public RocketMqBuilder AddHealthCheck(string name = "rocketmq", HealthStatus? failureStatus = null, IEnumerable<string>? tags = null)
    {
        // One administration for all runs of the check: it keeps its connections, and the container disposes it.
        Services.AddKeyedSingleton(name, (_, _) => new RocketMqHealthCheck(new RocketMqAdmin(new AdminOptions { NameServers = _nameServers }), _consumers));
        Services.AddHealthChecks().Add(new HealthCheckRegistration(name, provider => provider.GetRequiredKeyedService<RocketMqHealthCheck>(name), failureStatus, tags));
        return this;
    }

    // What wants to be somebody else, or somewhere else, has connections of its own; so has broadcasting, whose offsets are kept under a client id that lasts.
    private TOptions Share<TOptions>(IServiceProvider provider, TOptions options)
        where TOptions : ClientOptions =>
        options is { Client: null, InstanceName: null, UnitName: null } and not PushConsumerOptions { MessageModel: MessageModel.Broadcasting } && options.NameServers == _nameServers
            ? options with { Client = provider.GetRequiredKeyedService<RocketMqClient>(this) }
            : options;

    private static TOptions Apply<TOptions>(Func<TOptions, TOptions>? configure, TOptions options) => configure is null ? options : configure(options);
}
