using System.Text.Json.Nodes;

namespace RocketOps.Embedded.Api.Schema;

/// <summary>Removes what a schema does not declare and reports each removed path (<c>spec.listeners[0].bogus</c>).</summary>
internal static class UnknownFields
{
    public static void Prune(JsonNode? value, SchemaNode schema, ICollection<string>? unknown, string path = "")
    {
        if (value is not JsonObject obj)
        {
            foreach (SchemaPart item in schema.Parts(value, null, path))
            {
                Prune(item.Value, item.Schema, unknown, item.Path);
            }

            return;
        }

        foreach ((string name, JsonNode? child) in obj.OrderBy(p => p.Key, StringComparer.Ordinal).ToArray())
        {
            string place = path.Length == 0 ? name : $"{path}.{name}";
            if (schema.Member(name) is { } member)
            {
                Prune(child, member, unknown, place);
            }
            else
            {
                obj.Remove(name);
                unknown?.Add(place);
            }
        }
    }
}
