using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Text.Json.Nodes;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Entities.Schema;
using RocketOps.Kubernetes.Yaml;

namespace RocketOps.Kubernetes.Crds;

/// <summary>
/// Makes CustomResourceDefinitions from entity classes. For development time: the result is checked in, and a test fails when it is stale. Written in the
/// form the server would store, so that GitOps tools see no difference.
/// </summary>
[RequiresUnreferencedCode("Reads the properties of entities by reflection. For tests and tools, not for the running operator.")]
public static class CrdGenerator
{
    private const string Header = "# Generated from the C# entities; change those and run the tests with ROCKETOPS_UPDATE=1.\n";

    /// <summary>The file for <c>deploy/crds</c>.</summary>
    /// <param name="versions">One class per version of the same kind; usually one.</param>
    public static string GenerateYaml(params Type[] versions) => Header + YamlText.Write(Generate(versions));

    public static JsonObject Generate(params Type[] versions)
    {
        ArgumentNullException.ThrowIfNull(versions);
        if (versions.Length == 0)
        {
            throw new ArgumentException("At least one version is needed.", nameof(versions));
        }

        Type first = versions[0];
        KubernetesEntityAttribute entity = KubernetesEntityAttribute.Of(first);
        Type stored = StoredVersion(versions);
        return new JsonObject
        {
            ["apiVersion"] = "apiextensions.k8s.io/v1",
            ["kind"] = "CustomResourceDefinition",
            ["metadata"] = new JsonObject { ["name"] = $"{entity.PluralName}.{entity.Group}" },
            ["spec"] = new JsonObject
            {
                ["group"] = entity.Group,
                ["names"] = Names(first, entity),
                ["scope"] = (first.GetCustomAttribute<EntityScopeAttribute>()?.Scope ?? EntityScope.Namespaced).ToString(),
                ["versions"] = new JsonArray([.. versions.Select(v => (JsonNode?)Version(v, entity, isStored: v == stored))]),
            },
        };
    }

    private static Type StoredVersion(Type[] versions)
    {
        if (versions.Length == 1)
        {
            return versions[0];
        }

        List<Type> marked = versions.Where(v => v.GetCustomAttribute<StorageVersionAttribute>() is not null).ToList();
        return marked.Count == 1
            ? marked[0]
            : throw new InvalidOperationException($"Exactly one of {string.Join(", ", versions.Select(v => v.Name))} must carry [StorageVersion].");
    }

    private static JsonObject Names(Type type, KubernetesEntityAttribute entity)
    {
        JsonObject names = new()
        {
            ["kind"] = entity.Kind,
            ["listKind"] = $"{entity.Kind}List",
            ["plural"] = entity.PluralName,
            ["singular"] = entity.Kind.ToLowerInvariant(),
        };
        if (type.GetCustomAttribute<ShortNamesAttribute>() is { } shortNames)
        {
            names["shortNames"] = Strings(shortNames.Names);
        }

        if (type.GetCustomAttribute<CategoriesAttribute>() is { } categories)
        {
            names["categories"] = Strings(categories.Names);
        }

        return names;
    }

    private static JsonObject Version(Type type, KubernetesEntityAttribute first, bool isStored)
    {
        KubernetesEntityAttribute entity = KubernetesEntityAttribute.Of(type);
        if (entity.Group != first.Group || entity.Kind != first.Kind || entity.PluralName != first.PluralName)
        {
            throw new InvalidOperationException($"{type.Name} is not a version of {first.Kind}.{first.Group}.");
        }

        SchemaBuilder schema = new();
        JsonObject version = new()
        {
            ["name"] = entity.ApiVersion,
            ["served"] = true,
            ["storage"] = isStored,
            ["schema"] = new JsonObject { ["openAPIV3Schema"] = schema.BuildEntity(type) },
        };
        if (schema.Columns.Count > 0)
        {
            version["additionalPrinterColumns"] = new JsonArray([.. schema.Columns]);
        }

        JsonObject subresources = new();
        if (type.GetProperty("Status") is not null)
        {
            subresources["status"] = new JsonObject();
        }

        if (type.GetCustomAttribute<ScaleSubresourceAttribute>() is { } scale)
        {
            JsonObject paths = new() { ["specReplicasPath"] = scale.SpecReplicasPath, ["statusReplicasPath"] = scale.StatusReplicasPath };
            if (scale.LabelSelectorPath is { } selector)
            {
                paths["labelSelectorPath"] = selector;
            }

            subresources["scale"] = paths;
        }

        if (subresources.Count > 0)
        {
            version["subresources"] = subresources;
        }

        return version;
    }

    private static JsonArray Strings(IEnumerable<string> values) => new([.. values.Select(v => (JsonNode?)v)]);
}
