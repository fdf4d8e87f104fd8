using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace RocketOps.Kubernetes.Client.Transport;

/// <summary>
/// Reads single objects out of lists and watches. One that does not fit its type is reported by name: it must not hide the others or end the watch.
/// </summary>
internal static class ObjectReader
{
    public static (T? Entity, UnreadableObject? Unreadable) Read<T>(JsonElement item, JsonTypeInfo<T> json)
        where T : class, IKubernetesObject
    {
        try
        {
            T? entity = item.Deserialize(json);
            if (entity?.Metadata?.Name is not null)
            {
                return (entity, null);
            }

            return (null, Unreadable(item, "it has no name"));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The latter: bytes within a string that are not UTF-8, which are found out only when the string is asked for.
            return (null, Unreadable(item, e.Message));
        }
    }

    public static string? ResourceVersion(JsonElement item) => MetadataString(item, "resourceVersion");

    private static UnreadableObject Unreadable(JsonElement item, string reason) =>
        new(MetadataString(item, "namespace"), MetadataString(item, "name") ?? "", reason);

    private static string? MetadataString(JsonElement item, string property) =>
        item.ValueKind == JsonValueKind.Object
        && item.TryGetProperty("metadata", out JsonElement metadata)
        && metadata.ValueKind == JsonValueKind.Object
        && metadata.TryGetProperty(property, out JsonElement value)
        && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;
}
