using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace RocketOps.Client;

/// <summary>One consumer of a host: joins the group when the host starts and leaves it, handlers at work waited for, when it stops.</summary>
internal sealed class ConsumerService<THandler>(
    IServiceScopeFactory scopes, HostedConsumers consumers, Func<PushConsumerOptions> makeOptions, string topic, SubscriptionExpression expression) : IHostedService, IAsyncDisposable
    where THandler : class, IMessageHandler
{
    private RocketMqPushConsumer? _consumer;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        PushConsumerOptions options = makeOptions();
        _consumer = new RocketMqPushConsumer(options);
        await _consumer.SubscribeAsync(topic, expression, HandleAsync, cancellationToken);
        await _consumer.StartAsync(cancellationToken);
        consumers.Add(new HostedConsumer(options.Group, topic, _consumer));
    }

    public Task StopAsync(CancellationToken cancellationToken) => _consumer?.StopAsync(cancellationToken) ?? Task.CompletedTask;

    // A host that failed to start disposes without stopping.
    public ValueTask DisposeAsync() => _consumer?.DisposeAsync() ?? ValueTask.CompletedTask;

    private async ValueTask<ConsumeResult> HandleAsync(ReceivedMessage message, CancellationToken cancellationToken)
    {
        await using AsyncServiceScope scope = scopes.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<THandler>().HandleAsync(message, cancellationToken);
    }
}
