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
        ["platform"] = $"{(OperatingSystem.IsMacOS() ? "darwin" : OperatingSystem.IsWindows() ? "windows" : "linux")}/{Architecture()}",
    };

    public static JsonObject CoreVersions(string address) => new()
    {
        ["kind"] = "APIVersions",
        ["versions"] = new JsonArray("v1"),
        ["serverAddressByClientCIDRs"] = new JsonArray(new JsonObject { ["clientCIDR"] = "0.0.0.0/0", ["serverAddress"] = address }),
    };

    public JsonObject Groups()
    {
        JsonArray groups = [];
        foreach (string name in GroupNames())
        {
            groups.Append(GroupEntry(name));
        }

        return new JsonObject { ["kind"] = "APIGroupList", ["apiVersion"] = "v1", ["groups"] = groups };
    }

    public JsonObject? Group(string name)
    {
        if (name.Length == 0 || !registry.HasGroup(name))
        {
            return null;
        }

        JsonObject group = new() { ["kind"] = "APIGroup", ["apiVersion"] = "v1" };
        foreach ((string key, JsonNode? value) in GroupEntry(name))
        {
            group[key] = value?.DeepClone();
        }

        return group;
    }

    public JsonObject? Resources(string group, string version)
    {
        if (!registry.HasGroupVersion(group, version))
        {
            return null;
        }

        JsonArray resources = [];
        foreach (ResourceDefinition resource in registry.All.Where(r => r.Group == group && r.Version == version).OrderBy(r => r.Plural, StringComparer.Ordinal))
        {
            JsonObject entry = new()
            {
                ["name"] = resource.Plural,
                ["singularName"] = resource.Singular,
                ["namespaced"] = resource.Namespaced,
                ["kind"] = resource.Kind,
                ["verbs"] = Texts(resource.Verbs),
            };
            AddNames(entry, resource);
            resources.Append(entry);
            foreach (Subresource subresource in Subresources(resource))
            {
                JsonObject sub = new()
                {
                    ["name"] = $"{resource.Plural}/{subresource.Name}",
                    ["singularName"] = string.Empty,
                    ["namespaced"] = resource.Namespaced,
                };
                if (subresource.Group is not null)
                {
                    sub["group"] = subresource.Group;
                    sub["version"] = subresource.Version;
                }

                sub["kind"] = subresource.Kind;
                sub["verbs"] = Texts(subresource.Verbs);
                resources.Append(sub);
            }
        }

        return new JsonObject
        {
            ["kind"] = "APIResourceList",
            ["apiVersion"] = "v1",
            ["groupVersion"] = group.Length == 0 ? version : $"{group}/{version}",
            ["resources"] = resources,
        };
    }

    /// <summary>The aggregated form of <c>/api</c> (<paramref name="core"/>) or <c>/apis</c>.</summary>
    public JsonObject Aggregated(bool core)
    {
        JsonArray items = [];
        foreach (string group in core ? [string.Empty] : GroupNames())
        {
            JsonArray versions = [];
            foreach (string version in Versions(group))
            {
                JsonArray resources = [];
                foreach (ResourceDefinition resource in registry.All.Where(r => r.Group == group && r.Version == version).OrderBy(r => r.Plural, StringComparer.Ordinal))
                {
                    resources.Append(AggregatedResource(resource));
                }

                versions.Append(new JsonObject { ["version"] = version, ["resources"] = resources, ["freshness"] = "Current" });
            }

            JsonObject metadata = group.Length == 0 ? [] : new JsonObject { ["name"] = group };
            metadata["creationTimestamp"] = null;
            items.Append(new JsonObject { ["metadata"] = metadata, ["versions"] = versions });
        }

        return new JsonObject
        {
            ["kind"] = "APIGroupDiscoveryList",
            ["apiVersion"] = "apidiscovery.k8s.io/v2",
            ["metadata"] = new JsonObject(),
            ["items"] = items,
        };
    }

    /// <summary>Changes whenever a document here does.</summary>
    public string ETag => $"\"{registry.Revision.ToString(CultureInfo.InvariantCulture)}\"";

    public IEnumerable<string> GroupNames() => registry.All.Select(r => r.Group).Where(g => g.Length > 0).Distinct(StringComparer.Ordinal);

    public IEnumerable<string> Versions(string group) => registry.All.Where(r => r.Group == group).Select(r => r.Version).Distinct(StringComparer.Ordinal);

    private static JsonObject AggregatedResource(ResourceDefinition resource)
    {
        JsonObject entry = new()
        {
            ["resource"] = resource.Plural,
            ["responseKind"] = Kind(resource.Group, resource.Version, resource.Kind),
            ["scope"] = resource.Namespaced ? "Namespaced" : "Cluster",
            ["singularResource"] = resource.Singular,
            ["verbs"] = Texts(resource.Verbs),
        };
        AddNames(entry, resource);
        JsonArray subresources = [];
        foreach (Subresource subresource in Subresources(resource))
        {
            subresources.Append(new JsonObject
            {
                ["subresource"] = subresource.Name,
                ["responseKind"] = Kind(subresource.Group ?? resource.Group, subresource.Version ?? resource.Version, subresource.Kind),
                ["verbs"] = Texts(subresource.Verbs),
            });
        }

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

    private JsonObject GroupEntry(string name)
    {
        JsonArray versions = [];
        foreach (string version in Versions(name))
        {
            versions.Append(VersionEntry(name, version));
        }

        return new JsonObject { ["name"] = name, ["versions"] = versions, ["preferredVersion"] = versions[0]!.DeepClone() };
    }

    private static JsonObject VersionEntry(string group, string version) => new() { ["groupVersion"] = $"{group}/{version}", ["version"] = version };

    private static JsonObject Kind(string group, string version, string kind) => new() { ["group"] = group, ["version"] = version, ["kind"] = kind };

    private static void AddNames(JsonObject entry, ResourceDefinition resource)
    {
        foreach ((string name, IReadOnlyList<string> texts) in ((string, IReadOnlyList<string>)[])[("shortNames", resource.ShortNames), ("categories", resource.Categories)])
        {
            if (texts.Count > 0)
            {
                entry[name] = Texts(texts);
            }
        }
    }

    private static JsonArray Texts(IEnumerable<string> texts) => new([.. texts.Select(t => (JsonNode?)JsonValue.Create(t))]);

    private static string Architecture() => RuntimeInformation.ProcessArchitecture switch
    {
        System.Runtime.InteropServices.Architecture.X64 => "amd64",
        System.Runtime.InteropServices.Architecture.Arm64 => "arm64",
        var other => other.ToString().ToLowerInvariant(),
    };

    private sealed record Subresource(string Name, string Kind, IReadOnlyList<string> Verbs, string? Group, string? Version);
}
