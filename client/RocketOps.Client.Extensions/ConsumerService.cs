using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace RocketOps.Client;

/// <summary>One consumer of a host: joins the group when the host starts and leaves it, handlers at work waited for, when it stops.</summary>
internal sealed class ConsumerService(
    IServiceScopeFactory scopes, HostedConsumers consumers, Func<PushConsumerOptions> makeOptions, IReadOnlyCollection<HandledTopic> topics) : IHostedService, IAsyncDisposable
{
    private RocketMqPushConsumer? _consumer;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        PushConsumerOptions options = makeOptions();
        RocketMqPushConsumer consumer = _consumer = new RocketMqPushConsumer(options);
        foreach (HandledTopic topic in topics)
        {
            await consumer.SubscribeAsync(topic.Topic, topic.Expression, (message, token) => HandleAsync(topic, message, token), cancellationToken);
        }

        await consumer.StartAsync(cancellationToken);
        foreach (HandledTopic topic in topics)
        {
            consumers.Add(new HostedConsumer(options.Group, topic.Topic, () => consumer.AssignedQueues));
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => _consumer?.StopAsync(cancellationToken) ?? Task.CompletedTask;

    // A host that failed to start disposes without stopping.
    public ValueTask DisposeAsync() => _consumer?.DisposeAsync() ?? ValueTask.CompletedTask;

    private async ValueTask<ConsumeResult> HandleAsync(HandledTopic topic, ReceivedMessage message, CancellationToken cancellationToken)
    {
        await using AsyncServiceScope scope = scopes.CreateAsyncScope();
        return await topic.Handler(scope.ServiceProvider).HandleAsync(message, cancellationToken);
    }
}
