using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace RocketOps.Client;

/// <summary>The topics that one consumer of a host reads: of each what is wanted, and the handler that gets it.</summary>
public sealed class ConsumerTopics
{
    private readonly IServiceCollection _services;
    private readonly Dictionary<string, HandledTopic> _topics = new(StringComparer.Ordinal);

    internal ConsumerTopics(IServiceCollection services) => _services = services;

    internal IReadOnlyCollection<HandledTopic> All => _topics.Values;

    /// <summary>
    /// Has messages of a topic handed to a <typeparamref name="THandler"/>, registered as scoped unless it is registered already. Throws <see cref="ArgumentException"/> when the topic has a handler.
    /// </summary>
    /// <param name="topic">Topic to read.</param>
    /// <param name="expression">Tags: <c>*</c> for all or <c>TagA || TagB</c>.</param>
    public ConsumerTopics Handle<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] THandler>(string topic, string expression = "*")
        where THandler : class, IMessageHandler =>
        Handle<THandler>(topic, SubscriptionExpression.Tags(expression));

    /// <summary>Assigns a handler to a topic like the other overload, with tags or <see cref="SubscriptionExpression.Sql"/>.</summary>
    public ConsumerTopics Handle<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] THandler>(string topic, SubscriptionExpression expression)
        where THandler : class, IMessageHandler
    {
        ArgumentNullException.ThrowIfNull(topic);
        ArgumentNullException.ThrowIfNull(expression);
        if (!_topics.TryAdd(topic, new HandledTopic(topic, expression, static provider => provider.GetRequiredService<THandler>())))
        {
            throw new ArgumentException($"topic {topic} has a handler in this group already", nameof(topic));
        }

        _services.TryAddScoped<THandler>();
        return this;
    }
}

/// <summary>A topic and who handles it.</summary>
/// <param name="Topic">Its name.</param>
/// <param name="Expression">What is wanted of it.</param>
/// <param name="Handler">Takes the handler from a scope.</param>
internal sealed record HandledTopic(string Topic, SubscriptionExpression Expression, Func<IServiceProvider, IMessageHandler> Handler);
