using System.Buffers;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using RocketOps.Embedded.Api.Errors;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Api.Reading;
using RocketOps.Embedded.Api.Requests;
using RocketOps.Embedded.Api.Resources;
using RocketOps.Embedded.Api.Store;

namespace RocketOps.Embedded.Api.Http;

/// <summary>Lists, single objects and their representations (reference: embedded-api.md §7.1).</summary>
internal sealed class ListHandler(ObjectStore store, Projection projection, TimeProvider time)
{
    /// <summary>Longest wait of a request for a version that does not exist yet.</summary>
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
        HttpContext context, int status, ResourceDefinition resource, JsonElement obj, Representation representation, IEnumerable<string>? warnings) =>
        Responses.WriteAsync(context, status, representation.Show(obj, resource, time.GetUtcNow()), representation.Yaml, warnings);

    public async Task ListAsync(HttpContext context, RequestTarget target, ListOptions options)
    {
        Representation representation = Representation.Negotiate(context.Request);
        await WaitForVersionAsync(options.ResourceVersion, context.RequestAborted);
        ResourceDefinition resource = target.Resource;
        CollectionSnapshot snapshot = Snapshot(resource, options);
        ObjectName? after = options.Continue is { } position ? After(position.After, target) : null;
        StoredObject[] matching = [.. snapshot.Objects.Values.Where(o => (after is not { } last || o.Name > last) && options.Selects(target, o))];
        StoredObject[] page = options.ResourceVersion == "0" || options.Limit <= 0 ? matching : [.. matching.Take((int)Math.Min(options.Limit, int.MaxValue))];
        bool isMore = page.Length < matching.Length;
        JsonObject metadata = [];
        if (resource.IsCustom || isMore)
        {
            metadata["continue"] = isMore ? ListOptions.Token(snapshot.Version, page[^1].Name, resource.Namespaced) : string.Empty;
        }

        if (isMore && options.Labels.MatchExpressions is null && options.Fields.IsEverything)
        {
            metadata["remainingItemCount"] = matching.Length - page.Length;
        }

        metadata["resourceVersion"] = snapshot.Version.ToString(CultureInfo.InvariantCulture);
        IEnumerable<JsonElement> items = page.Select(s => projection.View(s, resource));
        await Responses.WriteAsync(
            context, 200,
            representation.Form switch
            {
                RepresentationForm.Table => TableBuilder.Build(resource, items, representation, metadata, time.GetUtcNow()).ToUtf8(),
                RepresentationForm.Metadata => new JsonObject
                {
                    ["kind"] = "PartialObjectMetadataList",
                    ["apiVersion"] = representation.MetaVersion,
                    ["metadata"] = metadata,
                    ["items"] = JsonNodes.Array(items.Select(item => TableBuilder.Partial(item, representation.MetaVersion))),
                }.ToUtf8(),
                _ => Write(resource, metadata, items),
            },
            representation.Yaml);
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
                writer.WriteStartObject();
                foreach (JsonProperty property in item.EnumerateObject())
                {
                    if (resource.IsCustom || !(property.NameEquals("apiVersion"u8) || property.NameEquals("kind"u8)))
                    {
                        // As it is stored: it was written with the same options.
                        writer.WritePropertyName(property.Name);
                        writer.WriteRawValue(JsonMarshal.GetRawUtf8Value(property.Value), skipInputValidation: true);
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
            (long version, Task next) = store.Now();
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
