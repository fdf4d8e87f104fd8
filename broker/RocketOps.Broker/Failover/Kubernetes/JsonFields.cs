using System.Text.Json;
using System.Text.Json.Nodes;

namespace RocketOps.Broker.Failover.Kubernetes;

/// <summary>Fields of objects that anybody may have written: what is not of the wanted kind is absent, and nothing throws.</summary>
internal static class JsonFields
{
    public static JsonObject? Object(JsonObject? parent, string name) => parent?[name] as JsonObject;

    public static string? Text(JsonObject? parent, string name) => parent?[name] is JsonValue value && value.TryGetValue(out string? text) ? text : null;

    public static long? Number(JsonObject? parent, string name) =>
        parent?[name] is JsonValue value && value.GetValueKind() == JsonValueKind.Number && value.TryGetValue(out long number) ? number : null;

    /// <summary>The object of that name, made when there is none.</summary>
    public static JsonObject Ensure(JsonObject parent, string name)
    {
        if (parent[name] is JsonObject there)
        {
            return there;
        }

        JsonObject made = [];
        parent[name] = made;
        return made;
    }

    /// <summary>Sets a text, or takes the field away.</summary>
    public static void Set(JsonObject parent, string name, string? text)
    {
        if (text is null)
        {
            parent.Remove(name);
        }
        else
        {
            parent[name] = text;
        }
    }
}
