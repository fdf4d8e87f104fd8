using System.Buffers;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using RocketOps.Embedded.Api.Errors;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Api.Reading;
using RocketOps.Embedded.Api.Resources;
using RocketOps.Embedded.Api.Store;
using RocketOps.Embedded.Api.Tables;

namespace RocketOps.Embedded.Api.Http;

/// <summary>Lists, single objects and their representations (reference: embedded-api.md §7.1).</summary>
internal sealed class ListHandler(ObjectStore store, Projection projection, TimeProvider time)
{
    /// <summary>How long a request waits for a version that does not exist yet.</summary>
    private static readonly TimeSpan FutureVersionWait = TimeSpan.FromSeconds(3);

    public async Task GetAsync(HttpContext context, RequestTarget target)
    {
        Representation representation = Representation.Negotiate(context.Request);
        await WaitForVersionAsync(context.Request.Query["resourceVersion"].ToString(), context.RequestAborted);
        StoredObject stored = store.Get(target.Resource.Collection, new ObjectName(target.Namespace, target.Name))
            ?? throw ApiErrors.NotFound(target.Resource, target.Name);
        await WriteObjectAsync(context, 200, target.Resource, projection.View(stored, target.Resource), representation, null);
    }

    public Task WriteObjectAsync(
        HttpContext context, int status, ResourceDefinition resource, JsonElement obj, Representation representation, IEnumerable<string>? warnings)
    {
        switch (representation.Form)
        {
            case RepresentationForm.Table:
                JsonObject metadata = new() { ["resourceVersion"] = obj.GetProperty("metadata").TryGetProperty("resourceVersion", out JsonElement v) ? v.GetString() : string.Empty };
                string include = context.Request.Query["includeObject"].ToString();
                return Responses.WriteAsync(
                    context, status, TableBuilder.Build(resource, [obj], representation.MetaVersion, include, metadata, time.GetUtcNow()), warnings: warnings);
            case RepresentationForm.Metadata:
                return Responses.WriteAsync(context, status, TableBuilder.Partial(obj, "meta.k8s.io/" + representation.MetaVersion), warnings: warnings);
            default:
                return Responses.WriteAsync(context, status, JsonMarshal.GetRawUtf8Value(obj).ToArray(), representation.Yaml, warnings);
        }
    }

    public async Task ListAsync(HttpContext context, RequestTarget target, ListOptions options)
    {
        Representation representation = Representation.Negotiate(context.Request);
        await WaitForVersionAsync(options.ResourceVersion, context.RequestAborted);
        ResourceDefinition resource = target.Resource;
        CollectionSnapshot snapshot = Snapshot(resource, options);
        List<StoredObject> page = [];
        bool whole = options.Labels.MatchExpressions is null && options.Fields.IsEverything;
        long limit = options.ResourceVersion == "0" ? 0 : options.Limit;
        long remaining = 0;
        bool more = false;
        foreach ((ObjectName name, StoredObject stored) in snapshot.Objects)
        {
            if ((target.Namespace.Length > 0 && name.Namespace != target.Namespace)
                || (options.Continue is { } position && name.CompareTo(After(position.After, target)) <= 0)
                || !options.Labels.Matches(stored.Labels) || !options.Fields.Matches(stored))
            {
                continue;
            }

            if (limit > 0 && page.Count == limit)
            {
                more = true;
                remaining++;
                if (!whole)
                {
                    break;
                }
            }
            else
            {
                page.Add(stored);
            }
        }

        JsonObject metadata = [];
        if (resource.IsCustom || more)
        {
            metadata["continue"] = more ? ListOptions.Token(snapshot.Version, page[^1].Name, resource.Namespaced) : string.Empty;
        }

        if (more && whole)
        {
            metadata["remainingItemCount"] = remaining;
        }

        metadata["resourceVersion"] = snapshot.Version.ToString(CultureInfo.InvariantCulture);
        IEnumerable<JsonElement> items = page.Select(s => projection.View(s, resource));
        switch (representation.Form)
        {
            case RepresentationForm.Table:
                string include = context.Request.Query["includeObject"].ToString();
                await Responses.WriteAsync(context, 200, TableBuilder.Build(resource, items, representation.MetaVersion, include, metadata, time.GetUtcNow()));
                break;
            case RepresentationForm.Metadata:
                JsonArray partial = [];
                foreach (JsonElement item in items)
                {
                    partial.Append(TableBuilder.Partial(item, "meta.k8s.io/" + representation.MetaVersion));
                }

                await Responses.WriteAsync(context, 200, new JsonObject
                {
                    ["kind"] = "PartialObjectMetadataList",
                    ["apiVersion"] = "meta.k8s.io/" + representation.MetaVersion,
                    ["metadata"] = metadata,
                    ["items"] = partial,
                });
                break;
            default:
                await Responses.WriteAsync(context, 200, Write(resource, metadata, items), representation.Yaml);
                break;
        }
    }

    /// <summary>A list document. Items of built-ins carry no apiVersion and kind, those of custom resources do.</summary>
    public static byte[] Write(ResourceDefinition resource, JsonObject metadata, IEnumerable<JsonElement> items)
    {
        ArrayBufferWriter<byte> buffer = new(4096);
        using (Utf8JsonWriter writer = new(buffer, JsonNodes.WriterOptions))
        {
            writer.WriteStartObject();
            writer.WriteString("kind", resource.ListKindName);
            writer.WriteString("apiVersion", resource.GroupVersion);
            writer.WritePropertyName("metadata");
            metadata.WriteTo(writer);
            writer.WriteStartArray("items");
            foreach (JsonElement item in items)
            {
                if (resource.IsCustom)
                {
                    writer.WriteRawValue(JsonMarshal.GetRawUtf8Value(item), skipInputValidation: true);
                    continue;
                }

                writer.WriteStartObject();
                foreach (JsonProperty property in item.EnumerateObject())
                {
                    if (property.Name is not ("apiVersion" or "kind"))
                    {
                        property.WriteTo(writer);
                    }
                }

                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private static ObjectName After(ObjectName position, RequestTarget target) =>
        position.Namespace.Length == 0 && target.Namespace.Length > 0 ? position with { Namespace = target.Namespace } : position;

    private CollectionSnapshot Snapshot(ResourceDefinition resource, ListOptions options)
    {
        if (options.Continue is { } position)
        {
            return store.SnapshotAt(resource.Collection, position.Version)
                ?? throw ApiErrors.Expired(
                    "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter.");
        }

        if (options.ResourceVersionMatch == "Exact" && ListOptions.TryVersion(options.ResourceVersion, out long version))
        {
            return store.SnapshotAt(resource.Collection, version)
                ?? throw ApiErrors.Expired("The resourceVersion for the provided list is too old.");
        }

        return store.Snapshot(resource.Collection);
    }

    private async Task WaitForVersionAsync(string text, CancellationToken cancellationToken)
    {
        if (text.Length == 0)
        {
            return;
        }

        if (!ListOptions.TryVersion(text, out long wanted))
        {
            string quoted = JsonValue.Create(text).ToText();
            throw ApiErrors.Internal($"resourceVersion: Invalid value: {quoted}: strconv.ParseUint: parsing {quoted}: invalid syntax");
        }

        if (wanted <= store.Version)
        {
            return;
        }

        Task deadline = Task.Delay(FutureVersionWait, time, cancellationToken);
        while (!deadline.IsCompleted)
        {
            (_, _, Task next, long version) = store.ChangesAfter(string.Empty, store.Version, 1);
            if (version >= wanted)
            {
                return;
            }

            await Task.WhenAny(next, deadline);
        }

        cancellationToken.ThrowIfCancellationRequested();
        throw ApiErrors.TooLargeVersion(wanted, store.Version);
    }
}
