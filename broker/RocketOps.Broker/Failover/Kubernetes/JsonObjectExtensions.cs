using System.Text.Json.Nodes;

namespace RocketOps.Broker.Failover.Kubernetes;

/// <summary>Writing of fields of objects that anybody may have written: what is not of the wanted kind is replaced.</summary>
internal static class JsonObjectExtensions
{
    /// <summary>The object of that name, made when there is none.</summary>
    public static JsonObject Ensure(this JsonObject parent, string name)
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
    public static void Set(this JsonObject parent, string name, string? text)
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
