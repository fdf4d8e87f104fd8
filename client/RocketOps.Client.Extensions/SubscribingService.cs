using Microsoft.Extensions.Hosting;

namespace RocketOps.Client;

/// <summary>
/// A consumer of a host that the program asks for messages itself: subscribes before any service of the host starts and may ask, and leaves the group after all have stopped.
/// </summary>
/// <param name="group">Its group.</param>
/// <param name="topics">What it reads.</param>
/// <param name="consumers">Gets it for the health check.</param>
/// <param name="consumer">It.</param>
/// <param name="subscribe">Subscribes it.</param>
/// <param name="assigned">The queues it reads.</param>
internal sealed class SubscribingService(
    string group,
    IReadOnlyDictionary<string, SubscriptionExpression> topics,
    HostedConsumers consumers,
    IAsyncDisposable consumer,
    Func<string, SubscriptionExpression, CancellationToken, Task> subscribe,
    Func<IReadOnlyCollection<MessageQueue>> assigned) : IHostedLifecycleService
{
    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        foreach ((string topic, SubscriptionExpression expression) in topics)
        {
            await subscribe(topic, expression, cancellationToken);
            consumers.Add(new HostedConsumer(group, topic, assigned));
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StoppedAsync(CancellationToken cancellationToken) => await consumer.DisposeAsync();
}
