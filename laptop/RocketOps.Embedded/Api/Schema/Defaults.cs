using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Json;

namespace RocketOps.Embedded.Api.Schema;

/// <summary>Defaults and nulls of custom resources (reference: embedded-api.md §10.1, the table of nulls).</summary>
internal static class Defaults
{
    /// <summary>Drops nulls where the schema neither allows them nor has a default; a null with a default is left for <see cref="Apply"/>.</summary>
    public static void DropNulls(JsonNode? value, SchemaNode schema)
    {
        (value as JsonObject)?.RemoveAll(name =>
            value![name] is null && schema.Member(name) is { Nullable: false, Default: null } member && !ReferenceEquals(member, SchemaNode.Untyped));
        foreach (SchemaPart part in schema.Parts(value, null, string.Empty))
        {
            DropNulls(part.Value, part.Schema);
        }
    }

    public static void Apply(JsonNode? value, SchemaNode schema)
    {
        if (!schema.HasDefaults)
        {
            return;
        }

        foreach (string name in value is JsonObject ? schema.PropertyOrder : [])
        {
            SchemaNode member = schema.Properties[name];
            if (member.Default is { } fallback && value![name] is null && !(member.Nullable && value.AsObject().ContainsKey(name)))
            {
                value[name] = fallback.DeepClone();
            }
        }

        foreach (SchemaPart part in schema.Parts(value, null, string.Empty))
        {
            Apply(part.Value, part.Schema);
        }
    }
}
