using System.Text.Json.Nodes;

namespace RocketOps.Embedded.Api.Schema;

/// <summary>Defaults and nulls of custom resources (reference: embedded-api.md §10.1, the table of nulls).</summary>
internal static class Defaults
{
    /// <summary>Drops nulls where the schema neither allows them nor has a default; a null with a default is left for <see cref="Apply"/>.</summary>
    public static void DropNulls(JsonNode? value, SchemaNode schema)
    {
        switch (value)
        {
            case JsonObject obj:
                List<string>? dropped = null;
                foreach ((string name, JsonNode? child) in obj)
                {
                    if (schema.Member(name) is not { } member || ReferenceEquals(member, SchemaNode.Untyped))
                    {
                        continue;
                    }

                    if (child is null && !member.Nullable && member.Default is null)
                    {
                        (dropped ??= []).Add(name);
                    }
                    else
                    {
                        DropNulls(child, member);
                    }
                }

                dropped?.ForEach(name => obj.Remove(name));
                break;
            case JsonArray array when schema.Items is { } items:
                foreach (JsonNode? item in array)
                {
                    DropNulls(item, items);
                }

                break;
        }
    }

    public static void Apply(JsonNode? value, SchemaNode schema)
    {
        if (!schema.HasDefaults)
        {
            return;
        }

        switch (value)
        {
            case JsonObject obj:
                foreach (string name in schema.PropertyOrder)
                {
                    SchemaNode member = schema.Properties[name];
                    if (member.Default is null)
                    {
                        continue;
                    }

                    bool present = obj.TryGetPropertyValue(name, out JsonNode? current);
                    if (!present || (current is null && !member.Nullable))
                    {
                        obj[name] = member.Default.DeepClone();
                    }
                }

                foreach ((string name, JsonNode? child) in obj)
                {
                    if (child is not null && schema.Member(name) is { } member)
                    {
                        Apply(child, member);
                    }
                }

                break;
            case JsonArray array when schema.Items is { } items:
                foreach (JsonNode? item in array)
                {
                    Apply(item, items);
                }

                break;
        }
    }
}
