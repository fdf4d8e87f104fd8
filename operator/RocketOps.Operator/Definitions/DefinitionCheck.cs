using System.Text.Json.Nodes;
using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Entities;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Reporting;
using RocketOps.Operator.Settings;

namespace RocketOps.Operator.Definitions;

/// <summary>
/// Does not let an operator work with definitions that are older than it: the API server would drop what it writes in fields that they lack, and what people asked for in them, and refuse words that they do not know. Asks what
/// the API server publishes to everybody who has an account (OpenAPI), so it takes no rights: before the operator begins, when a status is refused, and when the index of what is published shows another hash, as older ones may have
/// been applied meanwhile; those that lack a field of the spec alone refuse nothing. Where that cannot be had nothing is known, and the operator goes on.
/// </summary>
internal sealed partial class DefinitionCheck(IKubernetesClient client, OperatorOptions options, TimeProvider time, ILogger<DefinitionCheck> logger) : BackgroundService
{
    private const int MaxNamed = 5;

    /// <summary>Definitions that were just applied are published a little later.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>Pause between two looks while statuses are refused for something else.</summary>
    private static readonly TimeSpan DoubtPause = TimeSpan.FromMinutes(1);

    private static readonly string GroupVersion = $"apis/{EntityGroup.Name}/{EntityGroup.Version}";

    private readonly Channel<bool> _doubts = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>
    /// Text of the index just before the definitions were looked at last; null when it said nothing, or they could not be read. Used by one
    /// task at a time.
    /// </summary>
    private string? _seen;

    /// <exception cref="OutdatedDefinitionsException">They are older.</exception>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        string? hash = await FindHashAsync(cancellationToken);
        _seen = await CheckAsync(cancellationToken) ? hash : null;
        await base.StartAsync(cancellationToken);
    }

    /// <summary>A status was refused: has them looked at again soon, and the operator ended when they are older.</summary>
    public void Doubt() => _doubts.Writer.TryWrite(true);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            if (await IsDoubtedAsync(stoppingToken))
            {
                await CheckAsync(stoppingToken);
                await Task.Delay(DoubtPause, time, stoppingToken);
            }

            if (await FindHashAsync(stoppingToken) is { } hash && hash != _seen)
            {
                // Those that could not be read are looked at again.
                _seen = await CheckAsync(stoppingToken) ? hash : null;
            }
        }
    }

    /// <returns>Whether a status was refused before it is time to look again.</returns>
    private async Task<bool> IsDoubtedAsync(CancellationToken stoppingToken)
    {
        using CancellationTokenSource interval = new(options.DefinitionInterval, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, interval.Token);
        try
        {
            return await _doubts.Reader.ReadAsync(either.Token);
        }
        catch (OperationCanceledException) when (!stoppingToken.IsCancellationRequested)
        {
            return false;
        }
    }

    /// <summary>Finds the hash of our group in the index: another text whenever one of its definitions is another.</summary>
    /// <returns>Null when there is no index, or nothing of ours in it.</returns>
    private async Task<string?> FindHashAsync(CancellationToken cancellationToken)
    {
        using CancellationTokenSource deadline = new(options.AdminTimeout, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        try
        {
            return (string?)(await AskAsync("openapi/v3", either.Token))["paths"]?[GroupVersion]?["serverRelativeURL"];
        }
        catch (Exception failed) when (ApiFailures.IsFailure(failed, cancellationToken))
        {
            LogNoIndex(failed);
            return null;
        }
    }

    /// <returns>Whether they could be read, and are not older.</returns>
    /// <exception cref="OutdatedDefinitionsException">They are older.</exception>
    private async Task<bool> CheckAsync(CancellationToken cancellationToken)
    {
        long begin = time.GetTimestamp();
        while (await MissingAsync(cancellationToken) is { } missing)
        {
            if (missing.Count == 0)
            {
                return true;
            }

            if (time.GetElapsedTime(begin) >= options.DefinitionGrace)
            {
                OutdatedDefinitionsException outdated = new(Describe(missing));
                LogOutdated(outdated.Message);
                throw outdated;
            }

            await Task.Delay(Pause, time, cancellationToken);
        }

        return false;
    }

    /// <returns>What the definitions lack; null when they cannot be read.</returns>
    private async Task<List<string>?> MissingAsync(CancellationToken cancellationToken)
    {
        JsonObject published;
        using CancellationTokenSource deadline = new(options.AdminTimeout, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        try
        {
            published = await AskAsync($"openapi/v3/{GroupVersion}", either.Token);
        }
        catch (Exception failed) when (ApiFailures.IsFailure(failed, cancellationToken))
        {
            // No definitions at all are waited for by the caches, which say so; and an API server that does not answer.
            LogUnknown(failed);
            return null;
        }

        return
        [
            .. Missing(published, client.Types.Get<BrokerCluster>()), .. Missing(published, client.Types.Get<Topic>()), .. Missing(published, client.Types.Get<ConsumerGroup>()),
        ];
    }

    /// <exception cref="InvalidDataException">It is no document, as the page of a proxy that answers for an API server which is away.</exception>
    private async Task<JsonObject> AskAsync(string path, CancellationToken cancellationToken) =>
        await client.SendAsync(HttpMethod.Get, path, cancellationToken: cancellationToken) as JsonObject ?? throw new InvalidDataException($"{path} is no document.");

    private static IEnumerable<string> Missing<T>(JsonObject published, KubernetesType<T> type)
        where T : class, IKubernetesObject
    {
        JsonNode? schema = (published["components"]?["schemas"] as JsonObject)?.Select(static named => named.Value)
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

    [LoggerMessage(EventId = 5403, Level = LogLevel.Debug, Message = "The API server does not say whether its definitions have changed; it is asked again.")]
    private partial void LogNoIndex(Exception failed);
}

/// <summary>The API server's definitions are older than the operator, which does not work with them.</summary>
internal sealed class OutdatedDefinitionsException(string message) : Exception(message);
