using System.Globalization;
using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Apply;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Api.Resources;
using RocketOps.Embedded.Api.Schema;

namespace RocketOps.Embedded.Api.Writing;

/// <summary>The scale subresource: numbers of an object behind the paths its definition names.</summary>
internal static class ScaleValues
{
    /// <summary>Checks what a custom resource with a scale subresource must hold at its paths, whatever its schema allows.</summary>
    public static void Validate(JsonObject obj, ResourceDefinition resource, FieldErrors errors)
    {
        if (resource.Scale is not { } scale || Read(obj, scale.SpecReplicasPath) is not { } value)
        {
            return;
        }

        string path = scale.SpecReplicasPath;
        if (!value.Is<long>())
        {
            string type = value.Is<double>() ? "float64" : TypedValidator.GoType(value);
            errors.Invalid(path, JsonValue.Create(0), $"{path} accessor error: {value.AsText() ?? value.ToText()} is of the type {type}, expected int64");
        }
        else if (value.GetValue<long>() is var replicas and (< 0 or > int.MaxValue))
        {
            errors.Invalid(path, value, replicas < 0 ? "should be a non-negative integer" : "should be less than or equal to 2147483647");
        }
    }

    /// <summary>The Scale object of an object.</summary>
    public static JsonObject ToScale(JsonObject obj, ScaleDefinition scale)
    {
        JsonObject metadata = obj.Metadata();
        JsonObject scaleMetadata = [];
        foreach (string name in (ReadOnlySpan<string>)["name", "namespace", "uid", "resourceVersion", "creationTimestamp"])
        {
            if (metadata[name] is { } value)
            {
                scaleMetadata[name] = value.DeepClone();
            }
        }

        JsonObject status = new() { ["replicas"] = Number(obj, scale.StatusReplicasPath) ?? 0 };
        if (scale.LabelSelectorPath is { } selectorPath && SelectorText(Read(obj, selectorPath)) is { Length: > 0 } selector)
        {
            status["selector"] = selector;
        }

        return new JsonObject
        {
            ["kind"] = "Scale",
            ["apiVersion"] = "autoscaling/v1",
            ["metadata"] = scaleMetadata,
            ["spec"] = Number(obj, scale.SpecReplicasPath) is { } replicas ? new JsonObject { ["replicas"] = replicas } : new JsonObject(),
            ["status"] = status,
        };
    }

    /// <summary>Writes the wanted replicas of a Scale object into its object.</summary>
    public static void Set(JsonObject obj, ScaleDefinition scale, JsonObject scaleObject)
    {
        string[] path = scale.SpecReplicasPath.Trim('.').Split('.');
        JsonObject holder = obj;
        foreach (string name in path.AsSpan(0, path.Length - 1))
        {
            holder = holder.EnsureChild(name);
        }

        holder[path[^1]] = scaleObject.Child("spec")?["replicas"]?.DeepClone() ?? JsonValue.Create(0L);
    }

    private static long? Number(JsonObject obj, string path) => Read(obj, path) is JsonValue value && value.TryGetValue(out long number) ? number : null;

    private static JsonNode? Read(JsonObject obj, string path) => path.Trim('.').Split('.').Aggregate((JsonNode?)obj, (node, name) => (node as JsonObject)?[name]);

    /// <summary>Built-ins keep a LabelSelector, custom resources its text.</summary>
    private static string? SelectorText(JsonNode? node)
    {
        if (node is not JsonObject selector)
        {
            return node.AsText();
        }

        IEnumerable<string> terms = (selector.Child("matchLabels") ?? []).OrderBy(l => l.Key, StringComparer.Ordinal)
            .Select(l => string.Create(CultureInfo.InvariantCulture, $"{l.Key}={l.Value.AsText()}"));
        return string.Join(',', terms);
    }
}
