using System.Text.Json.Nodes;

namespace RocketOps.Embedded.Api.Patch;

/// <summary>RFC 7386: null deletes, objects merge, everything else replaces.</summary>
internal static class MergePatch
{
    public static void Apply(JsonObject target, JsonObject patch)
    {
        foreach ((string name, JsonNode? value) in patch)
        {
            switch (value)
            {
                case null:
                    target.Remove(name);
                    break;
                case JsonObject child when target[name] is JsonObject existing:
                    Apply(existing, child);
                    break;
                case JsonObject child:
                    // Nulls inside a new object delete nothing and are not stored.
                    JsonObject created = [];
                    Apply(created, child);
                    target[name] = created;
                    break;
                default:
                    target[name] = value.DeepClone();
                    break;
            }
        }
    }
}
