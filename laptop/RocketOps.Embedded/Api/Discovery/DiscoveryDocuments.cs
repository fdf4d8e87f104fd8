using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Api.Resources;

namespace RocketOps.Embedded.Api.Discovery;

/// <summary>Plain and aggregated discovery of everything served (reference: embedded-api.md §3.1).</summary>
internal sealed class DiscoveryDocuments(ResourceRegistry registry, string gitVersion)
{
    public const string AggregatedContentType = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

    /// <summary>This machine's system, as Go names it.</summary>
    public static string Os => OperatingSystem.IsMacOS() ? "darwin" : OperatingSystem.IsWindows() ? "windows" : "linux";

    /// <summary>Its processors, as Go names them.</summary>
    public static string Architecture =>
        RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant() is var name && name == "x64" ? "amd64" : name;

    public JsonObject Version() => new()
    {
        ["major"] = "1",
        ["minor"] = "34",
        ["gitVersion"] = gitVersion,
        ["gitCommit"] = string.Empty,
        ["gitTreeState"] = "clean",
        ["buildDate"] = "1970-01-01T00:00:00Z",
        ["goVersion"] = ".NET " + Environment.Version.ToString(),
        ["compiler"] = "dotnet",
        ["platform"] = $"{Os}/{Architecture}",
    };

    public static JsonObject CoreVersions(string address) => new()
    {
        ["kind"] = "APIVersions",
        ["versions"] = new JsonArray("v1"),
        ["serverAddressByClientCIDRs"] = new JsonArray(new JsonObject { ["clientCIDR"] = "0.0.0.0/0", ["serverAddress"] = address }),
    };

    public JsonObject Groups() => new() { ["kind"] = "APIGroupList", ["apiVersion"] = "v1", ["groups"] = JsonNodes.Array(GroupNames().Select(name => Named(GroupEntry(name)))) };

    public JsonObject? Group(string name) => name.Length == 0 || !registry.HasGroup(name)
        ? null
        : Named([KeyValuePair.Create<string, JsonNode?>("kind", "APIGroup"), KeyValuePair.Create<string, JsonNode?>("apiVersion", "v1"), .. GroupEntry(name)]);

    public JsonObject? Resources(string group, string version) => !registry.HasGroupVersion(group, version) ? null : new JsonObject
    {
        ["kind"] = "APIResourceList",
        ["apiVersion"] = "v1",
        ["groupVersion"] = group.Length == 0 ? version : $"{group}/{version}",
        ["resources"] = JsonNodes.Array(Served(group, version).SelectMany(resource => Subresources(resource).Select(sub => PlainSubresource(resource, sub)).Prepend(PlainResource(resource)))),
    };

    /// <summary>The aggregated form of <c>/api</c> (<paramref name="core"/>) or <c>/apis</c>.</summary>
    public JsonObject Aggregated(bool core) => new()
    {
        ["kind"] = "APIGroupDiscoveryList",
        ["apiVersion"] = "apidiscovery.k8s.io/v2",
        ["metadata"] = new JsonObject(),
        ["items"] = JsonNodes.Array((core ? [string.Empty] : GroupNames()).Select(AggregatedGroup)),
    };

    /// <summary>Changes whenever a document here does.</summary>
    public string ETag => $"\"{registry.Revision.ToString(CultureInfo.InvariantCulture)}\"";

    public IEnumerable<string> GroupNames() => registry.All.Select(r => r.Group).Where(g => g.Length > 0).Distinct(StringComparer.Ordinal);

    public IEnumerable<string> Versions(string group) => registry.All.Where(r => r.Group == group).Select(r => r.Version).Distinct(StringComparer.Ordinal);

    private IEnumerable<ResourceDefinition> Served(string group, string version) =>
        registry.All.Where(r => r.Group == group && r.Version == version).OrderBy(r => r.Plural, StringComparer.Ordinal);

    private static JsonObject PlainResource(ResourceDefinition resource) => WithNames(resource, new JsonObject
    {
        ["name"] = resource.Plural,
        ["singularName"] = resource.Singular,
        ["namespaced"] = resource.Namespaced,
        ["kind"] = resource.Kind,
        ["verbs"] = JsonNodes.Array(resource.Verbs),
    });

    private static JsonObject PlainSubresource(ResourceDefinition resource, Subresource subresource)
    {
        JsonObject entry = new() { ["name"] = $"{resource.Plural}/{subresource.Name}", ["singularName"] = string.Empty, ["namespaced"] = resource.Namespaced };
        if (subresource.Group is not null)
        {
            entry["group"] = subresource.Group;
            entry["version"] = subresource.Version;
        }

        entry["kind"] = subresource.Kind;
        entry["verbs"] = JsonNodes.Array(subresource.Verbs);
        return entry;
    }

    private JsonObject AggregatedGroup(string group)
    {
        JsonObject metadata = group.Length == 0 ? [] : new JsonObject { ["name"] = group };
        metadata["creationTimestamp"] = null;
        IEnumerable<JsonNode> versions = Versions(group).Select(version => new JsonObject
        {
            ["version"] = version,
            ["resources"] = JsonNodes.Array(Served(group, version).Select(AggregatedResource)),
            ["freshness"] = "Current",
        });
        return new JsonObject { ["metadata"] = metadata, ["versions"] = JsonNodes.Array(versions) };
    }

    private static JsonObject AggregatedResource(ResourceDefinition resource)
    {
        JsonObject entry = WithNames(resource, new JsonObject
        {
            ["resource"] = resource.Plural,
            ["responseKind"] = Kind(resource.Group, resource.Version, resource.Kind),
            ["scope"] = resource.Namespaced ? "Namespaced" : "Cluster",
            ["singularResource"] = resource.Singular,
            ["verbs"] = JsonNodes.Array(resource.Verbs),
        });
        JsonArray subresources = JsonNodes.Array(Subresources(resource).Select(subresource => new JsonObject
        {
            ["subresource"] = subresource.Name,
            ["responseKind"] = Kind(subresource.Group ?? resource.Group, subresource.Version ?? resource.Version, subresource.Kind),
            ["verbs"] = JsonNodes.Array(subresource.Verbs),
        }));
        if (subresources.Count > 0)
        {
            entry["subresources"] = subresources;
        }

        return entry;
    }

    private static IEnumerable<Subresource> Subresources(ResourceDefinition resource)
    {
        if (resource.HasLog)
        {
            yield return new Subresource("eviction", "Eviction", ["create"], "policy", "v1");
            yield return new Subresource("log", resource.Kind, ["get"], null, null);
        }

        Subresource status = new("status", resource.Kind, ["get", "patch", "update"], null, null);
        if (resource.HasStatus && resource.IsCustom)
        {
            yield return status;
        }

        if (resource.Scale is not null)
        {
            yield return new Subresource("scale", "Scale", ["get", "patch", "update"], "autoscaling", "v1");
        }

        if (resource.HasStatus && !resource.IsCustom)
        {
            yield return status;
        }
    }

    private List<KeyValuePair<string, JsonNode?>> GroupEntry(string name)
    {
        JsonArray versions = JsonNodes.Array(Versions(name).Select(version => new JsonObject { ["groupVersion"] = $"{name}/{version}", ["version"] = version }));
        return [new("name", name), new("versions", versions), new("preferredVersion", versions[0]!.DeepClone())];
    }

    private static JsonObject Named(IEnumerable<KeyValuePair<string, JsonNode?>> fields) => new(fields);

    private static JsonObject Kind(string group, string version, string kind) => new() { ["group"] = group, ["version"] = version, ["kind"] = kind };

    private static JsonObject WithNames(ResourceDefinition resource, JsonObject entry)
    {
        foreach ((string name, IReadOnlyList<string> texts) in ((string, IReadOnlyList<string>)[])[("shortNames", resource.ShortNames), ("categories", resource.Categories)])
        {
            if (texts.Count > 0)
            {
                entry[name] = JsonNodes.Array(texts);
            }
        }

        return entry;
    }

    private sealed record Subresource(string Name, string Kind, IReadOnlyList<string> Verbs, string? Group, string? Version);
}
