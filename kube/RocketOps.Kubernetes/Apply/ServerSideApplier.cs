using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Metrics;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Kubernetes.Apply;

/// <summary>
/// Applies what was built, under one manager, only when something differs: the intent (by hash) or the ownership of it in the live object (someone changed a
/// field we set). After convergence nothing is written, and nothing compared either while neither the intent nor the object that was seen is another. What somebody else changed is counted when it is put back.
/// </summary>
public sealed class ServerSideApplier(IKubernetesClient client, ServerSideApplierOptions options, ControllerMetrics? metrics = null)
{
    private readonly ApplyOptions _apply = new(options.FieldManager);
    private readonly ApplyOptions _applyAsSeen = new(options.FieldManager) { OnlyIfUnchanged = true, OnlyIfSameObject = true };

    private readonly SettledIntents _settled = new();

    public string FieldManager => options.FieldManager;

    /// <summary>The annotation with the hash of what was applied; an object without it is applied to in any case.</summary>
    public string HashAnnotation => options.HashAnnotation;

    /// <param name="desired">The whole intent. Not changed.</param>
    /// <param name="live">
    /// The object as last seen, usually from a cache that keeps this manager's fields; null when there is none. What was seen is written only while it is what is there, and refused as a conflict otherwise: neither a cache that
    /// lags behind nor a former leader that comes back puts back what has been changed since, or makes again what has been deleted. What nobody has seen has no version to go by: the write of a former leader that arrives when
    /// the next one has made the object is taken, and undone by the one who leads as soon as it sees it. What must not happen even that long is made, and not applied.
    /// </param>
    /// <param name="cancellationToken">Stops the request.</param>
    public async Task<ApplyOutcome<T>> ApplyAsync<T>(T desired, T? live, CancellationToken cancellationToken)
        where T : class, IKubernetesObject
    {
        ArgumentNullException.ThrowIfNull(desired);
        KubernetesType<T> type = client.Types.Get<T>();

        // All that the body is made of.
        byte[] whole = SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(desired, type.Json));
        if (live is not null && _settled.Contains(live, whole))
        {
            return new ApplyOutcome<T>(live, Written: false, Created: false);
        }

        JsonObject body = ApplyBody.ForObject(desired, type, _apply);
        string hash;
        using (JsonDocument intent = CanonicalJson.Read(body))
        {
            hash = CanonicalJson.Hash(intent.RootElement);
            if (live is not null && !NeedsApply(intent.RootElement, hash, live))
            {
                _settled.Add(live, whole);
                return new ApplyOutcome<T>(live, Written: false, Created: false);
            }
        }

        JsonObject stamped = body["metadata"]!["annotations"] is JsonObject annotations ? annotations : new JsonObject();
        stamped[options.HashAnnotation] = hash;
        body["metadata"]!["annotations"] = stamped.Parent is null ? stamped : stamped.DeepClone();
        T entity = body.Deserialize(type.Json)!;
        entity.Metadata.Uid = live?.Metadata.Uid;
        entity.Metadata.ResourceVersion = live?.Metadata.ResourceVersion;
        T applied = await client.ApplyAsync(entity, live is null ? _apply : _applyAsSeen, cancellationToken);
        if (live is not null && live.Annotation(options.HashAnnotation) == hash)
        {
            // The intent is what it was: somebody changed the object.
            metrics?.Corrected(desired.Kind);
        }

        return new ApplyOutcome<T>(applied, Written: true, Created: live is null);
    }

    /// <summary>True when applying this intent would change the live object or who owns it.</summary>
    public bool NeedsApply<T>(T desired, T live)
        where T : class, IKubernetesObject
    {
        ArgumentNullException.ThrowIfNull(desired);
        ArgumentNullException.ThrowIfNull(live);
        using JsonDocument intent = CanonicalJson.Read(ApplyBody.ForObject(desired, client.Types.Get<T>(), _apply));
        return NeedsApply(intent.RootElement, CanonicalJson.Hash(intent.RootElement), live);
    }

    private bool NeedsApply(JsonElement body, string hash, IKubernetesObject live) =>
        live.Annotation(options.HashAnnotation) != hash || !Owns(live, body);

    private bool Owns(IKubernetesObject live, JsonElement body) =>
        live.Metadata.ManagedFields?.Find(IsOurs) is { FieldsV1: { } fields } && FieldOwnership.Covers(fields, body);

    private bool IsOurs(ManagedFieldsEntry entry) =>
        entry.Manager == options.FieldManager && entry.Operation == "Apply" && string.IsNullOrEmpty(entry.Subresource);
}

/// <param name="Object">The object as the server has it, as far as known.</param>
/// <param name="Written">Whether a request was sent.</param>
/// <param name="Created">Whether there was none before, as far as the caller knew.</param>
public sealed record ApplyOutcome<T>(T Object, bool Written, bool Created)
    where T : class, IKubernetesObject;

public sealed record ServerSideApplierOptions
{
    /// <summary>Constant across versions and replicas.</summary>
    public required string FieldManager { get; init; }

    /// <summary>The annotation that holds the hash of what was applied: tells what was left out since, which ownership alone cannot.</summary>
    public required string HashAnnotation { get; init; }
}
