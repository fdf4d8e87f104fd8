using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Builtins;
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
        IEnumerable<JsonNode?> below = node switch { JsonObject obj => obj.Select(p => p.Value), JsonArray array => array, _ => [] };
        string? reference = (node as JsonObject)?.Text("$ref");
        return below.SelectMany(References).Concat(reference is null ? [] : [reference[(reference.LastIndexOf('/') + 1)..]]);
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
            IEnumerable<JsonNode> fields = resource.SelectableFields.Keys.Order(StringComparer.Ordinal).Select(path => new JsonObject { ["fieldPath"] = path });
            schema["x-kubernetes-selectable-fields"] = JsonNodes.Array(fields);
        }

        return schema;
    }

    private static void AddPaths(JsonObject paths, ResourceDefinition resource)
    {
        string collection = resource.RootPath + (resource.Namespaced ? "/namespaces/{namespace}/" : "/") + resource.Plural;
        string[] writing = ["dryRun", "fieldManager", "fieldValidation"];
        Add(collection, ("list", "get", "list", []), ("create", "post", "post", writing));
        (string, string, string, string[])[] onObject =
        [
            ("get", "get", "get", []),
            ("get", "put", "put", writing),
            // kubectl looks for fieldValidation here before it sends a manifest.
            ("get", "patch", "patch", [.. writing, "force"]),
        ];
        if (resource.Allows("get"))
        {
            Add(collection + "/{name}", [.. onObject, ("delete", "delete", "delete", ["dryRun", "gracePeriodSeconds", "propagationPolicy"])]);
        }

        if (resource.Allows("get") && resource.HasStatus)
        {
            Add(collection + "/{name}/status", onObject);
        }

        void Add(string path, params ReadOnlySpan<(string Verb, string Method, string Action, string[] Parameters)> operations)
        {
            JsonObject operated = [];
            foreach ((string verb, string method, string action, string[] parameters) in operations)
            {
                if (resource.Allows(verb))
                {
                    operated[method] = Operation(resource, action, parameters);
                }
            }

            paths[path] = operated;
        }
    }

    private static JsonObject Operation(ResourceDefinition resource, string action, string[] parameters)
    {
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
        if (parameters.Length > 0)
        {
            operation["parameters"] = JsonNodes.Array(parameters.Select(name => new JsonObject
            {
                ["name"] = name,
                ["in"] = "query",
                ["schema"] = new JsonObject { ["type"] = name switch { "force" => "boolean", "gracePeriodSeconds" => "integer", _ => "string" }, ["uniqueItems"] = true },
            }));
        }

        return operation;
    }

    private static JsonObject GroupVersionKind(ResourceDefinition resource) =>
        new() { ["group"] = resource.Group, ["kind"] = resource.Kind, ["version"] = resource.Version };
}
