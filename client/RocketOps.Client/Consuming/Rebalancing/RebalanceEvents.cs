using RocketOps.Client.Connections;
using RocketOps.Client.Diagnostics;

namespace RocketOps.Client.Consuming.Rebalancing;

/// <summary>Tells the user which queues come and go: one call after another, whose exceptions end here.</summary>
internal sealed class RebalanceEvents(ClientInstance client, PushConsumerOptions options)
{
    private readonly SemaphoreSlim _turn = new(1, 1);

    public Task AssignedAsync(IReadOnlyCollection<MessageQueue> queues, CancellationToken cancellationToken) =>
        CallAsync(options.OnAssigned, nameof(options.OnAssigned), queues, cancellationToken);

    public Task RevokedAsync(IReadOnlyCollection<MessageQueue> queues, CancellationToken cancellationToken) =>
        CallAsync(options.OnRevoked, nameof(options.OnRevoked), queues, cancellationToken);

    public Task LostAsync(IReadOnlyCollection<MessageQueue> queues, CancellationToken cancellationToken) =>
        CallAsync(options.OnLost, nameof(options.OnLost), queues, cancellationToken);

    private async Task CallAsync(
        Func<IReadOnlyCollection<MessageQueue>, CancellationToken, ValueTask>? callback, string name, IReadOnlyCollection<MessageQueue> queues, CancellationToken cancellationToken)
    {
        if (callback is null || queues.Count == 0)
        {
            return;
        }

        await _turn.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            await callback(queues, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The consumer stops.
        }
        catch (Exception failure)
        {
            ClientLog.RebalanceCallbackFailed(client.Logger, failure, name, options.Group);
        }
        finally
        {
            _turn.Release();
        }
    }
}
