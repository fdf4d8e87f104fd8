using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Api.Schema;

namespace RocketOps.Embedded.Api.Builtins;

/// <summary>Check that a CRD's schema is structural, in the real server's words.</summary>
internal static class StructuralSchemas
{
    public static void Validate(JsonObject schema, string path, FieldErrors errors)
    {
        if (schema.Text("type") != "object")
        {
            errors.Required($"{path}.type", "must not be empty at the root");
        }

        Walk(schema, path, errors);
    }

    private static void Walk(JsonObject schema, string path, FieldErrors errors)
    {
        if (schema.ContainsKey("$ref"))
        {
            errors.Forbidden($"{path}.$ref", "$ref is not supported");
        }

        if (schema.Flag("uniqueItems"))
        {
            errors.Forbidden($"{path}.uniqueItems", "uniqueItems cannot be set to true since the runtime complexity becomes quadratic");
        }

        if (schema.ContainsKey("properties") && schema.ContainsKey("additionalProperties"))
        {
            errors.Forbidden($"{path}.additionalProperties", "additionalProperties and properties are mutual exclusive");
        }

        IEnumerable<(JsonObject? Schema, string Path, string What)> below =
        [
            .. (schema.Child("properties") ?? []).Select(p => (p.Value as JsonObject, $"{path}.properties[{p.Key}]", "object fields")),
            (schema.Child("items"), $"{path}.items", "array items"),
            (schema.Child("additionalProperties"), $"{path}.additionalProperties", "object fields"),
        ];
        foreach ((JsonObject? part, string place, string what) in below)
        {
            if (part is not null)
            {
                Typed(part, place, what, errors);
                Walk(part, place, errors);
            }
        }

        CheckKeys(schema, schema.Child("items"), path, errors);
    }

    private static void Typed(JsonObject schema, string path, string what, FieldErrors errors)
    {
        if (string.IsNullOrEmpty(schema.Text("type")) && !schema.Flag("x-kubernetes-int-or-string") && !schema.Flag("x-kubernetes-preserve-unknown-fields"))
        {
            errors.Required($"{path}.type", $"must not be empty for specified {what}");
        }
    }

    private static void CheckKeys(JsonObject schema, JsonObject? items, string path, FieldErrors errors)
    {
        if (items is null || schema.Text("x-kubernetes-list-type") != "map")
        {
            return;
        }

        HashSet<string?> required = [.. (items.Items("required") ?? []).Select(r => r.AsText())];
        foreach (string? key in (schema.Items("x-kubernetes-list-map-keys") ?? []).Select(k => k.AsText()))
        {
            if (key is not null && !required.Contains(key) && items.At("properties", key)?["default"] is null)
            {
                errors.Required($"{path}.items.properties[{key}].default", "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property");
            }
        }
    }
}
