using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace RocketOps.Client;

/// <summary>
/// Health of messaging from this program: unhealthy (or what the registration says) when no name server answers; degraded when a consumer
/// reads no queue of its topic, because the topic does not exist, no broker tells who is in the group, there are more members than queues,
/// or nobody has asked a stream or lite pull consumer yet. The result's data has the number of queues by consumer.
/// </summary>
internal sealed class RocketMqHealthCheck(IRocketMqAdmin admin, HostedConsumers consumers) : IHealthCheck, IAsyncDisposable
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            await admin.GetClusterInfoAsync(cancellationToken);
        }
        catch (RocketMqException failure) when (failure.ResponseCode is null)
        {
            return new HealthCheckResult(context.Registration.FailureStatus, failure.Message, failure);
        }
        catch (RocketMqException)
        {
            // It answers, which is all that is asked; one that refuses to list brokers hands out routes all the same.
        }

        HostedConsumer[] all = [.. consumers.All];
        Dictionary<string, object> data = new(StringComparer.Ordinal);
        foreach (HostedConsumer consumer in all)
        {
            data[$"{consumer.Group}/{consumer.Topic}"] = consumer.Queues;
        }

        string[] idle = [.. all.Where(static consumer => consumer.Queues == 0).Select(static consumer => $"{consumer.Group} reads no queue of {consumer.Topic}")];
        return idle.Length == 0 ? HealthCheckResult.Healthy(data: data) : HealthCheckResult.Degraded(string.Join("; ", idle), data: data);
    }

    public ValueTask DisposeAsync() => admin.DisposeAsync();
}
