using System.Text.Json;
using System.Text.Json.Nodes;
using RocketOps.Embedded.Kubelet.Objects;

namespace RocketOps.Embedded.Kubelet.Controllers;

/// <summary>Writes a status if it says anything new, and nothing otherwise: a settled cluster makes no writes.</summary>
internal static class StatusWriter
{
    public static async Task WriteAsync(ClusterClient client, ObjectCache cache, KubeObject current, JsonObject status, CancellationToken cancellation)
    {
        if (IsContained(status, current.Status))
        {
            return;
        }

        cache.Observe(await client.PatchAsync(
            cache.Kind, current.Namespace, current.Name, "status", new JsonObject { ["status"] = status }, cancellation));
    }

    /// <summary>A count that Kubernetes leaves out when it is zero; null removes it in a merge patch.</summary>
    public static JsonNode? Count(int count) => count == 0 ? null : JsonValue.Create(count);

    private static bool IsContained(JsonObject wanted, JsonElement live)
    {
        foreach ((string name, JsonNode? value) in wanted)
        {
            JsonElement field = live.Field(name);
            if (value is null)
            {
                if (field.Exists())
                {
                    return false;
                }
            }
            else if (!field.Exists() || !JsonNode.DeepEquals(value, ToNode(field)))
            {
                return false;
            }
        }

        return true;
    }

    private static JsonNode? ToNode(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => JsonObject.Create(element),
        JsonValueKind.Array => JsonArray.Create(element),
        _ => JsonValue.Create(element),
    };
}
