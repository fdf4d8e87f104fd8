using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Api.Resources;

namespace RocketOps.Embedded.Api.Discovery;

/// <summary>
/// OpenAPI v3, one document per group version: what <c>kubectl explain</c>, <c>apply</c> and validation read (reference: embedded-api.md §3.2).
/// </summary>
internal sealed class OpenApiDocuments(ResourceRegistry registry, BuiltinCatalog builtins)
{
    private const string MetadataSchema = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";
    private const string DescribedSchema = "io.k8s.api.core.v1.ConfigMap";

    private readonly ConcurrentDictionary<string, (long Revision, byte[] Document, string Hash)> _cache = new(StringComparer.Ordinal);

    public JsonObject Root()
    {
        JsonObject paths = [];
        foreach (ResourceDefinition resource in registry.All.DistinctBy(r => r.GroupVersion))
        {
            string path = resource.RootPath[1..];
            paths[path] = new JsonObject { ["serverRelativeURL"] = $"/openapi/v3/{path}?hash={Document(resource.Group, resource.Version).Hash}" };
        }

        return new JsonObject { ["paths"] = paths };
    }

    /// <summary>The document of a group version that is served, and its hash.</summary>
    public (byte[] Document, string Hash) Document(string group, string version)
    {
        string key = $"{group}/{version}";
        long revision = registry.Revision;
        if (_cache.TryGetValue(key, out (long Revision, byte[] Document, string Hash) cached) && (cached.Revision == revision || !HasCustom(group, version)))
        {
            return (cached.Document, cached.Hash);
        }

        byte[] document = Build(group, version).ToUtf8();
        string hash = Convert.ToHexString(SHA512.HashData(document));
        _cache[key] = (revision, document, hash);
        return (document, hash);
    }

    private bool HasCustom(string group, string version) => registry.All.Any(r => r.IsCustom && r.Group == group && r.Version == version);

    private JsonObject Build(string group, string version)
    {
        JsonObject paths = [];
        JsonObject schemas = [];
        foreach (ResourceDefinition resource in registry.All.Where(r => r.Group == group && r.Version == version))
        {
            AddPaths(paths, resource);
            if (resource.IsCustom)
            {
                schemas[resource.SchemaName] = CustomSchema(resource);
                AddNamed(schemas, MetadataSchema);
            }
            else
            {
                AddNamed(schemas, resource.SchemaName);
            }
        }

        return new JsonObject
        {
            ["openapi"] = "3.0.0",
            ["info"] = new JsonObject { ["title"] = "RocketOps embedded API", ["version"] = "v1" },
            ["paths"] = paths,
            ["components"] = new JsonObject { ["schemas"] = schemas },
        };
    }

    private void AddNamed(JsonObject schemas, string name)
    {
        if (schemas.ContainsKey(name))
        {
            return;
        }

        JsonObject schema = builtins.Schemas[name];
        schemas[name] = schema.DeepClone();
        foreach (string reference in References(schema))
        {
            AddNamed(schemas, reference);
        }
    }

    private static IEnumerable<string> References(JsonNode? node)
    {
        switch (node)
        {
            case JsonObject obj:
                if (obj.Text("$ref") is { } reference)
                {
                    yield return reference[(reference.LastIndexOf('/') + 1)..];
                }

                foreach ((_, JsonNode? child) in obj)
                {
                    foreach (string found in References(child))
                    {
                        yield return found;
                    }
                }

                break;
            case JsonArray array:
                foreach (JsonNode? item in array)
                {
                    foreach (string found in References(item))
                    {
                        yield return found;
                    }
                }

                break;
        }
    }

    private JsonObject CustomSchema(ResourceDefinition resource)
    {
        JsonObject schema = resource.CustomSchema!.Copy();
        JsonObject properties = schema.EnsureChild("properties");
        foreach (string name in (ReadOnlySpan<string>)["apiVersion", "kind", "metadata"])
        {
            // As every kind describes them.
            JsonObject described = builtins.Schemas[DescribedSchema].At("properties", name)!.Copy();
            described.Remove("default");
            properties[name] = described;
        }

        schema["x-kubernetes-group-version-kind"] = new JsonArray(GroupVersionKind(resource));
        if (resource.SelectableFields.Count > 0)
        {
            JsonArray fields = [];
            foreach (string path in resource.SelectableFields.Keys.Order(StringComparer.Ordinal))
            {
                fields.Append(new JsonObject { ["fieldPath"] = path });
            }

            schema["x-kubernetes-selectable-fields"] = fields;
        }

        return schema;
    }

    private static void AddPaths(JsonObject paths, ResourceDefinition resource)
    {
        string collection = resource.RootPath + (resource.Namespaced ? "/namespaces/{namespace}/" : "/") + resource.Plural;
        JsonObject onCollection = [];
        if (resource.Allows("list"))
        {
            onCollection["get"] = Operation(resource, "list");
        }

        if (resource.Allows("create"))
        {
            onCollection["post"] = Operation(resource, "post", "dryRun", "fieldManager", "fieldValidation");
        }

        paths[collection] = onCollection;
        if (!resource.Allows("get"))
        {
            return;
        }

        paths[collection + "/{name}"] = ObjectOperations(resource, resource.Allows("delete"));
        if (resource.HasStatus)
        {
            paths[collection + "/{name}/status"] = ObjectOperations(resource, deletable: false);
        }
    }

    private static JsonObject ObjectOperations(ResourceDefinition resource, bool deletable)
    {
        JsonObject operations = new()
        {
            ["get"] = Operation(resource, "get"),
            ["put"] = Operation(resource, "put", "dryRun", "fieldManager", "fieldValidation"),
            // kubectl looks for fieldValidation here before it sends a manifest.
            ["patch"] = Operation(resource, "patch", "dryRun", "fieldManager", "fieldValidation", "force"),
        };
        if (deletable)
        {
            operations["delete"] = Operation(resource, "delete", "dryRun", "gracePeriodSeconds", "propagationPolicy");
        }

        return operations;
    }

    private static JsonObject Operation(ResourceDefinition resource, string action, params string[] parameters)
    {
        JsonArray list = [];
        foreach (string name in parameters)
        {
            string type = name switch { "force" => "boolean", "gracePeriodSeconds" => "integer", _ => "string" };
            list.Append(new JsonObject { ["name"] = name, ["in"] = "query", ["schema"] = new JsonObject { ["type"] = type, ["uniqueItems"] = true } });
        }

        JsonObject content = new()
        {
            ["application/json"] = new JsonObject { ["schema"] = new JsonObject { ["$ref"] = "#/components/schemas/" + resource.SchemaName } },
        };
        JsonObject operation = new()
        {
            ["x-kubernetes-action"] = action,
            ["x-kubernetes-group-version-kind"] = GroupVersionKind(resource),
            ["responses"] = new JsonObject { ["200"] = new JsonObject { ["description"] = "OK", ["content"] = content } },
        };
        if (list.Count > 0)
        {
            operation["parameters"] = list;
        }

        return operation;
    }

    private static JsonObject GroupVersionKind(ResourceDefinition resource) =>
        new() { ["group"] = resource.Group, ["kind"] = resource.Kind, ["version"] = resource.Version };
}
