using System.Text.Json;
using System.Text.Json.Nodes;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Entities;
using RocketOps.Operator.Definitions;
using RocketOps.Operator.Settings;

namespace RocketOps.Operator.Reporting.Writing;

/// <summary>Writes a status when it says something new.</summary>
internal sealed class StatusWriter
{
    private readonly IKubernetesClient _client;
    private readonly DefinitionCheck _definitions;

    public StatusWriter(IKubernetesClient client, DefinitionCheck definitions)
    {
        _client = client;
        _definitions = definitions;
    }

    /// <param name="entity">The object as it was read; gets the version it has after the write.</param>
    /// <param name="next">The same object in a copy that carries the new status.</param>
    /// <param name="cancellationToken">Ends the write.</param>
    /// <returns>What became of it.</returns>
    public async Task<StatusWrite> WriteAsync<T>(T entity, T next, CancellationToken cancellationToken)
        where T : class, IKubernetesObject
    {
        KubernetesType<T> type = _client.Types.Get<T>();
        byte[] before = JsonSerializer.SerializeToUtf8Bytes(entity, type.Json);
        byte[] after = JsonSerializer.SerializeToUtf8Bytes(next, type.Json);
        if (before.AsSpan().SequenceEqual(after) || IsSame(JsonElement.Parse(before), JsonElement.Parse(after)))
        {
            return StatusWrite.Same;
        }

        try
        {
            // Only onto what was read: a pass that began with an old copy must not take a newer finding back. It fails and is repeated.
            T written = await _client.ApplyStatusAsync(next, new ApplyOptions(FieldManager.Name) { OnlyIfUnchanged = true }, cancellationToken);
            entity.Metadata.ResourceVersion = written.Metadata.ResourceVersion;
            return StatusWrite.Written;
        }
        catch (KubernetesException gone) when (gone.IsNotFound)
        {
            // Nobody is left to tell.
            return StatusWrite.Gone;
        }
        catch (KubernetesException refused) when (IsNotDefined(refused))
        {
            _definitions.Doubt();
            throw;
        }
    }

    /// <summary>A word that the definition does not know, or a field, which an apply answers with 500 and no reason.</summary>
    private static bool IsNotDefined(KubernetesException refused) => refused.IsInvalid || refused.Message.Contains("field not declared in schema", StringComparison.Ordinal);

    private static bool IsSame(JsonElement before, JsonElement after) =>
        before.TryGetProperty("status"u8, out JsonElement old)
            ? after.TryGetProperty("status"u8, out JsonElement next) && JsonElement.DeepEquals(WithoutForeign(old), next)
            : !after.TryGetProperty("status"u8, out _);

    /// <summary>
    /// Returns a copy of the status without the conditions that others have put beside ours: an apply leaves them where they are, so to
    /// compare with them would be to write for ever.
    /// </summary>
    private static JsonElement WithoutForeign(JsonElement status)
    {
        if (!status.TryGetProperty("conditions"u8, out JsonElement conditions) || conditions.EnumerateArray().All(IsOurs))
        {
            return status;
        }

        JsonObject own = JsonObject.Create(status)!;
        own["conditions"] = new JsonArray([.. conditions.EnumerateArray().Where(IsOurs).Select(static condition => (JsonNode?)JsonObject.Create(condition))]);
        return JsonElement.Parse(own.ToJsonString());
    }

    private static bool IsOurs(JsonElement condition) => ConditionTypes.All.Contains(condition.GetProperty("type"u8).GetString()!);
}

/// <summary>Outcome of a status that was to be written.</summary>
internal enum StatusWrite
{
    /// <summary>The object says that already.</summary>
    Same,

    /// <summary>The object says something new.</summary>
    Written,

    /// <summary>There is no such object any more.</summary>
    Gone,
}
