using System.Text;
using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Errors;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Api.Requests;
using RocketOps.Embedded.Api.Resources;
using RocketOps.Embedded.Api.Schema;

namespace RocketOps.Embedded.Api.Apply;

/// <summary>
/// Server-side apply and the bookkeeping of managedFields (reference: embedded-api.md §8; apimachinery's managedfields package over structured-merge-diff).
/// </summary>
internal static class ServerSideApply
{
    /// <summary>Update entries kept before the oldest are united.</summary>
    private const int MaxUpdateEntries = 10;

    private const string LastAppliedAnnotation = "kubectl.kubernetes.io/last-applied-configuration";

    private static readonly string[] ServerOwned =
        ["name", "namespace", "creationTimestamp", "selfLink", "uid", "generation", "managedFields", "resourceVersion", "deletionTimestamp", "deletionGracePeriodSeconds"];

    /// <summary>Never owned by anybody.</summary>
    private static readonly FieldSet Stripped =
        FieldSet.Of([["f:apiVersion"], ["f:kind"], ["f:metadata"], .. ServerOwned.Select(string[] (name) => ["f:metadata", FieldSet.Field(name)])]);

    /// <summary>Records in <paramref name="next"/> what a create, PUT or patch changed; takes it from everybody else.</summary>
    public static void Update(JsonObject? old, JsonObject next, ResourceDefinition resource, WriteOptions options, string subresource, DateTimeOffset now)
    {
        JsonObject metadata = next.Metadata();
        JsonArray? given = metadata.Items("managedFields");
        if (given is [JsonObject { Count: 0 }])
        {
            // The documented way to forget all owners.
            metadata.Remove("managedFields");
            return;
        }

        // Entries may be written directly on the main path; a client that knows nothing about them keeps the live ones.
        List<ManagedEntry>? entries = subresource.Length == 0 ? ManagedEntry.ReadAll(given) : null;
        if (entries is null or { Count: 0 })
        {
            entries = ManagedEntry.ReadAll(old?.Metadata().Items("managedFields")) ?? [];
        }

        // Scale writes carry no time.
        string? time = subresource == "scale" ? null : JsonNodes.Timestamp(now);
        ManagedEntry writer = new(options.Manager, false, resource.GroupVersion, subresource, time, new FieldSet());
        try
        {
            entries = Cap(UpdateEntries(old ?? resource.Rules.Zero(), next, resource.Schema, entries, writer));
        }
        catch (FormatException)
        {
            // The object does not fit its schema; validation will say so, or tolerates it. Ownership stays as it was.
        }

        Write(metadata, entries);
    }

    /// <summary>Merges an applied configuration into the live object, or a new one, and gives the result its managedFields.</summary>
    /// <exception cref="ApiErrorException">400, 409 or 500 as the real server answers.</exception>
    public static JsonObject Apply(JsonObject? live, JsonObject config, ResourceDefinition resource, WriteOptions options, string subresource, DateTimeOffset now)
    {
        if (config.Child("metadata")?.ContainsKey("managedFields") == true)
        {
            throw ApiErrors.BadRequest("metadata.managedFields must be nil");
        }

        try
        {
            TypedValidator.Validate(config, resource.Schema);
        }
        catch (FormatException e)
        {
            JsonObject? named = config.Child("metadata");
            throw ApiErrors.Internal(
                $"failed to create typed patch object ({named?.Text("namespace")}/{named?.Text("name")}; {resource.Group}/{resource.Version}, Kind={resource.Kind}): {e.Message}");
        }

        JsonObject applied = config.Copy();
        Reduce(applied, resource, subresource);
        if (options.Manager == "kubectl" && live is not null)
        {
            return ApplyForKubectl(live, applied, config, resource, options, subresource, now);
        }

        return ApplyCore(live, applied, config, resource, options, subresource, now, null);
    }

    /// <summary>
    /// Keeps the old entries' times when nothing else changed: a write that changes nothing is no write. Entries that a new time puts in another order have
    /// changed.
    /// </summary>
    public static void KeepTimesIfOtherwiseSame(JsonObject next, JsonObject old)
    {
        // Who owns what is read only when it decides: most writes change something.
        if (!IsSameBut(next, old, "metadata") || !IsSameBut(next.Metadata(), old.Metadata(), "managedFields", "resourceVersion"))
        {
            return;
        }

        List<ManagedEntry>? now = ManagedEntry.ReadAll(next.Metadata().Items("managedFields"));
        List<ManagedEntry>? before = ManagedEntry.ReadAll(old.Metadata().Items("managedFields"));
        if (now is null || before is null || now.Count != before.Count || now.Zip(before).Any(pair => !pair.First.IsSameWriter(pair.Second) || !pair.First.Fields.SameAs(pair.Second.Fields)))
        {
            return;
        }

        next.Metadata().Take("managedFields", old.Metadata());
    }

    private static bool IsSameBut(JsonObject next, JsonObject old, params string[] names) => JsonNodes.Names(next, old).Except(names).All(
        name => next.TryGetPropertyValue(name, out JsonNode? value) && old.TryGetPropertyValue(name, out JsonNode? before) && JsonNodes.Same(value, before));

    private static List<ManagedEntry> UpdateEntries(JsonObject old, JsonObject next, SchemaNode schema, List<ManagedEntry> entries, ManagedEntry writer)
    {
        Comparison compared = TypedValues.Compare(WithoutManagedFields(old), WithoutManagedFields(next), schema);
        FieldSet changed = compared.Modified.Union(compared.Added);
        FieldSet own = changed.Difference(Stripped);
        List<ManagedEntry> result = [];
        foreach (ManagedEntry entry in entries)
        {
            FieldSet left = Left(entry, changed, compared);
            if (entry.IsSameWriter(writer) && !own.IsEmpty)
            {
                result.Add(entry with { Fields = left.Union(own), Time = writer.Time });
            }
            else if (!left.IsEmpty)
            {
                result.Add(entry with { Fields = left });
            }
        }

        if (!own.IsEmpty && !result.Exists(e => e.IsSameWriter(writer)))
        {
            result.Add(writer with { Fields = own });
        }

        return result;
    }

    private static FieldSet Left(ManagedEntry entry, FieldSet changed, Comparison compared) => entry.Fields.Difference(changed).Difference(compared.Removed);

    /// <summary>kubectl may take over, without a conflict, what its own client-side apply recorded; and it keeps that record up to date.</summary>
    private static JsonObject ApplyForKubectl(
        JsonObject live, JsonObject applied, JsonObject config, ResourceDefinition resource, WriteOptions options, string subresource, DateTimeOffset now)
    {
        string? recorded = live.At("metadata", "annotations")?.Text(LastAppliedAnnotation);
        FieldSet? allowed = recorded is null ? null : LastAppliedFields(recorded, resource);
        JsonObject result = ApplyCore(live, applied, config, resource, options, subresource, now, allowed);
        if (result.At("metadata", "annotations") is { } annotations && annotations.ContainsKey(LastAppliedAnnotation))
        {
            annotations[LastAppliedAnnotation] = LastApplied(config);
        }

        return result;
    }

    private static string LastApplied(JsonObject config)
    {
        JsonObject copy = config.Copy();
        copy.At("metadata", "annotations")?.Remove(LastAppliedAnnotation);
        return copy.ToText() + "\n";
    }

    private static FieldSet? LastAppliedFields(string recorded, ResourceDefinition resource)
    {
        try
        {
            return JsonReading.Parse(Encoding.UTF8.GetBytes(recorded)) is JsonObject config ? TypedValues.ToFieldSet(config, resource.Schema) : null;
        }
        catch (FormatException)
        {
            // An annotation a person edited allows nothing.
            return null;
        }
    }

    private static JsonObject ApplyCore(
        JsonObject? live,
        JsonObject applied,
        JsonObject config,
        ResourceDefinition resource,
        WriteOptions options,
        string subresource,
        DateTimeOffset now,
        FieldSet? allowedConflicts)
    {
        SchemaNode schema = resource.Schema;
        string time = JsonNodes.Timestamp(now);
        List<ManagedEntry> entries = ManagedEntry.ReadAll(live?.Metadata().Items("managedFields")) ?? [];
        if (live is not null && entries.Count == 0)
        {
            ManagedEntry before = new("before-first-apply", false, resource.GroupVersion, string.Empty, time, new FieldSet());
            entries = UpdateEntries(resource.Rules.Zero(), live, schema, entries, before);
        }

        JsonObject current = WithoutManagedFields(live ?? []);
        JsonObject merged = TypedValues.Merge(current, applied, schema);
        ManagedEntry self = new(options.Manager, true, resource.GroupVersion, subresource, null, TypedValues.ToFieldSet(applied, schema).Difference(Stripped));
        ManagedEntry? last = entries.Find(self.IsSameWriter);
        List<ManagedEntry> others = [.. entries.Where(e => !e.IsSameWriter(self))];
        if (last is not null)
        {
            merged = Prune(merged, schema, last.Fields, others.Select(e => e.Fields).Append(self.Fields));
        }

        Comparison compared = TypedValues.Compare(current, merged, schema);
        FieldSet changed = compared.Modified.Union(compared.Added);
        if (!options.Force)
        {
            RefuseConflicts(others, changed, allowedConflicts);
        }

        List<ManagedEntry> result = [.. others.Select(other => other with { Fields = Left(other, changed, compared) }).Where(other => !other.Fields.IsEmpty)];
        if (!self.Fields.IsEmpty)
        {
            // An apply that only changes who owns what leaves the time alone; a new entry then has none.
            // A list in another order is another value; so is what the path may not write, though it is not written.
            bool changesNothing = JsonNodes.Same(current, merged) && JsonNodes.Same(current, TypedValues.Merge(current, config, schema));
            result.Add(self with { Time = changesNothing ? last?.Time : time });
        }

        Write(merged.Metadata(), result);
        return merged;
    }

    /// <summary>Removes what this manager owned and no longer applies, unless somebody else owns it.</summary>
    private static JsonObject Prune(JsonObject merged, SchemaNode schema, FieldSet last, IEnumerable<FieldSet> owned)
    {
        FieldSet lastNamed = last.EnsureNamedFieldsAreMembers(schema);
        JsonObject pruned = TypedValues.RemoveItems(merged, schema, lastNamed);

        // Back come fields that are owned by anybody now, and everything the removal of a parent took along that nobody asked to remove.
        FieldSet mergedSet = TypedValues.ToFieldSet(merged, schema).EnsureNamedFieldsAreMembers(schema);
        FieldSet managed = owned.Aggregate(new FieldSet(), (all, set) => all.Union(set)).EnsureNamedFieldsAreMembers(schema);
        FieldSet prunedSet = TypedValues.ToFieldSet(pruned, schema).EnsureNamedFieldsAreMembers(schema);
        pruned = TypedValues.RemoveItems(merged, schema, mergedSet.Difference(prunedSet.Union(managed)));
        prunedSet = TypedValues.ToFieldSet(pruned, schema).EnsureNamedFieldsAreMembers(schema);
        return TypedValues.RemoveItems(merged, schema, mergedSet.Difference(prunedSet).Intersection(lastNamed));
    }

    private static void RefuseConflicts(List<ManagedEntry> others, FieldSet changed, FieldSet? allowed)
    {
        List<(string Manager, string Path)> conflicts = [];
        foreach (ManagedEntry other in others.OrderBy(e => e.Display, StringComparer.Ordinal))
        {
            FieldSet clash = other.Fields.Intersection(changed);
            if (allowed is not null)
            {
                clash = clash.Difference(allowed);
            }

            conflicts.AddRange(clash.Paths().Select(p => (other.Display, FieldSet.Show(p))));
        }

        if (conflicts.Count == 0)
        {
            return;
        }

        IEnumerable<JsonNode> causes = conflicts.Select(
            c => new JsonObject { ["reason"] = "FieldManagerConflict", ["message"] = $"conflict with {c.Manager}", ["field"] = c.Path });
        IEnumerable<string> managers = conflicts.GroupBy(c => c.Manager).Select(g => $"conflicts with {g.Key}:{string.Concat(g.Select(c => $"\n- {c.Path}"))}");
        string message = conflicts is [(string only, string field)]
            ? $"Apply failed with 1 conflict: conflict with {only}: {field}"
            : $"Apply failed with {conflicts.Count} conflicts: {string.Join('\n', managers)}";
        throw new ApiErrorException(409, "Conflict", message, new JsonObject { ["causes"] = JsonNodes.Array(causes) });
    }

    /// <summary>The part of an applied configuration its path may write.</summary>
    private static void Reduce(JsonObject applied, ResourceDefinition resource, string subresource)
    {
        if (!resource.HasStatus)
        {
            return;
        }

        if (subresource.Length == 0)
        {
            applied.Remove("status");
            return;
        }

        applied.RemoveAll(name => name is not ("apiVersion" or "kind" or "metadata" or "status"));
        applied.Child("metadata")?.RemoveAll(name => name is not ("name" or "namespace" or "uid" or "resourceVersion"));
    }

    private static List<ManagedEntry> Cap(List<ManagedEntry> entries)
    {
        List<ManagedEntry> updates = [.. entries.Where(e => !e.Applied && e.Subresource.Length == 0).OrderBy(e => e.Time, StringComparer.Ordinal).ThenBy(e => e.Manager, StringComparer.Ordinal)];
        if (updates.Count <= MaxUpdateEntries)
        {
            return entries;
        }

        // The oldest share one entry; whoever was united before goes on absorbing.
        ManagedEntry[] oldest = [.. updates.Take(updates.Count - MaxUpdateEntries + 1)];
        ManagedEntry ancient = oldest[^1] with { Manager = "ancient-changes", Fields = oldest.Aggregate(new FieldSet(), (all, e) => all.Union(e.Fields)) };
        return [.. entries.Where(e => !oldest.Contains(e)), ancient];
    }

    private static void Write(JsonObject metadata, List<ManagedEntry> entries)
    {
        if (entries.Count == 0)
        {
            metadata.Remove("managedFields");
        }
        else
        {
            metadata["managedFields"] = ManagedEntry.WriteAll(entries);
        }
    }

    private static JsonObject WithoutManagedFields(JsonObject obj)
    {
        JsonObject copy = obj.Copy();
        copy.Child("metadata")?.Remove("managedFields");
        return copy;
    }
}
