using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using RocketOps.Embedded.Api.Apply;
using RocketOps.Embedded.Api.Builtins;
using RocketOps.Embedded.Api.CustomResources;
using RocketOps.Embedded.Api.Errors;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Api.Patch;
using RocketOps.Embedded.Api.Reading;
using RocketOps.Embedded.Api.Requests;
using RocketOps.Embedded.Api.Resources;
using RocketOps.Embedded.Api.Schema;
using RocketOps.Embedded.Api.Store;
using RocketOps.Embedded.Api.Writing;

namespace RocketOps.Embedded.Api.Http;

/// <summary>POST, PUT, PATCH and DELETE of resources: decodes what was sent and hands it to the writer.</summary>
internal sealed class WriteHandler(
    ObjectStore store, ResourceRegistry registry, ObjectWriter writer, ObjectDeleter deleter, ListHandler reader, Projection projection, EmbeddedApiOptions settings,
    SystemObjects system)
{
    public async Task CreateAsync(HttpContext context, RequestTarget target, byte[] body)
    {
        ResourceDefinition resource = target.Resource;
        WriteOptions options = WriteOptions.Read(context.Request, "CreateOptions");
        List<string> duplicates = [];
        JsonObject obj = RequestBody.Object(context.Request, body, duplicates);
        ObjectDecoder.Decode(obj, resource, duplicates, options, isCreate: true);
        WriteResult result;
        if (EventViews.IsView(resource))
        {
            EventViews.ValidateNew(obj, target.Namespace);
            result = writer.Create(Stored(resource), target.Namespace, ToStored(obj, resource), options);
        }
        else
        {
            result = writer.Create(resource, target.Namespace, Servable(obj, resource), options);
        }

        await AnswerAsync(context, resource, result, options);
    }

    /// <summary>Access reviews, which are answered and not stored; what kinds.yaml says of them is the answer.</summary>
    public static Task ReviewAsync(HttpContext context, RequestTarget target, byte[] body)
    {
        JsonObject review = new()
        {
            ["kind"] = target.Resource.Kind,
            ["apiVersion"] = target.Resource.GroupVersion,
            ["metadata"] = new JsonObject(),
            ["spec"] = RequestBody.Object(context.Request, body, []).Child("spec")?.DeepClone() ?? new JsonObject(),
        };
        target.Resource.Rules.AnswerReview(review);
        return Responses.WriteAsync(context, 201, review);
    }

    public async Task ReplaceAsync(HttpContext context, RequestTarget target, byte[] body)
    {
        ResourceDefinition resource = target.Resource;
        WriteOptions options = WriteOptions.Read(context.Request, "UpdateOptions");
        List<string> duplicates = [];
        JsonObject sent = RequestBody.Object(context.Request, body, duplicates);
        if (target.Subresource == "scale")
        {
            WriteResult scaled = writer.Update(
                resource, Name(target), "scale", options, live => Scaled(live!, resource, sent), UpdateFlags.None);
            await AnswerScaleAsync(context, resource, scaled, options);
            return;
        }

        ObjectDecoder.Decode(sent, resource, duplicates, options, isCreate: false);
        ServerFields.CheckName(Name(target), sent.Metadata());
        List<string> warnings = [.. options.Warnings];
        UpdateFlags flags = target.Subresource.Length == 0 && resource.Rules.AllowsCreateOnUpdate ? UpdateFlags.MayCreate : UpdateFlags.None;
        WriteResult result = writer.Update(
            Stored(resource), Name(target), target.Subresource, options,
            _ =>
            {
                options.Warnings.AddRange(warnings);
                return ToStored(Servable(sent.Copy(), resource), resource);
            },
            flags);
        await AnswerAsync(context, resource, result, options);
    }

    public async Task PatchAsync(HttpContext context, RequestTarget target, byte[] body)
    {
        ResourceDefinition resource = target.Resource;
        WriteOptions options = WriteOptions.Read(context.Request, "PatchOptions");
        string type = RequestBody.MediaType(context.Request);
        WriteResult result = type switch
        {
            "application/merge-patch+json" => Merge(target, body, options),
            "application/json-patch+json" => JsonPatched(target, body, options),
            "application/apply-patch+yaml" => Applied(target, body, options),
            "application/strategic-merge-patch+json" when !resource.IsCustom => Strategic(target, body, options),
            _ => throw ApiErrors.UnsupportedPatch(resource.IsCustom),
        };
        await (target.Subresource == "scale" ? AnswerScaleAsync(context, resource, result, options) : AnswerAsync(context, resource, result, options));
    }

    public async Task DeleteAsync(HttpContext context, RequestTarget target, byte[] body)
    {
        ResourceDefinition resource = target.Resource;
        DeleteOptions options = DeleteOptions.Read(context.Request, DeleteBody(context.Request, body));
        (JsonElement? lingering, StoredObject deleted) = deleter.Delete(Stored(resource), Name(target), options);
        if (lingering is { } obj)
        {
            await reader.WriteObjectAsync(context, 200, resource, obj, Representation.Negotiate(context.Request), null);
            return;
        }

        JsonObject details = ApiErrors.Details(target.Name, resource.Group, resource.Plural);
        details["uid"] = deleted.Uid;
        await Responses.WriteAsync(context, 200, new JsonObject
        {
            ["kind"] = "Status",
            ["apiVersion"] = "v1",
            ["metadata"] = new JsonObject(),
            ["status"] = "Success",
            ["details"] = details,
        });
    }

    public async Task DeleteCollectionAsync(HttpContext context, RequestTarget target, byte[] body)
    {
        ResourceDefinition resource = target.Resource;
        DeleteOptions options = DeleteOptions.Read(context.Request, DeleteBody(context.Request, body));
        ListOptions list = ListOptions.Read(context.Request, resource, watchPath: false);
        CollectionSnapshot snapshot = store.Snapshot(resource.Collection);
        List<JsonElement> deleted = [];
        foreach (StoredObject stored in snapshot.Objects.Values.Where(stored => list.Selects(target, stored)))
        {
            if (list.Limit > 0 && deleted.Count == list.Limit)
            {
                break;
            }

            try
            {
                (JsonElement? lingering, _) = deleter.Delete(Stored(resource), stored.Name, options);
                deleted.Add(lingering ?? projection.View(stored, resource));
            }
            catch (ApiErrorException e) when (e.Code == 404)
            {
                // Somebody else was faster: it is gone, as asked.
            }
        }

        JsonObject metadata = new()
        {
            ["continue"] = string.Empty,
            ["resourceVersion"] = store.Version.ToString(System.Globalization.CultureInfo.InvariantCulture),
        };
        await Responses.WriteAsync(context, 200, ListHandler.Write(resource, metadata, deleted));
    }

    public async Task GetScaleAsync(HttpContext context, RequestTarget target)
    {
        StoredObject stored = store.Get(target.Resource.Collection, Name(target)) ?? throw ApiErrors.NotFound(target.Resource, target.Name);
        await Responses.WriteAsync(context, 200, ScaleValues.ToScale(stored.ToNode(), target.Resource.Scale!));
    }

    private WriteResult Merge(RequestTarget target, byte[] body, WriteOptions options)
    {
        JsonObject patch = Decoded<JsonObject>(body, "error decoding patch: ", "array into Go value of type map[string]interface {}");
        return Patched(target, options, live => MergePatch.Apply(live, patch), NamesVersion(patch));
    }

    private WriteResult Strategic(RequestTarget target, byte[] body, WriteOptions options)
    {
        JsonObject patch = Decoded<JsonObject>(body, string.Empty, "array into Go value of type map[string]interface {}");
        SchemaNode schema = target.Subresource == "scale" ? SchemaNode.Untyped : target.Resource.Schema;
        return Patched(target, options, live => StrategicMerge.Apply(live, patch, schema), NamesVersion(patch), StrategicMerge.GoText(patch));
    }

    private WriteResult JsonPatched(RequestTarget target, byte[] body, WriteOptions options)
    {
        JsonArray operations = Decoded<JsonArray>(body, "error decoding patch: ", "object into Go value of type []handlers.jsonPatchOp");
        bool namesVersion = operations.OfType<JsonObject>().Any(o => o.Text("path") == "/metadata/resourceVersion" && o.Text("op") is "replace" or "add");
        return Patched(target, options, live => JsonPatch.Apply(live, operations), namesVersion);
    }

    private static T Decoded<T>(byte[] body, string doing, string wrong, bool yaml = false)
        where T : JsonNode => RequestBody.Patch(body, yaml, doing) as T ?? throw ApiErrors.BadRequest($"{doing}json: cannot unmarshal {wrong}");

    private static bool NamesVersion(JsonObject patch) => patch.Child("metadata")?.Text("resourceVersion") is { Length: > 0 };

    private WriteResult Patched(RequestTarget target, WriteOptions options, Action<JsonObject> patch, bool namesVersion, string? shown = null)
    {
        ResourceDefinition resource = target.Resource;
        UpdateFlags flags = UpdateFlags.Patch | (namesVersion ? UpdateFlags.PatchNamesVersion : UpdateFlags.None);
        return writer.Update(
            Stored(resource), Name(target), target.Subresource, options,
            live =>
            {
                if (target.Subresource == "scale")
                {
                    JsonObject scale = ScaleValues.ToScale(live!, resource.Scale!);
                    patch(scale);
                    return Scaled(live!, resource, scale);
                }

                JsonObject view = EventViews.IsView(resource) ? EventViews.FromStored(live!) : live!;
                patch(view);
                ObjectDecoder.DecodePatched(view, resource, options, shown);
                return ToStored(Servable(view, resource), resource);
            },
            flags);
    }

    private WriteResult Applied(RequestTarget target, byte[] body, WriteOptions options)
    {
        ResourceDefinition resource = target.Resource;
        if (!options.ManagerGiven)
        {
            throw ApiErrors.Invalid("meta.k8s.io", "PatchOptions", string.Empty, errors => errors.Required("fieldManager", "is required for apply patch"));
        }

        if (target.Subresource == "scale")
        {
            throw ApiErrors.UnsupportedPatch(resource.IsCustom);
        }

        JsonObject config = Decoded<JsonObject>(body, "error decoding YAML: ", "array into Go value of type map[string]interface {}", yaml: true);
        string group = config.Text("apiVersion") ?? string.Empty;
        if (group != resource.GroupVersion || config.Text("kind") != resource.Kind)
        {
            throw ApiErrors.BadRequest($"invalid object type: {(group.Length == 0 ? "/" : group)}, Kind={config.Text("kind")}");
        }

        UpdateFlags flags = UpdateFlags.Patch | UpdateFlags.Apply
            | (target.Subresource.Length == 0 ? UpdateFlags.MayCreate : UpdateFlags.None)
            | (NamesVersion(config) ? UpdateFlags.PatchNamesVersion : UpdateFlags.None);
        return writer.Update(
            Stored(resource), Name(target), target.Subresource, options,
            live =>
            {
                JsonObject? view = live is not null && EventViews.IsView(resource) ? EventViews.FromStored(live) : live;
                JsonObject merged = ServerSideApply.Apply(view, config, resource, options, target.Subresource, settings.TimeProvider.GetUtcNow());
                ObjectDecoder.DecodeApplied(merged, resource);
                return ToStored(Servable(merged, resource), resource);
            },
            flags);
    }

    private static bool IsCrd(ResourceDefinition resource) => resource is { Group: "apiextensions.k8s.io", Kind: "CustomResourceDefinition" };

    /// <summary>A CRD this server cannot serve is refused, not half served.</summary>
    private JsonObject Servable(JsonObject obj, ResourceDefinition resource)
    {
        try
        {
            if (IsCrd(resource))
            {
                system.Check(obj);
            }

            return obj;
        }
        catch (FormatException e)
        {
            throw ApiErrors.Invalid(resource.Group, resource.Kind, obj.Metadata().Text("name") ?? string.Empty, errors => errors.Forbidden("spec", e.Message));
        }
    }

    private static JsonObject Scaled(JsonObject live, ResourceDefinition resource, JsonObject scale)
    {
        if (scale.Child("metadata")?.Text("resourceVersion") is { Length: > 0 } version)
        {
            live.Metadata()["resourceVersion"] = version;
        }

        // A definition's own bounds refuse in the words of its kind; built-in kinds have none.
        if (!resource.IsCustom && scale.Child("spec")?.Integer("replicas") is { } replicas && replicas < 0)
        {
            throw ApiErrors.InvalidScale(live.Metadata().Text("name") ?? string.Empty, replicas);
        }

        ScaleValues.Set(live, resource.Scale!, scale);
        return live;
    }

    private Task AnswerAsync(HttpContext context, ResourceDefinition resource, WriteResult result, WriteOptions options)
    {
        if (IsCrd(resource) && !options.DryRun)
        {
            string name = result.Object.GetProperty("metadata").GetProperty("name").GetString()!;
            system.Serve(name);
            IEnumerable<string> beyond = registry.All.Where(r => r.IsCustom && r.QualifiedPlural == name).SelectMany(r => r.Schema.UncheckedRules);
            options.Warnings.AddRange(beyond.Select(why => $"this server keeps and publishes a rule but does not evaluate it: {why}"));
        }

        JsonElement view = EventViews.IsView(resource) ? EventViews.FromStored(JsonReading.ObjectFrom(result.Object)).Freeze() : result.Object;
        Representation representation = Representation.Negotiate(context.Request);
        return reader.WriteObjectAsync(context, result.Created ? 201 : 200, resource, view, representation, options.Warnings.Distinct());
    }

    private static Task AnswerScaleAsync(HttpContext context, ResourceDefinition resource, WriteResult result, WriteOptions options) => Responses.WriteAsync(
        context, 200, ScaleValues.ToScale(JsonReading.ObjectFrom(result.Object), resource.Scale!), warnings: options.Warnings.Distinct());

    private static JsonObject? DeleteBody(HttpRequest request, byte[] body) =>
        body.Length == 0 ? null : RequestBody.Object(request, body, []);

    private static ObjectName Name(RequestTarget target) => new(target.Namespace, target.Name);

    private ResourceDefinition Stored(ResourceDefinition resource) => EventViews.IsView(resource) ? registry.Find(string.Empty, "v1", "events")! : resource;

    private static JsonObject ToStored(JsonObject view, ResourceDefinition resource) => EventViews.IsView(resource) ? EventViews.ToStored(view) : view;
}
