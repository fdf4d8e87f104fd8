using System.Text.Json.Nodes;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RocketOps.Kubernetes;
using RocketOps.Kubernetes.Client;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Reporting;

namespace RocketOps.Operator.Hosting;

/// <summary>
/// Does not let an operator begin with definitions that are older than it: the API server would drop what it writes in fields that they lack, and refuse words that they do not know. Asks what the API server
/// publishes to everybody who has an account (OpenAPI), so it takes no rights. Where that cannot be had nothing is known, and the operator begins.
/// </summary>
internal sealed partial class DefinitionCheck(IKubernetesClient client, OperatorOptions options, TimeProvider time, ILogger<DefinitionCheck> logger) : IHostedService
{
    private const int MaxNamed = 5;

    /// <summary>Definitions that were just applied are published a little later.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        long begin = time.GetTimestamp();
        while (await MissingAsync(cancellationToken) is { Count: > 0 } missing)
        {
            if (time.GetElapsedTime(begin) >= options.DefinitionGrace)
            {
                OutdatedDefinitionsException outdated = new(Describe(missing));
                LogOutdated(outdated.Message);
                throw outdated;
            }

            await Task.Delay(Pause, time, cancellationToken);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task<List<string>> MissingAsync(CancellationToken cancellationToken)
    {
        JsonNode? published;
        using CancellationTokenSource deadline = new(options.AdminTimeout, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        try
        {
            published = await client.SendAsync(HttpMethod.Get, $"openapi/v3/apis/{EntityGroup.Name}/{EntityGroup.Version}", cancellationToken: either.Token);
        }
        catch (Exception failed) when (ApiFailures.IsFailure(failed, cancellationToken))
        {
            // No definitions at all are waited for by the caches, which say so; and an API server that does not answer.
            LogUnknown(failed);
            return [];
        }

        return
        [
            .. Missing(published, client.Types.Get<BrokerCluster>()), .. Missing(published, client.Types.Get<Topic>()), .. Missing(published, client.Types.Get<ConsumerGroup>()),
        ];
    }

    private static IEnumerable<string> Missing<T>(JsonNode? published, KubernetesType<T> type)
        where T : class, IKubernetesObject
    {
        JsonNode? schema = (published?["components"]?["schemas"] as JsonObject)?.Select(static named => named.Value)
            .FirstOrDefault(schema => schema?["x-kubernetes-group-version-kind"] is JsonArray kinds && kinds.Any(kind => (string?)kind?["kind"] == type.Kind));
        return schema is null ? [] : PublishedSchema.Missing(type.Json, schema).Select(field => $"{type.Kind} {field}");
    }

    private static string Describe(List<string> missing) =>
        $"The definitions (CRDs) of {EntityGroup.Name} on the API server are older than this operator. They lack {string.Join(", ", missing.Take(MaxNamed))}{(missing.Count > MaxNamed ? " and more" : "")}. "
        + "Apply those that came with it first (deploy/crds, or crds.enabled of the chart); clusters run on meanwhile.";

    [LoggerMessage(EventId = 5401, Level = LogLevel.Critical, Message = "{Problem}")]
    private partial void LogOutdated(string problem);

    [LoggerMessage(EventId = 5402, Level = LogLevel.Information, Message = "The API server does not say what its definitions hold, so it is not known whether they are of this operator's version.")]
    private partial void LogUnknown(Exception failed);
}
