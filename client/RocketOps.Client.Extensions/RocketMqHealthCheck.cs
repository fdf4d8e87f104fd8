using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace RocketOps.Client;

/// <summary>
/// Health of messaging from this program: unhealthy (or what the registration says) when no name server answers; degraded when a consumer
/// reads no queue of its topic, because the topic does not exist, no broker tells who is in the group, there are more members than queues,
/// or nobody has asked a stream or lite pull consumer yet; degraded too while a server that the shared client uses cannot be reached. The
/// result's data has the number of queues by consumer.
/// </summary>
internal sealed class RocketMqHealthCheck(IRocketMqAdmin admin, HostedConsumers consumers, RocketMqClient client) : IHealthCheck, IAsyncDisposable
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

        string[] troubles =
        [
            .. all.Where(static consumer => consumer.Queues == 0).Select(static consumer => $"{consumer.Group} reads no queue of {consumer.Topic}"),
            .. client.UnreachableServers.Select(static server => $"{server.BrokerName ?? "a name server"} ({server.Address}) cannot be reached: {server.Reason}"),
        ];
        return troubles.Length == 0 ? HealthCheckResult.Healthy(data: data) : HealthCheckResult.Degraded(string.Join("; ", troubles), data: data);
    }

    public ValueTask DisposeAsync() => admin.DisposeAsync();
}
