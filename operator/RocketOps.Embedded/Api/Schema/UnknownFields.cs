using System.Text.Json.Nodes;

namespace RocketOps.Embedded.Api.Schema;

/// <summary>Removes what a schema does not declare and reports each removed path (<c>spec.listeners[0].bogus</c>).</summary>
internal static class UnknownFields
{
    public static void Prune(JsonObject value, SchemaNode schema, ICollection<string>? unknown) => PruneObject(value, schema, string.Empty, unknown);

    private static void PruneNode(JsonNode? value, SchemaNode schema, string path, ICollection<string>? unknown)
    {
        switch (value)
        {
            case JsonObject obj:
                PruneObject(obj, schema, path, unknown);
                break;
            case JsonArray array when schema.Items is { } items:
                for (int i = 0; i < array.Count; i++)
                {
                    PruneNode(array[i], items, $"{path}[{i}]", unknown);
                }

                break;
        }
    }

    private static void PruneObject(JsonObject value, SchemaNode schema, string path, ICollection<string>? unknown)
    {
        List<string>? removed = null;
        foreach ((string name, JsonNode? child) in value.OrderBy(p => p.Key, StringComparer.Ordinal))
        {
            string childPath = path.Length == 0 ? name : path + "." + name;
            if (schema.Member(name) is { } member)
            {
                if (!ReferenceEquals(member, SchemaNode.Untyped))
                {
                    PruneNode(child, member, childPath, unknown);
                }
            }
            else
            {
                (removed ??= []).Add(name);
                unknown?.Add(childPath);
            }
        }

        if (removed is not null)
        {
            foreach (string name in removed)
            {
                value.Remove(name);
            }
        }
    }
}
