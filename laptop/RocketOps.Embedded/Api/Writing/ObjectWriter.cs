using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Apply;
using RocketOps.Embedded.Api.Errors;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Api.Metadata;
using RocketOps.Embedded.Api.Requests;
using RocketOps.Embedded.Api.Resources;
using RocketOps.Embedded.Api.Schema;
using RocketOps.Embedded.Api.Store;

namespace RocketOps.Embedded.Api.Writing;

/// <summary>
/// Creates and updates objects: metadata rules, ownership, status and generation, validation, then compare-and-swap into the store. Everything a handler
/// or a controller of the server writes passes here.
/// </summary>
internal sealed class ObjectWriter(ObjectStore store, TimeProvider time, ServiceAddresses addresses)
{
    /// <summary>Tries of an unconditional write before a busy object answers 409, as the real server's guaranteed update.</summary>
    private const int MaxTries = 20;

    /// <summary>Largest object stored; etcd's request limit on the real server.</summary>
    private const int MaxObjectBytes = 1_572_864;

    /// <summary>Suffix letters of generateName: no vowels, nothing that looks alike.</summary>
    private const string NameLetters = "bcdfghjklmnpqrstvwxz2456789";

    /// <summary>Stores a new object. <paramref name="body"/> is decoded and belongs to this call from here on.</summary>
    public WriteResult Create(ResourceDefinition resource, string ns, JsonObject body, WriteOptions options)
    {
        JsonObject metadata = body.Metadata();
        if (metadata.Text("resourceVersion") is { Length: > 0 } and not "0")
        {
            throw ApiErrors.Internal("resourceVersion should not be set on objects to be created");
        }

        return Create(resource, ns, body, options, applied: null);
    }

    /// <param name="resource">The kind.</param>
    /// <param name="ns">The namespace of the path.</param>
    /// <param name="body">The object.</param>
    /// <param name="options">The request's options.</param>
    /// <param name="applied">The owners an apply has computed; null for other writes, of which the writer owns all.</param>
    private WriteResult Create(ResourceDefinition resource, string ns, JsonObject body, WriteOptions options, JsonArray? applied)
    {
        JsonObject metadata = body.Metadata();
        ServerFields.CheckNamespace(resource, ns, metadata);
        FinishNewMetadata(resource, ns, metadata);
        string name = metadata.Text("name") ?? string.Empty;
        CheckNamespaceOpen(resource, ns, name);
        RulesContext context = Context(resource);
        ServerFields.DropStatus(resource, body);
        if (applied is null)
        {
            ServerSideApply.Update(null, body, resource, options, string.Empty, context.Now);
        }
        else if (applied.Count > 0)
        {
            metadata["managedFields"] = applied;
        }

        // A default of the status, which was dropped, belongs to nobody: a real server fills it in as it reads.
        Defaults.Apply(body, resource.Schema);
        resource.Rules.PrepareForCreate(body, context);
        ValidateObject(body, null, resource, context, options);
        return Insert(resource, new ObjectName(ns, name), body, options);
    }

    /// <summary>
    /// Replaces an object by what <paramref name="change"/> makes of the live one.
    /// </summary>
    /// <param name="resource">The kind.</param>
    /// <param name="name">The object.</param>
    /// <param name="subresource">Empty, <c>status</c> or <c>scale</c>.</param>
    /// <param name="options">The request's options.</param>
    /// <param name="change">Gets a copy of the live object, or null when there is none, and returns the decoded new one; may run several times.</param>
    /// <param name="flags">How this kind of write differs.</param>
    public WriteResult Update(
        ResourceDefinition resource, ObjectName name, string subresource, WriteOptions options, Func<JsonObject?, JsonObject> change, UpdateFlags flags)
    {
        for (int attempt = 1; ; attempt++)
        {
            options.Warnings.Clear();
            StoredObject? live = store.Get(resource.Collection, name);
            if (live is null && !flags.HasFlag(UpdateFlags.MayCreate))
            {
                throw ApiErrors.NotFound(resource, name.Name);
            }

            JsonObject? old = live?.ToNode();
            JsonObject next = change(old?.Copy());
            if (live is null)
            {
                return CreateByUpdate(resource, name, next, options, flags);
            }

            bool conditional = CheckVersion(resource, name, live, next, flags);
            if (TryReplace(resource, name, subresource, options, live, old!, next, flags) is { } result)
            {
                return result;
            }

            if (conditional || attempt == MaxTries)
            {
                throw ApiErrors.Conflict(resource, name.Name);
            }
        }
    }

    private WriteResult CreateByUpdate(ResourceDefinition resource, ObjectName name, JsonObject next, WriteOptions options, UpdateFlags flags)
    {
        JsonObject metadata = next.Metadata();
        if (metadata.Text("uid") is { Length: > 0 } uid)
        {
            throw ApiErrors.Conflict(resource, name.Name, $"uid mismatch: the provided object specified uid {uid}, and no existing object was found");
        }

        metadata.Remove("resourceVersion");
        ServerFields.CheckName(name, metadata);
        return Create(resource, name.Namespace, next, options, flags.HasFlag(UpdateFlags.Apply) ? metadata.Keep("managedFields", _ => true) : null);
    }

    private WriteResult Insert(ResourceDefinition resource, ObjectName name, JsonObject body, WriteOptions options)
    {
        if (store.Get(resource.Collection, name) is not null)
        {
            throw ApiErrors.AlreadyExists(resource, name.Name);
        }

        CheckSize(body);
        if (options.DryRun)
        {
            return new WriteResult(body.Freeze(), Created: true);
        }

        (bool written, StoredObject? stored) = store.Write(resource.Collection, name, null, body);
        return written ? new WriteResult(stored!.Json, Created: true) : throw ApiErrors.AlreadyExists(resource, name.Name);
    }

    /// <returns>Null when somebody else wrote in between.</returns>
    private WriteResult? TryReplace(
        ResourceDefinition resource, ObjectName name, string subresource, WriteOptions options, StoredObject live, JsonObject old, JsonObject next, UpdateFlags flags)
    {
        RulesContext context = Context(resource);
        ServerFields.KeepMetadata(resource, name, old, next, flags);
        ServerFields.KeepOtherHalf(resource, subresource, old, next);
        if (subresource.Length == 0)
        {
            resource.Rules.PrepareForUpdate(next, old, context);
        }

        JsonObject metadata = next.Metadata();
        if (!flags.HasFlag(UpdateFlags.Apply))
        {
            ServerSideApply.Update(old, next, resource, options, subresource, context.Now);
        }

        if (RaisesGeneration(resource, next, old))
        {
            metadata["generation"] = (old.Metadata().Integer("generation") ?? 0) + 1;
        }

        ValidateObject(next, old, resource, context, options);
        metadata.DropEmpty("finalizers");
        ServerSideApply.KeepTimesIfOtherwiseSame(next, old);
        metadata["resourceVersion"] = old.Metadata().Text("resourceVersion");
        if (JsonNodes.Same(next, old))
        {
            return new WriteResult(live.Json, Created: false);
        }

        CheckSize(next);
        if (options.DryRun)
        {
            return new WriteResult(next.Freeze(), Created: false);
        }

        if (IsFinished(resource, next))
        {
            // The last finalizer went: the object as sent is the answer, and it is gone.
            (bool removed, _) = store.Write(resource.Collection, name, live, null);
            return removed ? new WriteResult(next.Freeze(), Created: false) : null;
        }

        (bool written, StoredObject? stored) = store.Write(resource.Collection, name, live, next);
        return written ? new WriteResult(stored!.Json, Created: false) : null;
    }

    /// <summary>Tells whether a deleted object has nothing left to wait for.</summary>
    public static bool IsFinished(ResourceDefinition resource, JsonObject obj)
    {
        JsonObject metadata = obj.Metadata();
        return metadata.Text("deletionTimestamp") is not null
            && (metadata.Integer("deletionGracePeriodSeconds") ?? 0) == 0
            && metadata.Items("finalizers") is null or { Count: 0 }
            && (resource.Kind != "Namespace" || resource.Group.Length > 0 || obj.Child("spec")?.Items("finalizers") is null or { Count: 0 });
    }

    private RulesContext Context(ResourceDefinition resource) => new(resource, time.GetUtcNow(), addresses);

    private static bool CheckVersion(ResourceDefinition resource, ObjectName name, StoredObject live, JsonObject next, UpdateFlags flags)
    {
        JsonObject metadata = next.Metadata();
        string? given = metadata.Text("resourceVersion");
        if (string.IsNullOrEmpty(given))
        {
            if (!resource.Rules.AllowsUnconditionalUpdate)
            {
                throw ApiErrors.VersionRequired(resource, name.Name);
            }

            return false;
        }

        if (!ListOptions.TryVersion(given, out long version))
        {
            throw ApiErrors.Internal($"strconv.ParseUint: parsing {JsonValue.Create(given).ToText()}: invalid syntax");
        }

        if (version != live.Version)
        {
            throw ApiErrors.Conflict(resource, name.Name);
        }

        // A patch that does not mention the version carries the live one; then a race is retried.
        return !flags.HasFlag(UpdateFlags.Patch) || flags.HasFlag(UpdateFlags.PatchNamesVersion);
    }

    private static bool RaisesGeneration(ResourceDefinition resource, JsonObject next, JsonObject old) =>
        resource.Rules.HasGeneration && resource.Rules.RaisesGeneration(next, old);

    private static void ValidateObject(JsonObject obj, JsonObject? old, ResourceDefinition resource, RulesContext context, WriteOptions options)
    {
        FieldErrors errors = new();
        JsonObject metadata = obj.Metadata();
        MetadataValidator.Validate(metadata, resource, errors);
        if (resource.IsCustom)
        {
            SchemaValidator.Validate(obj, old, resource.Schema, errors);
            ScaleValues.Validate(obj, resource, errors);
        }

        resource.Rules.Validate(obj, old, context, errors);
        if (resource.IsCustom && resource.Schema.HasRules)
        {
            if (errors.Blocking)
            {
                errors.RulesNotChecked();
            }
            else
            {
                RuleValidator.Validate(obj, old, resource.Schema, string.Empty, errors);
            }
        }

        ApiErrors.Refuse(resource.Group, resource.Kind, metadata.Text("name") ?? string.Empty, errors);
        if (old is null || !JsonNodes.Same(old.Metadata()["finalizers"], metadata["finalizers"]))
        {
            MetadataValidator.Warn(metadata, options.Warnings);
        }
    }

    private void FinishNewMetadata(ResourceDefinition resource, string ns, JsonObject metadata)
    {
        metadata.RemoveAll(name => name is "selfLink" or "deletionTimestamp" or "deletionGracePeriodSeconds" or "managedFields" or "resourceVersion" or "generation");
        if (string.IsNullOrEmpty(metadata.Text("name")) && metadata.Text("generateName") is { Length: > 0 } prefix)
        {
            int room = (resource.Rules.NamesAreLabels ? 63 : 253) - 5;
            metadata["name"] = (prefix.Length > room ? prefix[..room] : prefix) + RandomNumberGenerator.GetString(NameLetters, 5);
        }

        if (resource.Namespaced)
        {
            metadata["namespace"] = ns;
        }

        metadata["uid"] = Guid.NewGuid().ToString("D", CultureInfo.InvariantCulture);
        metadata["creationTimestamp"] = JsonNodes.Timestamp(time.GetUtcNow());
        if (resource.Rules.HasGeneration)
        {
            metadata["generation"] = 1L;
        }

        metadata.DropEmpty("finalizers");
    }

    private void CheckNamespaceOpen(ResourceDefinition resource, string ns, string name)
    {
        if (!resource.Namespaced)
        {
            return;
        }

        StoredObject? owner = store.Get("/namespaces", new ObjectName(string.Empty, ns)) ?? throw ApiErrors.NamespaceNotFound(ns);
        if (owner.IsDeleting)
        {
            throw ApiErrors.NamespaceTerminating(resource, name, ns);
        }
    }

    private static void CheckSize(JsonObject obj)
    {
        if (obj.ToUtf8().Length > MaxObjectBytes)
        {
            throw ApiErrors.Internal("etcdserver: request is too large");
        }
    }
}

/// <summary>The object a write answers with.</summary>
internal sealed record WriteResult(JsonElement Object, bool Created);

/// <summary>Differences between the kinds of update.</summary>
[Flags]
internal enum UpdateFlags
{
    None = 0,

    /// <summary>The body is derived from the live object.</summary>
    Patch = 1,

    /// <summary>Server-side apply: managedFields are already computed.</summary>
    Apply = 2,

    /// <summary>A missing object is created.</summary>
    MayCreate = 4,

    /// <summary>The patch sets a resourceVersion itself: a race is the client's conflict, not retried.</summary>
    PatchNamesVersion = 8,
}
